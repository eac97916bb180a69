#include "app/simulate.h"

#include "app/simulate_budget.h"
#include "base/datetime.h"
#include "base/nearest.h"
#include "base/xalloc.h"
#include "engine/budget.h"
#include "engine/engine.h"
#include "engine/mute.h"

#include <stdlib.h>

#define STEPS_MAX 100000
#define ARENA_BYTES (256u << 20)
#define TIME_TEXT 32
#define ALONE "simulated"

struct run {
    const struct tcn_simulation *s;
    struct tcn_directory directory;
    struct tcn_response_plan alone; /* engages a contact that is no part of a response plan here */
    struct tcn_aggregate aggregate;
    struct tcn_simulated_budgets budgets;
    struct tcn_arena arena;
    FILE *out;
};

/* -- what is told ----------------------------------------------------------------------------------------------- */

static void tell_time(const struct run *run, int64_t now_ms)
{
    const struct tcn_zone *z = run->s->zone;
    int64_t after_s = (now_ms - run->s->from_ms) / 1000;
    char text[TIME_TEXT];

    tcn_time_format(now_ms + tcn_zone_offset_ms(z, now_ms), "%Y-%m-%d %H:%M:%S", text, sizeof text);
    fprintf(run->out, "%s %+5lld:%02lld  ", text, (long long)(after_s / 60),
            (long long)(after_s % 60));
}

static const struct tcn_engagement *engagement_of(const struct run *run, int64_t no)
{
    for (size_t i = 0; i < run->aggregate.n_engagements; i++)
        if (run->aggregate.engagements[i].no == no)
            return &run->aggregate.engagements[i];
    return NULL;
}

static const struct tcn_page *page_of(const struct tcn_engagement *e, struct tcn_id id)
{
    for (size_t i = 0; i < e->n_pages; i++)
        if (tcn_id_eq(e->pages[i].id, id))
            return &e->pages[i];
    return NULL;
}

/* "shop, stage 2 > shop-on-call > alice": from what is engaged to the person. */
static void tell_path(const json_t *path, FILE *out)
{
    json_t *node;
    size_t i;

    json_array_foreach(path, i, node)
    {
        json_t *next = json_array_get(path, i + 1), *stage = json_object_get(next, "stage");

        fprintf(out, "%s%s", i > 0 ? " > " : "",
                json_string_value(json_object_get(node, "contact")));
        if (stage)
            fprintf(out, ", stage %lld", (long long)json_integer_value(stage) + 1);
    }
}

/* In whose shift the person is. */
static void tell_shift(const struct run *run, const json_t *node)
{
    const char *rotation = json_string_value(json_object_get(node, "rotation"));
    int64_t until_ms = json_integer_value(json_object_get(node, "until"));
    char until[TIME_TEXT];

    if (!rotation)
        return;
    tcn_time_format(until_ms + tcn_zone_offset_ms(run->s->zone, until_ms), "%Y-%m-%d %H:%M", until,
                    sizeof until);
    fprintf(run->out, ", on call by %s\"%s\" until %s",
            json_is_true(json_object_get(node, "overridden")) ? "an override of " : "", rotation,
            until);
}

static void tell_way(const struct run *run, const struct tcn_run *of)
{
    json_t *path = json_loads(of->path, 0, NULL), *node;
    size_t i;

    fputs(": ", run->out);
    tell_path(path, run->out);
    json_array_foreach(path, i, node) tell_shift(run, node);
    json_decref(path);
}

static void tell_send(const struct run *run, const struct tcn_send *send, int64_t now_ms)
{
    const struct tcn_engagement *e = engagement_of(run, send->engagement_no);
    const struct tcn_page *page = e ? page_of(e, send->page) : NULL;
    const struct tcn_channel *channel =
        tcn_directory_channel(&run->directory, send->contact, send->channel);

    tell_time(run, now_ms);
    fprintf(run->out, "page %s by %s, %s", send->contact, send->channel,
            channel ? channel->address : "");
    if (send->send_no > 1)
        fprintf(run->out, ", again (%lld)", (long long)send->send_no);
    for (size_t i = 0; page && i < e->n_runs; i++)
        if (e->runs[i].no == page->run_no)
            tell_way(run, &e->runs[i]);
    fputc('\n', run->out);
}

