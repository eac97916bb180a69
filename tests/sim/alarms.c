/* The senders: alarms that change, messages that come twice, late, in any order, cut; and what all that means, worked
 * out in the plainest way to compare the engine with. */
#include "world.h"

#include <stdio.h>

enum { SINGLE = 0, GROUP = 1, SHARED = 2, BURST = 3 };

static struct key_row *add_key(struct world *w, int source)
{
    struct key_row *k;

    if (w->n_keys == MAX_KEYS)
        return NULL;
    k = &w->keys[w->n_keys++];
    *k = (struct key_row){.source = source};
    snprintf(k->name, sizeof k->name, "%s-%zu", w->policies[source].name, w->n_keys);
    for (size_t i = 0; i < MAX_MEMBERS; i++)
        snprintf(k->member_names[i], sizeof k->member_names[i], "m%zu", i);
    return k;
}

static bool has_source(const struct world *w, int source)
{
    return source == SINGLE  ? world_has(w, SINGLES)
           : source == GROUP ? world_has(w, GROUPS)
                             : world_has(w, SHARED_ONES);
}

static struct key_row *pick_key(struct world *w)
{
    int source = (int)rng_below(&w->rng, 3);
    size_t start = w->n_keys ? (size_t)rng_below(&w->rng, (int64_t)w->n_keys) : 0;

    if (!has_source(w, source))
        return NULL;
    if (w->n_keys > 12 || (w->n_keys > 0 && rng_chance(&w->rng, 80)))
        for (size_t i = 0; i < w->n_keys; i++) {
            struct key_row *k = &w->keys[(start + i) % w->n_keys];

            if (k->source == source)
                return k;
        }
    return add_key(w, source);
}

/* Copies of one message: another path or a retry, up to two minutes later. */
static void post(struct world *w, const struct pending *message, int64_t spread_ms)
{
    int copies = world_has(w, COPIES) ? 1 + (int)rng_below(&w->rng, 3) : 1;

    for (int i = 0; i < copies; i++) {
        struct pending p = *message;

        p.at_ms = w->truth + rng_below(&w->rng, spread_ms);
        p.wording = (int)rng_below(&w->rng, 2);
        pending_add(w, &p);
    }
}

static void change_single(struct world *w, struct key_row *k)
{
    struct pending message = {.kind = PENDING_ALARM, .key = (size_t)(k - w->keys)};

    /* Some changes come sooner than the sender's clock can tell. */
    if (k->truth_clock == 0 || !rng_chance(&w->rng, 10))
        k->truth_clock = w->truth > k->truth_clock ? w->truth : k->truth_clock + 1;
    message.clock = k->truth_clock;
    if (k->truth_firing && rng_chance(&w->rng, 15)) {
        message.action = TCN_ACTION_UPDATE;
    } else {
        k->truth_firing = !k->truth_firing;
        message.action = k->truth_firing ? TCN_ACTION_FIRE : TCN_ACTION_RESOLVE;
    }
    post(w, &message, rng_chance(&w->rng, 80) ? 5 * SEC : 2 * MIN);
}

/* A sender whose clock is ahead tells ends that are still to come. */
static int64_t ahead(struct world *w)
{
    return rng_chance(&w->rng, 10) ? rng_below(&w->rng, 2 * HOUR) : 0;
}

/* A peer that did not hear of the end says that the member fires, with the start that it knows of; in half of the cases it
 * hears of it later. */
static void lag(struct world *w, const struct key_row *k, size_t member)
{
    struct pending message = {.kind = PENDING_ALARM,
                              .key = (size_t)(k - w->keys),
                              .at_ms = w->truth + rng_below(&w->rng, 2 * MIN),
                              .action = TCN_ACTION_FIRE,
                              .members = 1u << member};

    message.states[member] = (struct member_state){
        .is_firing = true, .since = k->members[member].since - (rng_chance(&w->rng, 30) ? SEC : 0)};
    pending_add(w, &message);
    if (rng_chance(&w->rng, 50))
        return;
    message.at_ms += rng_below(&w->rng, 2 * MIN);
    message.states[member].is_firing = false;
    message.states[member].ended = k->members[member].ended;
    pending_add(w, &message);
}

