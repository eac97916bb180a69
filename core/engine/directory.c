#include "engine/directory.h"

const struct tcn_contact *tcn_directory_contact(const struct tcn_directory *d, const char *alias)
{
    for (size_t i = 0; alias && i < d->n_contacts; i++)
        if (strcmp(d->contacts[i].alias, alias) == 0)
            return &d->contacts[i];
    return NULL;
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
