#include "engine/explain.h"

#include "base/buf.h"
#include "base/datetime.h"

#include <jansson.h>
#include <stdlib.h>

struct teller {
    const struct tcn_aggregate *a;
    const struct tcn_directory *directory;
    const struct tcn_engagement *e;
    struct tcn_arena *arena;
    struct tcn_explanation *ret;
};

static void say(const struct teller *t, struct tcn_explained line)
{
    line.no = t->ret->lines.n;
    if (line.no == TCN_EXPLAINED_MAX)
        t->ret->is_cut = true;
    else
        *TCN_VEC_PUSH(t->arena, &t->ret->lines) = line;
}

static const char *time_text(const struct teller *t, int64_t ms)
{
    char *text = tcn_arena_alloc(t->arena, TCN_TIME_TEXT);

    tcn_time_text(ms, text);
    return text;
}

/* -- by which way ----------------------------------------------------------------------------------------------- */

static void add_shift(const struct teller *t, struct tcn_buf *b, const json_t *node)
{
    const char *rotation = json_string_value(json_object_get(node, "rotation"));

    if (rotation)
        tcn_buf_fmt(b, " (%s\"%s\", until %s)",
                    json_is_true(json_object_get(node, "overridden")) ? "an override of " : "",
                    rotation, time_text(t, json_integer_value(json_object_get(node, "until"))));
}

/* "esc, stage 2 > web-oncall ("week", until 2026-08-05T07:00:00.000Z) > ann" */
static void add_path(const struct teller *t, struct tcn_buf *b, const struct tcn_run *run)
{
    json_t *path = json_loads(run->path, 0, NULL), *node;
    size_t i;

    json_array_foreach(path, i, node)
    {
        json_t *stage = json_object_get(json_array_get(path, i + 1), "stage");

        tcn_buf_fmt(b, "%s%s", i > 0 ? " > " : "",
                    json_string_value(json_object_get(node, "contact")));
        if (stage)
            tcn_buf_fmt(b, ", stage %lld", (long long)json_integer_value(stage) + 1);
        add_shift(t, b, node);
    }
    json_decref(path);
}

/* Whether a target of that stage of the escalation plan led to the run. */
static bool is_of_target(const struct tcn_run *run, const char *contact, size_t stage)
{
    json_t *path = json_loads(run->path, 0, NULL), *node = json_array_get(path, 1);
    const char *its = json_string_value(json_object_get(node, "contact"));
    bool is = its && strcmp(its, contact) == 0 &&
              json_integer_value(json_object_get(node, "stage")) == (json_int_t)stage;

    json_decref(path);
    return is;
}

/* -- answers ---------------------------------------------------------------------------------------------------- */

/* The first answer of that person, 0 = none. */
static int64_t answered_ms(const struct tcn_engagement *e, const char *contact)
{
    int64_t first = 0;

    for (size_t i = 0; i < e->n_pages; i++) {
        int64_t ms = e->pages[i].read_ms;

        if (ms != 0 && (first == 0 || ms < first) && strcmp(e->pages[i].contact, contact) == 0)
            first = ms;
    }
    return first;
}

/* Who engaged with IsEssential answered first, and when. */
static const char *essential_answer(const struct teller *t, int64_t *ret_ms)
{
    const char *who = NULL;

    *ret_ms = 0;
    for (size_t i = 0; i < t->e->n_runs; i++) {
        const struct tcn_run *run = &t->e->runs[i];
        int64_t ms = run->is_essential ? answered_ms(t->e, run->contact) : 0;

        if (ms != 0 && (*ret_ms == 0 || ms < *ret_ms)) {
            *ret_ms = ms;
            who = run->contact;
        }
    }
    return who;
}

