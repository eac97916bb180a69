/* Any sequence of alarms, answers, edits, timers and clock changes. Beyond "no crash": the invariants hold after every
 * decision, a decision repeats itself, nobody is paged twice for one send number, and a repeat writes nothing.
 *
 * Input: operations of four bytes: kind, then three of arguments. */
#include "engine/engine.h"
#include "engine/wake.h"

#include <stdio.h>
#include <stdlib.h>

#define START INT64_C(1785690000000)
#define MIN INT64_C(60000)
#define OPS_MAX 150
#define KEYS 3
#define ITEMS 4
#define STAGES 7 /* of all plans */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What one key has, as the store would keep it. */
struct slot {
    struct tcn_aggregate a;
    struct tcn_waiting waiting; /* without a due_ms there is no row */
};

struct world {
    struct tcn_arena arena;
    struct tcn_contact contacts[3];
    struct tcn_channel channels[2][2];
    struct tcn_response_plan plan;
    struct tcn_target targets[STAGES];
    struct tcn_stage stages[STAGES];
    size_t n_stages;
    struct tcn_directory directory;
    struct tcn_source_policy policy;
    struct tcn_mute mute;
    struct tcn_mutes mutes; /* it, or none */
    struct tcn_storm storm;
    struct tcn_aggregate storm_a;
    struct slot slots[KEYS];
    int64_t now;
    unsigned n_ids;
};

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* With one target. The plan of a contact is the next places of the world's. */
static void add_stage(struct world *w, struct tcn_contact *c, int64_t duration_ms,
                      struct tcn_target target)
{
    size_t at = w->n_stages++;

    w->targets[at] = target;
    w->stages[at] = (struct tcn_stage){duration_ms, &w->targets[at], 1};
    if (c->plan.n_stages++ == 0)
        c->plan.stages = &w->stages[at];
}

static void add_person(struct world *w, size_t at, const char *alias)
{
    static const char *const names[] = {"email", "sms"};
    struct tcn_contact *c = &w->contacts[at];

    *c = (struct tcn_contact){
        .alias = alias, .type = TCN_PERSONAL, .channels = w->channels[at], .n_channels = 2};
    for (size_t i = 0; i < 2; i++) {
        w->channels[at][i] = (struct tcn_channel){.contact = alias,
                                                  .name = names[i],
                                                  .type = (enum tcn_channel_type)(TCN_EMAIL + i),
                                                  .is_activated = true};
        add_stage(w, c, (int64_t)(i + at) * 2 * MIN,
                  (struct tcn_target){.channel = names[i], .retry_ms = MIN});
    }
}

static void add_escalation(struct world *w)
{
    struct tcn_contact *c = &w->contacts[2];

    *c = (struct tcn_contact){.alias = "esc", .type = TCN_ESCALATION};
    for (size_t i = 0; i < 3; i++)
        add_stage(w, c, 3 * MIN,
                  (struct tcn_target){.contact = i == 1 ? "bob" : "ann", .is_essential = i == 0});
}

static void set_up(struct world *w)
{
    tcn_arena_init(&w->arena, 256u << 20);
    w->now = START;
    add_person(w, 0, "ann");
    add_person(w, 1, "bob");
    add_escalation(w);
    w->plan = (struct tcn_response_plan){
        .name = "p", .title = "t", .impact = 3, .engagements = {"esc", "ann"}, .n_engagements = 2};
    w->directory = (struct tcn_directory){.account_id = "111122223333",
                                          .region = "us-east-1",
                                          .contacts = w->contacts,
                                          .n_contacts = 3,
                                          .plans = &w->plan,
                                          .n_plans = 1};
    w->policy = (struct tcn_source_policy){.name = "s",
                                           .source = "s",
                                           .response_plan = "p",
                                           .resolves = true,
                                           .reopen_window_ms = 15 * MIN,
                                           .mute_window_ms = 60 * MIN,
                                           .echo_window_ms = MIN,
                                           .flap_count = 4,
                                           .flap_quiet_ms = 5 * MIN,
                                           .flap_update_ms = 10 * MIN,
                                           .storm_new = 2,
                                           .storm_window_ms = 30 * MIN};
}

static void begin(struct world *w, struct tcn_decision *d)
{
    tcn_decision_init(d, &w->arena);
    d->directory = &w->directory;
}

