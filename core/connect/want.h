/* What the remote record of an incident should show: the mapping file applied to the incident, its tags, its timeline.
 * Reads the store, so it runs inside a job; the result belongs to that job. */
#ifndef TCN_CONNECT_WANT_H
#define TCN_CONNECT_WANT_H

#include "connect/ensure.h"
#include "connect/instance.h"
#include "store/store.h"

/* What stays the same for one instance. All borrowed, immutable, used on the store thread. */
struct tcn_want_source {
    const struct tcn_instance *instance;
    const struct tcn_mapping *mapping;
    json_t *settings;       /* of the configured instance, over the mapping's own; NULL = none */
    const char *account_id; /* for texts */
    /* Where people open the incident, in the arena; NULL function or result: nowhere. */
    const char *(*url)(void *ctx, struct tcn_id incident, struct tcn_arena *arena);
    void *ctx;
};

struct tcn_want {
    struct tcn_wanted wanted;
    const struct tcn_want_source *source;
    struct tcn_arena *arena; /* borrowed */
    json_t *env;             /* owned: the incident as expressions see it */
    json_t *create, *listen; /* owned; behind those of wanted */
    struct tcn_mapping_env mapping_env;
    struct tcn_mapping_find find;
};

/* TCN_ENOTFOUND when there is no such incident, else the store's errors. tcn_want_done() in any case. */
int tcn_want_init(struct tcn_want *w, const struct tcn_want_source *source, struct tcn_store *s,
                  const struct tcn_link *link, struct tcn_arena *arena, struct tcn_err *err);
void tcn_want_done(struct tcn_want *w);

/* Loads the notes that link lacks, again: after notes were written or added. */
int tcn_want_notes(struct tcn_want *w, struct tcn_store *s, const struct tcn_link *link,
                   struct tcn_err *err);

/* A setting of the instance, else of the mapping file; NULL when neither has it. */
json_t *tcn_want_setting(const struct tcn_want_source *source, const char *name);

/* Fills key and URL from the mapping's "links" where the connector told none; record may be NULL. */
void tcn_want_remote(struct tcn_want *w, struct tcn_link *link, json_t *record);

/* The incident as expressions and connectors see it: id short_id title summary impact status ack resolution tags
 * started_at related url response_plan account_id. Yours. For sends, too. */
json_t *tcn_incident_json(const struct tcn_incident *incident, const char *account_id,
                          const char *url);

#endif
