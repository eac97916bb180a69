#include "engine/directory_use.h"

#include <string.h>

struct uses {
    const char *name;
    int64_t now_ms;
    struct tcn_use *items;
    size_t n, max;
};

static void add(struct uses *u, enum tcn_resource_kind kind, const char *name, struct tcn_id id)
{
    if (u->n < u->max)
        u->items[u->n] = (struct tcn_use){kind, name, id};
    u->n++;
}

static bool is_named(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (names[i] && strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool targets(const struct tcn_plan *plan, const char *contact, const char *channel)
{
    for (size_t s = 0; s < plan->n_stages; s++)
        for (size_t t = 0; t < plan->stages[s].n_targets; t++) {
            const struct tcn_target *target = &plan->stages[s].targets[t];

            if (contact ? is_named(&target->contact, 1, contact)
                        : is_named(&target->channel, 1, channel))
                return true;
        }
    return false;
}

static void rotations_of(struct uses *u, const struct tcn_directory *d)
{
    static const struct tcn_id none = {{0}};

    for (size_t i = 0; i < d->n_rosters; i++) {
        const struct tcn_rotation *r = tcn_roster_rotation(d->rosters[i]);

        if (is_named(r->contacts, r->n_contacts, u->name))
            add(u, TCN_RESOURCE_ROTATION, r->alias, none);
        for (size_t o = 0; o < r->n_overrides; o++)
            if (r->overrides[o].end_ms > u->now_ms &&
                is_named(r->overrides[o].contacts, r->overrides[o].n_contacts, u->name))
                add(u, TCN_RESOURCE_OVERRIDE, r->alias, r->overrides[o].id);
    }
}

static void of_contact(struct uses *u, const struct tcn_directory *d)
{
    static const struct tcn_id none = {{0}};

    for (size_t i = 0; i < d->n_contacts; i++)
        if (targets(&d->contacts[i].plan, u->name, NULL))
            add(u, TCN_RESOURCE_CONTACT, d->contacts[i].alias, none);
    rotations_of(u, d);
    for (size_t i = 0; i < d->n_plans; i++)
        if (is_named(d->plans[i].engagements, d->plans[i].n_engagements, u->name))
            add(u, TCN_RESOURCE_PLAN, d->plans[i].name, none);
}

/* The alias of a contact has no colon. */
static void of_channel(struct uses *u, const struct tcn_directory *d)
{
    const char *colon = strchr(u->name, ':');

    for (size_t i = 0; colon && i < d->n_contacts; i++) {
        const struct tcn_contact *c = &d->contacts[i];
        size_t n = (size_t)(colon - u->name);

        if (strlen(c->alias) == n && memcmp(c->alias, u->name, n) == 0 &&
            targets(&c->plan, NULL, colon + 1))
            add(u, TCN_RESOURCE_CONTACT, c->alias, (struct tcn_id){{0}});
    }
}

static void of_rotation(struct uses *u, const struct tcn_directory *d)
{
    for (size_t i = 0; i < d->n_contacts; i++)
        if (is_named(d->contacts[i].rotations, d->contacts[i].n_rotations, u->name))
            add(u, TCN_RESOURCE_CONTACT, d->contacts[i].alias, (struct tcn_id){{0}});
}

size_t tcn_directory_uses(const struct tcn_directory *d, enum tcn_resource_kind kind,
                          const char *name, int64_t now_ms, struct tcn_use *ret, size_t max)
{
    struct uses u = {name, now_ms, ret, 0, max};

    if (kind == TCN_RESOURCE_CONTACT)
        of_contact(&u, d);
    else if (kind == TCN_RESOURCE_CHANNEL)
        of_channel(&u, d);
    else if (kind == TCN_RESOURCE_ROTATION)
        of_rotation(&u, d);
    return u.n;
}
