/* A run as one number: a hash over everything that a decision was given and everything that it came to. Two stores that give
 * and keep the same have the same trace. */
#include "world.h"

static void add_word(uint64_t *h, uint64_t word)
{
    *h = (*h ^ word) * UINT64_C(0x9FB21C651E98DF25);
    *h ^= *h >> 29;
}

static void add_int(uint64_t *h, int64_t n)
{
    add_word(h, (uint64_t)n);
}

static void add_text(uint64_t *h, const char *z)
{
    size_t len = z ? strlen(z) : 0;

    add_word(h, z ? len : UINT64_MAX);
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = 0;

        memcpy(&word, z + i, len - i < 8 ? len - i : 8);
        add_word(h, word);
    }
}

static void add_id(uint64_t *h, struct tcn_id id)
{
    uint64_t words[2];

    memcpy(words, id.b, sizeof words);
    add_word(h, words[0]);
    add_word(h, words[1]);
}

/* -- the aggregate ---------------------------------------------------------------------------------------------- */

static void add_item(uint64_t *h, const struct tcn_item *i)
{
    add_text(h, i->key);
    add_text(h, i->title);
    add_int(h, i->status);
    add_int(h, i->since_ms);
    add_int(h, i->ended_ms);
    add_int(h, i->seen_ms);
    add_int(h, i->echo_ms);
}

/* Not its revision, which is the store's. */
static void add_lane(uint64_t *h, const struct tcn_lane *l)
{
    const int64_t times[] = {l->clock_ms,       l->received_ms,  l->resolved_ms, l->mute_until_ms,
                             l->resolve_due_ms, l->stale_due_ms, l->echo_ms,     l->echo_due_ms,
                             l->opened_ms,      l->flap_told_ms, l->is_firing,   l->is_flapping};

    add_int(h, l->exists);
    if (!l->exists)
        return;
    add_text(h, l->dedupe_key);
    add_text(h, l->source);
    add_text(h, l->content_sha256);
    add_id(h, l->incident);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        add_int(h, times[i]);
    for (size_t i = 0; i < TCN_FLAP_RING; i++)
        add_int(h, l->transitions_ms[i]);
    for (size_t i = 0; i < l->n_items; i++)
        add_item(h, &l->items[i]);
}

static void add_incident(uint64_t *h, const struct tcn_incident *i)
{
    const char *texts[] = {i->response_plan,   i->title,           i->summary,
                           i->dedupe_string,   i->source,          i->source_name,
                           i->trigger_arn,     i->created_by,      i->modified_by,
                           i->acknowledged_by, i->resolution.code, i->resolution.notes,
                           i->resolution.by};
    const int64_t numbers[] = {i->impact,          i->status,       i->created_ms, i->modified_ms,
                               i->resolved_ms,     i->revision,     i->event_seq,  i->related_seq,
                               i->acknowledged_ms, i->unreached_ms, i->is_storm,   i->is_bare};

    add_int(h, i->exists);
    if (!i->exists)
        return;
    add_id(h, i->id);
    add_id(h, i->previous);
    add_id(h, i->storm);
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        add_text(h, texts[k]);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        add_int(h, numbers[k]);
    for (size_t k = 0; k < i->n_tags; k++) {
        add_text(h, i->tags[k].key);
        add_text(h, i->tags[k].value);
    }
}

static void add_plan(uint64_t *h, const struct tcn_plan *p)
{
    for (size_t i = 0; i < p->n_stages; i++) {
        const struct tcn_stage *s = &p->stages[i];

        add_int(h, s->duration_ms);
        for (size_t k = 0; k < s->n_targets; k++) {
            add_text(h, s->targets[k].channel);
            add_text(h, s->targets[k].contact);
            add_int(h, s->targets[k].retry_ms);
            add_int(h, s->targets[k].is_essential);
        }
    }
}

static void add_run(uint64_t *h, const struct tcn_run *r)
{
    add_text(h, r->contact);
    add_text(h, r->path);
    add_plan(h, &r->plan);
    add_int(h, r->start_ms);
    add_int(h, (int64_t)r->next_stage);
    add_int(h, r->next_stage_ms);
    add_int(h, r->ends_ms);
    add_int(h, r->is_essential);
    add_int(h, r->is_stopped);
}

static void add_page(uint64_t *h, const struct tcn_page *p)
{
    const int64_t numbers[] = {p->no,           p->run_no,       p->retry_ms,     p->first_ms,
                               p->stage_end_ms, p->sent_ms,      p->delivered_ms, p->read_ms,
                               p->lost_ms,      p->next_send_ms, p->sends};

    add_id(h, p->id);
    add_text(h, p->contact);
    add_text(h, p->channel);
    add_text(h, p->accept_code);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        add_int(h, numbers[k]);
}

