/* Engagements as ssm-contacts lists and describes them, those of incidents and those without one: one row each, without its runs
 * and pages, with what StartEngagement was given. */
#ifndef TCN_STORE_ENGAGED_H
#define TCN_STORE_ENGAGED_H

#include "store/store.h"

/* All text is in the arena that it was read into. */
struct tcn_engaged {
    struct tcn_id id, incident; /* incident: the record that carries it */
    bool is_bare;               /* that record is no incident */
    int64_t no;
    const char *contact;
    enum tcn_contact_type type;
    int64_t start_ms, stop_ms, next_stage_ms;
    struct tcn_engagement_text text; /* all NULL: it was started by a plan, or without any */
};

/* TCN_ENOTFOUND. */
int tcn_store_engaged_find(struct tcn_store *s, struct tcn_id engagement, struct tcn_arena *a,
                           struct tcn_engaged *ret, struct tcn_err *err);
/* The one that has the page. TCN_ENOTFOUND. */
int tcn_store_engaged_by_page(struct tcn_store *s, struct tcn_id page, struct tcn_arena *a,
                              struct tcn_engaged *ret, struct tcn_err *err);

/* By the time of their start; of equal times by the id. */
struct tcn_engaged_place {
    int64_t start_ms;
    struct tcn_id id;
};
struct tcn_engaged_filter {
    struct tcn_id incident;    /* zero = any */
    const char *text;          /* text.incident, whole; NULL = any. Not with incident */
    int64_t from_ms, until_ms; /* of start_ms, the second not included; 0 = any */
    const struct tcn_engaged_place
        *after; /* older than that, newest first; NULL = from the newest */
    size_t limit;
};
int tcn_store_engaged_list(struct tcn_store *s, const struct tcn_engaged_filter *filter,
                           struct tcn_arena *a, struct tcn_engaged **ret, size_t *ret_n,
                           struct tcn_err *err);

#endif
