/* Who and what there is: the configuration a decision may look at. Immutable while a turn runs. */
#ifndef TCN_ENGINE_DIRECTORY_H
#define TCN_ENGINE_DIRECTORY_H

#include "engine/rotation.h"
#include "model/contact.h"
#include "model/mute.h"
#include "model/response_plan.h"

struct tcn_declared; /* app/resources.h */

struct tcn_directory {
    const struct tcn_declared
        *declared; /* the file it was read from; NULL: resources are added to it by nobody */
    const char *account_id; /* 12 digits */
    const char *region;     /* of ssm-contacts ARNs */
    struct tcn_contact *contacts;
    size_t n_contacts;
    struct tcn_response_plan *plans;
    size_t n_plans;
    const struct tcn_roster **rosters;
    size_t n_rosters;
    const struct tcn_window *windows;
    size_t n_windows;
    /* By enum tcn_channel_type: of persons who have none of their own. */
    struct tcn_page_budget budgets[TCN_CHANNEL_TYPES];
    const struct tcn_directory_index
        *index; /* NULL: contacts and rosters are looked for one by one */
};

/* For a directory with many contacts and rotations: makes them quick to find, until the lists change. */
void tcn_directory_make_index(struct tcn_directory *d, struct tcn_arena *arena);

/* NULL when there is none of that name. Borrowed from the directory. */
const struct tcn_contact *tcn_directory_contact(const struct tcn_directory *d, const char *alias);
const struct tcn_channel *tcn_directory_channel(const struct tcn_directory *d, const char *alias,
                                                const char *channel);
/* What holds messages to that person by channels of that type: her own budget, or that of the type. */
const struct tcn_page_budget *tcn_directory_budget(const struct tcn_directory *d,
                                                   const struct tcn_contact *contact,
                                                   enum tcn_channel_type type);
const struct tcn_roster *tcn_directory_roster(const struct tcn_directory *d, const char *rotation);
const struct tcn_response_plan *tcn_directory_plan(const struct tcn_directory *d, const char *name);

#endif