/* What the timeline says besides: of pages, and of the trigger that is none, there is nothing more to tell. */
static void tell_event(const struct run *run, const struct tcn_event *event, int64_t now_ms)
{
    if (!event->text || strcmp(event->type, TCN_EVENT_TRIGGER) == 0 ||
        strcmp(event->type, TCN_EVENT_PAGE) == 0)
        return;
    tell_time(run, now_ms);
    fprintf(run->out, "%s\n", event->text);
}

/* -- what happens ----------------------------------------------------------------------------------------------- */

/* Each message arrives at once. */
static void deliver(struct run *run, const struct tcn_send *send, int64_t now_ms)
{
    struct tcn_decision ignored;

    tell_send(run, send, now_ms);
    tcn_decision_init(&ignored, &run->arena);
    tcn_engine_send_result(&run->aggregate, send->page, TCN_SENT, NULL, now_ms, &ignored);
}

static void tell_held(const struct run *run, const struct tcn_send *send,
                      const struct tcn_page_budget *b, int64_t now_ms)
{
    struct tcn_buf text;

    tell_time(run, now_ms);
    tcn_buf_init(&text, 64);
    tcn_budget_text(b, &text);
    fprintf(run->out, "held: a page of %s by %s waits for the budget of %s\n", send->contact,
            send->channel, tcn_buf_view(&text).ptr);
    tcn_buf_done(&text);
}

static bool is_held(struct run *run, const struct tcn_send *send, int64_t now_ms)
{
    const struct tcn_contact *contact = tcn_directory_contact(&run->directory, send->contact);
    const struct tcn_channel *channel =
        tcn_directory_channel(&run->directory, send->contact, send->channel);
    const struct tcn_page_budget *budget;

    if (!channel || run->aggregate.incident.impact == TCN_IMPACT_URGENT)
        return false;
    budget = tcn_directory_budget(&run->directory, contact, channel->type);
    if (!tcn_simulated_hold(&run->budgets, channel, budget, send, now_ms))
        return false;
    tell_held(run, send, budget, now_ms);
    return true;
}

static void deliver_or_hold(struct run *run, const struct tcn_decision *d, int64_t now_ms)
{
    for (size_t i = 0; i < d->sends.n; i++)
        if (!is_held(run, &d->sends.items[i], now_ms))
            deliver(run, &d->sends.items[i], now_ms);
}

static void release(struct run *run, int64_t now_ms)
{
    const struct tcn_send *sends = NULL;
    size_t n = tcn_simulated_release(&run->budgets, now_ms, &sends);

    if (n > 1) {
        tell_time(run, now_ms);
        fprintf(run->out, "one message tells %s of %zu pages that were held:\n", sends->contact, n);
    }
    for (size_t i = 0; i < n; i++)
        deliver(run, &sends[i], now_ms);
}

static void tell(struct run *run, const struct tcn_decision *d, int64_t now_ms)
{
    for (size_t i = 0; i < d->events.n; i++)
        tell_event(run, &d->events.items[i], now_ms);
    deliver_or_hold(run, d, now_ms);
}

static void let_engine_act(struct run *run, int64_t now_ms)
{
    struct tcn_decision d;

    tcn_decision_init(&d, &run->arena);
    tcn_engine_timer(&run->aggregate, NULL, &run->directory, 0, now_ms, &d);
    tell(run, &d, now_ms);
}

static void let_time_pass(struct run *run, int64_t now_ms)
{
    const int64_t until_ms = run->s->from_ms + run->s->for_ms;

    for (size_t i = 0; i < STEPS_MAX; i++) {
        int64_t due_ms = tcn_engine_next_due(&run->aggregate);
        int64_t token_ms = tcn_simulated_next(&run->budgets, now_ms);
        bool is_token = token_ms != 0 && (due_ms == 0 || token_ms <= due_ms);

        now_ms = is_token ? token_ms : due_ms;
        if (now_ms == 0 || now_ms > until_ms)
            break;
        if (is_token)
            release(run, now_ms);
        else
            let_engine_act(run, now_ms);
    }
    tell_time(run, until_ms);
    fputs("the end: nobody has answered\n", run->out);
}

/* -- maintenance windows ---------------------------------------------------------------------------------------- */

