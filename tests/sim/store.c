/* The model store: rows are deep copies, as if they had been written and read back. */
#include "world.h"

#include <stdlib.h>

#define ROW_MAX (64u << 20)

static void copy_plan(struct tcn_arena *a, struct tcn_plan *plan)
{
    for (size_t i = 0; i < plan->n_stages; i++)
        for (size_t k = 0; k < plan->stages[i].n_targets; k++) {
            struct tcn_target *t = &plan->stages[i].targets[k];

            t->channel = tcn_arena_strdup(a, t->channel);
            t->contact = tcn_arena_strdup(a, t->contact);
        }
}

static void copy_lane(struct tcn_arena *a, struct tcn_lane *to, const struct tcn_lane *from)
{
    *to = *from;
    to->dedupe_key = tcn_arena_strdup(a, from->dedupe_key);
    to->source = tcn_arena_strdup(a, from->source);
    to->items = from->n_items
                    ? tcn_arena_memdup(a, from->items, from->n_items * sizeof *from->items)
                    : NULL;
    for (size_t i = 0; i < to->n_items; i++) {
        to->items[i].key = tcn_arena_strdup(a, from->items[i].key);
        to->items[i].title = tcn_arena_strdup(a, from->items[i].title);
    }
}

static void copy_incident(struct tcn_arena *a, struct tcn_incident *to,
                          const struct tcn_incident *from)
{
    *to = *from;
    to->response_plan = tcn_arena_strdup(a, from->response_plan);
    to->title = tcn_arena_strdup(a, from->title);
    to->summary = tcn_arena_strdup(a, from->summary);
    to->dedupe_string = tcn_arena_strdup(a, from->dedupe_string);
    to->source = tcn_arena_strdup(a, from->source);
    to->source_name = tcn_arena_strdup(a, from->source_name);
    to->trigger_arn = tcn_arena_strdup(a, from->trigger_arn);
    to->created_by = tcn_arena_strdup(a, from->created_by);
    to->modified_by = tcn_arena_strdup(a, from->modified_by);
    to->acknowledged_by = tcn_arena_strdup(a, from->acknowledged_by);
    to->resolution.code = tcn_arena_strdup(a, from->resolution.code);
    to->resolution.notes = tcn_arena_strdup(a, from->resolution.notes);
    to->resolution.by = tcn_arena_strdup(a, from->resolution.by);
    to->tags =
        from->n_tags ? tcn_arena_memdup(a, from->tags, from->n_tags * sizeof *from->tags) : NULL;
    for (size_t i = 0; i < to->n_tags; i++) {
        to->tags[i].key = tcn_arena_strdup(a, from->tags[i].key);
        to->tags[i].value = tcn_arena_strdup(a, from->tags[i].value);
    }
}

static void copy_engagement(struct tcn_arena *a, struct tcn_engagement *to,
                            const struct tcn_engagement *from)
{
    *to = *from;
    to->is_dirty = false;
    to->contact = tcn_arena_strdup(a, from->contact);
    copy_plan(a, &to->plan);
    to->runs =
        from->n_runs ? tcn_arena_memdup(a, from->runs, from->n_runs * sizeof *from->runs) : NULL;
    to->size_runs = from->n_runs;
    for (size_t i = 0; i < to->n_runs; i++) {
        to->runs[i].contact = tcn_arena_strdup(a, from->runs[i].contact);
        to->runs[i].path = tcn_arena_strdup(a, from->runs[i].path);
        copy_plan(a, &to->runs[i].plan);
    }
    to->pages = from->n_pages
                    ? tcn_arena_memdup(a, from->pages, from->n_pages * sizeof *from->pages)
                    : NULL;
    to->size_pages = from->n_pages;
    for (size_t i = 0; i < to->n_pages; i++) {
        to->pages[i].contact = tcn_arena_strdup(a, from->pages[i].contact);
        to->pages[i].channel = tcn_arena_strdup(a, from->pages[i].channel);
    }
}

static struct tcn_engagement *copy_engagements(struct tcn_arena *a,
                                               const struct tcn_engagement *from, size_t n)
{
    struct tcn_engagement *to = n ? TCN_NEW_N(a, struct tcn_engagement, n) : NULL;

    for (size_t i = 0; i < n; i++)
        copy_engagement(a, &to[i], &from[i]);
    return to;
}

struct incident_row *store_find(struct world *w, struct tcn_id id)
{
    for (size_t i = w->n_incidents; i > 0; i--)
        if (tcn_id_eq(w->incidents[i - 1].incident.id, id))
            return &w->incidents[i - 1];
    return NULL;
}