static void check(struct world *w, const struct tcn_decision *d)
{
    struct tcn_err err;

    if (tcn_engine_invariant(d->subject, w->now, &err) < 0) {
        fprintf(stderr, "%s\n", err.msg);
        abort();
    }
    must(d->next_due_ms == tcn_engine_next_due(d->subject));
    must(d->incident_changed || (d->events.n == 0 && d->sends.n == 0 && d->receipts.n == 0));
    for (size_t i = 0; i < d->sends.n; i++)
        for (size_t k = 0; k < i; k++)
            must(!tcn_id_eq(d->sends.items[i].id, d->sends.items[k].id));
    for (size_t i = 0; i < d->subject->n_engagements; i++)
        d->subject->engagements[i].is_dirty = false;
}

static struct tcn_alarm make_alarm(const uint8_t op[4], struct tcn_item *items, int64_t now)
{
    static const char *const keys[KEYS] = {"k0", "k1", "k2"};
    struct tcn_alarm alarm = {.source = "s",
                              .dedupe_key = keys[op[1] % KEYS],
                              .action = (enum tcn_action)(op[2] % 5),
                              .state = "S",
                              .title = op[2] & 32 ? "one" : "two",
                              .impact = op[2] >> 6,
                              .items = items,
                              .raw = TCN_STR("{}")};

    if (op[2] & 16)
        alarm.clock_ms = now - (int64_t)(op[3] % 16) * MIN / 4;
    alarm.is_group = op[1] & 16;
    alarm.is_truncated = op[1] & 32;
    alarm.n_items = alarm.is_group ? (size_t)(op[1] >> 6) + 1 : 0;
    for (size_t i = 0; i < alarm.n_items; i++) {
        static const char *const item_keys[ITEMS] = {"a", "b", "c", "d"};

        items[i] = (struct tcn_item){.key = item_keys[(op[3] >> i) % ITEMS],
                                     .status = (enum tcn_item_status)((op[3] >> (2 * i)) & 3),
                                     .since_ms = START + (int64_t)(op[3] >> 5) * MIN,
                                     .ended_ms = op[3] & 8 ? now : 0};
    }
    return alarm;
}

static void keep_row(struct slot *slot, const struct tcn_decision *d)
{
    int64_t since_ms = slot->waiting.due_ms != 0 ? slot->waiting.since_ms : 0;

    if (!d->waiting_changed)
        return;
    slot->waiting = d->waiting;
    if (slot->waiting.since_ms == 0)
        slot->waiting.since_ms = since_ms;
}

/* What is muted is looked at again. */
static void check_rows(const struct world *w)
{
    for (size_t i = 0; i < KEYS; i++)
        must(w->slots[i].a.lane.mute_until_ms == 0 || w->slots[i].waiting.due_ms != 0);
}

static bool wrote(const struct tcn_decision *d)
{
    return d->lane_changed || d->incident_changed || d->storm_changed || d->tickets_due;
}

static enum tcn_intake deliver(struct world *w, const struct tcn_alarm *alarm,
                               struct tcn_aggregate *a, struct tcn_decision *d)
{
    const struct tcn_intake_input in = {.alarm = alarm,
                                        .policy = &w->policy,
                                        .directory = &w->directory,
                                        .mutes = &w->mutes,
                                        .new_id =
                                            tcn_id_child((struct tcn_id){{1}}, "i", ++w->n_ids),
                                        .now_ms = w->now};
    bool is_member =
        w->storm_a.incident.exists && tcn_id_eq(a->incident.id, w->storm_a.incident.id);
    enum tcn_intake verdict;

    begin(w, d);
    verdict = tcn_engine_alarm(&in, a, &w->storm,
                               w->storm_a.incident.exists && !is_member ? &w->storm_a : NULL, d);
    must(verdict != TCN_INTAKE_UNSET);
    must(verdict != TCN_INTAKE_NOTHING || !wrote(d));
    must(verdict != TCN_INTAKE_MUTED || (d->waiting_changed && d->waiting.due_ms > w->now));
    check(w, d);
    for (size_t i = 0; i < KEYS; i++)
        if (a == &w->slots[i].a)
            keep_row(&w->slots[i], d);
    if (verdict == TCN_INTAKE_STORM && d->incident_opened)
        w->storm_a = *d->subject;
    return verdict;
}

/* An alarm, and at times the same again at once: then it is no news. */
static void alarm_op(struct world *w, const uint8_t op[4])
{
    struct tcn_item items[ITEMS];
    struct tcn_alarm alarm = make_alarm(op, items, w->now);
    struct tcn_aggregate *a = &w->slots[op[1] % KEYS].a;
    struct tcn_decision d;
    enum tcn_intake verdict = deliver(w, &alarm, a, &d);

    if (alarm.action != TCN_ACTION_FIRE || alarm.is_group || verdict == TCN_INTAKE_LATE ||
        verdict == TCN_INTAKE_STORM || verdict == TCN_INTAKE_IGNORED)
        return;
    must(deliver(w, &alarm, a, &d) == TCN_INTAKE_NOTHING);
}

