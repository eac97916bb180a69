/* A run as one number: a hash over everything that a decision was given and everything that it came to. Two stores that give
 * and keep the same have the same trace. */
#include "world.h"

static void add_word(struct world *w, uint64_t word)
{
    w->trace = (w->trace ^ word) * UINT64_C(0x9FB21C651E98DF25);
    w->trace ^= w->trace >> 29;
}

static void add_int(struct world *w, int64_t n)
{
    add_word(w, (uint64_t)n);
}

static void add_text(struct world *w, const char *z)
{
    size_t len = z ? strlen(z) : 0;

    add_word(w, z ? len : UINT64_MAX);
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = 0;

        memcpy(&word, z + i, len - i < 8 ? len - i : 8);
        add_word(w, word);
    }
}

static void add_id(struct world *w, struct tcn_id id)
{
    uint64_t words[2];

    memcpy(words, id.b, sizeof words);
    add_word(w, words[0]);
    add_word(w, words[1]);
}

/* -- the aggregate ---------------------------------------------------------------------------------------------- */

static void add_item(struct world *w, const struct tcn_item *i)
{
    add_text(w, i->key);
    add_text(w, i->title);
    add_int(w, i->status);
    add_int(w, i->since_ms);
    add_int(w, i->ended_ms);
    add_int(w, i->seen_ms);
    add_int(w, i->echo_ms);
}

/* Not its revision, which is the store's. */
static void add_lane(struct world *w, const struct tcn_lane *l)
{
    const int64_t times[] = {l->clock_ms,       l->received_ms,  l->resolved_ms, l->mute_until_ms,
                             l->resolve_due_ms, l->stale_due_ms, l->echo_ms,     l->echo_due_ms,
                             l->opened_ms,      l->flap_told_ms, l->is_firing,   l->is_flapping};

    add_int(w, l->exists);
    if (!l->exists)
        return;
    add_text(w, l->dedupe_key);
    add_text(w, l->source);
    add_text(w, l->content_sha256);
    add_id(w, l->incident);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        add_int(w, times[i]);
    for (size_t i = 0; i < TCN_FLAP_RING; i++)
        add_int(w, l->transitions_ms[i]);
    for (size_t i = 0; i < l->n_items; i++)
        add_item(w, &l->items[i]);
}

static void add_incident(struct world *w, const struct tcn_incident *i)
{
    const char *texts[] = {i->response_plan,   i->title,           i->summary,
                           i->dedupe_string,   i->source,          i->source_name,
                           i->trigger_arn,     i->created_by,      i->modified_by,
                           i->acknowledged_by, i->resolution.code, i->resolution.notes,
                           i->resolution.by};
    const int64_t numbers[] = {i->impact,          i->status,       i->created_ms, i->modified_ms,
                               i->resolved_ms,     i->revision,     i->event_seq,  i->related_seq,
                               i->acknowledged_ms, i->unreached_ms, i->is_storm};

    add_int(w, i->exists);
    if (!i->exists)
        return;
    add_id(w, i->id);
    add_id(w, i->previous);
    add_id(w, i->storm);
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        add_text(w, texts[k]);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        add_int(w, numbers[k]);
    for (size_t k = 0; k < i->n_tags; k++) {
        add_text(w, i->tags[k].key);
        add_text(w, i->tags[k].value);
    }
}

static void add_plan(struct world *w, const struct tcn_plan *p)
{
    for (size_t i = 0; i < p->n_stages; i++) {
        const struct tcn_stage *s = &p->stages[i];

        add_int(w, s->duration_ms);
        for (size_t k = 0; k < s->n_targets; k++) {
            add_text(w, s->targets[k].channel);
            add_text(w, s->targets[k].contact);
            add_int(w, s->targets[k].retry_ms);
            add_int(w, s->targets[k].is_essential);
        }
    }
}

static void add_run(struct world *w, const struct tcn_run *r)
{
    add_text(w, r->contact);
    add_text(w, r->path);
    add_plan(w, &r->plan);
    add_int(w, r->start_ms);
    add_int(w, (int64_t)r->next_stage);
    add_int(w, r->next_stage_ms);
    add_int(w, r->ends_ms);
    add_int(w, r->is_essential);
    add_int(w, r->is_stopped);
}

