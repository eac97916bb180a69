#include "engine/directory.h"

#include <stdlib.h>

/* Ascending by alias; of equal ones the first of its list comes first, as it is found without an index. */
struct entry {
    const char *alias;
    size_t at;
};

struct tcn_directory_index {
    const struct entry *contacts, *rosters;
};

static const char *alias_of_roster(const struct tcn_directory *d, size_t i)
{
    return tcn_roster_rotation(d->rosters[i])->alias;
}

static const char *alias_of_contact(const struct tcn_directory *d, size_t i)
{
    return d->contacts[i].alias;
}

typedef const char *alias_of(const struct tcn_directory *d, size_t i);

static int by_alias(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->alias, y->alias);

    return order ? order : x->at < y->at ? -1 : x->at > y->at;
}

static const struct entry *sorted(const struct tcn_directory *d, size_t n, alias_of *alias,
                                  struct tcn_arena *arena)
{
    struct entry *entries = TCN_NEW_N(arena, struct entry, n + 1);

    for (size_t i = 0; i < n; i++)
        entries[i] = (struct entry){alias(d, i), i};
    qsort(entries, n, sizeof *entries, by_alias);
    return entries;
}

void tcn_directory_make_index(struct tcn_directory *d, struct tcn_arena *arena)
{
    struct tcn_directory_index *index = TCN_NEW(arena, struct tcn_directory_index);

    index->contacts = sorted(d, d->n_contacts, alias_of_contact, arena);
    index->rosters = sorted(d, d->n_rosters, alias_of_roster, arena);
    d->index = index;
}

/* The number in the list; n when it is not there. */
static size_t find_sorted(const struct entry *entries, size_t n, const char *alias)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(entries[middle].alias, alias) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && strcmp(entries[low].alias, alias) == 0 ? entries[low].at : n;
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
        i = d->index ? find_sorted(d->index->contacts, n, alias)
                     : find_in_list(d, n, alias_of_contact, alias);
    return i < n ? &d->contacts[i] : NULL;
}

const struct tcn_roster *tcn_directory_roster(const struct tcn_directory *d, const char *rotation)
{
    size_t n = d->n_rosters, i = n;

    if (rotation)
        i = d->index ? find_sorted(d->index->rosters, n, rotation)
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

const struct tcn_response_plan *tcn_directory_plan(const struct tcn_directory *d, const char *name)
{
    for (size_t i = 0; name && i < d->n_plans; i++)
        if (strcmp(d->plans[i].name, name) == 0)
            return &d->plans[i];
    return NULL;
}
