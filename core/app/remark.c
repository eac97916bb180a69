#include "app/remark.h"

#include "app/catalog.h"

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

/* What a line needs of the incident, and its write. */
struct line {
    struct tcn_arena arena;
    struct tcn_aggregate a;
    struct tcn_decision d;
};

static int begin(struct line *x, struct tcn_store *s, const struct tcn_directory *declared,
                 struct tcn_id incident, int64_t now_ms, struct tcn_err *err)
{
    int r;

    tcn_arena_init(&x->arena, TCN_TURN_ARENA);
    tcn_decision_init(&x->d, &x->arena);
    x->d.subject = &x->a;
    r = tcn_catalog_of(s, declared, now_ms, &x->d.directory, err);
    return r < 0 ? r : tcn_turn_load(s, incident, &x->arena, &x->a, err);
}

static int end(struct line *x, struct tcn_store *s, int r, int64_t now_ms, struct tcn_err *err)
{
    if (r == 0)
        r = tcn_turn_write(s, &x->d, NULL, now_ms, err);
    tcn_arena_done(&x->arena);
    return r == TCN_ENOTFOUND ? 0 : r;
}

int tcn_remark_write(struct tcn_store *s, const struct tcn_directory *declared,
                     struct tcn_id incident, const struct tcn_remark *remark, int64_t now_ms,
                     struct tcn_err *err)
{
    struct line x;
    int r = begin(&x, s, declared, incident, now_ms, err);

    if (r == 0) {
        add_event(&x.d, remark, now_ms);
        x.d.next_due_ms = tcn_engine_next_due(&x.a);
    }
    return end(&x, s, r, now_ms, err);
}

int tcn_relation_write(struct tcn_store *s, const struct tcn_directory *declared,
                       struct tcn_id incident, const struct tcn_relation *relation, int64_t now_ms,
                       struct tcn_err *err)
{
    struct line x;
    int r = begin(&x, s, declared, incident, now_ms, err);

    if (r == 0)
        r = tcn_turn_load_related(s, &x.arena, &x.a, err);
    if (r == 0)
        r = tcn_engine_relate(&x.a, relation, now_ms, &x.d);
    return end(&x, s, r, now_ms, err);
}