static void timer_op(struct world *w, struct tcn_aggregate *a)
{
    struct tcn_decision d;

    if (!a->incident.exists)
        return;
    begin(w, &d);
    tcn_engine_timer(a, &w->policy, &w->directory, 7, w->now, &d);
    check(w, &d);
    must(d.next_due_ms == 0 || d.next_due_ms > w->now);
    begin(w, &d);
    tcn_engine_timer(a, &w->policy, &w->directory, 7, w->now, &d);
    must(!wrote(&d));
}

static void fail_op(struct world *w, struct tcn_aggregate *a, struct tcn_id page,
                    const uint8_t op[4], struct tcn_decision *d)
{
    const struct tcn_send_failure failure = {page, 1 + op[1] % 4, "n", op[1] & 8};

    tcn_engine_send_failed(a, &failure, w->now, d);
    must(d->again_ms == 0 || (d->again_ms > w->now && a->incident.status == TCN_STATUS_OPEN &&
                              a->incident.acknowledged_ms == 0));
}

static void answer_op(struct world *w, struct tcn_aggregate *a, const uint8_t op[4])
{
    struct tcn_id page = {{0}};
    struct tcn_decision d;

    if (a->n_engagements > 0 && op[2] != 255) {
        const struct tcn_engagement *e = &a->engagements[op[2] % a->n_engagements];

        if (e->n_pages > 0)
            page = e->pages[op[3] % e->n_pages].id;
    }
    begin(w, &d);
    if (op[1] & 64) {
        if (op[1] & 32)
            tcn_engine_send_late(a, page, w->now, &d);
        else if (op[1] & 16)
            fail_op(w, a, page, op, &d);
        else
            tcn_engine_send_result(a, page, (enum tcn_receipt_type)(op[3] % 6), "n", w->now, &d);
        tcn_engine_pages(a, &w->directory, 7, w->now, &d);
    } else {
        tcn_engine_acknowledge(a, page, "contact:ann", "n", w->now, &d);
    }
    if (d.subject->incident.exists && wrote(&d))
        check(w, &d);
}

static void edit_op(struct world *w, struct tcn_aggregate *a, const uint8_t op[4])
{
    const struct tcn_incident_update u = {.status = (enum tcn_incident_status)(op[2] % 3),
                                          .title = op[2] & 8 ? "by a person" : NULL,
                                          .impact = op[2] >> 5,
                                          .resolution = {.code = op[2] & 16 ? "wont_fix" : NULL},
                                          .actor = "user:x"};
    struct tcn_decision d;

    if (!a->incident.exists)
        return;
    begin(w, &d);
    if (op[3] & 1) {
        if (tcn_engine_note(a, "note", "user:x", w->now, &d, NULL) == 0)
            check(w, &d);
    } else if (tcn_engine_update(a, &u, w->now, &d, NULL) == 0) {
        check(w, &d);
    }
}

/* -- mutes, and who is engaged ---------------------------------------------------------------------------------- */

static void mute_op(struct world *w, const uint8_t op[4])
{
    static const char *const any[] = {"*"};
    static const struct tcn_matcher all = {"source", any, 1};

    w->mute = (struct tcn_mute){.id = {{7}},
                                .match = {&all, 1},
                                .owner = "o",
                                .start_ms = w->now,
                                .end_ms = w->now + (int64_t)op[3] * MIN / 8};
    w->mutes = (struct tcn_mutes){&w->mute, op[2] & 1};
    for (size_t i = 0; i < KEYS && w->mutes.n == 0; i++) /* it was ended early */
        if (w->slots[i].waiting.due_ms > w->now)
            w->slots[i].waiting.due_ms = w->now;
}

static void look_op(struct world *w, struct slot *slot)
{
    const struct tcn_waiting row = slot->waiting;
    const struct tcn_alarm alarm = tcn_waiting_alarm(&row);
    const struct tcn_intake_input in = {.alarm = &alarm,
                                        .policy = &w->policy,
                                        .directory = &w->directory,
                                        .mutes = &w->mutes,
                                        .new_id =
                                            tcn_id_child((struct tcn_id){{1}}, "i", ++w->n_ids),
                                        .now_ms = w->now};
    struct tcn_decision d;
    enum tcn_intake verdict;

    if (row.due_ms == 0 || row.due_ms > w->now)
        return;
    begin(w, &d);
    verdict = tcn_engine_unmute(&in, &row, &slot->a, NULL, NULL, &d);
    check(w, &d);
    must(d.waiting_changed && verdict != TCN_INTAKE_UNSET);
    must((verdict == TCN_INTAKE_MUTED) == (d.waiting.due_ms > w->now));
    keep_row(slot, &d);
}

