/* A line on an incident's timeline that no decision of the engine makes. */
#ifndef TCN_APP_REMARK_H
#define TCN_APP_REMARK_H

#include "app/turn.h"

struct tcn_remark {
    const char *text, *actor;
    bool to_tickets; /* ticket systems shall show it, too: their lanes are woken */
};

/* To what is decided anyway; its texts live as long as the decision, or are the program's. */
void tcn_remark_add(struct tcn_decision *d, const struct tcn_remark *remark, int64_t now_ms);
/* Inside a store job. An incident that is gone is no error. declared: the configuration's. */
int tcn_remark_write(struct tcn_store *s, const struct tcn_directory *declared,
                     struct tcn_id incident, const struct tcn_remark *remark, int64_t now_ms,
                     struct tcn_err *err);

/* The same for what tcn_engine_relate says. */
int tcn_relation_write(struct tcn_store *s, const struct tcn_directory *declared,
                       struct tcn_id incident, const struct tcn_relation *relation, int64_t now_ms,
                       struct tcn_err *err);

#endif
