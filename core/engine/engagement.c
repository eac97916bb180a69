#include "engine/engagement.h"
#include "engine/oncall.h"
#include "engine/reach.h"
#include "engine/run.h"
#include "engine/unanswered.h"

#include <assert.h>

#define PATH_ROOM 512 /* for most ways; a longer one is allocated */

/* Work of one engagement that is due: a stage of its escalation plan, a stage of a run, a re-send of a page. */
enum work { WORK_NONE = 0, WORK_ESCALATE, WORK_STAGE, WORK_RESEND };

struct due {
    int64_t at_ms;
    enum work work;
    struct tcn_engagement *engagement;
    size_t index; /* of the run or the page */
};

/* by: of a schedule, in whose shift its person is. */
static void add_node(struct tcn_buf *b, const struct tcn_contact *c, bool has_stage, size_t stage,
                     const struct tcn_on_call *by)
{
    static const char *const types[] = {"", "PERSONAL", "ESCALATION", "ONCALL_SCHEDULE"};

    tcn_buf_z(b, b->len > 1 ? ",{\"contact\":" : "{\"contact\":");
    tcn_buf_json(b, tcn_str(c->alias));
    tcn_buf_z(b, ",\"type\":\"");
    tcn_buf_z(b, types[c->type]);
    tcn_buf_char(b, '"');
    if (has_stage)
        tcn_buf_fmt(b, ",\"stage\":%zu", stage);
    if (by) {
        tcn_buf_z(b, ",\"rotation\":");
        tcn_buf_json(b, tcn_str(by->rotation));
        tcn_buf_fmt(b, ",\"overridden\":%s,\"until\":%lld",
                    by->type == TCN_SHIFT_OVERRIDDEN ? "true" : "false", (long long)by->until_ms);
    }
    tcn_buf_char(b, '}');
}

/* How the person was reached, root first; a member may be NULL. StageIndex stands on the node directly under an
 * escalation plan. */
struct way {
    const struct tcn_contact *root, *schedule, *person;
    const struct tcn_on_call *by; /* with a schedule */
    size_t stage;
};

static const char *make_path(const struct tcn_step *s, const struct way *w)
{
    bool is_staged = w->root && w->root->type == TCN_ESCALATION;
    char room[PATH_ROOM];
    const char *text;
    struct tcn_buf b;

    tcn_buf_init_in(&b, 16384, room, sizeof room);
    tcn_buf_char(&b, '[');
    if (w->root)
        add_node(&b, w->root, false, 0, NULL);
    if (w->schedule)
        add_node(&b, w->schedule, is_staged, w->stage, w->by);
    add_node(&b, w->person, is_staged && !w->schedule, w->stage, NULL);
    tcn_buf_char(&b, ']');
    assert(tcn_buf_ok(&b));
    text = tcn_arena_strndup(s->d->arena, b.ptr, b.len);
    tcn_buf_done(&b);
    return text;
}

/* Who is deleted while a plan names them: somebody must hear of it. */
static void miss_contact(const struct tcn_step *s, const char *who)
{
    tcn_step_say(s, false, "cannot engage %s: no such contact", who);
    s->d->absent = who;
}

/* Runs of everybody on call now. root is the escalation plan that names the schedule, NULL without one. */
static void engage_schedule(const struct tcn_step *s, struct tcn_engagement *e,
                            const struct tcn_contact *root, const struct tcn_contact *schedule,
                            int64_t start_ms, bool is_essential)
{
    struct tcn_on_call people[TCN_ONCALL_MAX];
    size_t n = tcn_oncall_at(s->directory, schedule, start_ms, people);
    struct way way = {.root = root, .schedule = schedule, .stage = root ? e->next_stage : 0};

    if (n == 0)
        tcn_step_say(s, false, "nobody is on call for %s", schedule->alias);
    for (size_t i = 0; i < n; i++) {
        way.person = people[i].person;
        way.by = &people[i];
        tcn_run_start(s, e, people[i].person, start_ms, is_essential, make_path(s, &way));
    }
}

static void engage_target(const struct tcn_step *s, struct tcn_engagement *e,
                          const struct tcn_target *target, int64_t start_ms)
{
    /* The plan is a snapshot, so its own contact may be gone from the directory by now. */
    const struct tcn_contact root = {.alias = e->contact, .type = TCN_ESCALATION};
    const struct tcn_contact *c = tcn_directory_contact(s->directory, target->contact);

    if (c && c->type == TCN_PERSONAL)
        tcn_run_start(
            s, e, c, start_ms, target->is_essential,
            make_path(s, &(struct way){.root = &root, .person = c, .stage = e->next_stage}));
    else if (c && c->type == TCN_ONCALL_SCHEDULE)
        engage_schedule(s, e, &root, c, start_ms, target->is_essential);
    else if (c)
        tcn_step_say(s, false, "cannot engage %s of %s: an escalation plan cannot contain another",
                     c->alias, e->contact);
    else
        miss_contact(s, TCN_JOIN(s->d->arena, target->contact ? target->contact : "a target",
                                 " of ", e->contact));
}

