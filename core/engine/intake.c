/* An alarm meets its lane: decides what kind of news it is (spec sources 2.5, 2.6, 4.6, 7.1). What the news does is
 * lane.c's. */
#include "engine/content.h"
#include "engine/echo.h"
#include "engine/flap.h"
#include "engine/group.h"
#include "engine/lane.h"
#include "engine/silence.h"

#include <assert.h>

#define FUTURE_MS                                                                                  \
    300000 /* a sender's clock further ahead is wrong: it must not hold back later news */

/* No sender tries for so long, and no queue keeps a message (SQS: 14 days). An alarm that is older than the last word of its
 * key, and as old as that, has the time of a clock that lost its own. */
#define LATE_MAX_MS (INT64_C(30) * 86400000)

/* The alarm's time against the newest that the lane has accepted. */
enum order { ORDER_UNTOLD, ORDER_NEWER, ORDER_SAME, ORDER_OLDER };
enum { ORDERS = 4 };

/* [action][the lane fires][order]. The time of an OK is kept even when the alarm was never seen, against an older
 * ALARM that arrives after it. */
// clang-format off
static const enum tcn_news table[][2][ORDERS] = {
    /*                         untold            newer              same              older */
    [TCN_ACTION_FIRE] =    {{TCN_NEWS_FIRE,    TCN_NEWS_FIRE,    TCN_NEWS_ECHO,    TCN_NEWS_LATE},
                            {TCN_NEWS_REPEAT,  TCN_NEWS_AGAIN,   TCN_NEWS_NOTHING, TCN_NEWS_LATE}},
    [TCN_ACTION_RESOLVE] = {{TCN_NEWS_NOTHING, TCN_NEWS_CLOCK,   TCN_NEWS_NOTHING, TCN_NEWS_LATE},
                            {TCN_NEWS_RESOLVE, TCN_NEWS_RESOLVE, TCN_NEWS_RESOLVE, TCN_NEWS_LATE}},
    [TCN_ACTION_UPDATE] =  {{TCN_NEWS_IGNORE,  TCN_NEWS_IGNORE,  TCN_NEWS_IGNORE,  TCN_NEWS_LATE},
                            {TCN_NEWS_UPDATE,  TCN_NEWS_UPDATE,  TCN_NEWS_UPDATE,  TCN_NEWS_LATE}},
    [TCN_ACTION_IGNORE] =  {{TCN_NEWS_IGNORE,  TCN_NEWS_IGNORE,  TCN_NEWS_IGNORE,  TCN_NEWS_IGNORE},
                            {TCN_NEWS_IGNORE,  TCN_NEWS_IGNORE,  TCN_NEWS_IGNORE,  TCN_NEWS_IGNORE}},
};
// clang-format on

static enum order order_of(const struct tcn_lane *lane, int64_t clock_ms, int64_t now_ms)
{
    if (clock_ms == 0)
        return ORDER_UNTOLD;
    if (clock_ms >= lane->clock_ms)
        return clock_ms == lane->clock_ms ? ORDER_SAME : ORDER_NEWER;
    return clock_ms < now_ms - LATE_MAX_MS ? ORDER_UNTOLD : ORDER_OLDER;
}

/* What a mapping could not tell fires: an alarm must not be lost. */
static enum tcn_action action_of(const struct tcn_alarm *alarm)
{
    return alarm->action == TCN_ACTION_UNSET ? TCN_ACTION_FIRE : alarm->action;
}

static enum tcn_news news_of_single(const struct tcn_arrival *x)
{
    const struct tcn_lane *lane = &x->step.a->lane;
    enum order order = order_of(lane, x->clock_ms, x->step.now_ms);
    enum tcn_action action = action_of(x->in->alarm);
    enum tcn_news news = table[action][lane->is_firing][order];
    int64_t window = tcn_echo_window(x);
    bool is_echo = lane->n_items == 0 && window > 0 && x->step.now_ms < lane->received_ms + window;

    if (news == TCN_NEWS_NOTHING && !lane->exists)
        return TCN_NEWS_IGNORE;
    if (news == TCN_NEWS_NOTHING && action == TCN_ACTION_RESOLVE && lane->echo_ms != 0)
        return TCN_NEWS_CLOCK;
    if (news != TCN_NEWS_ECHO)
        return news;
    return is_echo ? TCN_NEWS_ECHO : TCN_NEWS_FIRE;
}

