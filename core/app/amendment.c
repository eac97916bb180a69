#include "app/amendment.h"

#include "app/catalog.h"

int tcn_amendment_begin(struct tcn_amendment *c, struct tcn_store *s,
                        const struct tcn_directory *declared, struct tcn_id incident,
                        int64_t now_ms, struct tcn_err *err)
{
    int r;

    *c = (struct tcn_amendment){0};
    tcn_arena_init(&c->arena, TCN_TURN_ARENA);
    tcn_decision_init(&c->d, &c->arena);
    c->d.subject = &c->a;
    r = tcn_catalog_of(s, declared, now_ms, &c->d.directory, err);
    return r < 0 ? r : tcn_turn_load(s, incident, &c->arena, &c->a, err);
}

int tcn_amendment_end(struct tcn_amendment *c, struct tcn_store *s, int r, int64_t now_ms,
                      struct tcn_err *err)
{
    if (r == 0)
        r = tcn_turn_write(s, &c->d, NULL, now_ms, err);
    tcn_arena_done(&c->arena);
    return r == TCN_ENOTFOUND ? 0 : r;
}