/* All whom it names are gone, which no time can mend. One that names nobody is there to wait. */
static bool is_deserted(const struct tcn_step *s, const struct tcn_stage *stage)
{
    for (size_t i = 0; i < stage->n_targets; i++)
        if (tcn_directory_contact(s->directory, stage->targets[i].contact))
            return false;
    return stage->n_targets > 0;
}

static int64_t next_start(const struct tcn_step *s, const struct tcn_engagement *e,
                          int64_t start_ms)
{
    const struct tcn_stage *stage = &e->plan.stages[e->next_stage - 1];

    if (e->next_stage == e->plan.n_stages)
        return 0;
    if (!is_deserted(s, stage) || stage->duration_ms == 0)
        return start_ms + stage->duration_ms;
    tcn_step_say(s, false, "nobody of stage %zu of %s exists: stage %zu begins now", e->next_stage,
                 e->contact, e->next_stage + 1);
    return start_ms;
}

void tcn_engagement_stage(const struct tcn_step *s, struct tcn_engagement *e)
{
    const struct tcn_stage *stage = &e->plan.stages[e->next_stage];
    int64_t due = tcn_reach_next_stage(e), start = tcn_step_start(due, s->now_ms);

    assert(e->next_stage < e->plan.n_stages && e->stop_ms == 0 && !e->progression_stopped);
    if (due < e->next_stage_ms)
        tcn_step_say(s, false, "nobody of %s is reached: its stage %zu begins now", e->contact,
                     e->next_stage + 1);
    for (size_t i = 0; i < stage->n_targets; i++)
        engage_target(s, e, &stage->targets[i], start);
    e->next_stage++;
    e->next_stage_ms = next_start(s, e, start);
    e->is_dirty = true;
}

static struct tcn_engagement *add_engagement(const struct tcn_step *s, const struct tcn_contact *c)
{
    struct tcn_aggregate *a = s->a;
    struct tcn_engagement *e;

    a->engagements = tcn_vec_grow(s->d->arena, a->engagements, a->n_engagements,
                                  &a->size_engagements, sizeof *a->engagements);
    e = &a->engagements[a->n_engagements++];
    *e = (struct tcn_engagement){
        .id = tcn_id_child(a->incident.id, "engagement", a->n_engagements),
        .no = (int64_t)a->n_engagements,
        .contact = c->alias,
        .type = c->type,
        .start_ms = s->now_ms,
        .is_dirty = true,
    };
    return e;
}

static void start(const struct tcn_step *s, const char *alias)
{
    const struct tcn_contact *c = tcn_directory_contact(s->directory, alias);
    struct tcn_engagement *e;

    if (!c) {
        miss_contact(s, alias);
        return;
    }
    e = add_engagement(s, c);
    switch (c->type) {
    case TCN_ESCALATION:
        e->plan = c->plan;
        e->next_stage_ms = c->plan.n_stages > 0 ? s->now_ms : 0;
        if (c->plan.n_stages == 0)
            tcn_step_say(s, false, "%s engages nobody: the escalation plan has no stage", alias);
        break;
    case TCN_ONCALL_SCHEDULE:
        engage_schedule(s, e, NULL, c, s->now_ms, false);
        break;
    case TCN_PERSONAL:
    case TCN_CONTACT_UNSET:
    default:
        tcn_run_start(s, e, c, s->now_ms, false, make_path(s, &(struct way){.person = c}));
    }
}

bool tcn_engagement_has_room(const struct tcn_aggregate *a)
{
    return a->n_engagements + TCN_ENGAGEMENTS_MAX <= TCN_ENGAGEMENTS_CAP;
}

/* A plan that names nobody but has tickets is meant so. */
static void engage_nobody(const struct tcn_step *s, const struct tcn_response_plan *plan)
{
    tcn_step_say(s, false, "nobody is engaged: %s",
                 !plan                            ? "there is no response plan"
                 : !tcn_engagement_has_room(s->a) ? "the incident has too many engagements already"
                 : plan->n_engagements == 0       ? "the response plan names nobody"
                                                  : "none of the plan's contacts exists");
    if (!plan || plan->n_engagements > 0 || plan->n_connectors == 0)
        tcn_reach_nobody(s);
}