static void tell_window(const struct run *run, int64_t now_ms, const struct tcn_muting *by,
                        const char *before, const char *behind)
{
    char until[TIME_TEXT];

    tcn_time_format(by->until_ms + tcn_zone_offset_ms(run->s->zone, by->until_ms), "%Y-%m-%d %H:%M",
                    until, sizeof until);
    tell_time(run, now_ms);
    fprintf(run->out, "%sthe maintenance window %s (%s) %suntil %s%s\n", before, by->name,
            by->owner, *before ? "" : "is open ", until, behind);
}

/* The alarm opens its incident when no window holds it any more. */
static int64_t wait_for_windows(const struct run *run)
{
    const int64_t until_ms = run->s->from_ms + run->s->for_ms;
    int64_t now_ms = run->s->from_ms;
    struct tcn_muting by;

    for (size_t i = 0; i < STEPS_MAX && now_ms <= until_ms; i++) {
        if (!tcn_mute_find(NULL, &run->directory, &run->s->alarm, now_ms, &by))
            break;
        tell_window(run, now_ms, &by, "held by ", ": what still fires opens its incident then");
        now_ms = by.until_ms;
    }
    return now_ms;
}

/* Those that are open then and hold other alarms. */
static void tell_other_windows(const struct run *run, int64_t now_ms)
{
    struct tcn_window_span span;

    for (size_t i = 0; i < run->directory.n_windows; i++) {
        const struct tcn_window *w = &run->directory.windows[i];

        if (tcn_window_span(w, now_ms, &span) && span.start_ms <= now_ms)
            tell_window(
                run, now_ms,
                &(struct tcn_muting){.name = w->name, .owner = w->owner, .until_ms = span.end_ms},
                "", ", for other alarms: --source and --tag say which one this is");
    }
}

/* -- the plan --------------------------------------------------------------------------------------------------- */

static int fail_unknown(const struct tcn_simulation *s, struct tcn_err *err)
{
    const struct tcn_directory *d = s->directory;
    const char **names = tcn_xcalloc(d->n_plans + d->n_contacts + 1, sizeof *names), *near;
    size_t n = 0;
    int r;

    for (size_t i = 0; i < d->n_plans; i++)
        names[n++] = d->plans[i].name;
    for (size_t i = 0; i < d->n_contacts; i++)
        names[n++] = d->contacts[i].alias;
    near = tcn_nearest(s->plan, names);
    r = tcn_fail(err, TCN_ENOTFOUND, "\"%s\" is no response plan and no contact%s%s%s", s->plan,
                 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    free(names);
    return r;
}

static int choose_plan(struct run *run, const char **ret, struct tcn_err *err)
{
    const struct tcn_simulation *s = run->s;

    *ret = s->plan;
    if (tcn_directory_plan(s->directory, s->plan))
        return 0;
    if (!tcn_directory_contact(s->directory, s->plan))
        return fail_unknown(s, err);
    run->alone = (struct tcn_response_plan){
        .name = ALONE, .title = ALONE, .impact = 3, .engagements = {s->plan}, .n_engagements = 1};
    run->directory.plans = &run->alone;
    run->directory.n_plans = 1;
    *ret = ALONE;
    return 0;
}

static int open_incident(struct run *run, const char *plan, int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_start start = {
        .response_plan = plan, .actor = "a simulation", .detected_ms = now_ms};
    struct tcn_decision d;

    tcn_decision_init(&d, &run->arena);
    if (tcn_engine_start(&start, &run->directory, tcn_id_child((struct tcn_id){{0}}, ALONE, 0), 0,
                         now_ms, &run->aggregate, &d, err) == TCN_INTAKE_UNSET)
        return err->code;
    tell(run, &d, now_ms);
    let_time_pass(run, now_ms);
    return 0;
}

int tcn_simulate(const struct tcn_simulation *s, FILE *out, struct tcn_err *err)
{
    struct run run = {.s = s, .directory = *s->directory, .out = out};
    const char *plan = NULL;
    int64_t opened_ms;
    int r = choose_plan(&run, &plan, err);

    if (r < 0)
        return r;
    opened_ms = wait_for_windows(&run);
    if (opened_ms > s->from_ms + s->for_ms) {
        tell_time(&run, s->from_ms + s->for_ms);
        fputs("the end: it is held, and nobody is paged\n", out);
        return 0;
    }
    tell_other_windows(&run, opened_ms);
    tcn_arena_init(&run.arena, ARENA_BYTES);
    run.budgets.arena = &run.arena;
    r = open_incident(&run, plan, opened_ms, err);
    tcn_arena_done(&run.arena);
    return r;
}
