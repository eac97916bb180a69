/* What is tried on while its person is not reached: a mail server that is away, message by message. */
#include "fixture.h"

#define DAY (24 * HOUR)
#define ROWS 64
#define FOREVER (INT64_MAX / 4)

/* Plans in short as in test_page.c: m(ail), M (every two minutes), s(ms), x (no channel), and minutes; of people their first
 * letters, a capital for whose answer is not essential. */
struct story {
    const char *name, *ann, *bob, *cat,
        *escalation;        /* without an escalation plan ann is engaged herself */
    const char *also;       /* engaged beside it, NULL = nobody */
    const char *answers[2]; /* of people to their page, in this order */
    int64_t answers_s[2];
    int64_t back_s; /* until then the mail server is away; 0 = forever */
    bool has_sms,
        is_refused; /* text messages arrive; the mail server refuses ann when it is back */
    int64_t answered_s, resolved_s; /* by a user; 0 = never */
    int64_t help_s;                 /* then bob is engaged */
    const char
        *want; /* later tries with ?, what arrived with =, what was refused with !, of an hour */
};

static const struct story stories[] = {
    {.name = "tried on, seldomer and seldomer, until it arrives",
     .ann = "m1",
     .back_s = 600,
     .want = "ann.email?123 ann.email?216 ann.email?402 ann.email=702"},
    {.name = "back within the first minute", .ann = "m1", .back_s = 45, .want = "ann.email=45"},
    {.name = "one message of those that were missed",
     .ann = "m0 m0 m1",
     .back_s = 300,
     .want = "ann.email?123 ann.email?216 ann.email=402"},
    {.name = "a later stage takes over, and its message alone",
     .ann = "m5 m5",
     .back_s = 400,
     .want = "ann.email?123 ann.email?216 ann.email=423"},
    {.name = "a re-send takes over", .ann = "M5", .back_s = 500, .want = "ann.email=576"},
    {.name = "everybody who was to be told",
     .ann = "m1",
     .bob = "m1",
     .escalation = "a1 b1",
     .back_s = 300,
     .want = "ann.email?123 bob.email?153 ann.email?216 bob.email?246 ann.email=402 bob.email=432"},
    {.name = "engaged twice, tried once",
     .ann = "m1",
     .escalation = "a1",
     .also = "ann",
     .back_s = 100,
     .want = "ann.email=123"},
    {.name = "another channel reached her",
     .ann = "ms5",
     .has_sms = true,
     .back_s = 600,
     .want = "ann.sms=0"},
    {.name = "who was reached did not answer: the next one must be",
     .ann = "s1",
     .bob = "m1",
     .escalation = "a1 b1",
     .has_sms = true,
     .back_s = 300,
     .want = "ann.sms=0 bob.email?183 bob.email?276 bob.email=462"},
    {.name = "the other channel is refused for good",
     .ann = "ms5",
     .back_s = 100,
     .want = "ann.sms!0 ann.email=123"},
    {.name = "refused for good in the end",
     .ann = "m1",
     .back_s = 100,
     .is_refused = true,
     .want = "ann.email!123"},
    {.name = "answered", .ann = "m1", .answered_s = 130, .want = "ann.email?123"},
    {.name = "answered before the first minute is over", .ann = "m1", .answered_s = 40, .want = ""},
    {.name = "resolved", .ann = "m1", .resolved_s = 130, .want = "ann.email?123"},
    {.name = "who is to be paged whoever answered, is",
     .ann = "s1",
     .bob = "m1",
     .escalation = "A1 b1",
     .has_sms = true,
     .answers = {"ann"},
     .answers_s = {30},
     .back_s = 600,
     .want = "ann.sms=0 bob.email?183 bob.email?276 bob.email?462 bob.email=762"},
    {.name = "an answer that was enough leaves a plan that goes on its time",
     .ann = "s30",
     .bob = "m9",
     .escalation = "ab5",
     .has_sms = true,
     .answers = {"ann"},
     .answers_s = {30},
     .want = "ann.sms=0 bob.email?123 bob.email?216 bob.email?402"},
    {.name = "a later answer that is enough",
     .ann = "s1",
     .bob = "m1",
     .cat = "s1",
     .escalation = "A1 b1 c1",
     .has_sms = true,
     .answers = {"ann", "cat"},
     .answers_s = {30, 190},
     .want = "ann.sms=0 cat.sms=90 bob.email?183"},
    {.name = "engaged by somebody who answered and needs help",
     .ann = "s5",
     .bob = "m1",
     .has_sms = true,
     .answered_s = 30,
     .help_s = 60,
     .back_s = 300,
     .want = "ann.sms=0 bob.email?183 bob.email?276 bob.email=462"},
};