/* Why what was to come of the engagement did not; *ret_ms: since when. */
static const char *why_ended(const struct teller *t, int64_t *ret_ms)
{
    const struct tcn_incident *i = &t->a->incident;
    const char *who = essential_answer(t, ret_ms);

    if (who && t->e->progression_stopped)
        return tcn_arena_fmt(t->arena, "%s answered, which ends the escalation", who);
    if (t->e->stop_ms != 0) {
        *ret_ms = t->e->stop_ms;
        return i->resolved_ms != 0 && i->resolved_ms <= t->e->stop_ms && !i->is_bare
                   ? "the incident was resolved"
                   : "the engagement was stopped";
    }
    *ret_ms = i->acknowledged_ms;
    return i->acknowledged_by
               ? tcn_arena_fmt(t->arena, "%s answered for the incident", i->acknowledged_by)
               : "the escalation was ended";
}

/* -- a run ------------------------------------------------------------------------------------------------------ */

static const char *why_stopped(const struct teller *t, const struct tcn_run *run, int64_t *ret_ms)
{
    int64_t ms = answered_ms(t->e, run->contact);

    if (ms == 0)
        return why_ended(t, ret_ms);
    *ret_ms = ms;
    return tcn_arena_fmt(t->arena, "%s answered", run->contact);
}

static const struct tcn_page *page_of(const struct tcn_engagement *e, const struct tcn_run *run,
                                      const char *channel, const struct tcn_page *after)
{
    for (size_t i = after ? (size_t)after->no : 0; i < e->n_pages; i++)
        if (e->pages[i].run_no == run->no && strcmp(e->pages[i].channel, channel) == 0)
            return &e->pages[i];
    return NULL;
}

/* As far as its grid tells: the last of its sends is not before that. */
static bool has_last_left(const struct tcn_page *p)
{
    return p->lost_ms == 0 && p->sent_ms != 0 &&
           p->sent_ms >= p->first_ms + (p->sends - 1) * p->retry_ms;
}

static void add_fate(const struct teller *t, struct tcn_buf *b, const struct tcn_page *p)
{
    bool is_told = p->sends > 1 && has_last_left(p);

    if (p->sends > 1)
        tcn_buf_fmt(b, "; %s %lld times, first at %s", is_told ? "sent" : "asked for",
                    (long long)p->sends, time_text(t, p->first_ms));
    if (is_told)
        tcn_buf_fmt(b, ", last at %s", time_text(t, p->sent_ms));
    else if (p->sent_ms != 0)
        tcn_buf_fmt(b, "; %s at %s", p->lost_ms ? "may have left" : "left",
                    time_text(t, p->sent_ms));
    else if (p->lost_ms != 0)
        tcn_buf_fmt(b, "; has not left, since %s it counts as failed", time_text(t, p->lost_ms));
    else
        tcn_buf_z(b, "; has not left yet");
    if (p->delivered_ms != 0)
        tcn_buf_fmt(b, "; delivered at %s", time_text(t, p->delivered_ms));
    if (p->read_ms != 0)
        tcn_buf_fmt(b, "; answered at %s", time_text(t, p->read_ms));
    if (p->next_send_ms != 0)
        tcn_buf_fmt(b, "; again at %s unless answered", time_text(t, p->next_send_ms));
}

static const char *why_paged(const struct teller *t, const struct tcn_run *run, size_t stage,
                             const struct tcn_page *p)
{
    const char *text;
    struct tcn_buf b;

    tcn_buf_init(&b, 65536);
    add_path(t, &b, run);
    tcn_buf_fmt(&b, ", stage %zu of %zu of the person's plan", stage + 1, run->plan.n_stages);
    if (p)
        add_fate(t, &b, p);
    text = tcn_arena_strndup(t->arena, b.ptr ? b.ptr : "", b.len);
    tcn_buf_done(&b);
    return text;
}

static const char *why_unusable(const struct teller *t, const struct tcn_run *run,
                                const char *channel)
{
    const struct tcn_channel *c =
        t->directory ? tcn_directory_channel(t->directory, run->contact, channel) : NULL;

    if (!c)
        return "the person has no such channel";
    return c->is_activated ? "the channel could not be used then, or had failed already"
                           : "the channel is not activated";
}

