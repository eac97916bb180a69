/* Which pages are due when: worked out from the plans alone, in the plainest way, and compared with what was sent.
 * Nothing here looks at the engine's schedule (next_*, runs, pages). */
#include "world.h"

#define MAX_DUE 4000

struct due {
    const char *contact, *channel;
    int64_t at_ms;
    bool is_found, may_lack; /* answered between the due time and the timer's turn */
};

struct reckoning {
    struct world *w;
    const struct incident_row *row;
    const struct tcn_engagement *e;
    int64_t until_ms; /* resolved or now */
    struct due due[MAX_DUE];
    size_t n;
    /* Of the person's latest run: when its last stage starts and ends; 0 = none. */
    int64_t last_starts[MAX_PEOPLE], run_ends[MAX_PEOPLE];
    bool is_essential[MAX_PEOPLE];
    bool is_uncertain; /* somebody answered between a stage's time and the timer's turn */
};

static size_t index_of(const struct world *w, const char *contact)
{
    for (size_t i = 0; i < MAX_PEOPLE; i++)
        if (strcmp(w->contacts[i].alias, contact) == 0)
            return i;
    return MAX_PEOPLE;
}

/* The first answer of the contact (or of a user) in this engagement, or the end of time. */
static int64_t answered_at(const struct reckoning *r, const char *contact)
{
    int64_t at = INT64_MAX;

    for (size_t i = 0; i < r->row->n_answers; i++) {
        const struct answer *a = &r->row->answers[i];

        if (a->engagement_no == r->e->no && a->at_ms < at &&
            (!a->contact || strcmp(a->contact, contact) == 0))
            at = a->at_ms;
    }
    return at;
}

static void add(struct reckoning *r, const char *contact, const char *channel, int64_t at_ms)
{
    int64_t answered = answered_at(r, contact);
    int64_t end = answered < r->until_ms ? answered : r->until_ms;

    if (at_ms > end)
        return;
    if (r->n == MAX_DUE)
        fail(r->w, "too many pages for the oracle");
    r->due[r->n++] = (struct due){contact, channel, at_ms, false, end - at_ms <= r->w->latency};
}

static void run_person(struct reckoning *r, size_t person, int64_t start_ms)
{
    const struct tcn_contact *c = &r->w->contacts[person];
    int64_t at = start_ms;

    for (size_t i = 0; i < c->plan.n_stages; i++) {
        const struct tcn_stage *s = &c->plan.stages[i];

        for (size_t k = 0; k < s->n_targets; k++) {
            const struct tcn_target *t = &s->targets[k];
            const struct tcn_channel *ch =
                tcn_directory_channel(&r->w->directory, c->alias, t->channel);

            if (!ch->is_activated)
                continue;
            add(r, c->alias, ch->name, at);
            for (int64_t m = 1; t->retry_ms > 0 && m * t->retry_ms < s->duration_ms; m++)
                add(r, c->alias, ch->name, at + m * t->retry_ms);
        }
        r->last_starts[person] = at;
        at += s->duration_ms;
    }
    r->run_ends[person] = at;
}

/* A stage starts unless an essential person had answered, or a user, before it. */
static bool is_stopped(struct reckoning *r, int64_t at_ms)
{
    for (size_t i = 0; i < r->row->n_answers; i++) {
        const struct answer *a = &r->row->answers[i];

        if (a->engagement_no != r->e->no || a->at_ms > at_ms + r->w->latency)
            continue;
        if (a->at_ms >= at_ms)
            r->is_uncertain = true;
        else if (!a->contact || r->is_essential[index_of(r->w, a->contact)])
            return true;
    }
    r->is_uncertain |= at_ms <= r->until_ms && r->until_ms - at_ms <= r->w->latency;
    return at_ms > r->until_ms;
}

static void engage(struct reckoning *r, const struct tcn_target *t, int64_t at_ms)
{
    size_t person = index_of(r->w, t->contact);

    if (person == MAX_PEOPLE || answered_at(r, t->contact) < at_ms ||
        r->w->contacts[person].plan.n_stages == 0)
        return;
    r->is_essential[person] |= t->is_essential;
    /* A last stage of no length, starting in this very instant, is not over yet. */
    if (r->run_ends[person] <= at_ms && r->last_starts[person] != at_ms)
        run_person(r, person, at_ms);
}

static void escalate(struct reckoning *r, const struct tcn_contact *c)
{
    int64_t at = r->e->start_ms;

    for (size_t i = 0; i < c->plan.n_stages && !is_stopped(r, at); i++) {
        for (size_t k = 0; k < c->plan.stages[i].n_targets; k++)
            engage(r, &c->plan.stages[i].targets[k], at);
        at += c->plan.stages[i].duration_ms;
    }
}

