/* What comes next: messages on their way, and the timers of incidents, each in a heap. Of two with one time the one that was
 * there first comes first, so that a run is the same each time. */
#include "world.h"

/* -- messages --------------------------------------------------------------------------------------------------- */

static bool comes_before(const struct pending *a, const struct pending *b)
{
    return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->no < b->no);
}

static void swap_pending(struct world *w, size_t i, size_t k)
{
    struct pending p = w->pending[i];

    w->pending[i] = w->pending[k];
    w->pending[k] = p;
}

static void rise(struct world *w, size_t i)
{
    for (; i > 0 && comes_before(&w->pending[i], &w->pending[(i - 1) / 2]); i = (i - 1) / 2)
        swap_pending(w, i, (i - 1) / 2);
}

static void sink(struct world *w, size_t i)
{
    for (;;) {
        size_t k = 2 * i + 1;

        if (k + 1 < w->n_pending && comes_before(&w->pending[k + 1], &w->pending[k]))
            k++;
        if (k >= w->n_pending || !comes_before(&w->pending[k], &w->pending[i]))
            return;
        swap_pending(w, i, k);
        i = k;
    }
}

void pending_add(struct world *w, const struct pending *p)
{
    if (w->n_pending == MAX_PENDING)
        fail(w, "too many messages on their way for the simulator");
    w->pending[w->n_pending] = *p;
    w->pending[w->n_pending].no = ++w->pending_no;
    rise(w, w->n_pending++);
}

struct pending pending_take(struct world *w, size_t at)
{
    struct pending taken = w->pending[at];

    w->pending[at] = w->pending[--w->n_pending];
    if (at < w->n_pending) {
        rise(w, at);
        sink(w, at);
    }
    return taken;
}

/* -- timers ------------------------------------------------------------------------------------------------------ */

static bool is_due_before(const struct incident_row *a, const struct incident_row *b)
{
    return a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a < b);
}

/* Places count from 1: 0 is none. */
static void put_timer(struct world *w, size_t place, struct incident_row *row)
{
    w->timers[place - 1] = row;
    row->timer_place = place;
}

static void rise_timer(struct world *w, struct incident_row *row)
{
    size_t i = row->timer_place;

    for (; i > 1 && is_due_before(row, w->timers[i / 2 - 1]); i /= 2)
        put_timer(w, i, w->timers[i / 2 - 1]);
    put_timer(w, i, row);
}

static void sink_timer(struct world *w, struct incident_row *row)
{
    size_t i = row->timer_place;

    for (;;) {
        size_t k = 2 * i;

        if (k < w->n_timers && is_due_before(w->timers[k], w->timers[k - 1]))
            k++;
        if (k > w->n_timers || !is_due_before(w->timers[k - 1], row))
            break;
        put_timer(w, i, w->timers[k - 1]);
        i = k;
    }
    put_timer(w, i, row);
}

static void remove_timer(struct world *w, struct incident_row *row)
{
    struct incident_row *last = w->timers[--w->n_timers];
    size_t place = row->timer_place;

    row->timer_place = 0;
    if (last == row)
        return;
    put_timer(w, place, last);
    rise_timer(w, last);
    sink_timer(w, last);
}

void timer_set(struct world *w, struct incident_row *row, int64_t due_ms)
{
    if (row->due_ms == due_ms)
        return;
    row->due_ms = due_ms;
    if (due_ms == 0) {
        remove_timer(w, row);
        return;
    }
    if (row->timer_place == 0)
        put_timer(w, ++w->n_timers, row);
    rise_timer(w, row);
    sink_timer(w, row);
}
