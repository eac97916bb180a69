#include "app/remark.h"

#include "app/amendment.h"

#include <jansson.h>
#include <stdlib.h>

void tcn_remark_add(struct tcn_decision *d, const struct tcn_remark *remark, int64_t now_ms)
{
    json_t *data = json_pack("{s:s}", "message", remark->text);
    char *dumped = json_dumps(data, JSON_COMPACT);
    struct tcn_incident *incident = &d->subject->incident;
    struct tcn_event *event =
        tcn_decision_event(d, incident, now_ms, TCN_EVENT_TOCSIN,
                           tcn_arena_strdup(d->arena, dumped), remark->text, remark->actor);

    event->to_tickets = remark->to_tickets;
    if (remark->to_tickets)
        tcn_decision_tell_tickets(d, incident);
    free(dumped);
    json_decref(data);
}

int tcn_remark_write(struct tcn_store *s, const struct tcn_directory *declared,
                     struct tcn_id incident, const struct tcn_remark *remark, int64_t now_ms,
                     struct tcn_err *err)
{
    struct tcn_amendment c;
    int r = tcn_amendment_begin(&c, s, declared, incident, now_ms, err);

    if (r == 0) {
        tcn_remark_add(&c.d, remark, now_ms);
        c.d.next_due_ms = tcn_engine_next_due(&c.a);
    }
    return tcn_amendment_end(&c, s, r, now_ms, err);
}

int tcn_relation_write(struct tcn_store *s, const struct tcn_directory *declared,
                       struct tcn_id incident, const struct tcn_relation *relation, int64_t now_ms,
                       struct tcn_err *err)
{
    struct tcn_amendment c;
    int r = tcn_amendment_begin(&c, s, declared, incident, now_ms, err);

    if (r == 0)
        r = tcn_turn_load_related(s, &c.arena, &c.a, err);
    if (r == 0)
        r = tcn_engine_relate(&c.a, relation, now_ms, &c.d);
    return tcn_amendment_end(&c, s, r, now_ms, err);
}
