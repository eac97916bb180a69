#include "app/remark.h"

#include <stdlib.h>

static void add_event(struct tcn_decision *d, const struct tcn_remark *remark, int64_t now_ms)
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

int tcn_remark_write(struct tcn_store *s, const struct tcn_directory *directory,
                     struct tcn_id incident, const struct tcn_remark *remark, int64_t now_ms,
                     struct tcn_err *err)
{
    struct tcn_aggregate a;
    struct tcn_arena arena;
    struct tcn_decision d;
    int r;

    tcn_arena_init(&arena, TCN_TURN_ARENA);
    r = tcn_turn_load(s, incident, &arena, &a, err);
    if (r == 0) {
        tcn_decision_init(&d, &arena);
        d.subject = &a;
        d.directory = directory;
        add_event(&d, remark, now_ms);
        d.next_due_ms = tcn_engine_next_due(&a);
        r = tcn_turn_write(s, &d, NULL, now_ms, err);
    }
    tcn_arena_done(&arena);
    return r == TCN_ENOTFOUND ? 0 : r;
}
