/* The model store. Most turns work on the rows themselves, which is quick; the others, and those that die before their
 * commit, on deep copies, as if these had been read from somewhere: then what was not marked as changed must be as it was. */
#include "world.h"

#include <stdlib.h>

#define ROW_MAX (64u << 20)
#define LITTER_MAX (16u << 10) /* what a row's memory may hold of decisions that are done */

static const char *lasting(struct world *w, const char *contact, const char *channel)
{
    for (size_t i = 0; i < w->directory.n_contacts; i++) {
        if (strcmp(w->contacts[i].alias, contact) != 0)
            continue;
        if (!channel)
            return w->contacts[i].alias;
        for (size_t k = 0; k < 3; k++)
            if (strcmp(w->channels[i][k].name, channel) == 0)
                return w->channels[i][k].name;
    }
    fail(w, "a send to nobody: %s %s", contact, channel ? channel : "");
}

static void keep_sends(struct world *w, struct incident_row *row, const struct tcn_decision *d)
{
    for (size_t i = 0; i < d->sends.n; i++) {
        const struct tcn_send *s = &d->sends.items[i];

        if (row->n_sent == row->size_sent) {
            row->size_sent = row->size_sent ? 2 * row->size_sent : 16;
            row->sent = realloc(row->sent, row->size_sent * sizeof *row->sent);
        }
        row->sent[row->n_sent++] = (struct sent){.page = s->page,
                                                 .engagement_no = s->engagement_no,
                                                 .send_no = s->send_no,
                                                 .at_ms = s->due_ms,
                                                 .contact = lasting(w, s->contact, NULL),
                                                 .channel = lasting(w, s->contact, s->channel)};
        w->sends++;
        people_see(w, row, &row->sent[row->n_sent - 1]);
    }
}

/* A defect on purpose, of the kind that no invariant sees: who is essential is not kept. */
static void forget(struct incident_row *row)
{
    for (size_t i = 0; i < row->n_engagements; i++)
        for (size_t k = 0; k < row->engagements[i].n_runs; k++)
            row->engagements[i].runs[k].is_essential = false;
}

/* -- load -------------------------------------------------------------------------------------------------------- */

static void load_lane(const struct key_row *key, struct tcn_arena *arena, struct tcn_aggregate *ret)
{
    *ret = (struct tcn_aggregate){0};
    if (key)
        copy_lane(arena, &ret->lane, &key->lane);
    if (key && !ret->lane.dedupe_key)
        ret->lane.dedupe_key = key->name;
}

void store_load(struct world *w, const struct key_row *key, const struct incident_row *row,
                struct tcn_aggregate *ret)
{
    load_lane(key, &w->turn, ret);
    if (!row)
        return;
    copy_incident(&w->turn, &ret->incident, &row->incident);
    ret->engagements = copy_engagements(&w->turn, row->engagements, row->n_engagements);
    ret->n_engagements = ret->size_engagements = row->n_engagements;
    row_others(row, key, ret);
}

void store_lend(struct world *w, const struct key_row *key, struct incident_row *row,
                struct tcn_aggregate *ret)
{
    w->lent = row ? &row->arena : &w->fresh;
    w->lent_to = ret;
    load_lane(key, w->lent, ret);
    if (!row)
        return;
    ret->incident = row->incident;
    ret->engagements = row->engagements;
    ret->n_engagements = ret->size_engagements = row->n_engagements;
    row_others(row, key, ret);
}

/* -- commit ------------------------------------------------------------------------------------------------------ */

/* What is not marked as changed is not written. */
static void check_marks(struct world *w, const struct tcn_aggregate *a)
{
    const struct incident_row *row = row_find(w, a->incident.id);

    for (size_t i = 0; row && i < row->n_engagements; i++)
        if (!a->engagements[i].is_dirty &&
            trace_engagement(&a->engagements[i]) != trace_engagement(&row->engagements[i]))
            fail(w, "an engagement changed and is not marked");
}

static void put_copy(struct incident_row *row, const struct tcn_aggregate *a)
{
    struct tcn_arena next;

    tcn_arena_init(&next, ROW_MAX);
    copy_incident(&next, &row->incident, &a->incident);
    row->engagements = copy_engagements(&next, a->engagements, a->n_engagements);
    row->n_engagements = a->n_engagements;
    tcn_arena_done(&row->arena);
    row->arena = next;
    row->kept = next.used;
}