static void add_engagement(uint64_t *h, const struct tcn_engagement *e)
{
    add_id(h, e->id);
    add_text(h, e->contact);
    add_int(h, e->type);
    add_int(h, e->start_ms);
    add_int(h, e->stop_ms);
    add_plan(h, &e->plan);
    add_int(h, (int64_t)e->next_stage);
    add_int(h, e->next_stage_ms);
    add_int(h, e->progression_stopped);
    for (size_t i = 0; i < e->n_runs; i++)
        add_run(h, &e->runs[i]);
    for (size_t i = 0; i < e->n_pages; i++)
        add_page(h, &e->pages[i]);
}

/* What the other lanes say matters of an open incident, their echoes of a resolved one. */
static void add_others(uint64_t *h, const struct tcn_aggregate *a)
{
    if (!a->incident.exists)
        return;
    if (a->incident.status != TCN_STATUS_OPEN) {
        add_int(h, a->others_echo_ms);
        return;
    }
    add_int(h, a->others_hold);
    add_int(h, a->others_due_ms);
}

uint64_t trace_engagement(const struct tcn_engagement *e)
{
    uint64_t hash = 0;

    add_engagement(&hash, e);
    return hash;
}

void trace_aggregate(struct world *w, const struct tcn_aggregate *a)
{
    uint64_t *h = &w->trace;

    if (!w->options.traces)
        return;
    add_int(h, now_of(w));
    add_lane(h, &a->lane);
    add_incident(h, &a->incident);
    for (size_t i = 0; i < a->n_engagements; i++)
        add_engagement(h, &a->engagements[i]);
    add_others(h, a);
}

/* -- events and decisions --------------------------------------------------------------------------------------- */

void trace_pending(struct world *w, const struct pending *p)
{
    uint64_t *h = &w->trace;
    const int64_t numbers[] = {p->kind,    p->at_ms,    p->action,  p->clock,        p->said,
                               p->send_no, p->is_again, p->wording, p->is_truncated, p->members};

    if (!w->options.traces)
        return;
    add_int(h, (int64_t)p->key);
    add_id(h, p->page);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add_int(h, numbers[i]);
    for (size_t i = 0; i < MAX_MEMBERS; i++) {
        add_int(h, p->states[i].is_firing);
        add_int(h, p->states[i].since);
        add_int(h, p->states[i].ended);
    }
}

static void add_event(uint64_t *h, const struct tcn_event *e)
{
    add_id(h, e->id);
    add_int(h, e->seq);
    add_int(h, e->event_ms);
    add_text(h, e->type);
    add_text(h, e->data);
    add_text(h, e->text);
    add_text(h, e->actor);
    add_int(h, e->to_tickets);
    add_text(h, e->references);
}

static void add_send(uint64_t *h, const struct tcn_send *s)
{
    add_id(h, s->id);
    add_id(h, s->page);
    add_int(h, s->send_no);
    add_int(h, s->due_ms);
    add_int(h, s->type);
    add_text(h, s->contact);
    add_text(h, s->channel);
}

static void add_lists(uint64_t *h, const struct tcn_decision *d)
{
    for (size_t i = 0; i < d->events.n; i++)
        add_event(h, &d->events.items[i]);
    for (size_t i = 0; i < d->sends.n; i++)
        add_send(h, &d->sends.items[i]);
    for (size_t i = 0; i < d->receipts.n; i++) {
        add_id(h, d->receipts.items[i].page);
        add_int(h, d->receipts.items[i].type);
        add_text(h, d->receipts.items[i].note);
    }
    for (size_t i = 0; i < d->drops.n; i++)
        add_id(h, d->drops.items[i].page);
    for (size_t i = 0; i < d->related.n; i++)
        add_text(h, d->related.items[i].generated_id);
}

void trace_decision(struct world *w, const struct tcn_decision *d)
{
    uint64_t *h = &w->trace;
    const int64_t numbers[] = {d->lane_changed,    d->incident_changed, d->incident_opened,
                               d->plan_replaced,   d->storm_changed,    d->storm_alarm_changed,
                               d->nobody_reached,  d->is_doubtful,      d->tickets_due,
                               d->nobody_answered, d->again_ms,         d->next_due_ms,
                               d->waiting_changed, d->waiting.due_ms,   d->waiting.since_ms};

    if (!w->options.traces)
        return;
    add_lists(h, d);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add_int(h, numbers[i]);
    trace_aggregate(w, d->subject);
}