/* A row of the sender. */
struct row {
    struct tcn_id page;
    int64_t send_no, due_ms, since_ms;
    const char *contact, *channel;
    bool is_over, is_repeated;
};

struct desk {
    struct fixture f;
    const struct story *story;
    struct row rows[ROWS];
    size_t n;
    struct tcn_buf log;
    size_t n_promises, n_reached; /* on the timeline */
};

static const char *name_of(char letter)
{
    return letter == 'a' || letter == 'A' ? "ann" : letter == 'c' || letter == 'C' ? "cat" : "bob";
}

static void read_plan(struct tcn_contact *c, const char *text, bool is_of_people)
{
    while (text && *text) {
        struct tcn_stage *s = fx_stage(c, 0);

        for (; *text && !(*text >= '0' && *text <= '9'); text++)
            if (is_of_people)
                fx_target(s, name_of(*text), *text >= 'a');
            else
                fx_channel(s, *text == 's' ? "sms" : "email", *text == 'M' ? 2 * MIN : 0);
        for (; *text >= '0' && *text <= '9'; text++)
            s->duration_ms = s->duration_ms * 10 + (*text - '0') * MIN;
        text += *text == ' ';
    }
}

/* What a transaction writes of a decision: drops first. */
static void write(struct desk *k)
{
    const struct tcn_decision *d = &k->f.d;

    for (size_t i = 0; i < d->drops.n; i++)
        for (size_t r = 0; r < k->n; r++)
            k->rows[r].is_over |= tcn_id_eq(k->rows[r].page, d->drops.items[i].page);
    for (size_t i = 0; i < d->sends.n; i++) {
        const struct tcn_send *s = &d->sends.items[i];

        assert_true(k->n < ROWS);
        k->rows[k->n++] = (struct row){.page = s->page,
                                       .send_no = s->send_no,
                                       .due_ms = s->due_ms,
                                       .since_ms = s->due_ms,
                                       .contact = s->contact,
                                       .channel = s->channel};
    }
    for (size_t i = 0; i < d->events.n; i++) {
        k->n_promises += strstr(d->events.items[i].text, "tried again in a minute") != NULL;
        k->n_reached += strstr(d->events.items[i].text, "is reached by email after all") != NULL;
    }
}

static void log_row(struct desk *k, const struct row *r, char what)
{
    tcn_buf_fmt(&k->log, "%s%s.%s%c%lld", k->log.len ? " " : "", r->contact, r->channel, what,
                (long long)((k->f.now - T0) / SEC));
}

static void begin(struct desk *k)
{
    fx_begin(&k->f);
}

static void end(struct desk *k)
{
    struct fixture *f = &k->f;

    tcn_engine_pages(&f->a, &f->directory, 7, f->now, &f->d);
    fx_check(f, &f->a);
    write(k);
}

static void result(struct desk *k, struct row *r, enum tcn_receipt_type type)
{
    struct fixture *f = &k->f;

    r->is_over = true;
    log_row(k, r, type == TCN_SENT ? '=' : '!');
    begin(k);
    assert_int_equal(tcn_engine_send_result(&f->a, r->page, type, "550", f->now, &f->d), 0);
    end(k);
}