/* Two peers send the group as they see it: within 45 s of each other. */
static void change_group(struct world *w, struct key_row *k)
{
    struct pending message = {.kind = PENDING_ALARM, .key = (size_t)(k - w->keys)};
    size_t flipped = (size_t)rng_below(&w->rng, MAX_MEMBERS);
    bool fires = false;

    k->truth_clock = w->truth > k->truth_clock ? w->truth : k->truth_clock + 1;
    k->members[flipped].truth_firing = !k->members[flipped].truth_firing;
    if (k->members[flipped].truth_firing)
        k->members[flipped].since = k->truth_clock;
    else
        k->members[flipped].ended = k->truth_clock + ahead(w);
    message.is_truncated = rng_chance(&w->rng, 10);
    for (size_t i = 0; i < MAX_MEMBERS; i++) {
        message.states[i].is_firing = k->members[i].truth_firing;
        message.states[i].since = k->members[i].since;
        message.states[i].ended = k->members[i].ended;
        if ((k->members[i].truth_firing && !(message.is_truncated && i > flipped)) || i == flipped)
            message.members |= 1u << i;
        fires |= k->members[i].truth_firing;
    }
    message.action = fires ? TCN_ACTION_FIRE : TCN_ACTION_RESOLVE;
    post(w, &message, 45 * SEC);
    if (!k->members[flipped].truth_firing && rng_chance(&w->rng, 15) && world_has(w, LAGS))
        lag(w, k, flipped);
}

void alarms_change(struct world *w)
{
    struct key_row *k = pick_key(w);

    if (!k || w->n_pending > MAX_PENDING / 2)
        return;
    if (k->source == GROUP)
        change_group(w, k);
    else
        change_single(w, k);
}

static void post_single(struct world *w, const struct key_row *k, enum tcn_action action,
                        int64_t delay_ms)
{
    pending_add(w, &(struct pending){.kind = PENDING_ALARM,
                                     .at_ms = w->truth + delay_ms,
                                     .key = (size_t)(k - w->keys),
                                     .clock = k->truth_clock,
                                     .action = action});
}

void alarms_storm(struct world *w)
{
    int n = 5 + (int)rng_below(&w->rng, 60);

    for (int i = 0; i < n && w->n_pending < MAX_PENDING / 2; i++) {
        struct key_row *k = add_key(w, BURST);

        if (!k)
            return;
        k->truth_firing = true;
        k->truth_clock = w->truth;
        post_single(w, k, TCN_ACTION_FIRE, rng_below(&w->rng, 2 * MIN));
        if (!rng_chance(&w->rng, 70))
            continue;
        k->truth_firing = false;
        k->truth_clock += MIN;
        post_single(w, k, TCN_ACTION_RESOLVE, 3 * MIN + rng_below(&w->rng, HOUR));
    }
}

void alarms_all_ok(struct world *w)
{
    for (size_t i = 0; i < w->n_keys; i++) {
        struct key_row *k = &w->keys[i];
        struct pending p = {.kind = PENDING_ALARM, .key = i, .action = TCN_ACTION_RESOLVE};

        k->truth_firing = false;
        k->truth_clock = w->truth > k->truth_clock ? w->truth : k->truth_clock + 1;
        p.clock = k->truth_clock;
        for (size_t m = 0; k->source == GROUP && m < MAX_MEMBERS; m++) {
            p.members |= 1u << m;
            p.states[m].since = k->members[m].since;
            p.states[m].ended = p.states[m].since + 1;
        }
        alarms_deliver(w, &p);
    }
}

/* -- what a message means ------------------------------------------------------------------------------------ */

static bool group_fires(const struct key_row *k)
{
    bool fires = k->told_hidden;

    for (size_t i = 0; i < MAX_MEMBERS; i++)
        fires |= k->members[i].told_firing;
    return fires;
}

static int64_t last_end(const struct pending *p)
{
    int64_t last = 0;

    for (size_t i = 0; i < MAX_MEMBERS; i++)
        if (p->members & 1u << i && !p->states[i].is_firing && p->states[i].ended > last)
            last = p->states[i].ended;
    return last;
}

#define AHEAD (60 * SEC) /* an end as far ahead as that is as good as now */

/* What is told of the end again, or otherwise within the echo window. */
static void note_echo(struct member *m, bool is_firing, int64_t now)
{
    if (!is_firing)
        m->echo = m->echo_due = 0;
    else if (!m->told_firing && m->echo == 0) {
        m->echo = now;
        m->echo_due = (m->heard < now ? m->heard : now) + ECHO_WINDOW;
    }
}

