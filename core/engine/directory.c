#include "engine/directory.h"

/* Half of the slots or more are free. A name is in the first free one from its hash on, so of two equal names the first of the
 * list is found first, as without an index. */
struct slot {
    uint64_t hash;
    const char *alias; /* borrowed from the list; NULL when free */
    size_t place;      /* in the list */
};

struct table {
    const struct slot *slots;
    size_t mask; /* their number, a power of two, less 1 */
};

struct tcn_directory_index {
    struct table contacts, rosters;
};

typedef const char *alias_of(const struct tcn_directory *d, size_t i);

static const char *alias_of_roster(const struct tcn_directory *d, size_t i)
{
    return tcn_roster_rotation(d->rosters[i])->alias;
}

static const char *alias_of_contact(const struct tcn_directory *d, size_t i)
{
    return d->contacts[i].alias;
}

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *alias)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *alias; alias++)
        hash = (hash ^ (unsigned char)*alias) * UINT64_C(1099511628211);
    return hash;
}

static struct table make_table(const struct tcn_directory *d, size_t n, alias_of *alias,
                               struct tcn_arena *arena)
{
    size_t size = 4;
    struct slot *slots;

    while (size < 2 * n)
        size *= 2;
    slots = TCN_NEW_N(arena, struct slot, size);
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = hash_of(alias(d, i));
        size_t at = (size_t)hash & (size - 1);

        while (slots[at].alias)
            at = (at + 1) & (size - 1);
        slots[at] = (struct slot){hash, alias(d, i), i};
    }
    return (struct table){slots, size - 1};
}

void tcn_directory_make_index(struct tcn_directory *d, struct tcn_arena *arena)
{
    struct tcn_directory_index *index = TCN_NEW(arena, struct tcn_directory_index);

    index->contacts = make_table(d, d->n_contacts, alias_of_contact, arena);
    index->rosters = make_table(d, d->n_rosters, alias_of_roster, arena);
    d->index = index;
}

/* The number in the list; n when it is not there. */
static size_t find_in_table(const struct table *t, size_t n, const char *alias)
{
    uint64_t hash = hash_of(alias);
    const struct slot *slot;

    for (size_t at = (size_t)hash & t->mask; (slot = &t->slots[at])->alias; at = (at + 1) & t->mask)
        if (slot->hash == hash && strcmp(slot->alias, alias) == 0)
            return slot->place;
    return n;
}

static size_t find_in_list(const struct tcn_directory *d, size_t n, alias_of *alias_at,
                           const char *alias)
{
    size_t i = 0;

    while (i < n && strcmp(alias_at(d, i), alias) != 0)
        i++;
    return i;
}

const struct tcn_contact *tcn_directory_contact(const struct tcn_directory *d, const char *alias)
{
    size_t n = d->n_contacts, i = n;

    if (alias)
        i = d->index ? find_in_table(&d->index->contacts, n, alias)
                     : find_in_list(d, n, alias_of_contact, alias);
    return i < n ? &d->contacts[i] : NULL;
}

const struct tcn_roster *tcn_directory_roster(const struct tcn_directory *d, const char *rotation)
{
    size_t n = d->n_rosters, i = n;

    if (rotation)
        i = d->index ? find_in_table(&d->index->rosters, n, rotation)
                     : find_in_list(d, n, alias_of_roster, rotation);
    return i < n ? d->rosters[i] : NULL;
}

const struct tcn_channel *tcn_directory_channel(const struct tcn_directory *d, const char *alias,
                                                const char *channel)
{
    const struct tcn_contact *c = tcn_directory_contact(d, alias);

    for (size_t i = 0; c && channel && i < c->n_channels; i++)
        if (strcmp(c->channels[i].name, channel) == 0)
            return &c->channels[i];
    return NULL;
}

const struct tcn_page_budget *tcn_directory_budget(const struct tcn_directory *d,
                                                   const struct tcn_contact *contact,
                                                   enum tcn_channel_type type)
{
    return contact->budget.pages > 0 ? &contact->budget : &d->budgets[type];
}

const struct tcn_response_plan *tcn_directory_plan(const struct tcn_directory *d, const char *name)
{
    for (size_t i = 0; name && i < d->n_plans; i++)
        if (strcmp(d->plans[i].name, name) == 0)
            return &d->plans[i];
    return NULL;
}