static void failure(struct desk *k, struct row *r)
{
    struct fixture *f = &k->f;
    const struct tcn_send_failure failure = {r->page, r->send_no, "no connection", r->is_repeated};

    if (r->is_repeated)
        log_row(k, r, '?');
    begin(k);
    assert_int_equal(tcn_engine_send_failed(&f->a, &failure, f->now, &f->d), 0);
    r->is_repeated = true;
    r->is_over |= f->d.again_ms == 0;
    if (f->d.again_ms != 0)
        assert_in_range(f->d.again_ms - f->now, MIN, 5 * MIN);
    r->due_ms = f->d.again_ms;
    end(k);
}

/* A first message is tried for 63 s, of which the engine hears once; a later try is a single one. */
static void attempt(struct desk *k, struct row *r)
{
    const struct story *s = k->story;
    struct fixture *f = &k->f;
    int64_t back = s->back_s ? T0 + s->back_s * SEC : FOREVER;

    if (strcmp(r->channel, "sms") == 0)
        result(k, r, s->has_sms ? TCN_SENT : TCN_ERROR);
    else if (f->now >= back)
        result(k, r, s->is_refused ? TCN_ERROR : TCN_SENT);
    else if (r->is_repeated || f->now == r->since_ms + 63 * SEC)
        failure(k, r);
    else {
        begin(k);
        assert_int_equal(tcn_engine_send_late(&f->a, r->page, f->now, &f->d), 0);
        r->due_ms = back < r->since_ms + 63 * SEC ? back : r->since_ms + 63 * SEC;
        end(k);
    }
}

static struct row *next_row(struct desk *k)
{
    struct row *best = NULL;

    for (size_t i = 0; i < k->n; i++)
        if (!k->rows[i].is_over && (!best || k->rows[i].due_ms < best->due_ms))
            best = &k->rows[i];
    return best;
}

static void run(struct desk *k, int64_t until_ms)
{
    for (;;) {
        struct row *r = next_row(k);
        int64_t timer = tcn_engine_next_due(&k->f.a);
        bool is_timer = timer != 0 && (!r || timer <= r->due_ms);
        int64_t at = is_timer ? timer : r ? r->due_ms : until_ms;

        if (at >= until_ms)
            break;
        k->f.now = at > k->f.now ? at : k->f.now;
        if (!is_timer) {
            attempt(k, r);
            continue;
        }
        fx_timer(&k->f);
        write(k);
    }
    k->f.now = until_ms;
}

static void open_desk(struct desk *k, const struct story *story)
{
    *k = (struct desk){.story = story};
    tcn_buf_init(&k->log, 65536);
    fx_init(&k->f);
    read_plan(fx_contact(&k->f, "ann", TCN_PERSONAL), story->ann, false);
    read_plan(fx_contact(&k->f, "bob", TCN_PERSONAL), story->bob, false);
    read_plan(fx_contact(&k->f, "cat", TCN_PERSONAL), story->cat, false);
    if (story->escalation)
        read_plan(fx_contact(&k->f, "esc", TCN_ESCALATION), story->escalation, true);
    fx_engage(&k->f, story->escalation ? "esc" : "ann");
    if (story->also)
        fx_engage(&k->f, story->also);
    fx_alarm_at(&k->f, TCN_ACTION_FIRE, T0);
    write(k);
}

static void close_desk(struct desk *k)
{
    tcn_buf_done(&k->log);
    fx_done(&k->f);
}

static void engage_bob(struct desk *k)
{
    const struct tcn_engage help = {"bob", "contact:ann", NULL, NULL};
    struct fixture *f = &k->f;

    run(k, T0 + k->story->help_s * SEC);
    begin(k);
    assert_int_equal(tcn_engine_engage(&f->a, &help, &f->directory, 7, f->now, &f->d, NULL), 0);
    end(k);
}