static void engage_op(struct world *w, struct tcn_aggregate *a, const uint8_t op[4])
{
    static const char *const names[] = {"ann", "bob", "esc", "nobody"};
    const struct tcn_engage more = {names[op[2] % 4], "user:x", NULL, NULL};
    struct tcn_decision d;
    struct tcn_err err;

    begin(w, &d);
    if (tcn_engine_engage(a, &more, &w->directory, 7, w->now, &d, &err) == 0)
        check(w, &d);
}

static void disengage_op(struct world *w, struct tcn_aggregate *a, const uint8_t op[4])
{
    struct tcn_disengage less = {.actor = "user:x", .reason = op[3] & 1 ? "r" : NULL};
    struct tcn_decision d;

    if (a->n_engagements == 0)
        return;
    less.engagement = a->engagements[op[2] % a->n_engagements].id;
    begin(w, &d);
    must(tcn_engine_disengage(a, &less, w->now, &d) == 0);
    check(w, &d);
    must(a->engagements[op[2] % a->n_engagements].stop_ms != 0);
}

static void accept_op(struct world *w, struct tcn_aggregate *a, const uint8_t op[4])
{
    const struct tcn_engagement *e =
        a->n_engagements > 0 ? &a->engagements[op[2] % a->n_engagements] : NULL;
    struct tcn_accept in = {.type = op[3] & 1 ? TCN_READ : TCN_DELIVERED,
                            .code = "123456",
                            .is_enforced = op[3] & 2,
                            .channel = op[3] & 4 ? "sms" : NULL};
    const struct tcn_page *p;
    struct tcn_decision d;
    struct tcn_err err;

    if (!e || e->n_pages == 0)
        return;
    p = &e->pages[(op[3] >> 3) % e->n_pages];
    in.page = p->id;
    if (op[1] & 1)
        in.code = p->accept_code;
    begin(w, &d);
    if (tcn_engine_accept(a, &in, &w->directory, w->now, &d, &err) < 0)
        must(!wrote(&d) && in.is_enforced);
    else
        check(w, &d);
}

static void world_op(struct world *w, const uint8_t op[4])
{
    struct tcn_channel *c = &w->channels[op[1] & 1][op[1] >> 1 & 1];

    switch (op[2] % 4) {
    case 0:
        w->now += (int64_t)op[3] * MIN;
        break;
    case 1:
        w->now -= (int64_t)op[3] * MIN / 8;
        break;
    case 2:
        c->is_activated = !c->is_activated;
        break;
    default:
        w->policy.resolve_after_ms = (op[3] & 3) * MIN / 2;
    }
}

/* A storm is kept twice here, for the lane that began it and for those to come: neither knows what the other did. */
static bool is_kept_once(const struct world *w, const struct tcn_aggregate *a)
{
    return !w->storm_a.incident.exists || !tcn_id_eq(a->incident.id, w->storm_a.incident.id);
}

static void run_more(struct world *w, struct tcn_aggregate *a, const uint8_t op[4])
{
    if (op[0] % 5 > 1 && !is_kept_once(w, a))
        return;
    switch (op[0] % 5) {
    case 0:
        mute_op(w, op);
        break;
    case 1:
        look_op(w, &w->slots[op[1] % KEYS]);
        break;
    case 2:
        engage_op(w, a, op);
        break;
    case 3:
        disengage_op(w, a, op);
        break;
    default:
        accept_op(w, a, op);
    }
}

static void run(struct world *w, const uint8_t op[4])
{
    struct tcn_aggregate *a =
        op[1] & 128 && w->storm_a.incident.exists ? &w->storm_a : &w->slots[op[1] % KEYS].a;

    if (op[0] >= 0xc0) {
        run_more(w, a, op);
        return;
    }
    switch (op[0] % 8) {
    case 0:
    case 1:
    case 2:
        alarm_op(w, op);
        break;
    case 3:
    case 4:
        timer_op(w, a);
        break;
    case 5:
        answer_op(w, a, op);
        break;
    case 6:
        edit_op(w, a, op);
        break;
    default:
        world_op(w, op);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *w = calloc(1, sizeof *w);

    must(w != NULL);
    set_up(w);
    for (size_t i = 0; i + 4 <= size && i < (size_t)4 * OPS_MAX; i += 4) {
        run(w, data + i);
        check_rows(w);
    }
    tcn_arena_done(&w->arena);
    free(w);
    return 0;
}
