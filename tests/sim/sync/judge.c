/* What must be true at every call: one at a time for a record, one record for an incident, no write of what is there, none over
 * what a person has written and nobody has read (I1, I3, I6, I7). */
#include "sync.h"

#include <stdio.h>
#include <string.h>

#define LANES_MAX 64
#define ON_ITS_WAY_MS (6 * SEC)

static struct {
    struct {
        enum system system;
        char lane[64];
        int n;
    } calls[LANES_MAX];
    size_t n_calls;
} judge;

const char *const field_names[FIELDS] = {"title", "impact", "status"};

void judge_begin(void)
{
    judge.n_calls = 0;
}

/* -- I7: one call at a time -------------------------------------------------------------------------------------------- */

void judge_call(enum system system, const char *lane, int by)
{
    size_t i = 0;

    while (i < judge.n_calls &&
           (judge.calls[i].system != system || strcmp(judge.calls[i].lane, lane) != 0))
        i++;
    if (i == LANES_MAX)
        fail("there are more than %d lanes", LANES_MAX);
    if (i == judge.n_calls) {
        judge.calls[i].system = system;
        judge.calls[i].n = 0;
        snprintf(judge.calls[judge.n_calls++].lane, sizeof judge.calls[0].lane, "%s", lane);
    }
    judge.calls[i].n += by;
    if (judge.calls[i].n > 1)
        fail("I7: two calls of %s %s at a time", system_names[system], lane);
}

void judge_forget_calls(void)
{
    judge.n_calls = 0;
}

/* -- I1: one record ------------------------------------------------------------------------------------------------------ */

void judge_create(struct record *r)
{
    totals->creates++;
    records_values(r, &r->known);
    for (size_t i = 0; i < records.n; i++) {
        const struct record *other = records.items[i];

        if (other != r && !other->is_gone && other->system == r->system &&
            strcmp(other->marker, r->marker) == 0)
            fail("I1: %s has %s and %s of one incident", system_names[r->system], other->key,
                 r->key);
    }
}

/* -- I3, I6: writes --------------------------------------------------------------------------------------------------- */

static void note_race(const struct record *r, enum field field)
{
    totals->raced++;
    for (size_t i = history_size(); i-- > 0;) {
        struct edit *e = history_at(i);

        if (e->place == r->system && e->field == field && e->at_ms == r->by_people_ms[field]) {
            e->is_raced = true;
            return;
        }
    }
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The program was told what is there, and writes just that. A status that was left as it is there, by a policy, is not known
 * any more a moment later: it may be written once. */
static void judge_equal(const struct record *r, enum field field, const char *value)
{
    totals->equal_writes++;
    if (field != STATUS && judge_told_ms > later(r->by_people_ms[field], r->by_us_ms[field]))
        fail("I3: %s of %s is \"%s\", as was told, and is written", field_names[field], r->key,
             value);
}

/* A person's value goes that the program has not read. */
static void judge_unread(const struct record *r, enum field field)
{
    int64_t age_ms = judge_set_out_ms - r->by_people_ms[field];

    if (age_ms > ON_ITS_WAY_MS)
        fail("I6: %s of %s was changed by a person %lld ms before it was written over, unread",
             field_names[field], r->key, (long long)age_ms);
    note_race(r, field);
}

void judge_write(struct record *r, enum field field, const char *value)
{
    char is[1100];

    records_value(r, field, is, sizeof is);
    totals->writes++;
    if (strcmp(is, value) == 0) {
        judge_equal(r, field, value);
        return;
    }
    if (r->by_people_ms[field] > judge_told_ms)
        judge_unread(r, field);
    r->by_people_ms[field] = 0;
    r->by_us_ms[field] = clockwork_now_ms();
    r->is_late[field] = judge_is_late;
    snprintf(r->known.of[field], VALUE_SIZE, "%.319s", value);
}

/* -- I9: the record is there before anything is asked of it ------------------------------------------------------------ */

void judge_missing(enum system system, const struct call *call)
{
    for (size_t i = 0; i < records.n; i++)
        for (size_t k = 0; k < call->n_segments; k++)
            if (records.items[i]->system == system && records.items[i]->is_gone &&
                strcmp(records.items[i]->id, call->segments[k]) == 0)
                return;
    fail("I9: %s is asked for a record that there never was", system_names[system]);
}
