/* What becomes of messages, and what a page that is lost brings forward. */
#include "engine/page.h"
#include "fixture.h"

enum what { END = 0, REFUSED, LATE, DOUBTED, UNSURE, SENT, DELIVERED, ANSWERED, RESOLVED };

struct happening {
    int64_t at_s;
    enum what what;
    const char *contact, *channel; /* of the newest page of that channel */
};

#define HAPPENINGS 6

/* Plans in short: a stage is its targets and its minutes. Channels are m(ail), s(ms), v(oice); people a(nn), b(ob), c(at),
 * capital when essential. Without an escalation plan ann is engaged herself. */
struct rule {
    const char *name, *ann, *bob, *cat, *escalation;
    struct happening happens[HAPPENINGS];
    const char *want; /* every message of an hour, with its second */
};

static const struct rule rules[] = {
    {"refused: the next channel at once, and its stage has its whole time",
     "m5 s5 v5",
     "",
     "",
     "",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@1 ann.voice@301"},
    {"every channel refused in turn",
     "m5 s5 v5",
     "",
     "",
     "",
     {{1, REFUSED, "ann", "email"}, {2, REFUSED, "ann", "sms"}, {3, REFUSED, "ann", "voice"}},
     "ann.email@0 ann.sms@1 ann.voice@2"},
    {"told twice: the stage is brought forward once",
     "m5 s5 v5",
     "",
     "",
     "",
     {{1, REFUSED, "ann", "email"}, {2, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@1 ann.voice@301"},
    {"one of two channels of a stage refused: the other is on its way",
     "ms5 v5",
     "",
     "",
     "",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@0 ann.voice@300"},
    {"both refused: when the second is",
     "ms5 v5",
     "",
     "",
     "",
     {{1, REFUSED, "ann", "email"}, {9, REFUSED, "ann", "sms"}},
     "ann.email@0 ann.sms@0 ann.voice@9"},
    {"one refused, one sent",
     "ms5 v5",
     "",
     "",
     "",
     {{1, SENT, "ann", "sms"}, {9, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@0 ann.voice@300"},
    {"not taken: half a minute after it began",
     "m5 s5",
     "",
     "",
     "",
     {{2, LATE, "ann", "email"}, {12, LATE, "ann", "email"}},
     "ann.email@0 ann.sms@30"},
    {"not taken at first",
     "m5 s5",
     "",
     "",
     "",
     {{2, LATE, "ann", "email"}, {29, SENT, "ann", "email"}},
     "ann.email@0 ann.sms@300"},
    {"not taken, then refused",
     "m5 s5",
     "",
     "",
     "",
     {{2, LATE, "ann", "email"}, {7, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@7"},
    {"a call that hangs for longer than the patience lasts",
     "m5 s5",
     "",
     "",
     "",
     {{45, LATE, "ann", "email"}},
     "ann.email@0 ann.sms@45"},
    {"in doubt: half a minute after it began",
     "m5 s5",
     "",
     "",
     "",
     {{2, DOUBTED, "ann", "email"}, {12, DOUBTED, "ann", "email"}},
     "ann.email@0 ann.sms@30"},
    {"in doubt for good: the next channel at once",
     "m5 s5",
     "",
     "",
     "",
     {{2, DOUBTED, "ann", "email"}, {4, UNSURE, "ann", "email"}},
     "ann.email@0 ann.sms@4"},
    {"in doubt at first",
     "m5 s5",
     "",
     "",
     "",
     {{2, DOUBTED, "ann", "email"}, {9, SENT, "ann", "email"}},
     "ann.email@0 ann.sms@300"},
    {"in doubt, then not taken",
     "m5 s5",
     "",
     "",
     "",
     {{2, DOUBTED, "ann", "email"}, {4, LATE, "ann", "email"}, {9, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@9"},
    {"what left once is in no doubt by a re-send",
     "M5 s5",
     "",
     "",
     "",
     {{1, SENT, "ann", "email"}, {121, DOUBTED, "ann", "email"}, {122, UNSURE, "ann", "email"}},
     "ann.email@0 ann.email@120 ann.email@240 ann.sms@300"},
    {"not taken, and the stage ends sooner anyway",
     "m0 s5",
     "",
     "",
     "",
     {{2, LATE, "ann", "email"}},
     "ann.email@0 ann.sms@0"},
    {"what left once is not lost by a failing re-send",
     "M5 s5",
     "",
     "",
     "",
     {{1, SENT, "ann", "email"}, {121, REFUSED, "ann", "email"}, {122, LATE, "ann", "email"}},
     "ann.email@0 ann.email@120 ann.email@240 ann.sms@300"},
    {"delivered without a word that it was sent",
     "m5 s5",
     "",
     "",
     "",
     {{1, DELIVERED, "ann", "email"}, {2, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@300"},
    {"the lost channel is tried again while the next one is used",
     "M5 s5",
     "",
     "",
     "",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@1 ann.email@120 ann.email@240"},
    {"a stage that waits is skipped",
     "m5 5 s5",
     "",
     "",
     "",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@1"},
    {"a plan that begins with waiting waits",
     "5 m5 s5",
     "",
     "",
     "",
     {{301, REFUSED, "ann", "email"}},
     "ann.email@300 ann.sms@301"},
    {"a channel that cannot be paged is skipped",
     "m5 x5 s5",
     "",
     "",
     "",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@1"},
    {"nothing but the channel that failed: it keeps its time",
     "m5 m5",
     "",
     "",
     "",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 ann.email@300"},
    {"the channel that failed is left out of a stage that comes early",
     "m5 ms5 m5",
     "",
     "",
     "",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@1 ann.email@301"},
    {"who answered is not paged again",
     "ms5 v5",
     "",
     "",
     "",
     {{1, REFUSED, "ann", "email"}, {2, ANSWERED, "ann", "sms"}, {3, REFUSED, "ann", "sms"}},
     "ann.email@0 ann.sms@0"},
    {"nobody is paged after the end",
     "m5 s5",
     "",
     "",
     "",
     {{1, RESOLVED, NULL, NULL}, {2, REFUSED, "ann", "email"}, {3, LATE, "ann", "email"}},
     "ann.email@0"},
    {"the patience does not outlive the incident",
     "m5 s5",
     "",
     "",
     "",
     {{1, LATE, "ann", "email"}, {2, RESOLVED, NULL, NULL}},
     "ann.email@0"},
    {"escalation: the next person at once, and the one after her in time",
     "m5",
     "m5",
     "m5",
     "a10 b10 c10",
     {{1, REFUSED, "ann", "email"}, {2, SENT, "bob", "email"}},
     "ann.email@0 bob.email@1 cat.email@601"},
    {"escalation: not taken",
     "m5",
     "m5",
     "",
     "a10 b10",
     {{1, LATE, "ann", "email"}},
     "ann.email@0 bob.email@30"},
    {"escalation: her other channels first; its time stands",
     "m5 s5",
     "m5",
     "",
     "a10 b10",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 ann.sms@1 bob.email@600"},
    {"escalation: when the last of them fails",
     "m5 s5",
     "m5",
     "",
     "a10 b10",
     {{1, REFUSED, "ann", "email"}, {4, REFUSED, "ann", "sms"}},
     "ann.email@0 ann.sms@1 bob.email@4"},
    {"escalation: nothing but the failed channel is left to her",
     "m5 m5",
     "m5",
     "",
     "a20 b10",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 bob.email@1 ann.email@300"},
    {"escalation: another person of the stage is reached",
     "m5",
     "m5",
     "m5",
     "ab10 c10",
     {{1, REFUSED, "ann", "email"}, {2, SENT, "bob", "email"}},
     "ann.email@0 bob.email@0 cat.email@600"},
    {"escalation: nobody of the stage is reached",
     "m5",
     "m5",
     "m5",
     "ab10 c10",
     {{1, REFUSED, "ann", "email"}, {2, REFUSED, "bob", "email"}},
     "ann.email@0 bob.email@0 cat.email@2"},
    {"escalation: another person of the stage answered",
     "m5",
     "m5",
     "m5",
     "ab10 c10",
     {{1, ANSWERED, "bob", "email"}, {2, REFUSED, "ann", "email"}},
     "ann.email@0 bob.email@0 cat.email@600"},
    {"escalation: who has no channel that works does not hold the stage",
     "m5",
     "x5",
     "m5",
     "ab10 c10",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 cat.email@1"},
    {"escalation: a stage that can page nobody is waited for",
     "x5",
     "m5",
     "",
     "a10 b10",
     {{0, END, NULL, NULL}},
     "bob.email@600"},
    {"escalation: nobody but who is not reached: it keeps its time",
     "m5",
     "",
     "",
     "a10 a10",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 ann.email@600"},
    {"escalation: the same when her plan is over in an instant",
     "m0",
     "",
     "",
     "a10 a10",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 ann.email@600"},
    {"escalation: somebody else behind such a stage",
     "m5",
     "m5",
     "",
     "a10 a10 b10",
     {{1, REFUSED, "ann", "email"}},
     "ann.email@0 bob.email@1"},
    {"escalation: an essential answer stopped it",
     "m5",
     "ms5",
     "m5",
     "Ab10 c10",
     {{1, ANSWERED, "ann", "email"}, {2, REFUSED, "bob", "email"}, {3, REFUSED, "bob", "sms"}},
     "ann.email@0 bob.email@0 bob.sms@0"},
    {"escalation: round and round",
     "m5",
     "m5",
     "",
     "a5 b5 a5 b5",
     {{1, REFUSED, "ann", "email"}, {2, SENT, "bob", "email"}, {302, REFUSED, "ann", "email"}},
     "ann.email@0 bob.email@1 ann.email@301 bob.email@302"},
};

/* -- the short plans ---------------------------------------------------------------------------------------------- */

static void add_channels(struct tcn_stage *s, const char **at)
{
    for (; **at && !(**at >= '0' && **at <= '9'); ++*at)
        fx_channel(s,
                   **at == 's'   ? "sms"
                   : **at == 'v' ? "voice"
                   : **at == 'x' ? "fax"
                                 : "email",
                   **at == 'M' ? 2 * MIN : 0);
}

static void add_people(struct tcn_stage *s, const char **at)
{
    static const char *const names[] = {"ann", "bob", "cat"};

    for (; **at && !(**at >= '0' && **at <= '9'); ++*at)
        fx_target(s, names[(**at | 32) - 'a'], **at < 'a');
}

static void read_plan(struct tcn_contact *c, const char *text,
                      void (*targets)(struct tcn_stage *s, const char **at))
{
    while (*text) {
        struct tcn_stage *s = fx_stage(c, 0);

        targets(s, &text);
        for (; *text >= '0' && *text <= '9'; text++)
            s->duration_ms = s->duration_ms * 10 + (*text - '0') * MIN;
        text += *text == ' ';
    }
}

static void build(struct fixture *f, const struct rule *rule)
{
    fx_init(f);
    read_plan(fx_contact(f, "ann", TCN_PERSONAL), rule->ann, add_channels);
    read_plan(fx_contact(f, "bob", TCN_PERSONAL), rule->bob, add_channels);
    read_plan(fx_contact(f, "cat", TCN_PERSONAL), rule->cat, add_channels);
    if (*rule->escalation)
        read_plan(fx_contact(f, "esc", TCN_ESCALATION), rule->escalation, add_people);
    fx_engage(f, *rule->escalation ? "esc" : "ann");
}

/* -- an hour ------------------------------------------------------------------------------------------------------ */

static void note_sends(const struct fixture *f, struct tcn_buf *log)
{
    for (size_t i = 0; i < f->d.sends.n; i++) {
        const struct tcn_send *s = &f->d.sends.items[i];

        tcn_buf_fmt(log, "%s%s.%s@%lld", log->len ? " " : "", s->contact, s->channel,
                    (long long)((s->due_ms - T0) / SEC));
    }
}

static void pass(struct fixture *f, int64_t until_ms, struct tcn_buf *log)
{
    int64_t due;

    while ((due = tcn_engine_next_due(&f->a)) != 0 && due < until_ms) {
        f->now = due;
        fx_timer(f);
        note_sends(f, log);
    }
    f->now = until_ms;
}

static struct tcn_id page_of(const struct fixture *f, const struct happening *h)
{
    const struct tcn_engagement *e = &f->a.engagements[0];

    for (size_t i = e->n_pages; i > 0; i--)
        if (strcmp(e->pages[i - 1].contact, h->contact) == 0 &&
            strcmp(e->pages[i - 1].channel, h->channel) == 0)
            return e->pages[i - 1].id;
    fail_msg("%s was not paged by %s", h->contact, h->channel);
    return (struct tcn_id){{0}};
}

static void tell(struct fixture *f, const struct happening *h)
{
    static const enum tcn_receipt_type types[] = {
        [REFUSED] = TCN_ERROR, [SENT] = TCN_SENT, [DELIVERED] = TCN_DELIVERED};
    struct tcn_id page = page_of(f, h);

    fx_begin(f);
    if (h->what == LATE)
        assert_int_equal(tcn_engine_send_late(&f->a, page, f->now, &f->d), 0);
    else if (h->what == DOUBTED || h->what == UNSURE)
        assert_int_equal(tcn_engine_send_doubted(
                             &f->a, &(struct tcn_send_doubt){page, "no answer", h->what == UNSURE},
                             f->now, &f->d),
                         0);
    else
        assert_int_equal(
            tcn_engine_send_result(&f->a, page, types[h->what], "no such box", f->now, &f->d), 0);
    tcn_engine_pages(&f->a, &f->directory, 7, f->now, &f->d);
    fx_check(f, &f->a);
}

static void happen(struct fixture *f, const struct happening *h)
{
    if (h->what == ANSWERED)
        assert_int_equal(fx_ack(f, page_of(f, h), "contact:x"), 0);
    else if (h->what == RESOLVED)
        assert_int_equal(fx_status(f, TCN_STATUS_RESOLVED, "manual"), 0);
    else
        tell(f, h);
}

static void every_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct fixture f;
        struct tcn_buf log;

        tcn_buf_init(&log, 4096);
        build(&f, &rules[i]);
        fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
        note_sends(&f, &log);
        for (const struct happening *h = rules[i].happens; h->what != END; h++) {
            pass(&f, T0 + h->at_s * SEC, &log);
            happen(&f, h);
            note_sends(&f, &log);
        }
        pass(&f, T0 + HOUR, &log);
        if (strcmp(log.ptr, rules[i].want) != 0)
            fail_msg("%s:\n  sent %s\n  want %s", rules[i].name, log.ptr, rules[i].want);
        tcn_buf_done(&log);
        fx_done(&f);
    }
}

/* One decision holds the failure, the reason, and what comes of it. */
static void a_loss_is_told(void **state)
{
    const struct happening refused = {1, REFUSED, "ann", "email"};
    const struct rule *rule = &rules[0];
    struct fixture f;

    (void)state;
    build(&f, rule);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.now += SEC;
    tell(&f, &refused);
    assert_int_equal(f.d.receipts.n, 1);
    assert_int_equal(f.d.receipts.items[0].type, TCN_ERROR);
    assert_string_equal(f.d.receipts.items[0].note, "no such box");
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "could not page ann by email: no such box"));
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "ann is not reached: stage 2 of the plan"));
    assert_non_null(fx_event(&f, TCN_EVENT_PAGE, "paged ann by sms"));
    assert_int_equal(f.d.sends.n, 1);
    fx_done(&f);
}

/* From when on it is told that nobody is reached, once. */
static const struct {
    struct rule rule; /* want: unused */
    int64_t told_s;   /* -1: never */
} ends[] = {
    {{"the only channel is refused", "m5", "", "", "", {{1, REFUSED, "ann", "email"}}, ""}, 1},
    {{"refused again",
      "m5",
      "",
      "",
      "",
      {{1, REFUSED, "ann", "email"}, {2, REFUSED, "ann", "email"}},
      ""},
     1},
    {{"every re-send is refused",
      "M5",
      "",
      "",
      "",
      {{1, REFUSED, "ann", "email"}, {121, REFUSED, "ann", "email"}},
      ""},
     1},
    {{"there is another channel", "m5 s5", "", "", "", {{1, REFUSED, "ann", "email"}}, ""}, -1},
    {{"the other channel is refused too",
      "m5 s5",
      "",
      "",
      "",
      {{1, REFUSED, "ann", "email"}, {9, REFUSED, "ann", "sms"}},
      ""},
     9},
    {{"the next stage has nothing but what failed",
      "m5 m5",
      "",
      "",
      "",
      {{1, REFUSED, "ann", "email"}},
      ""},
     1},
    {{"another channel that is none", "m5 x5", "", "", "", {{1, REFUSED, "ann", "email"}}, ""}, 1},
    {{"it left", "m5", "", "", "", {{1, SENT, "ann", "email"}}, ""}, -1},
    {{"it left by an earlier stage",
      "m1 s1",
      "",
      "",
      "",
      {{1, SENT, "ann", "email"}, {61, REFUSED, "ann", "sms"}},
      ""},
     -1},
    {{"not taken, and nothing more is heard of it by the end of the stage",
      "m5",
      "",
      "",
      "",
      {{2, LATE, "ann", "email"}, {29, LATE, "ann", "email"}},
      ""},
     300},
    {{"not taken for half a minute",
      "m5",
      "",
      "",
      "",
      {{2, LATE, "ann", "email"}, {31, LATE, "ann", "email"}, {60, REFUSED, "ann", "email"}},
      ""},
     31},
    {{"in doubt", "m5", "", "", "", {{2, DOUBTED, "ann", "email"}}, ""}, 302},
    {{"in doubt for good", "m5", "", "", "", {{2, UNSURE, "ann", "email"}}, ""}, 2},
    {{"answered first",
      "m5",
      "",
      "",
      "",
      {{1, ANSWERED, "ann", "email"}, {2, REFUSED, "ann", "email"}},
      ""},
     -1},
    {{"resolved first",
      "m5",
      "",
      "",
      "",
      {{1, RESOLVED, "ann", "email"}, {2, REFUSED, "ann", "email"}},
      ""},
     -1},
    {{"escalation: there is somebody else",
      "m5",
      "m5",
      "",
      "a5 b5",
      {{1, REFUSED, "ann", "email"}},
      ""},
     -1},
    {{"escalation: everybody is refused",
      "m5",
      "m5",
      "",
      "a5 b5",
      {{1, REFUSED, "ann", "email"}, {4, REFUSED, "bob", "email"}},
      ""},
     4},
    {{"escalation: the first has it",
      "m5",
      "m5",
      "",
      "a1 b1",
      {{1, SENT, "ann", "email"}, {64, REFUSED, "bob", "email"}},
      ""},
     -1},
    {{"escalation: one of two has it",
      "m5",
      "m5",
      "",
      "ab5",
      {{1, REFUSED, "ann", "email"}, {2, SENT, "bob", "email"}},
      ""},
     -1},
    {{"nobody can be paged", "x5", "", "", "", {{0}}, ""}, 0},
    {{"escalation: a stage that can page nobody, then one that can",
      "x5",
      "m5",
      "",
      "a5 b5",
      {{0}},
      ""},
     -1},
};

static void note_told(const struct fixture *f, int64_t *told_s, const char *name)
{
    const struct tcn_event *e = fx_event(f, TCN_EVENT_TOCSIN, "nobody is reached");

    if (!e)
        e = fx_event(f, TCN_EVENT_TOCSIN, "nobody is known to be reached");
    assert_int_equal(f->d.nobody_reached, e != NULL);
    if (!e)
        return;
    if (*told_s >= 0)
        fail_msg("%s: told twice", name);
    assert_true(e->to_tickets);
    assert_int_equal(f->a.incident.unreached_ms, f->now);
    *told_s = (f->now - T0) / SEC;
}

static void pass_and_note(struct fixture *f, int64_t until_ms, int64_t *told_s, const char *name)
{
    int64_t due;

    while ((due = tcn_engine_next_due(&f->a)) != 0 && due < until_ms) {
        f->now = due;
        fx_timer(f);
        note_told(f, told_s, name);
    }
    f->now = until_ms;
}

static void nobody_is_reached(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const struct rule *rule = &ends[i].rule;
        struct fixture f;
        int64_t told_s = -1;

        build(&f, rule);
        fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
        note_told(&f, &told_s, rule->name);
        for (const struct happening *h = rule->happens; h->what != END; h++) {
            pass_and_note(&f, T0 + h->at_s * SEC, &told_s, rule->name);
            happen(&f, h);
            note_told(&f, &told_s, rule->name);
        }
        pass_and_note(&f, T0 + HOUR, &told_s, rule->name);
        if (told_s != ends[i].told_s)
            fail_msg("%s: told at %lld", rule->name, (long long)told_s);
        fx_done(&f);
    }
}

/* What was taken in the end reached somebody; an alarm that fires anew begins anew. */
static void reached_after_all(void **state)
{
    const struct happening late = {2, LATE, "ann", "email"}, sent = {40, SENT, "ann", "email"};
    struct fixture f;

    (void)state;
    build(&f, &ends[0].rule);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.now += 31 * SEC;
    tell(&f, &late);
    assert_int_equal(f.a.incident.unreached_ms, f.now);
    tell(&f, &sent);
    assert_int_equal(f.a.incident.unreached_ms, 0);
    fx_done(&f);
}

/* A message that waits is no failure yet: nobody is told, and the second word of it is no news. */
static void waiting_is_told_by_nobody(void **state)
{
    struct fixture f;
    struct tcn_id page;

    (void)state;
    build(&f, &rules[0]);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    page = f.a.engagements[0].pages[0].id;
    fx_begin(&f);
    assert_int_equal(tcn_engine_send_late(&f.a, page, f.now + SEC, &f.d), 0);
    assert_true(f.d.incident_changed);
    assert_int_equal(f.d.events.n + f.d.receipts.n + f.d.sends.n, 0);
    assert_int_equal(f.d.next_due_ms, T0 + 30 * SEC);
    fx_check(&f, &f.a);
    fx_begin(&f);
    assert_int_equal(tcn_engine_send_late(&f.a, page, f.now + 9 * SEC, &f.d), 0);
    assert_true(fx_wrote_nothing(&f));
    assert_int_equal(tcn_engine_send_late(&f.a, fx_id(99999), f.now, &f.d), TCN_ENOTFOUND);
    fx_done(&f);
}

/* The clock of a machine that was set back. */
static void a_loss_before_the_beginning(void **state)
{
    struct fixture f;
    struct tcn_id page;

    (void)state;
    build(&f, &rules[0]);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    page = f.a.engagements[0].pages[0].id;
    f.now -= MIN;
    fx_begin(&f);
    assert_int_equal(tcn_engine_send_result(&f.a, page, TCN_ERROR, NULL, f.now, &f.d), 0);
    tcn_engine_pages(&f.a, &f.directory, 7, f.now, &f.d);
    fx_check(&f, &f.a);
    assert_int_equal(f.d.sends.n, 0);
    assert_int_equal(f.d.next_due_ms, T0);
    fx_done(&f);
}

/* The timer ends the incident first, and a result that comes at that time leaves it to the timer. */
static void pages_wait_for_a_lane_that_is_due(void **state)
{
    const struct happening refused = {60, REFUSED, "ann", "email"};
    struct fixture f;

    (void)state;
    build(&f, &rules[0]);
    f.policy.resolve_after_ms = MIN;
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, T0 + 1), TCN_INTAKE_WAITING);
    f.now += MIN;
    tell(&f, &refused);
    assert_int_equal(f.d.sends.n, 0);
    fx_timer(&f);
    assert_int_equal(f.d.sends.n, 0);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule),
        cmocka_unit_test(a_loss_is_told),
        cmocka_unit_test(nobody_is_reached),
        cmocka_unit_test(reached_after_all),
        cmocka_unit_test(waiting_is_told_by_nobody),
        cmocka_unit_test(a_loss_before_the_beginning),
        cmocka_unit_test(pages_wait_for_a_lane_that_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