/* The latest episode of a member counts, and in it the end, unless that was only concluded or is told otherwise after the
 * echo window, which is 0 when nothing could fire after it. What began before it is of it all the same, when it ended in it
 * or goes on. */
static void note_member(struct member *m, const struct member_state *s, int64_t window, int64_t now)
{
    bool goes_on = !m->told_firing && s->is_firing && now >= m->heard + window;
    bool is_other = m->is_untold || goes_on || (m->told_firing && !s->is_firing);
    bool is_older = s->since < m->told_since;

    if (is_older && !s->is_firing && (s->ended <= m->told_since || s->ended > now + AHEAD))
        return;
    if (s->since <= m->told_since && !is_other) {
        note_echo(m, s->is_firing, now);
        return;
    }
    if (!is_older)
        m->told_since = s->since;
    m->told_firing = s->is_firing;
    m->is_untold = false;
    m->echo = m->echo_due = 0;
    m->heard = now;
}

/* A group that is resolved ends what was heard of before the ends that it lists, if nothing contradicts these. */
static void note_whole_end(struct key_row *k, const struct pending *p, int64_t now)
{
    int64_t told = 0;

    for (size_t i = 0; i < MAX_MEMBERS; i++) {
        if (!(p->members & 1u << i))
            continue;
        if (k->members[i].told_firing || k->members[i].told_since > p->states[i].since)
            return;
        told = k->members[i].heard > told ? k->members[i].heard : told;
    }
    for (size_t i = 0; i < MAX_MEMBERS; i++) {
        struct member *m = &k->members[i];

        if (m->echo <= told)
            m->echo = m->echo_due = 0;
        if (!m->told_firing || m->heard > told || m->told_since > last_end(p))
            continue;
        m->told_firing = false;
        m->is_untold = true;
        m->heard = now;
    }
}

static bool is_same(const struct member *a, const struct member *b)
{
    return a->told_since == b->told_since && a->told_firing == b->told_firing &&
           a->is_untold == b->is_untold;
}

/* "Firing", and nothing that is listed does: one that was cut off fires, unless the message is an old one of a group that is
 * over. */
static bool hidden_fires(const struct key_row *k, const struct pending *p, bool is_news)
{
    bool is_old = false;

    if (p->action != TCN_ACTION_FIRE || p->members == 0 || !p->is_truncated)
        return false;
    for (size_t i = 0; i < MAX_MEMBERS; i++) {
        if (!(p->members & 1u << i))
            continue;
        if (p->states[i].is_firing)
            return false;
        is_old |= k->members[i].told_since > p->states[i].since;
    }
    return is_news || !is_old;
}

static void note_group(struct key_row *k, const struct pending *p, int64_t window, int64_t now)
{
    bool fired = group_fires(k), is_news = fired;

    for (size_t i = 0; i < MAX_MEMBERS; i++) {
        struct member before = k->members[i];

        if (p->members & 1u << i)
            note_member(&k->members[i], &p->states[i], window, now);
        is_news |= !is_same(&before, &k->members[i]);
    }
    if (p->action == TCN_ACTION_RESOLVE && !p->is_truncated)
        note_whole_end(k, p, now);
    k->told_hidden = hidden_fires(k, p, is_news) ||
                     (p->is_truncated && (k->told_hidden || fired || group_fires(k)));
}

/* The last word by the sender's clock; of two with one time the later one, which waits as above when it fires. */
static void note_single(struct key_row *k, const struct pending *p, int64_t window, int64_t now)
{
    bool fires = p->action == TCN_ACTION_FIRE;
    int64_t over = k->lane.received_ms < now ? k->lane.received_ms : now;

    if (p->action == TCN_ACTION_UPDATE || p->clock < k->told_clock)
        return;
    if (fires && p->clock == k->told_clock && !k->told_firing &&
        now < k->lane.received_ms + window) {
        k->echo_due = k->echo_due ? k->echo_due : over + ECHO_WINDOW;
        return;
    }
    k->told_clock = p->clock;
    k->told_firing = fires;
    k->echo_due = 0;
}

static void note(struct key_row *k, const struct pending *p, int64_t window, int64_t now)
{
    if (k->source != GROUP) {
        note_single(k, p, window, now);
        return;
    }
    note_group(k, p, window, now);
    k->told_firing = group_fires(k);
}

