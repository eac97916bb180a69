/* tocsin sync: what its verbs share. They ask a running server. */
#ifndef TCN_APP_SYNC_CLI_H
#define TCN_APP_SYNC_CLI_H

#include "app/ask.h"

#include <stdbool.h>
#include <stdint.h>

#define TCN_SYNC_PAGES_MAX 50 /* of 200 links */
#define TCN_SYNC_WAIT_MS INT64_C(30000)
#define TCN_SYNC_AGE 24

struct tcn_sync {
    const char *command; /* "tocsin sync diff" */
    struct tcn_ask *ask;
    const char *subject;   /* an id; NULL: none was given */
    const char *connector; /* NULL: none was given */
    bool reads;            /* --read */
};

/* argv[0] is the verb. They return the exit status as cli.h says. */
int tcn_sync_status_cli(int argc, char **argv);
int tcn_sync_diff_cli(int argc, char **argv);
int tcn_sync_repair_cli(int argc, char **argv);
int tcn_sync_retry_cli(int argc, char **argv);

/* What a verb takes. */
enum { TCN_SYNC_SUBJECT = 1, TCN_SYNC_CONNECTOR = 2, TCN_SYNC_NEEDS_ONE = 4, TCN_SYNC_READ = 8 };
struct tcn_sync_verb {
    const char *command, *usage;
    unsigned takes;
    /* The exit status, or a negative code with its message. */
    int (*act)(struct tcn_sync *s, struct tcn_err *err);
};
int tcn_sync_run(const struct tcn_sync_verb *verb, int argc, char **argv);

/* The links of the subject, each as GET /v1/links/ID tells it; the list is yours. TCN_ENOTFOUND: it is none of the server's. */
int tcn_sync_links(struct tcn_sync *s, json_t **ret, struct tcn_err *err);
int tcn_sync_link(struct tcn_sync *s, const char *id, json_t **ret, struct tcn_err *err);
/* Calls each with every link that GET /v1/links?QUERY lists (query NULL: all), page by page, at most TCN_SYNC_PAGES_MAX;
 * *ret_is_cut: there are more. */
int tcn_sync_each(struct tcn_sync *s, const char *query,
                  int (*each)(void *ctx, const json_t *link, struct tcn_err *err), void *ctx,
                  bool *ret_is_cut, struct tcn_err *err);
/* Asks for a reading of the record of that link, and waits until its lane rests, *ret is how it is then (yours). TCN_EBUSY: that takes
 * too long, or its connector is not called; *ret is set, too. */
int tcn_sync_read(struct tcn_sync *s, const char *id, json_t **ret, struct tcn_err *err);

const char *tcn_sync_text(const json_t *object, const char *name); /* "" when there is none */
/* "OPS-42 in jira". */
void tcn_sync_print_name(const json_t *link);
/* A value as JSON, on one line, cut. */
void tcn_sync_print_value(const json_t *value);
/* "12s", "3m", "5h", "9d" since that time of an answer; "-" for none. */
void tcn_sync_age(const json_t *object, const char *name, char ret[TCN_SYNC_AGE]);

#endif