/* The decision's memory is the row's, or becomes it. */
static void put_lent(struct world *w, struct incident_row *row, const struct tcn_aggregate *a)
{
    if (w->lent == &w->fresh) {
        row->arena = w->fresh;
        tcn_arena_init(&w->fresh, ROW_MAX);
    }
    row->incident = a->incident;
    row->engagements = a->engagements;
    row->n_engagements = a->n_engagements;
    for (size_t i = 0; i < a->n_engagements; i++)
        row->engagements[i].is_dirty = false;
}

static bool is_lent(const struct world *w, const struct incident_row *row,
                    const struct tcn_aggregate *a)
{
    return a == w->lent_to && (w->lent == &row->arena || w->lent == &w->fresh);
}

static void put(struct world *w, struct incident_row *row, const struct tcn_aggregate *a)
{
    if (is_lent(w, row, a))
        put_lent(w, row, a);
    else
        put_copy(row, a);
    if (w->options.forgets)
        forget(row);
    for (size_t i = 0; i < row->n_engagements; i++)
        row->was_stopped[i] = row->engagements[i].stop_ms != 0;
    row_note_open(w, row);
}

/* Nothing of the decision may be looked at any more. */
static void sweep(struct incident_row *row)
{
    const struct tcn_aggregate a = {.incident = row->incident,
                                    .engagements = row->engagements,
                                    .n_engagements = row->n_engagements};

    if (row->arena.used > LITTER_MAX + row->kept)
        put_copy(row, &a);
}

static void put_incident(struct world *w, struct tcn_decision *d)
{
    struct tcn_aggregate *a = d->subject;
    struct incident_row *row = row_find(w, a->incident.id);

    if (d->incident_opened != (row == NULL))
        fail(w, d->incident_opened ? "an incident was opened twice" : "a change of no incident");
    if (!row)
        row = row_add(w, a->incident.id);
    check_decision(w, row, d);
    put(w, row, a);
    for (size_t i = 0; i < d->drops.n; i++)
        people_drop(w, row, d->drops.items[i].page);
    keep_sends(w, row, d);
    sweep(row);
}

/* A second word of it keeps the time at which it joined the storm. */
static void note_alarm(struct key_row *key, const struct tcn_decision *d)
{
    struct tcn_id storm = d->subject->incident.id;
    int64_t joined_ms = key->alarm.joined_ms;
    bool is_known = tcn_id_eq(key->storm, storm);

    key->alarm = d->storm_alarm;
    key->alarm.dedupe_key = key->name;
    key->alarm.source = d->subject->lane.source;
    key->storm = storm;
    if (is_known)
        key->alarm.joined_ms = joined_ms;
}

static void put_lane(struct key_row *key, const struct tcn_decision *d)
{
    struct tcn_arena next;

    if (d->storm_alarm_changed)
        note_alarm(key, d);
    tcn_arena_init(&next, ROW_MAX);
    copy_lane(&next, &key->lane, d->lane_changed ? &d->subject->lane : &key->lane);
    copy_alarm(&next, &key->alarm, &key->alarm);
    tcn_arena_done(&key->arena);
    key->arena = next;
}

void store_commit(struct world *w, struct tcn_decision *d, struct key_row *key)
{
    struct tcn_aggregate *a = d->subject;
    struct tcn_err err;
    bool has_effects = d->events.n || d->sends.n || d->receipts.n || d->tickets_due ||
                       d->incident_opened || d->related.n;

    if (tcn_engine_invariant(a, now_of(w), &err) < 0)
        fail(w, "%s", err.msg);
    if (d->next_due_ms != tcn_engine_next_due(a))
        fail(w, "next_due is not that of the aggregate");
    if (has_effects && !d->incident_changed)
        fail(w, "effects without a change of the incident");
    if (w->lent_to != a)
        check_marks(w, a);
    if ((d->lane_changed || d->storm_alarm_changed) && key && a->lane.exists)
        put_lane(key, d);
    if (a->incident.exists && d->incident_changed)
        put_incident(w, d);
    if (!key)
        return;
    if (d->waiting_changed)
        mutes_commit(w, key, d);
    row_join(key, row_find(w, key->lane.incident));
    if (key->incident)
        row_set_due(w, key->incident);
}

void store_done(struct world *w)
{
    for (size_t i = 0; i < w->n_incidents; i++) {
        tcn_arena_done(&w->incidents[i].arena);
        free(w->incidents[i].sent);
        free(w->incidents[i].answers);
        free(w->incidents[i].results);
    }
    for (size_t i = 0; i < w->n_keys; i++)
        tcn_arena_done(&w->keys[i].arena);
}