/* Only an incident of the lane, that is open or can be, lets something fire later. */
static int64_t window_of(const struct key_row *k, const struct incident_row *row)
{
    bool can_come_back = row && (row->incident.status == TCN_STATUS_OPEN ||
                                 row->n_engagements + TCN_ENGAGEMENTS_MAX <= TCN_ENGAGEMENTS_CAP);

    return row == k->incident && can_come_back ? ECHO_WINDOW : 0;
}

void alarms_fire_echoes(struct world *w, struct key_row *k)
{
    int64_t now = now_of(w);

    if (k->echo_due != 0 && k->echo_due <= now) {
        k->echo_due = 0;
        k->told_firing = true;
        w->echoes++;
    }
    for (size_t i = 0; i < MAX_MEMBERS; i++) {
        struct member *m = &k->members[i];

        if (m->echo_due == 0 || m->echo_due > now)
            continue;
        m->echo = m->echo_due = 0;
        m->told_firing = k->told_firing = true;
        m->heard = now;
        w->echoes++;
    }
}

/* Whatever is held back has its time, and the timer of its incident comes no later. */
static void check_echoes(struct world *w, const struct key_row *k)
{
    int64_t due = k->echo_due;

    for (size_t i = 0; i < MAX_MEMBERS; i++)
        if (k->members[i].echo_due != 0 && (due == 0 || k->members[i].echo_due < due))
            due = k->members[i].echo_due;
    if (w->is_exact && due != k->lane.echo_due_ms)
        fail(w, "%s has an echo due at %lld, not at %lld", k->name, (long long)k->lane.echo_due_ms,
             (long long)due);
    if (k->lane.echo_due_ms != 0 &&
        (!k->incident || k->incident->due_ms == 0 || k->incident->due_ms > k->lane.echo_due_ms))
        fail(w, "%s has an echo that no timer knows of", k->name);
}

/* What is muted is looked at soon, since another node may have ended the mute. */
static void check_waits(struct world *w, const struct key_row *k)
{
    if (k->waiting.kind != TCN_WAITING_MUTED)
        return;
    if (w->is_exact && k->waiting.due_ms > now_of(w) + MIN)
        fail(w, "%s is muted and looked at in %lld ms only", k->name,
             (long long)(k->waiting.due_ms - now_of(w)));
    if (k->waiting.since_ms == 0)
        fail(w, "%s is muted since no time", k->name);
}

/* An alarm that fires has an open incident, or a person who resolved it, or is muted; one that is OK holds none open. */
void alarms_check(struct world *w, const struct key_row *k)
{
    const struct incident_row *row = k->incident;
    struct tcn_aggregate others;

    check_echoes(w, k);
    check_waits(w, k);
    if (!w->is_exact)
        return;
    if (k->lane.is_firing != k->told_firing)
        fail(w, "%s %s, and was told otherwise", k->name, k->lane.is_firing ? "fires" : "is OK");
    if (!row)
        return;
    if (k->lane.is_firing && row->incident.status != TCN_STATUS_OPEN && !row->person_resolved &&
        k->waiting.kind != TCN_WAITING_MUTED)
        fail(w, "%s fires without an open incident", k->name);
    row_others(row, k, &others);
    if (!k->lane.is_firing && k->lane.resolve_due_ms == 0 && !others.others_hold &&
        row->incident.status == TCN_STATUS_OPEN && !row->person_reopened &&
        row->incident.source_name)
        fail(w, "%s is OK and its incident is open", k->name);
}

/* -- delivery ------------------------------------------------------------------------------------------------ */

struct delivery {
    const struct tcn_alarm *alarm;
    const struct tcn_waiting
        *waiting; /* what was muted is looked at; NULL: it comes from its sender */
    int source;
    struct tcn_id new_id;
    struct tcn_aggregate storm;
    bool has_storm; /* one runs: it is loaded */
};

static void load_storm(struct world *w, void *ctx)
{
    struct delivery *delivery = ctx;
    const struct incident_row *running = row_find(w, w->storms[delivery->source].incident);

    delivery->has_storm = running != NULL;
    if (!running)
        return;
    if (w->options.store)
        w->options.store->load_storm(w, running, &delivery->storm);
    else
        store_load(w, NULL, running, &delivery->storm);
    trace_aggregate(w, &delivery->storm);
}