static enum tcn_news news_of_group(const struct tcn_arrival *x)
{
    const struct tcn_group_change *c = &x->change;
    bool was_firing = x->step.a->lane.is_firing;
    bool is_firing = c->firing > 0;

    if (!c->is_changed && c->unbelieved > 0)
        return TCN_NEWS_LATE;
    if (is_firing && !was_firing)
        return TCN_NEWS_FIRE;
    if (!is_firing && was_firing)
        return TCN_NEWS_RESOLVE;
    if (!is_firing)
        return c->is_changed || c->withdrawn > 0 ? TCN_NEWS_CLOCK : TCN_NEWS_NOTHING;
    if (c->fired > 0)
        return TCN_NEWS_AGAIN;
    return c->is_changed ? TCN_NEWS_ITEMS : TCN_NEWS_REPEAT;
}

static bool is_by_items(const struct tcn_arrival *x)
{
    const struct tcn_alarm *alarm = x->in->alarm;
    enum tcn_action action = action_of(alarm);

    return alarm->is_group && (alarm->n_items > 0 || x->step.a->lane.n_items > 0) &&
           (action == TCN_ACTION_FIRE || action == TCN_ACTION_RESOLVE);
}

static enum tcn_news news_of(struct tcn_arrival *x)
{
    x->is_group = is_by_items(x);
    if (!x->is_group)
        return news_of_single(x);
    x->change = tcn_group_merge(&x->step.a->lane, x->in->alarm, tcn_echo_window(x), x->step.now_ms,
                                x->step.d->arena);
    return news_of_group(x);
}

/* An incident that opens tells it by itself; a repeat of what the lane was told already is no news. */
static void tell_failure(const struct tcn_arrival *x, enum tcn_intake verdict, bool is_told)
{
    bool is_news = verdict != TCN_INTAKE_NOTHING && verdict != TCN_INTAKE_IGNORED &&
                   verdict != TCN_INTAKE_LATE && verdict != TCN_INTAKE_HELD &&
                   !x->step.d->incident_opened;

    if (is_news && !is_told && x->in->alarm->mapping_error)
        tcn_step_say_again(&x->step,
                           "the mapping of source %s failed, this is what could be known: %s",
                           x->in->alarm->source, x->in->alarm->mapping_error);
}

static void tell_clock(const struct tcn_arrival *x)
{
    if (x->change.ahead > 0 && tcn_aggregate_is_open(x->step.a) &&
        tcn_aggregate_is_joined(x->step.a))
        tcn_step_say_again(&x->step,
                           "%s says that %zu alarms ended as much as %lld s in the future: set its "
                           "clock or ours; they are waited for until then, an hour at most",
                           x->in->alarm->source, x->change.ahead,
                           (long long)(x->change.ahead_ms / 1000));
}

enum tcn_intake tcn_engine_alarm(const struct tcn_intake_input *in, struct tcn_aggregate *aggregate,
                                 struct tcn_storm *storm, struct tcn_aggregate *storm_aggregate,
                                 struct tcn_decision *ret)
{
    struct tcn_arrival x = {
        .in = in,
        .step = tcn_step_begin(aggregate, in->directory, in->salt, in->now_ms, ret),
        .storm = storm,
        .storm_aggregate = storm_aggregate,
    };
    enum tcn_intake verdict;
    bool is_told;

    assert(in->alarm->dedupe_key && in->alarm->source && in->policy);
    if (in->alarm->clock_ms >= TCN_CLOCK_FIRST_MS && in->alarm->clock_ms <= in->now_ms + FUTURE_MS)
        x.clock_ms = in->alarm->clock_ms;
    tcn_content_hash(in->alarm, x.content);
    is_told = strcmp(aggregate->lane.content_sha256, x.content) == 0;
    verdict = tcn_lane_accept(&x, news_of(&x));
    tell_failure(&x, verdict, is_told);
    tell_clock(&x);
    verdict = tcn_echo_note(&x, verdict);
    tcn_silence_note(&x, verdict);
    if (ret->subject != aggregate)
        aggregate->lane = ret->subject->lane;
    tcn_flap_damp_tickets(&x.step, in->policy);
    tcn_step_end(&x.step);
    return verdict;
}