static void compare(struct reckoning *r)
{
    for (size_t i = 0; i < r->row->n_sent; i++) {
        const struct sent *s = &r->row->sent[i];
        bool is_due = false;

        if (s->engagement_no != r->e->no)
            continue;
        for (size_t k = 0; k < r->n && !is_due; k++) {
            struct due *d = &r->due[k];

            is_due = !d->is_found && s->at_ms >= d->at_ms && s->at_ms <= d->at_ms + r->w->latency &&
                     strcmp(d->contact, s->contact) == 0 && strcmp(d->channel, s->channel) == 0;
            d->is_found |= is_due;
        }
        if (!is_due)
            fail(r->w, "%s was paged by %s at %lld: not due then (engagement %lld of %s at %lld)",
                 s->contact, s->channel, (long long)s->at_ms, (long long)r->e->no, r->e->contact,
                 (long long)r->e->start_ms);
    }
    for (size_t k = 0; k < r->n; k++)
        if (!r->due[k].is_found && !r->due[k].may_lack)
            fail(r->w, "%s was not paged by %s at %lld, when it was due (engagement of %s at %lld)",
                 r->due[k].contact, r->due[k].channel, (long long)r->due[k].at_ms, r->e->contact,
                 (long long)r->e->start_ms);
}

void oracle_pages(struct world *w, const struct incident_row *row)
{
    static struct reckoning r;

    for (size_t i = 0; i < row->n_engagements; i++) {
        const struct tcn_contact *c =
            tcn_directory_contact(&w->directory, row->engagements[i].contact);

        memset(&r, 0, sizeof r);
        r.w = w;
        r.row = row;
        r.e = &row->engagements[i];
        r.until_ms = r.e->stop_ms ? r.e->stop_ms : now_of(w);
        if (c->type == TCN_PERSONAL)
            run_person(&r, index_of(w, c->alias), r.e->start_ms);
        else if (c->type == TCN_ESCALATION)
            escalate(&r, c);
        if (!r.is_uncertain)
            compare(&r);
    }
}

static const struct tcn_page *page_of(const struct incident_row *row, const struct sent *sent)
{
    const struct tcn_engagement *e = &row->engagements[sent->engagement_no - 1];

    for (size_t i = 0; i < e->n_pages; i++)
        if (tcn_id_eq(e->pages[i].id, sent->page))
            return &e->pages[i];
    return NULL;
}

/* Stages of one run are whole minutes apart in every plan: their messages never go out together, nor does a re-send
 * go out with the first message of the next stage. */
static void check_pair(struct world *w, const struct incident_row *row, const struct sent *a,
                       const struct sent *b)
{
    const struct tcn_page *p = page_of(row, a), *q = page_of(row, b);
    int64_t apart = b->at_ms - a->at_ms;

    if (p->run_no != q->run_no || p->first_ms == q->first_ms)
        return;
    if (a->send_no == 1 && b->send_no == 1 && apart < 30 * SEC)
        fail(w, "two stages of %s within %lld ms", a->contact, (long long)apart);
    if (apart == 0)
        fail(w, "%s got a re-send together with the next stage", a->contact);
}

/* Holds with outages and clocks that jump, too: never early on the page's own grid, never a burst. */
void oracle_spacing(struct world *w, const struct incident_row *row)
{
    for (size_t i = 0; i < row->n_sent; i++) {
        const struct sent *s = &row->sent[i];
        const struct tcn_page *p = page_of(row, s);

        if (!p)
            fail(w, "a message of no page");
        if (s->at_ms < p->first_ms + (s->send_no - 1) * p->retry_ms)
            fail(w, "%s was paged early", s->contact);
        for (size_t k = i + 1; k < row->n_sent && k < i + 40; k++)
            if (row->sent[k].engagement_no == s->engagement_no)
                check_pair(w, row, s, &row->sent[k]);
    }
}

/* Any window of a bucket lets through what it holds and what flows in. */
void oracle_storm(struct world *w)
{
    for (size_t s = 0; s < MAX_SOURCES; s++)
        for (size_t i = 0; i < w->n_alone[s] && w->is_exact; i++) {
            int n = 0;

            for (size_t k = i; k < w->n_alone[s]; k++)
                n += w->alone[s][k] - w->alone[s][i] < w->policies[s].storm_window_ms;
            if (n > 2 * w->policies[s].storm_new)
                fail(w, "%d incidents in one window of %s", n, w->policies[s].name);
        }
}