struct incident_row *store_open_of(struct world *w, const char *dedupe_string)
{
    for (size_t i = w->n_incidents; i > 0; i--)
        if (w->incidents[i - 1].incident.status == TCN_STATUS_OPEN &&
            strcmp(w->incidents[i - 1].incident.dedupe_string, dedupe_string) == 0)
            return &w->incidents[i - 1];
    return NULL;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 ? b : b == 0 ? a : a < b ? a : b;
}

void store_others(struct world *w, const struct incident_row *row, const struct key_row *own,
                  struct tcn_aggregate *a)
{
    a->others_hold = false;
    a->others_due_ms = a->others_echo_ms = 0;
    for (size_t i = 0; i < w->n_keys; i++) {
        const struct key_row *k = &w->keys[i];

        if (k == own || k->incident != row)
            continue;
        a->others_hold |= k->lane.is_firing || k->lane.resolve_due_ms != 0;
        a->others_due_ms = earlier(a->others_due_ms, tcn_engine_lane_due(&k->lane, true));
        a->others_echo_ms = earlier(a->others_echo_ms, k->lane.echo_due_ms);
    }
}

struct key_row *store_lane_of(struct world *w, const struct incident_row *row,
                              const struct key_row *except, struct tcn_aggregate *a)
{
    bool is_open = row->incident.status == TCN_STATUS_OPEN;
    struct key_row *best = NULL;

    for (size_t i = 0; i < w->n_keys; i++) {
        struct key_row *k = &w->keys[i];
        int64_t due;

        if (k == except || k->incident != row)
            continue;
        due = tcn_engine_lane_due(&k->lane, is_open);
        if (!best || (due != 0 && (tcn_engine_lane_due(&best->lane, is_open) == 0 ||
                                   due < tcn_engine_lane_due(&best->lane, is_open))))
            best = k;
    }
    store_others(w, row, except ? except : best, a);
    return best;
}

void store_load(struct world *w, struct key_row *key, struct incident_row *row,
                struct tcn_aggregate *ret)
{
    *ret = (struct tcn_aggregate){0};
    if (key)
        copy_lane(&w->turn, &ret->lane, &key->lane);
    if (key && !ret->lane.dedupe_key)
        ret->lane.dedupe_key = key->name;
    if (!row)
        return;
    copy_incident(&w->turn, &ret->incident, &row->incident);
    ret->engagements = copy_engagements(&w->turn, row->engagements, row->n_engagements);
    ret->n_engagements = ret->size_engagements = row->n_engagements;
    store_others(w, row, key, ret);
}

void store_set_due(struct world *w, struct incident_row *row)
{
    struct tcn_aggregate a = {.incident = row->incident,
                              .engagements = row->engagements,
                              .n_engagements = row->n_engagements};
    const struct key_row *lane = store_lane_of(w, row, NULL, &a);

    if (lane)
        a.lane = lane->lane;
    row->due_ms = tcn_engine_next_due(&a);
}

static void check_sends(struct world *w, const struct incident_row *row,
                        const struct tcn_decision *d)
{
    for (size_t i = 0; i < d->sends.n; i++) {
        const struct tcn_send *s = &d->sends.items[i];
        int64_t before = 0;

        if (!tcn_id_eq(s->id, tcn_id_child(s->page, "send", (uint64_t)s->send_no)))
            fail(w, "a send has a foreign id");
        for (size_t k = 0; k < row->n_sent; k++)
            if (tcn_id_eq(row->sent[k].page, s->page))
                before++;
        for (size_t k = 0; k < i; k++)
            before += tcn_id_eq(d->sends.items[k].page, s->page);
        if (s->send_no != before + 1)
            fail(w, "send %lld of a page came after %lld", (long long)s->send_no,
                 (long long)before);
        if (s->due_ms > now_of(w))
            fail(w, "a send is due in the future");
    }
}

/* I3: nobody is paged who answered, nor in an engagement that was stopped, as of the state before the turn. */
static void check_unanswered(struct world *w, const struct incident_row *row,
                             const struct tcn_decision *d)
{
    for (size_t i = 0; i < d->sends.n; i++) {
        const struct tcn_send *s = &d->sends.items[i];
        const struct tcn_engagement *e;

        if ((size_t)s->engagement_no > row->n_engagements)
            continue;
        e = &row->engagements[s->engagement_no - 1];
        if (e->stop_ms != 0)
            fail(w, "%s is paged in a stopped engagement", s->contact);
        for (size_t k = 0; k < row->n_answers; k++) {
            const struct answer *a = &row->answers[k];

            if (a->engagement_no == s->engagement_no &&
                (!a->contact || strcmp(a->contact, s->contact) == 0))
                fail(w, "%s is paged after an answer", s->contact);
        }
    }
}

