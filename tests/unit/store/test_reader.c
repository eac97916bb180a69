/* store/reader.c: what is committed is seen; a connection of before a loss is not asked; no answer is told as such. */
#include "store/reader.h"
#include "store_test.h"

struct bed {
    struct fixture *f;
    struct event_base *base;
    struct tcn_reader *r;
};

struct question {
    struct tcn_job job;
    char value[32];
    int r;
    bool is_done;
    char message[TCN_ERR_MSG];
};

static int run_question(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                        struct tcn_err *err)
{
    struct question *q = (struct question *)job;
    const char *value;
    int r = tcn_store_meta_get(s, "asked", tcn_store_scratch(s), &value, err);

    (void)now_ms;
    if (r < 0)
        return r;
    if (!value)
        return tcn_fail(err, TCN_ENOTFOUND, "there is none");
    snprintf(q->value, sizeof q->value, "%s", value);
    return 0;
}

static void question_done(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct question *q = (struct question *)job;

    q->is_done = true;
    q->r = r;
    snprintf(q->message, sizeof q->message, "%s", err->msg);
}

static struct question new_question(void)
{
    return (struct question){.job = {.run = run_question, .done = question_done}};
}

static struct question ask(struct bed *b, uint64_t lost)
{
    struct question q = new_question();

    assert_int_equal(tcn_reader_post(b->r, &q.job, lost), 0);
    while (!q.is_done)
        event_base_loop(b->base, EVLOOP_ONCE);
    return q;
}

static void write_value(struct bed *b, const char *value)
{
    struct fixture *f = b->f;

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_meta_put(f->s, "asked", value, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void start(struct bed *b, void **state)
{
    char url[320];
    struct tcn_store_options o = {.url = url, .account_id = ACCOUNT, .node = "test"};

    b->f = *state;
    b->base = event_base_new();
    snprintf(url, sizeof url, "%s", b->f->url);
    OK(b->f, tcn_reader_start(b->base, &o, &b->r, &b->f->err));
    memset(url, 'x', sizeof url); /* nothing of the options is borrowed */
}

static void stop(struct bed *b)
{
    tcn_reader_stop(b->r);
    event_base_free(b->base);
}

static void what_is_committed(void **state)
{
    struct bed b;

    start(&b, state);
    write_value(&b, "one");
    assert_string_equal(ask(&b, 0).value, "one");
    OK(b.f, tcn_store_begin(b.f->s, &b.f->err));
    OK(b.f, tcn_store_meta_put(b.f->s, "asked", "two", &b.f->err));
    if (b.f->schema[0]) /* where others may write meanwhile, it waits for nobody */
        assert_string_equal(ask(&b, 0).value, "one");
    OK(b.f, tcn_store_commit(b.f->s, &b.f->err));
    assert_string_equal(ask(&b, 0).value, "two");
    stop(&b);
}

/* The file is moved away: only the connection that was there before finds it. */
static void a_connection_of_before(void **state)
{
    struct question q;
    char aside[128];
    struct bed b;

    start(&b, state);
    if (b.f->schema[0])
        goto out; /* a server's files stay where they are */
    write_value(&b, "one");
    assert_int_equal(ask(&b, 0).r, 0);
    snprintf(aside, sizeof aside, "%s.aside", b.f->path);
    assert_int_equal(rename(b.f->path, aside), 0);
    assert_string_equal(ask(&b, 0).value, "one");
    q = ask(&b, 1);
    assert_int_equal(q.r, TCN_ENOTFOUND);
    assert_non_null(strstr(q.message, b.f->path));
    assert_int_equal(rename(aside, b.f->path), 0);
    q = ask(&b, 1); /* not at once again */
    assert_int_equal(q.r, TCN_EBUSY);
    assert_string_equal(q.message, "there is no connection that reads");
    while ((q = ask(&b, 1)).r == TCN_EBUSY)
        ;
    assert_int_equal(q.r, 0);
    assert_string_equal(q.value, "one");
out:
    stop(&b);
}

static void a_job_that_fails(void **state)
{
    struct bed b;

    start(&b, state);
    assert_string_equal(ask(&b, 0).message, "there is none");
    write_value(&b, "one");
    assert_string_equal(ask(&b, 0).value, "one");
    stop(&b);
}

static void the_last_ones_are_answered(void **state)
{
    struct question q[10];
    struct bed b;

    start(&b, state);
    write_value(&b, "one");
    for (size_t i = 0; i < 10; i++) {
        q[i] = new_question();
        assert_int_equal(tcn_reader_post(b.r, &q[i].job, 0), 0);
    }
    stop(&b);
    for (size_t i = 0; i < 10; i++)
        assert_true(q[i].is_done && q[i].r == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FILE(what_is_committed),
        IN_FILE(a_connection_of_before),
        IN_FILE(a_job_that_fails),
        IN_FILE(the_last_ones_are_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