static enum tcn_intake decide(struct world *w, struct tcn_aggregate *a, void *ctx,
                              struct tcn_decision *d)
{
    struct delivery *delivery = ctx;
    const struct tcn_intake_input in = {.alarm = delivery->alarm,
                                        .policy = &w->policies[delivery->source],
                                        .directory = &w->directory,
                                        .mutes = mutes_now(w),
                                        .new_id = delivery->new_id,
                                        .salt = 7,
                                        .now_ms = now_of(w)};

    struct tcn_aggregate *storm = delivery->has_storm ? &delivery->storm : NULL;

    return delivery->waiting ? tcn_engine_unmute(&in, delivery->waiting, a,
                                                 &w->storms[delivery->source], storm, d)
                             : tcn_engine_alarm(&in, a, &w->storms[delivery->source], storm, d);
}

static struct tcn_alarm alarm_of(struct world *w, const struct key_row *k, const struct pending *p,
                                 struct tcn_item *items)
{
    static struct tcn_tag team = {"team", "shop"};
    struct tcn_alarm alarm = {.source = w->policies[k->source].name,
                              .dedupe_key = k->name,
                              .action = p->action,
                              .state = "STATE",
                              .clock_ms = k->source == GROUP ? last_end(p) : p->clock,
                              .title = p->wording ? "title" : "title in other words",
                              .summary = "summary",
                              .impact = 3,
                              .tags = &team,
                              .n_tags = 1,
                              .raw = TCN_STR("{}"),
                              .is_group = k->source == GROUP,
                              .is_truncated = p->is_truncated,
                              .items = items};

    for (size_t i = 0; i < MAX_MEMBERS; i++)
        if (p->members & 1u << i)
            items[alarm.n_items++] = (struct tcn_item){
                .key = k->member_names[i],
                .status = p->states[i].is_firing ? TCN_ITEM_FIRING : TCN_ITEM_RESOLVED,
                .since_ms = p->states[i].since,
                .ended_ms = p->states[i].is_firing ? 0 : p->states[i].ended,
            };
    return alarm;
}

/* As the program loads it: the lane's incident if that is open, else an open one with the dedupe string, else the
 * lane's last. */
static struct incident_row *incident_for(struct world *w, const struct key_row *k,
                                         const struct tcn_alarm *alarm)
{
    struct incident_row *row = k->incident, *open;
    struct tcn_buf b;

    if (row && row->incident.status == TCN_STATUS_OPEN)
        return row;
    tcn_buf_init(&b, 4096);
    tcn_engine_dedupe_string(
        alarm, tcn_directory_plan(&w->directory, w->policies[k->source].response_plan),
        &w->policies[k->source], &b);
    open = row_open_of(w, b.ptr);
    tcn_buf_done(&b);
    return open ? open : row;
}

static void count(struct world *w, enum tcn_intake verdict, int source)
{
    w->verdicts[verdict]++;
    if (verdict == TCN_INTAKE_OPENED && w->n_alone[source] < 4096)
        w->alone[source][w->n_alone[source]++] = now_of(w);
}

static enum tcn_intake run_turn(struct world *w, struct key_row *k, struct incident_row *row,
                                struct delivery *delivery)
{
    struct incident_row *before = k->lane.echo_due_ms ? k->incident : NULL;
    const struct turn t = {.key = k,
                           .row = row,
                           .prepare = load_storm,
                           .decide = decide,
                           .ctx = delivery,
                           .borrows = delivery->waiting != NULL,
                           .alarm = delivery->alarm,
                           .policy = &w->policies[k->source],
                           .storm = &w->storms[k->source],
                           .left = before};

    return turn_run(w, &t);
}

static void expect_nothing(struct world *w, struct key_row *k, const struct delivery *delivery)
{
    struct delivery copy = *delivery;
    bool is_newest = k->told_clock <= delivery->alarm->clock_ms;
    enum tcn_intake verdict = run_turn(w, k, incident_for(w, k, delivery->alarm), &copy);

    /* An update of an alarm that is OK says nothing about an incident, the first time and the second. */
    if (w->is_exact && is_newest && verdict != TCN_INTAKE_NOTHING &&
        !(verdict == TCN_INTAKE_IGNORED && delivery->alarm->action == TCN_ACTION_UPDATE))
        fail(w, "an immediate repeat of %s was news: %d", k->name, verdict);
}