/* A page of which something may have arrived, and nothing is known to have. */
static bool is_in_doubt(const struct incident_row *row, struct tcn_id page)
{
    bool is_doubted = false;

    for (size_t i = 0; i < row->n_results; i++) {
        const struct result *x = &row->results[i];

        if (!tcn_id_eq(x->page, page))
            continue;
        if (x->said == SAID_SENT)
            return false;
        is_doubted |= x->said == SAID_DOUBTED || x->said == SAID_LOST;
    }
    return is_doubted;
}

/* That nobody is reached is not said in the same words when somebody may be. */
static void check_nobody(struct world *w, const struct incident_row *row,
                         const struct tcn_decision *d)
{
    const struct tcn_aggregate *a = d->subject;
    bool is_doubtful = false;

    if (!d->nobody_reached)
        return;
    for (size_t i = 0; i < a->n_engagements; i++)
        for (size_t k = 0; k < a->engagements[i].n_pages && a->engagements[i].stop_ms == 0; k++)
            is_doubtful |= is_in_doubt(row, a->engagements[i].pages[k].id);
    if (d->is_doubtful != is_doubtful)
        fail(w, is_doubtful ? "nobody is reached, though a page may have arrived"
                            : "a page may have arrived, it is said, and none may");
    w->in_vain += is_doubtful;
}

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

static void check_events(struct world *w, struct incident_row *row, const struct tcn_decision *d)
{
    for (size_t i = 0; i < d->events.n; i++) {
        const struct tcn_event *e = &d->events.items[i];

        if (e->seq != ++row->events ||
            !tcn_id_eq(e->id, tcn_id_child(d->subject->incident.id, "event", (uint64_t)e->seq)))
            fail(w, "event %lld is out of sequence", (long long)e->seq);
        if (e->to_tickets && d->subject->incident.revision == row->incident.revision)
            fail(w, "a note for the tickets without a revision: %s", e->text);
        if (e->text && strncmp(e->text, "cannot", 6) == 0)
            row->reasons++;
        w->early += e->text && strstr(e->text, "begins now");
    }
}

static struct incident_row *row_of(struct world *w, const struct tcn_decision *d)
{
    struct incident_row *row = store_find(w, d->subject->incident.id);

    if (d->incident_opened != (row == NULL))
        fail(w, d->incident_opened ? "an incident was opened twice" : "a change of no incident");
    if (row)
        return row;
    if (w->n_incidents == MAX_INCIDENTS)
        fail(w, "too many incidents for the simulator");
    row = &w->incidents[w->n_incidents++];
    *row = (struct incident_row){0};
    tcn_arena_init(&row->arena, ROW_MAX);
    return row;
}

/* A defect on purpose, of the kind that no invariant sees: who is essential is not kept. */
static void forget(struct incident_row *row)
{
    for (size_t i = 0; i < row->n_engagements; i++)
        for (size_t k = 0; k < row->engagements[i].n_runs; k++)
            row->engagements[i].runs[k].is_essential = false;
}

static void put_incident(struct world *w, struct tcn_decision *d)
{
    struct tcn_aggregate *a = d->subject;
    struct incident_row *row = row_of(w, d);
    struct tcn_arena next;

    check_sends(w, row, d);
    check_unanswered(w, row, d);
    check_events(w, row, d);
    check_nobody(w, row, d);
    if (a->incident.revision < row->incident.revision)
        fail(w, "the revision went back");
    for (size_t i = 0; i < row->n_engagements; i++)
        if (!a->engagements[i].is_dirty &&
            (a->engagements[i].n_pages != row->engagements[i].n_pages ||
             a->engagements[i].next_stage_ms != row->engagements[i].next_stage_ms ||
             a->engagements[i].stop_ms != row->engagements[i].stop_ms))
            fail(w, "an engagement changed and is not marked");
    tcn_arena_init(&next, ROW_MAX);
    copy_incident(&next, &row->incident, &a->incident);
    row->engagements = copy_engagements(&next, a->engagements, a->n_engagements);
    row->n_engagements = a->n_engagements;
    tcn_arena_done(&row->arena);
    row->arena = next;
    if (w->options.forgets)
        forget(row);
    for (size_t i = 0; i < d->drops.n; i++)
        people_drop(w, row, d->drops.items[i].page);
    keep_sends(w, row, d);
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
    if (d->lane_changed && key && a->lane.exists) {
        struct tcn_arena next;

        tcn_arena_init(&next, ROW_MAX);
        copy_lane(&next, &key->lane, &a->lane);
        tcn_arena_done(&key->arena);
        key->arena = next;
    }
    if (a->incident.exists && d->incident_changed)
        put_incident(w, d);
    if (!key)
        return;
    key->incident = NULL;
    if (!tcn_id_is_zero(key->lane.incident)) {
        key->incident = store_find(w, key->lane.incident);
        store_set_due(w, key->incident);
    }
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
