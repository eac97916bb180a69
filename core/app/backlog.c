#include "app/backlog.h"

#include "store/notices.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

#define ARENA 65536

int tcn_backlog_read(struct tcn_store *s, struct tcn_backlog *ret, struct tcn_err *err)
{
    struct tcn_connector_waiting *list = NULL;
    struct tcn_arena arena;
    size_t n = 0;
    int r;

    tcn_arena_init(&arena, ARENA);
    r = tcn_store_notice_waiting(s, TCN_BACKLOG_MAX, &arena, &list, &n, err);
    if (r == 0)
        *ret = (struct tcn_backlog){.n = n, .is_known = true};
    for (size_t i = 0; r == 0 && i < n; i++) {
        ret->rows[i] = (struct tcn_backlog_row){.n = list[i].n, .since_ms = list[i].since_ms};
        snprintf(ret->rows[i].connector, TCN_BACKLOG_NAME, "%s", list[i].connector);
    }
    tcn_arena_done(&arena);
    return r;
}

const struct tcn_backlog_row *tcn_backlog_of(const struct tcn_backlog *b, const char *connector)
{
    for (size_t i = 0; i < b->n; i++)
        if (strcmp(b->rows[i].connector, connector) == 0)
            return &b->rows[i];
    return NULL;
}