static void add_page(struct world *w, const struct tcn_page *p)
{
    const int64_t numbers[] = {p->no,           p->run_no,       p->retry_ms,     p->first_ms,
                               p->stage_end_ms, p->sent_ms,      p->delivered_ms, p->read_ms,
                               p->lost_ms,      p->next_send_ms, p->sends};

    add_id(w, p->id);
    add_text(w, p->contact);
    add_text(w, p->channel);
    add_text(w, p->accept_code);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        add_int(w, numbers[k]);
}

static void add_engagement(struct world *w, const struct tcn_engagement *e)
{
    add_id(w, e->id);
    add_text(w, e->contact);
    add_int(w, e->type);
    add_int(w, e->start_ms);
    add_int(w, e->stop_ms);
    add_plan(w, &e->plan);
    add_int(w, (int64_t)e->next_stage);
    add_int(w, e->next_stage_ms);
    add_int(w, e->progression_stopped);
    for (size_t i = 0; i < e->n_runs; i++)
        add_run(w, &e->runs[i]);
    for (size_t i = 0; i < e->n_pages; i++)
        add_page(w, &e->pages[i]);
}

/* What the other lanes say matters of an open incident, their echoes of a resolved one. */
static void add_others(struct world *w, const struct tcn_aggregate *a)
{
    if (!a->incident.exists)
        return;
    if (a->incident.status != TCN_STATUS_OPEN) {
        add_int(w, a->others_echo_ms);
        return;
    }
    add_int(w, a->others_hold);
    add_int(w, a->others_due_ms);
}

void trace_aggregate(struct world *w, const struct tcn_aggregate *a)
{
    if (!w->options.traces)
        return;
    add_int(w, now_of(w));
    add_lane(w, &a->lane);
    add_incident(w, &a->incident);
    for (size_t i = 0; i < a->n_engagements; i++)
        add_engagement(w, &a->engagements[i]);
    add_others(w, a);
}

/* -- events and decisions --------------------------------------------------------------------------------------- */

void trace_pending(struct world *w, const struct pending *p)
{
    const int64_t numbers[] = {p->kind,    p->at_ms,    p->action,  p->clock,        p->said,
                               p->send_no, p->is_again, p->wording, p->is_truncated, p->members};

    if (!w->options.traces)
        return;
    add_int(w, (int64_t)p->key);
    add_id(w, p->page);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add_int(w, numbers[i]);
    for (size_t i = 0; i < MAX_MEMBERS; i++) {
        add_int(w, p->states[i].is_firing);
        add_int(w, p->states[i].since);
        add_int(w, p->states[i].ended);
    }
}

static void add_event(struct world *w, const struct tcn_event *e)
{
    add_id(w, e->id);
    add_int(w, e->seq);
    add_int(w, e->event_ms);
    add_text(w, e->type);
    add_text(w, e->data);
    add_text(w, e->text);
    add_text(w, e->actor);
    add_int(w, e->to_tickets);
    add_text(w, e->references);
}

static void add_send(struct world *w, const struct tcn_send *s)
{
    add_id(w, s->id);
    add_id(w, s->page);
    add_int(w, s->send_no);
    add_int(w, s->due_ms);
    add_int(w, s->type);
    add_text(w, s->contact);
    add_text(w, s->channel);
}

static void add_lists(struct world *w, const struct tcn_decision *d)
{
    for (size_t i = 0; i < d->events.n; i++)
        add_event(w, &d->events.items[i]);
    for (size_t i = 0; i < d->sends.n; i++)
        add_send(w, &d->sends.items[i]);
    for (size_t i = 0; i < d->receipts.n; i++) {
        add_id(w, d->receipts.items[i].page);
        add_int(w, d->receipts.items[i].type);
        add_text(w, d->receipts.items[i].note);
    }
    for (size_t i = 0; i < d->drops.n; i++)
        add_id(w, d->drops.items[i].page);
    for (size_t i = 0; i < d->related.n; i++)
        add_text(w, d->related.items[i].generated_id);
}

void trace_decision(struct world *w, const struct tcn_decision *d)
{
    const int64_t numbers[] = {d->lane_changed,   d->incident_changed, d->incident_opened,
                               d->plan_replaced,  d->storm_changed,    d->storm_alarm_changed,
                               d->nobody_reached, d->is_doubtful,      d->tickets_due,
                               d->again_ms,       d->next_due_ms};

    if (!w->options.traces)
        return;
    add_lists(w, d);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add_int(w, numbers[i]);
    trace_aggregate(w, d->subject);
}
