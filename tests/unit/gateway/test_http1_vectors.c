/* gateway/http1*.c against the request vectors of other parsers: refused, or framed exactly so, at every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/http1.h"
#include "request_vectors.h"

#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof *(table))

enum { BODY_CAP = 1024, SAID_MAX = 16 << 10 };

/* What the reader said, in the words of struct request_vector. */
struct told {
    struct tcn_http1 reader;
    struct tcn_buf said;  /* of complete requests, and why there are no more */
    struct tcn_buf begun; /* the head of the request that is being read */
    struct tcn_buf body;
    bool is_over; /* refused, or nothing may follow */
};

static void told_init(struct told *t)
{
    *t = (struct told){0};
    tcn_http1_init(&t->reader);
    tcn_buf_init(&t->said, SAID_MAX);
    tcn_buf_init(&t->begun, SAID_MAX);
    tcn_buf_init(&t->body, BODY_CAP);
}

static void told_done(struct told *t)
{
    tcn_http1_done(&t->reader);
    tcn_buf_done(&t->said);
    tcn_buf_done(&t->begun);
    tcn_buf_done(&t->body);
}

static void say(struct told *t, const char *words)
{
    if (t->said.len)
        tcn_buf_z(&t->said, "; ");
    tcn_buf_z(&t->said, words);
}

static void note_facts(struct told *t)
{
    const struct tcn_http1_head *h = &t->reader.head;

    for (size_t i = 0; i < h->n_fields; i++) {
        struct tcn_str name = tcn_http1_name(h, i);

        if (name.len < 2 || memcmp(name.ptr, "X-", 2) != 0)
            continue;
        tcn_buf_z(&t->begun, " {");
        tcn_buf_str(&t->begun, name);
        tcn_buf_char(&t->begun, '=');
        tcn_buf_str(&t->begun, tcn_http1_value(h, i));
        tcn_buf_char(&t->begun, '}');
    }
}

static void on_head(struct told *t)
{
    const struct tcn_http1_head *h = &t->reader.head;
    struct tcn_str target = tcn_http1_target(h);

    tcn_buf_clear(&t->begun);
    tcn_buf_clear(&t->body);
    tcn_buf_fmt(&t->begun, "%s ", tcn_method_name(h->method));
    tcn_buf_add(&t->begun, target.ptr, h->path_len);
    if (target.len > h->path_len)
        tcn_buf_char(&t->begun, ' ');
    tcn_buf_add(&t->begun, target.ptr + h->path_len, target.len - h->path_len);
    note_facts(t);
    tcn_http1_body_cap(&t->reader, BODY_CAP);
}

static void on_end(struct told *t)
{
    t->is_over = !t->reader.head.keeps_alive;
    tcn_buf_z(&t->begun, " [");
    tcn_buf_str(&t->begun, tcn_buf_view(&t->body));
    tcn_buf_z(&t->begun, t->is_over ? "] close" : "]");
    say(t, t->begun.ptr);
}

static void on_error(struct told *t)
{
    say(t, "!");
    tcn_buf_z(&t->said, tcn_refusal_label(t->reader.refusal));
    t->is_over = true;
}

static void feed(struct told *t, struct tcn_str rest)
{
    enum tcn_http1_event e = TCN_HTTP1_HEAD;
    struct tcn_str run;
    size_t used;

    while (!t->is_over && e != TCN_HTTP1_MORE) {
        e = tcn_http1_feed(&t->reader, rest, &used, &run);
        assert_true(used <= rest.len);
        rest = (struct tcn_str){rest.ptr + used, rest.len - used};
        if (e == TCN_HTTP1_HEAD)
            on_head(t);
        else if (e == TCN_HTTP1_BODY)
            tcn_buf_str(&t->body, run);
        else if (e == TCN_HTTP1_END)
            on_end(t);
        else if (e == TCN_HTTP1_ERROR)
            on_error(t);
    }
}

static void check(const struct request_vector *v, struct told *t, size_t cut)
{
    if (!t->is_over && !tcn_http1_is_idle(&t->reader))
        say(t, "...");
    assert_true(tcn_buf_ok(&t->said) && tcn_buf_ok(&t->begun) && tcn_buf_ok(&t->body));
    if (!t->said.len || strcmp(t->said.ptr, v->expect) != 0)
        fail_msg("case \"%s\" cut at %zu: \"%s\", not \"%s\"", v->name, cut,
                 t->said.len ? t->said.ptr : "", v->expect);
}

static void cut_at(const struct request_vector *v, size_t cut)
{
    struct told t;

    told_init(&t);
    feed(&t, (struct tcn_str){v->bytes, cut});
    feed(&t, (struct tcn_str){v->bytes + cut, v->len - cut});
    check(v, &t, cut);
    told_done(&t);
}

static void byte_by_byte(const struct request_vector *v)
{
    struct told t;

    told_init(&t);
    for (size_t i = 0; i < v->len; i++)
        feed(&t, (struct tcn_str){v->bytes + i, 1});
    check(v, &t, v->len);
    told_done(&t);
}

static void vectors_are_refused_or_framed_exactly(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(request_vectors); i++) {
        for (size_t cut = 0; cut < request_vectors[i].len; cut++)
            cut_at(&request_vectors[i], cut);
        byte_by_byte(&request_vectors[i]);
    }
}

/* A request that is not complete is neither handed out nor refused, wherever it stops. */
static void every_start_of_a_request_waits(void **state)
{
    static const char *const requests[] = {
        GET "X-A: b\r\n\r\n",
        POST "Content-Length: 5\r\n\r\nhello",
        CHUNKED "5\r\nhello\r\n" LAST,
    };

    (void)state;
    for (size_t i = 0; i < N_OF(requests); i++)
        for (size_t len = 1; len < strlen(requests[i]); len++)
            cut_at(&(struct request_vector){requests[i], requests[i], len, "..."}, len / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_refused_or_framed_exactly),
        cmocka_unit_test(every_start_of_a_request_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