/* Whoever was woken for the incident before must be woken again when the alarm brings it back. */
static void check_engaged(struct world *w, const struct key_row *k, enum tcn_intake verdict,
                          size_t before)
{
    const struct tcn_response_plan *plan =
        tcn_directory_plan(&w->directory, w->policies[k->source].response_plan);
    bool is_due = verdict == TCN_INTAKE_OPENED || verdict == TCN_INTAKE_REOPENED;

    if (is_due && k->incident->n_engagements !=
                      plan->n_engagements + (verdict == TCN_INTAKE_REOPENED ? before : 0))
        fail(w, "%s was opened or reopened without engaging everybody", k->name);
}

/* Nobody is woken while a mute holds, and nothing is held back without one. */
static void check_muted(struct world *w, const struct key_row *k, enum tcn_intake verdict)
{
    bool is_woken = verdict == TCN_INTAKE_OPENED || verdict == TCN_INTAKE_REOPENED ||
                    verdict == TCN_INTAKE_STORM;
    bool is_muted = mutes_hold(w, k);

    if (is_muted && is_woken)
        fail(w, "%s is muted and opened something", k->name);
    if (!is_muted && verdict == TCN_INTAKE_MUTED)
        fail(w, "%s is held back by no mute", k->name);
}

/* What is open again is not what a person resolved. */
static void note_open(struct key_row *k)
{
    if (k->incident && k->incident->incident.status == TCN_STATUS_OPEN)
        k->incident->person_resolved = false;
}

static void note_verdict(struct world *w, struct key_row *k, enum tcn_intake verdict,
                         size_t engaged)
{
    count(w, verdict, k->source);
    check_muted(w, k, verdict);
    check_engaged(w, k, verdict, engaged);
    w->flapped += k->lane.is_flapping;
    note_open(k);
    alarms_check(w, k);
}

enum tcn_intake alarms_turn(struct world *w, struct key_row *k, const struct tcn_alarm *alarm,
                            turn_decide *own, void *ctx)
{
    struct incident_row *row = incident_for(w, k, alarm);
    size_t engaged = row ? row->n_engagements : 0;
    const struct turn t = {.key = k,
                           .row = row,
                           .decide = own,
                           .ctx = ctx,
                           .borrows = true,
                           .alarm = alarm,
                           .policy = &w->policies[k->source],
                           .storm = &w->storms[k->source],
                           .left = k->lane.echo_due_ms ? k->incident : NULL};
    enum tcn_intake verdict = turn_run(w, &t);

    w->verdicts[verdict]++;
    check_muted(w, k, verdict);
    check_engaged(w, k, verdict, engaged);
    note_open(k);
    return verdict;
}

void alarms_look(struct world *w, struct key_row *k)
{
    const struct tcn_waiting waiting = k->waiting;
    const struct tcn_alarm alarm = tcn_waiting_alarm(&waiting);
    struct delivery delivery = {.alarm = &alarm, .waiting = &waiting, .source = k->source};
    struct incident_row *row = incident_for(w, k, &alarm);
    size_t engaged = row ? row->n_engagements : 0;

    delivery.new_id = tcn_id_child((struct tcn_id){{4}}, "incident", rng_next(&w->rng));
    w->looks++;
    note_verdict(w, k, run_turn(w, k, row, &delivery), engaged);
}

void alarms_deliver(struct world *w, const struct pending *p)
{
    struct key_row *k = &w->keys[p->key];
    struct tcn_item items[MAX_MEMBERS];
    struct tcn_alarm alarm = alarm_of(w, k, p, items);
    struct delivery delivery = {.alarm = &alarm, .source = k->source};
    struct incident_row *row = incident_for(w, k, &alarm);
    size_t engaged = row ? row->n_engagements : 0;
    uint64_t salt = rng_next(&w->rng);

    delivery.new_id = tcn_id_child((struct tcn_id){{1}}, "incident", salt);
    note(k, p, window_of(k, row), now_of(w));
    note_verdict(w, k, run_turn(w, k, row, &delivery), engaged);
    if (rng_chance(&w->rng, 10) && k->source != GROUP) {
        delivery.new_id = tcn_id_child((struct tcn_id){{2}}, "incident", salt);
        expect_nothing(w, k, &delivery);
        alarms_check(w, k);
    }
}