static void answer(struct desk *k)
{
    for (size_t i = 0; i < 2 && k->story->answers[i]; i++) {
        run(k, T0 + k->story->answers_s[i] * SEC);
        assert_int_equal(fx_ack(&k->f, fx_page_of(&k->f, k->story->answers[i])->id, "x"), 0);
        write(k);
    }
    if (k->story->answered_s) {
        run(k, T0 + k->story->answered_s * SEC);
        assert_int_equal(fx_ack(&k->f, (struct tcn_id){{0}}, "user:u"), 0);
        write(k);
    }
    if (k->story->help_s)
        engage_bob(k);
    if (k->story->resolved_s) {
        run(k, T0 + k->story->resolved_s * SEC);
        assert_int_equal(fx_status(&k->f, TCN_STATUS_RESOLVED, "manual"), 0);
        write(k);
    }
}

static void every_story(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct desk k;

        open_desk(&k, &stories[i]);
        answer(&k);
        run(&k, T0 + HOUR);
        if (strcmp(k.log.ptr ? k.log.ptr : "", stories[i].want) != 0)
            fail_msg("%s:\n  was  %s\n  want %s", stories[i].name, k.log.ptr, stories[i].want);
        close_desk(&k);
    }
}

/* Told once that it goes on, and once that it got through, to the tickets too, since those were told of the failure. */
static void days_of_outage_are_two_lines(void **state)
{
    const struct story story = {.ann = "m1", .back_s = 3 * DAY / SEC, .want = ""};
    struct desk k;
    int64_t events;

    (void)state;
    open_desk(&k, &story);
    run(&k, T0 + 10 * MIN);
    assert_int_equal(k.n_promises, 1);
    assert_true(k.f.a.incident.unreached_ms != 0);
    events = k.f.a.incident.event_seq;
    run(&k, T0 + 3 * DAY);
    assert_int_equal(k.f.a.incident.event_seq, events);
    assert_int_equal(k.f.n_receipts, 1);
    run(&k, T0 + 3 * DAY + 5 * MIN);
    assert_int_equal(k.f.a.incident.event_seq, events + 1);
    assert_int_equal(k.n_reached, 1);
    assert_int_equal(k.f.a.incident.unreached_ms, 0);
    close_desk(&k);
}

static void it_is_told(void **state)
{
    const struct story story = {.ann = "m1", .back_s = 100, .is_refused = true};
    struct desk k;

    (void)state;
    open_desk(&k, &story);
    run(&k, T0 + 63 * SEC + 1);
    assert_non_null(fx_event(&k.f, TCN_EVENT_TOCSIN,
                             "could not page ann by email: no connection; tried again in a minute, "
                             "later every 5, until it gets through or somebody answers"));
    run(&k, T0 + 123 * SEC + 1);
    assert_non_null(
        fx_event(&k.f, TCN_EVENT_TOCSIN, "could not page ann by email: 550; not tried again"));
    assert_null(next_row(&k));
    close_desk(&k);
}

/* Whom an answer reached first needs no page that was missed an hour ago. */
static void an_answer_ends_the_tries_of_others(void **state)
{
    const struct story story = {
        .ann = "m1", .bob = "m1", .escalation = "a1 b1", .back_s = 300, .want = ""};
    struct desk k;

    (void)state;
    open_desk(&k, &story);
    run(&k, T0 + 410 * SEC);
    assert_non_null(strstr(k.log.ptr, "ann.email=402"));
    assert_non_null(next_row(&k)); /* bob's */
    assert_int_equal(fx_ack(&k.f, k.f.a.engagements[0].pages[0].id, "contact:ann"), 0);
    write(&k);
    assert_null(next_row(&k));
    close_desk(&k);
}

static void a_failure_of_no_page(void **state)
{
    const struct story story = {.ann = "m1", .want = ""};
    const struct tcn_send_failure failure = {.page = fx_id(99999), .send_no = 1};
    struct desk k;

    (void)state;
    open_desk(&k, &story);
    begin(&k);
    assert_int_equal(tcn_engine_send_failed(&k.f.a, &failure, k.f.now, &k.f.d), TCN_ENOTFOUND);
    close_desk(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_story),
        cmocka_unit_test(days_of_outage_are_two_lines),
        cmocka_unit_test(it_is_told),
        cmocka_unit_test(an_answer_ends_the_tries_of_others),
        cmocka_unit_test(a_failure_of_no_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