static void tell_unreached_stage(const struct teller *t, const struct tcn_run *run, size_t stage,
                                 int64_t due_ms, const char *channel)
{
    struct tcn_explained line = {
        .at_ms = due_ms, .kind = TCN_WILL_PAGE, .contact = run->contact, .channel = channel};
    int64_t ended_ms = 0;

    line.why = why_paged(t, run, stage, NULL);
    if (run->is_stopped) {
        line.kind = TCN_NOT_PAGED;
        line.why = why_stopped(t, run, &ended_ms);
        line.at_ms = ended_ms ? ended_ms : due_ms;
        line.why = tcn_arena_fmt(t->arena, "%s before stage %zu of the person's plan, due at %s",
                                 line.why, stage + 1, time_text(t, due_ms));
    }
    say(t, line);
}

/* The pages of a channel that several stages name come in the order of the stages. */
struct run_teller {
    const struct teller *t;
    const struct tcn_run *run;
    const struct tcn_page
        *last[TCN_STAGES_MAX * TCN_TARGETS_MAX]; /* of each channel, by its place */
    int64_t due_ms;                              /* of the stage in hand */
};

/* The place of the first target that names this channel. */
static size_t place_of(const struct tcn_run *run, const char *channel)
{
    for (size_t i = 0; i < run->plan.n_stages; i++)
        for (size_t k = 0; k < run->plan.stages[i].n_targets; k++)
            if (run->plan.stages[i].targets[k].channel &&
                strcmp(run->plan.stages[i].targets[k].channel, channel) == 0)
                return i * TCN_TARGETS_MAX + k;
    return 0;
}

static void tell_channel(struct run_teller *x, size_t stage, const char *channel)
{
    const struct tcn_page **last = &x->last[place_of(x->run, channel)];
    const struct tcn_page *p = page_of(x->t->e, x->run, channel, *last);

    if (stage >= x->run->next_stage) {
        tell_unreached_stage(x->t, x->run, stage, x->due_ms, channel);
        return;
    }
    if (!p) {
        say(x->t, (struct tcn_explained){.at_ms = x->due_ms,
                                         .kind = TCN_NOT_PAGED,
                                         .contact = x->run->contact,
                                         .channel = channel,
                                         .why = why_unusable(x->t, x->run, channel)});
        return;
    }
    *last = p;
    x->due_ms = p->first_ms;
    say(x->t, (struct tcn_explained){.at_ms = p->first_ms,
                                     .kind = TCN_PAGED,
                                     .contact = x->run->contact,
                                     .channel = channel,
                                     .why = why_paged(x->t, x->run, stage, p)});
}

static void tell_run(const struct teller *t, const struct tcn_run *run)
{
    struct run_teller x = {.t = t, .run = run, .due_ms = run->start_ms};

    for (size_t i = 0; i < run->plan.n_stages; i++) {
        const struct tcn_stage *stage = &run->plan.stages[i];

        if (i == run->next_stage && run->next_stage_ms != 0)
            x.due_ms = run->next_stage_ms;
        for (size_t k = 0; k < stage->n_targets; k++)
            if (stage->targets[k].channel)
                tell_channel(&x, i, stage->targets[k].channel);
        x.due_ms += stage->duration_ms;
    }
}

/* -- an escalation plan ----------------------------------------------------------------------------------------- */

static const struct tcn_run *run_of_target(const struct teller *t, const char *contact,
                                           size_t stage)
{
    for (size_t i = 0; i < t->e->n_runs; i++)
        if (is_of_target(&t->e->runs[i], contact, stage))
            return &t->e->runs[i];
    return NULL;
}

static bool has_run_before(const struct tcn_engagement *e, const char *contact, int64_t at_ms)
{
    for (size_t i = 0; i < e->n_runs; i++)
        if (strcmp(e->runs[i].contact, contact) == 0 && e->runs[i].start_ms <= at_ms)
            return true;
    return false;
}

