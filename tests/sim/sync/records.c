/* The records of the three systems, and who hears of their changes. */
#include "sync.h"

#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct records records;
bool records_are_silent;

static struct {
    struct chance chance;
    int lost, doubled, late; /* of a hundred hints */
} hints;

const struct remote *const remotes[SYSTEMS] = {&jira, &snow, &pager};
const char *const system_names[PLACES] = {"jira", "snow", "pager", "here"};

enum system system_named(const char *name)
{
    enum system s = JIRA;

    while (s < SYSTEMS && strcmp(system_names[s], name) != 0)
        s++;
    return s;
}

void records_begin(void)
{
    struct chance c = chance_of(options.seed, 3, 0);

    hints.chance = chance_of(options.seed, 4, 0);
    hints.lost = has_kind(LOST_HINTS) ? (int)chance_below(&c, 4) * 20 : 0;
    hints.doubled = has_kind(LOST_HINTS) ? (int)chance_below(&c, 3) * 20 : 0;
    hints.late = has_kind(LATENESS) ? (int)chance_below(&c, 4) * 20 : 0;
}

void records_end(void)
{
    for (size_t i = 0; i < records.n; i++) {
        for (size_t k = 0; k < records.items[i]->n_entries; k++)
            free(records.items[i]->entries[k].text);
        free(records.items[i]);
    }
    records.n = 0;
}

struct record *records_add(enum system system, int64_t shown_after_ms)
{
    struct record *r = tcn_xcalloc(1, sizeof *r);

    if (records.n == RECORDS_MAX)
        fail("there are more than %d records", RECORDS_MAX);
    records.items[records.n++] = r;
    r->system = system;
    r->created_ms = r->updated_ms = clockwork_now_ms();
    r->shown_ms = r->created_ms + shown_after_ms;
    return r;
}

struct record *records_find(enum system system, const char *id)
{
    for (size_t i = 0; i < records.n; i++)
        if (records.items[i]->system == system && !records.items[i]->is_gone &&
            strcmp(records.items[i]->id, id) == 0)
            return records.items[i];
    return NULL;
}

void records_note(struct record *r, const char *text, const char *mark, bool is_ours)
{
    struct entry *e = &r->entries[r->n_entries];

    if (r->n_entries == ENTRIES_MAX)
        fail("%s has more than %d notes", r->key, ENTRIES_MAX);
    r->n_entries++;
    e->text = tcn_xstrdup(text);
    snprintf(e->mark, sizeof e->mark, "%s", mark);
    e->is_ours = is_ours;
    e->at_ms = clockwork_now_ms();
}

enum meaning records_meaning(const struct record *r)
{
    static const enum meaning of_snow[] = {
        [1] = IS_NEW, [2] = IS_WORKED_ON, [3] = IS_HELD, [6] = IS_OVER, [7] = IS_CLOSED};

    return r->system == SNOW ? of_snow[r->status] : (enum meaning)r->status;
}

void records_value(const struct record *r, enum field field, char *ret, size_t size)
{
    if (field == TITLE)
        snprintf(ret, size, "%s", r->title);
    else
        snprintf(ret, size, "%d", field == IMPACT ? r->impact : (int)records_meaning(r));
}

void records_values(const struct record *r, struct values *ret)
{
    for (enum field f = TITLE; f < FIELDS; f++)
        records_value(r, f, ret->of[f], VALUE_SIZE);
}

/* -- hints ------------------------------------------------------------------------------------------------------------ */

struct hint {
    enum system system;
    char id[40];
};

static void arrive(void *data)
{
    const struct hint *h = data;

    program_hint(h->system, h->id);
}

/* Mostly at once, sometimes minutes later and after the next one. */
static void send_hint(const struct record *r)
{
    struct hint h = {.system = r->system};
    int64_t after = 20 + chance_below(&hints.chance, 400);

    if (chance_in(&hints.chance, hints.late))
        after += chance_below(&hints.chance, 3 * MIN);
    snprintf(h.id, sizeof h.id, "%s", r->id);
    clockwork_after(after, arrive, &h, sizeof h);
    totals->hints++;
}

void records_changed(struct record *r)
{
    bool is_lost = chance_in(&hints.chance, hints.lost);
    bool is_doubled = chance_in(&hints.chance, hints.doubled);

    r->version++;
    r->updated_ms = clockwork_now_ms();
    if (records_are_silent)
        return;
    totals->hints_lost += is_lost;
    if (!is_lost)
        send_hint(r);
    if (is_doubled)
        send_hint(r);
}
