/* Which pages are due when: worked out from the plans and from what providers said, in the plainest way, and compared
 * with what was sent. Nothing here looks at the engine's schedule (next_*, runs, lost_ms); of its pages, only which one
 * belongs to which stage. */
#include "world.h"

#define MAX_DUE 4000
#define MAX_RUNS 200
#define PATIENCE (30 * SEC) /* a message that was not taken counts as lost then */

struct due {
    const char *contact, *channel;
    int64_t at_ms;
    bool is_found, may_lack; /* answered between the due time and the timer's turn */
};

/* How a person was come to. */
struct way {
    const char *schedule; /* NULL: directly */
    struct rotation_version *by;
    int stage; /* of the escalation plan; -1: there is none */
    bool is_essential, is_early;
};

/* One person's plan as it ran: when its stages began, and which of them paged somebody. */
struct run {
    const struct tcn_contact *person;
    const struct tcn_plan *plan;
    int64_t starts[TCN_STAGES_MAX];
    bool has_paged[TCN_STAGES_MAX];
    bool is_early[TCN_STAGES_MAX]; /* a loss made it due */
    size_t n;
    struct way way;
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
    struct run runs[MAX_RUNS];
    size_t n_runs;
    int64_t blind_ms; /* stages whose time came then are not looked at; 0 = all are */
    bool
        is_uncertain; /* somebody answered, or a message left, between a time and the timer's turn */
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

/* -- what providers said -------------------------------------------------------------------------------------- */

/* It may still arrive soon. */
static bool is_waiting(enum said said)
{
    return said == SAID_LATE || said == SAID_DOUBTED;
}

/* Since when the page is lost, as of at_ms; 0 = it is not. */
static int64_t page_lost(const struct reckoning *r, const struct tcn_page *p, int64_t at_ms)
{
    int64_t lost = 0;

    for (size_t i = 0; i < r->row->n_results; i++) {
        const struct result *x = &r->row->results[i];
        int64_t since = x->at_ms > p->first_ms ? x->at_ms : p->first_ms;

        if (x->at_ms > at_ms || !tcn_id_eq(x->page, p->id))
            continue;
        if (x->said == SAID_SENT)
            return 0; /* a later failure loses nothing */
        if (is_waiting(x->said) && since < p->first_ms + PATIENCE)
            since = p->first_ms + PATIENCE;
        if (lost == 0 || since < lost)
            lost = since;
    }
    return lost <= at_ms ? lost : 0;
}

static bool is_of_run(const struct run *run, const struct tcn_page *p)
{
    for (size_t i = 0; i < run->n; i++)
        if (run->starts[i] == p->first_ms && strcmp(p->contact, run->person->alias) == 0)
            return true;
    return false;
}

/* The latest stage that began until then and paged somebody; 0 = none did. */
static int64_t latest_paged(const struct reckoning *r, const struct run *run, int64_t at_ms)
{
    int64_t latest = 0;

    for (size_t i = 0; i < run->n; i++)
        if (run->has_paged[i] && run->starts[i] <= at_ms &&
            (run->is_early[i] || run->starts[i] != r->blind_ms))
            latest = run->starts[i];
    return latest;
}

static bool has_left_since(const struct reckoning *r, const struct run *run, int64_t from_ms,
                           int64_t at_ms)
{
    for (size_t i = 0; i < r->e->n_pages; i++)
        for (size_t k = 0; k < r->row->n_results; k++) {
            const struct result *x = &r->row->results[k];

            if (x->said == SAID_SENT && x->at_ms >= from_ms && x->at_ms <= at_ms &&
                tcn_id_eq(x->page, r->e->pages[i].id) && is_of_run(run, &r->e->pages[i]))
                return true;
        }
    return false;
}

/* Since when all pages of that stage are lost, as of at_ms; 0 = they are not, or another page has left since. */
static int64_t stage_lost(const struct reckoning *r, const struct run *run, int64_t at_ms)
{
    int64_t latest = latest_paged(r, run, at_ms), lost = 0;

    for (size_t i = 0; i < r->e->n_pages; i++) {
        const struct tcn_page *p = &r->e->pages[i];
        int64_t since;

        if (p->first_ms != latest || strcmp(p->contact, run->person->alias) != 0)
            continue;
        since = page_lost(r, p, at_ms);
        if (since == 0)
            return 0;
        if (since > lost)
            lost = since;
    }
    return has_left_since(r, run, lost, at_ms) ? 0 : lost;
}

static bool channel_lost(const struct reckoning *r, const struct run *run, const char *channel,
                         int64_t at_ms)
{
    for (size_t i = 0; i < r->e->n_pages; i++) {
        const struct tcn_page *p = &r->e->pages[i];

        if (is_of_run(run, p) && strcmp(p->channel, channel) == 0 && page_lost(r, p, at_ms) != 0)
            return true;
    }
    return false;
}

static bool other_channel_left(const struct reckoning *r, const struct run *run, int64_t at_ms)
{
    const struct tcn_plan *plan = run->plan;

    for (size_t i = 0; i < plan->n_stages; i++)
        for (size_t k = 0; k < plan->stages[i].n_targets; k++)
            if ((i >= run->n || run->starts[i] > at_ms) &&
                !channel_lost(r, run, plan->stages[i].targets[k].channel, at_ms))
                return true;
    return false;
}

static void doubt(struct reckoning *r, int64_t at_ms, int64_t lost_ms)
{
    r->is_uncertain |= lost_ms != at_ms; /* something else than the loss made the stage due */
    for (size_t i = 0; i < r->row->n_results; i++) {
        const struct result *x = &r->row->results[i];

        r->is_uncertain |= x->engagement_no == r->e->no && x->said == SAID_SENT &&
                           x->at_ms > at_ms && x->at_ms <= at_ms + r->w->latency;
    }
}

/* The earliest moment at which a stage may come before its time. */
struct search {
    struct reckoning *r;
    int64_t from_ms, best_ms, since_ms;
    const void *ctx;
    int64_t (*is_due)(const struct reckoning *r, const void *ctx, int64_t at_ms); /* since when */
};

static bool has_left_at(const struct reckoning *r, int64_t at_ms)
{
    for (size_t i = 0; i < r->row->n_results; i++)
        if (r->row->results[i].engagement_no == r->e->no && r->row->results[i].said == SAID_SENT &&
            r->row->results[i].at_ms == at_ms)
            return true;
    return false;
}

/* What comes first in one instant is not for us to say: a stage whose time has come, the loss of all before it, or that a
 * message has left all the same. */
static void doubt_order(struct search *x, int64_t at_ms)
{
    x->r->is_uncertain |= has_left_at(x->r, at_ms);
    x->r->blind_ms = at_ms;
    x->r->is_uncertain |= x->is_due(x->r, x->ctx, at_ms) != 0;
    x->r->blind_ms = 0;
}

static void consider(struct search *x, int64_t at_ms)
{
    int64_t since;

    if (at_ms < x->from_ms || at_ms >= x->best_ms)
        return;
    since = x->is_due(x->r, x->ctx, at_ms);
    if (since == 0) {
        doubt_order(x, at_ms);
        return;
    }
    x->best_ms = at_ms;
    x->since_ms = since;
}

static void consider_results(struct search *x, const struct tcn_page *p)
{
    for (size_t i = 0; i < x->r->row->n_results; i++) {
        const struct result *said = &x->r->row->results[i];
        int64_t at = said->at_ms > p->first_ms ? said->at_ms : p->first_ms;

        if (said->said != SAID_SENT && tcn_id_eq(said->page, p->id))
            consider(x, is_waiting(said->said) && at < p->first_ms + PATIENCE
                            ? p->first_ms + PATIENCE
                            : at);
    }
}

/* Losses, and stages after which nothing is left to try; until_ms when nothing makes it due before. */
static int64_t first_loss(struct search *x, int64_t until_ms)
{
    x->best_ms = until_ms;
    for (size_t i = 0; i < x->r->e->n_pages; i++)
        consider_results(x, &x->r->e->pages[i]);
    for (size_t i = 0; i < x->r->n_runs; i++)
        for (size_t k = 0; k < x->r->runs[i].n; k++)
            consider(x, x->r->runs[i].starts[k]);
    if (x->best_ms < until_ms)
        doubt(x->r, x->best_ms, x->since_ms);
    return x->best_ms;
}

/* -- a person's plan -------------------------------------------------------------------------------------------- */

static int64_t next_stage_due(const struct reckoning *r, const void *ctx, int64_t at_ms)
{
    const struct run *run = ctx;
    int64_t lost = stage_lost(r, run, at_ms);

    return lost != 0 && other_channel_left(r, run, at_ms) ? lost : 0;
}

static bool page_stage(struct reckoning *r, const struct run *run, const struct tcn_stage *s,
                       int64_t at_ms, bool is_early)
{
    const struct tcn_contact *c = run->person;
    bool has_paged = false;

    for (size_t k = 0; k < s->n_targets; k++) {
        const struct tcn_target *t = &s->targets[k];
        const struct tcn_channel *ch =
            tcn_directory_channel(&r->w->directory, c->alias, t->channel);

        if (!ch->is_activated || (is_early && channel_lost(r, run, ch->name, at_ms)))
            continue;
        has_paged = true;
        add(r, c->alias, ch->name, at_ms);
        for (int64_t m = 1; t->retry_ms > 0 && m * t->retry_ms < s->duration_ms; m++)
            add(r, c->alias, ch->name, at_ms + m * t->retry_ms);
    }
    return has_paged;
}

/* The plan in force when a stage began; it may have changed before the timer's turn. */
static const struct tcn_plan *plan_at(struct reckoning *r, const struct tcn_contact *c,
                                      int64_t at_ms)
{
    size_t contact = (size_t)(c - r->w->contacts);
    const struct plan_version *v = r->w->plan_versions[contact][0];

    for (size_t i = 1; i < r->w->n_plan_versions[contact]; i++)
        if (r->w->plan_versions[contact][i]->since_ms <= at_ms + r->w->latency)
            v = r->w->plan_versions[contact][i];
    r->is_uncertain |= v->since_ms >= at_ms;
    return &v->plan;
}

static void run_person(struct reckoning *r, size_t person, int64_t start_ms, struct way way)
{
    const struct tcn_contact *c = &r->w->contacts[person];
    struct run *run = &r->runs[r->n_runs++];
    int64_t at = start_ms;
    bool is_early = false;

    if (r->n_runs == MAX_RUNS)
        fail(r->w, "too many runs for the oracle");
    *run = (struct run){.person = c, .plan = plan_at(r, c, start_ms), .way = way};
    for (size_t i = 0; i < run->plan->n_stages; i++) {
        int64_t end = at + run->plan->stages[i].duration_ms;
        bool has_paged = page_stage(r, run, &run->plan->stages[i], at, is_early);

        run->starts[i] = at;
        run->has_paged[i] = has_paged;
        run->is_early[i] = is_early;
        run->n++;
        r->last_starts[person] = at;
        r->run_ends[person] = end;
        /* The one after it and the next people are due in the same instant. */
        r->is_uncertain |= is_early && end == at;
        at = first_loss(&(struct search){r, at, 0, 0, run, next_stage_due}, end);
        is_early = at < end;
    }
}

/* -- an escalation plan ----------------------------------------------------------------------------------------- */

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

/* A last stage of no length, starting in this very instant, is not over yet when the next people's time has come; when
 * they come early it depends on whose loss it was. */
static bool is_run_over(struct reckoning *r, size_t person, int64_t at_ms, bool is_early)
{
    for (size_t i = r->n_runs; i > 0; i--) {
        if (r->runs[i - 1].person != &r->w->contacts[person])
            continue;
        if (r->run_ends[person] > at_ms || r->last_starts[person] != at_ms)
            return r->run_ends[person] <= at_ms;
        r->is_uncertain |= is_early && r->runs[i - 1].starts[0] != at_ms;
        return false;
    }
    return true;
}

/* By another target of the stage, or by another schedule. */
static bool began_then(const struct reckoning *r, size_t person, int64_t at_ms)
{
    for (size_t i = 0; i < r->n_runs; i++)
        if (r->runs[i].person == &r->w->contacts[person] && r->runs[i].starts[0] == at_ms)
            return true;
    return false;
}

static void engage_person(struct reckoning *r, const char *contact, int64_t at_ms, struct way way)
{
    size_t person = index_of(r->w, contact);

    if (answered_at(r, contact) < at_ms ||
        plan_at(r, &r->w->contacts[person], at_ms)->n_stages == 0)
        return;
    r->is_essential[person] |= way.is_essential;
    if (is_run_over(r, person, at_ms, way.is_early))
        run_person(r, person, at_ms, way);
    else
        r->w->twice += began_then(r, person, at_ms);
}

/* Everybody who is on call when the stage starts; any of them answers for the target. */
static void engage_schedule(struct reckoning *r, const struct tcn_contact *schedule, int64_t at_ms,
                            struct way way)
{
    struct on_call people[MAX_PEOPLE];
    size_t n = oncall_people(r->w, schedule, at_ms, people, &r->is_uncertain);

