#include "engine/unreached.h"

#include <stdio.h>

static void keep(char to[TCN_UNREACHED_TEXT], const char *text)
{
    struct tcn_str cut = tcn_utf8_cut_bytes(tcn_str(text), TCN_UNREACHED_TEXT - 1);

    (void)snprintf(to, TCN_UNREACHED_TEXT, "%.*s", (int)cut.len, cut.len ? cut.ptr : "");
}

static void add(struct tcn_unreached *u, const struct tcn_decision *d)
{
    const struct tcn_incident *i = &d->subject->incident;

    if (u->n < TCN_UNREACHED_MAX) {
        u->items[u->n].id = i->id;
        u->items[u->n].is_doubtful = d->is_doubtful;
        keep(u->items[u->n].title, i->title);
        keep(u->items[u->n].plan, i->response_plan);
        keep(u->items[u->n].absent, d->absent);
    }
    u->n++;
}

void tcn_unreached_note(struct tcn_unreached *u, const struct tcn_decision *d)
{
    if (d->nobody_reached)
        add(u, d);
}

void tcn_unanswered_note(struct tcn_unreached *u, const struct tcn_decision *d)
{
    if (d->nobody_answered)
        add(u, d);
}

void tcn_absent_note(struct tcn_unreached *u, const struct tcn_decision *d)
{
    if (d->absent)
        add(u, d);
}
