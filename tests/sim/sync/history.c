/* Who gave which value when: people in four places, and alarms. */
#include "sync.h"

#include "base/xalloc.h"

#include <stdlib.h>

static struct {
    struct edit *items;
    size_t n, room;
} history;

void history_begin(void)
{
    history.n = 0;
}

void history_add(const struct edit *edit)
{
    if (history.n == history.room) {
        history.room = history.room ? 2 * history.room : 64;
        history.items = tcn_xrealloc(history.items, history.room, sizeof *history.items);
    }
    history.items[history.n++] = *edit;
}

size_t history_mark(void)
{
    return history.n;
}

void history_cut(size_t mark)
{
    if (mark < history.n)
        history.n = mark;
}

size_t history_size(void)
{
    return history.n;
}

struct edit *history_at(size_t i)
{
    return &history.items[i];
}

void history_end(void)
{
    free(history.items);
    history.items = NULL;
    history.n = history.room = 0;
}