    way.schedule = schedule->alias;
    r->w->on_call += n > 0;
    r->w->gaps += n == 0;
    for (size_t i = 0; i < n; i++) {
        way.by = people[i].by;
        engage_person(r, people[i].contact, at_ms, way);
    }
}

static void engage(struct reckoning *r, const char *contact, int64_t at_ms, struct way way)
{
    const struct tcn_contact *c = tcn_directory_contact(&r->w->directory, contact);

    if (c->type == TCN_ONCALL_SCHEDULE)
        engage_schedule(r, c, at_ms, way);
    else
        engage_person(r, contact, at_ms, way);
}

struct escalation {
    const struct tcn_plan *plan;
    size_t next;
};

/* The runs of the latest stage with people in it. */
static bool is_latest(const struct reckoning *r, const struct run *run)
{
    for (size_t i = 0; i < r->n_runs; i++)
        if (r->runs[i].starts[0] > run->starts[0])
            return false;
    return true;
}

static bool is_in_latest(const struct reckoning *r, size_t person)
{
    for (size_t i = 0; i < r->n_runs; i++)
        if (r->runs[i].person == &r->w->contacts[person] && is_latest(r, &r->runs[i]))
            return true;
    return false;
}

static bool other_person_left(const struct reckoning *r, const struct escalation *x, int64_t at_ms)
{
    for (size_t i = x->next; i < x->plan->n_stages; i++)
        for (size_t k = 0; k < x->plan->stages[i].n_targets; k++) {
            const char *contact = x->plan->stages[i].targets[k].contact;
            size_t person = index_of(r->w, contact);

            if (person == MAX_PEOPLE || (answered_at(r, contact) > at_ms &&
                                         r->run_ends[person] <= at_ms && !is_in_latest(r, person)))
                return true;
        }
    return false;
}

/* Nobody whom the latest stage engaged is reached, as of at_ms. */
static int64_t next_people_due(const struct reckoning *r, const void *ctx, int64_t at_ms)
{
    int64_t all_lost = 0;

    for (size_t i = 0; i < r->n_runs; i++) {
        const struct run *run = &r->runs[i];
        int64_t lost = stage_lost(r, run, at_ms);

        if (!is_latest(r, run))
            continue;
        if (answered_at(r, run->person->alias) <= at_ms || other_channel_left(r, run, at_ms) ||
            (lost == 0 && latest_paged(r, run, at_ms) != 0))
            return 0;
        if (lost > all_lost)
            all_lost = lost;
    }
    return other_person_left(r, ctx, at_ms) ? all_lost : 0;
}

static void escalate(struct reckoning *r, const struct tcn_contact *c)
{
    struct escalation x = {.plan = plan_at(r, c, r->e->start_ms)};
    int64_t at = r->e->start_ms;
    bool is_early = false;

    while (x.next < x.plan->n_stages && !is_stopped(r, at)) {
        const struct tcn_stage *s = &x.plan->stages[x.next];
        int64_t end = at + s->duration_ms;

        for (size_t k = 0; k < s->n_targets; k++)
            engage(r, s->targets[k].contact, at,
                   (struct way){.stage = (int)x.next,
                                .is_essential = s->targets[k].is_essential,
                                .is_early = is_early});
        x.next++;
        at = first_loss(&(struct search){r, at, 0, 0, &x, next_people_due}, end);
        is_early = at < end;
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

/* -- how people were come to (ListPageResolutions) --------------------------------------------------------------- */

static void add_node(struct tcn_buf *b, const char *contact, const char *type, int stage)
{
    tcn_buf_fmt(b, "%s{\"contact\":\"%s\",\"type\":\"%s\"", b->len > 1 ? "}," : "", contact, type);
    if (stage >= 0)
        tcn_buf_fmt(b, ",\"stage\":%d", stage);
}

/* Of a schedule: by whose shift, and how long that lasts. */
static void add_shift(struct tcn_buf *b, struct rotation_version *by, int64_t at_ms)
{
    tcn_buf_fmt(b, ",\"rotation\":\"%s\",\"overridden\":%s,\"until\":%lld", by->rotation.alias,
                oncall_is_overridden(by, at_ms) ? "true" : "false",
                (long long)oncall_until(by, at_ms));
}

static void compare_way(const struct reckoning *r, const struct run *run, const char *path)
{
    const struct way *way = &run->way;
    struct tcn_buf b;

    tcn_buf_init(&b, 1024);
    tcn_buf_char(&b, '[');
    if (way->stage >= 0)
        add_node(&b, r->e->contact, "ESCALATION", -1);
    if (way->schedule) {
        add_node(&b, way->schedule, "ONCALL_SCHEDULE", way->stage);
        add_shift(&b, way->by, run->starts[0]);
    }
    add_node(&b, run->person->alias, "PERSONAL", way->schedule ? -1 : way->stage);
    tcn_buf_z(&b, "}]");
    if (strcmp(b.ptr, path) != 0)
        fail(r->w, "%s was come to by %s, not %s", run->person->alias, path, b.ptr);
    tcn_buf_done(&b);
}

static void compare_ways(const struct reckoning *r)
{
    for (size_t i = 0; i < r->e->n_runs; i++)
        for (size_t k = 0; k < r->n_runs; k++)
            if (r->runs[k].starts[0] == r->e->runs[i].start_ms &&
                strcmp(r->runs[k].person->alias, r->e->runs[i].contact) == 0)
                compare_way(r, &r->runs[k], r->e->runs[i].path);
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
        if (c->type == TCN_ESCALATION)
            escalate(&r, c);
        else
            engage(&r, c->alias, r.e->start_ms, (struct way){.stage = -1});
        w->reckoned += !r.is_uncertain;
        if (!r.is_uncertain) {
            compare(&r);
            compare_ways(&r);
        }
    }
}

/* One of the messages of the page's run was refused or not taken at first: the next stage may come at any time. */
static bool may_hurry(const struct incident_row *row, int64_t engagement_no,
                      const struct tcn_page *of)
{
    const struct tcn_engagement *e = &row->engagements[engagement_no - 1];

    for (size_t i = 0; i < row->n_results; i++)
        for (size_t k = 0; k < e->n_pages && row->results[i].said != SAID_SENT; k++)
            if (e->pages[k].run_no == of->run_no && tcn_id_eq(e->pages[k].id, row->results[i].page))
                return true;
    return false;
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
 * go out with the first message of the next stage, unless a page was lost. */
static void check_pair(struct world *w, const struct incident_row *row, const struct sent *a,
                       const struct sent *b)
{
    const struct tcn_page *p = page_of(row, a), *q = page_of(row, b);
    int64_t apart = b->at_ms - a->at_ms;

    if (p->run_no != q->run_no || p->first_ms == q->first_ms || may_hurry(row, a->engagement_no, p))
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