static const char *why_no_run(const struct teller *t, const char *contact, int64_t at_ms)
{
    const struct tcn_contact *c =
        t->directory ? tcn_directory_contact(t->directory, contact) : NULL;
    int64_t ms = answered_ms(t->e, contact);

    if (ms != 0 && ms <= at_ms)
        return tcn_arena_fmt(t->arena, "%s had answered already", contact);
    if (has_run_before(t->e, contact, at_ms))
        return tcn_arena_fmt(t->arena, "%s was being paged already", contact);
    if (c && c->type == TCN_ONCALL_SCHEDULE)
        return "nobody was on call, or who was had answered or was being paged already";
    return c ? "the person could not be paged: no engagement plan" : "no such contact";
}

static void tell_target(const struct teller *t, const char *contact, size_t stage, int64_t due_ms)
{
    struct tcn_explained line = {.at_ms = due_ms, .contact = contact};
    int64_t ended_ms = 0;
    const char *why;

    if (stage < t->e->next_stage && run_of_target(t, contact, stage))
        return; /* the run tells */
    if (stage < t->e->next_stage) {
        line.kind = TCN_NOT_PAGED;
        line.why = tcn_arena_fmt(t->arena, "%s, stage %zu: %s", t->e->contact, stage + 1,
                                 why_no_run(t, contact, due_ms));
    } else if (t->e->next_stage_ms != 0) {
        line.kind = TCN_WILL_PAGE;
        line.why = tcn_arena_fmt(t->arena, "%s, stage %zu, unless it is answered before",
                                 t->e->contact, stage + 1);
    } else {
        line.kind = TCN_NOT_PAGED;
        why = why_ended(t, &ended_ms);
        line.at_ms = ended_ms ? ended_ms : due_ms;
        line.why = tcn_arena_fmt(t->arena, "%s before stage %zu of %s, due at %s", why, stage + 1,
                                 t->e->contact, time_text(t, due_ms));
    }
    say(t, line);
}

/* When a stage that began did: its runs know, or those before it and the durations. */
static int64_t stage_start(const struct teller *t, size_t stage, int64_t nominal_ms)
{
    const struct tcn_stage *s = &t->e->plan.stages[stage];

    for (size_t k = 0; k < s->n_targets; k++) {
        const struct tcn_run *run =
            s->targets[k].contact ? run_of_target(t, s->targets[k].contact, stage) : NULL;

        if (run)
            return run->start_ms;
    }
    return nominal_ms;
}

static void tell_escalation(const struct teller *t)
{
    int64_t due_ms = t->e->start_ms;

    for (size_t i = 0; i < t->e->plan.n_stages; i++) {
        const struct tcn_stage *stage = &t->e->plan.stages[i];

        if (i < t->e->next_stage)
            due_ms = stage_start(t, i, due_ms);
        else if (i == t->e->next_stage && t->e->next_stage_ms != 0)
            due_ms = t->e->next_stage_ms;
        for (size_t k = 0; k < stage->n_targets; k++)
            if (stage->targets[k].contact)
                tell_target(t, stage->targets[k].contact, i, due_ms);
        due_ms += stage->duration_ms;
    }
}

static int by_time(const void *left, const void *right)
{
    const struct tcn_explained *a = left, *b = right;

    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return a->no < b->no ? -1 : a->no > b->no;
}

void tcn_engine_explain(const struct tcn_aggregate *aggregate,
                        const struct tcn_directory *directory, struct tcn_arena *arena,
                        struct tcn_explanation *ret)
{
    struct teller t = {.a = aggregate, .directory = directory, .arena = arena, .ret = ret};

    *ret = (struct tcn_explanation){.is_cut = false};
    for (size_t i = 0; i < aggregate->n_engagements; i++) {
        t.e = &aggregate->engagements[i];
        tell_escalation(&t);
        if (t.e->type == TCN_ONCALL_SCHEDULE && t.e->n_runs == 0)
            say(&t, (struct tcn_explained){.at_ms = t.e->start_ms,
                                           .kind = TCN_NOT_PAGED,
                                           .contact = t.e->contact,
                                           .why = "nobody was on call"});
        for (size_t k = 0; k < t.e->n_runs; k++)
            tell_run(&t, &t.e->runs[k]);
    }
    if (ret->lines.n > 0)
        qsort(ret->lines.items, ret->lines.n, sizeof *ret->lines.items, by_time);
}