void tcn_engagement_start(const struct tcn_step *s, const char *alias,
                          const struct tcn_engagement_text *text)
{
    start(s, alias);
    s->a->engagements[s->a->n_engagements - 1].text = text;
    tcn_engagement_run_due(s);
}

void tcn_engagement_start_all(const struct tcn_step *s, const struct tcn_response_plan *plan)
{
    size_t before = s->a->n_engagements;
    bool has_room = tcn_engagement_has_room(s->a);

    for (size_t i = 0; plan && has_room && i < plan->n_engagements; i++)
        start(s, plan->engagements[i]);
    if (s->a->n_engagements == before)
        engage_nobody(s, plan);
    tcn_engagement_run_due(s);
}

static void add_stop_receipt(const struct tcn_step *s, const struct tcn_page *p, const char *reason)
{
    struct tcn_receipt *r = TCN_VEC_PUSH(s->d->arena, &s->d->receipts);

    *r =
        (struct tcn_receipt){.page = p->id, .type = TCN_STOP, .time_ms = s->now_ms, .note = reason};
}

void tcn_engagement_stop(const struct tcn_step *s, struct tcn_engagement *e, const char *reason)
{
    if (e->stop_ms != 0)
        return;
    e->stop_ms = s->now_ms;
    e->next_stage_ms = 0;
    e->is_dirty = true;
    for (size_t i = 0; i < e->n_runs; i++)
        tcn_run_stop(s, e, &e->runs[i]);
    for (size_t i = 0; i < e->n_pages; i++)
        if (e->pages[i].read_ms == 0)
            add_stop_receipt(s, &e->pages[i], reason);
}

void tcn_engagement_stop_all(const struct tcn_step *s, const char *reason)
{
    for (size_t i = 0; i < s->a->n_engagements; i++)
        tcn_engagement_stop(s, &s->a->engagements[i], reason);
}

/* An equal time keeps what was found first: escalation before runs before re-sends, in the order of creation. One that is
 * stopped has no work left. */
static void consider(struct due *best, int64_t at_ms, enum work work, struct tcn_engagement *e,
                     size_t index)
{
    if (at_ms != 0 && (best->work == WORK_NONE || at_ms < best->at_ms))
        *best = (struct due){at_ms, work, e, index};
}

static struct due earliest(const struct tcn_aggregate *a)
{
    struct due best = {0};

    for (size_t i = 0; i < a->n_engagements; i++) {
        struct tcn_engagement *e = &a->engagements[i];

        if (e->stop_ms != 0)
            continue;
        consider(&best, tcn_reach_next_stage(e), WORK_ESCALATE, e, 0);
        for (size_t k = 0; k < e->n_runs; k++)
            consider(&best, tcn_run_next_due(e, &e->runs[k]), WORK_STAGE, e, k);
        for (size_t k = 0; k < e->n_pages; k++)
            consider(&best, e->pages[k].next_send_ms, WORK_RESEND, e, k);
    }
    return best;
}

bool tcn_engagement_is_at_work(const struct tcn_aggregate *a, int64_t now_ms)
{
    for (size_t i = 0; i < a->n_engagements; i++) {
        const struct tcn_engagement *e = &a->engagements[i];

        if (e->stop_ms == 0 && e->next_stage_ms != 0)
            return true;
        for (size_t k = 0; k < e->n_runs; k++)
            if (!tcn_run_is_over(&e->runs[k], now_ms))
                return true;
    }
    return false;
}

int64_t tcn_engagement_next_due(const struct tcn_aggregate *a)
{
    struct due due = earliest(a);

    return due.work == WORK_NONE ? tcn_unanswered_due(a) : due.at_ms;
}

static void execute(const struct tcn_step *s, const struct due *due)
{
    switch (due->work) {
    case WORK_ESCALATE:
        tcn_engagement_stage(s, due->engagement);
        break;
    case WORK_STAGE:
        tcn_run_stage(s, due->engagement, &due->engagement->runs[due->index]);
        break;
    case WORK_RESEND:
        tcn_run_resend(s, due->engagement, &due->engagement->pages[due->index]);
        break;
    case WORK_NONE:
    default:
        assert(0); /* the caller asked whether something is due */
    }
}

/* Ends: every execution moves its own due time past now or to the next of at most ten stages. */
void tcn_engagement_run_due(const struct tcn_step *s)
{
    for (;;) {
        struct due due = earliest(s->a);

        if (due.work == WORK_NONE || due.at_ms > s->now_ms)
            break;
        execute(s, &due);
    }
    tcn_reach_judge(s);
    tcn_unanswered_judge(s);
}
