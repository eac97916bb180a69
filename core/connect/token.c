/* See token.h. One request at a time; an answer that is none leaves a token that is still good in use. */
#include "connect/token.h"
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/transfer.h"

#include <stdio.h>
#include <strings.h>

#define RENEW_PERMILLE 800 /* of its life (spec connectors B4) */
#define LIFE_MAX_S 86400
#define PAUSE_MS 10000 /* before a renewal that failed is tried again, while the old one is good */

struct tcn_token {
    struct tcn_secret value, last;
    uint64_t number;
    int64_t asked_ms, renew_ms, end_ms;
    struct tcn_transfer *transfer; /* NULL: nobody waits */
    struct tcn_token_wait *first;
};

void tcn_token_free(struct tcn_token *t)
{
    if (!t)
        return;
    tcn_transfer_free(t->transfer);
    tcn_secret_done(&t->value);
    tcn_secret_done(&t->last);
    free(t);
}

bool tcn_token_is_there(const struct tocsin_request *rq)
{
    const struct tcn_token *t = rq->instance->token;

    return rq->auth.place != TCN_AUTH_TOKEN || (t && t->value.ptr && rq->now_ms < t->renew_ms);
}

uint64_t tcn_token_number(const struct tcn_instance *i)
{
    return i->token ? i->token->number : 0;
}

/* The value becomes the last one. */
static void retire(struct tcn_token *t)
{
    if (!t->value.ptr)
        return;
    tcn_secret_done(&t->last);
    t->last = t->value;
    t->value = (struct tcn_secret){0};
}

void tcn_token_refused(struct tcn_instance *i, uint64_t n)
{
    if (i->token && i->token->number == n)
        retire(i->token);
}

static struct tcn_str view(const struct tcn_secret *s)
{
    return s->ptr ? tcn_secret_view(s) : (struct tcn_str){0};
}

struct tcn_str tcn_token_view(const struct tcn_instance *i)
{
    return i->token ? view(&i->token->value) : (struct tcn_str){0};
}

struct tcn_str tcn_token_view_of_last(const struct tcn_instance *i)
{
    return i->token ? view(&i->token->last) : (struct tcn_str){0};
}

/* ---- the answer ---- */

static void refuse(struct tcn_token_answer *a, enum tocsin_outcome outcome, const char *why)
{
    struct tocsin_result *r = &a->result;

    r->outcome = outcome;
    snprintf(r->reason, sizeof r->reason, "no access token: %.200s", why);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* RFC 6750 section 2.1 has fewer characters; none of these ends a header. */
static bool is_token(const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return n > 0 && n <= TCN_TOKEN_MAX;
}

static int64_t life_ms(const json_t *answer)
{
    json_t *told = json_object_get(answer, "expires_in");
    double seconds = json_is_number(told) ? json_number_value(told) : TCN_TOKEN_UNTOLD_S;

    if (!(seconds > 0))
        return 0;
    return (int64_t)((seconds < LIFE_MAX_S ? seconds : LIFE_MAX_S) * 1000);
}

/* RFC 6749 section 5.1. */
static void take(struct tcn_token *t, const json_t *answer, struct tcn_token_answer *a)
{
    const char *text = text_of(answer, "access_token"), *type = text_of(answer, "token_type");
    int64_t life;

    if (!is_token(text)) {
        refuse(a, TOCSIN_RETRY, "the answer has none");
    } else if (type[0] && strcasecmp(type, "Bearer") != 0) {
        refuse(a, TOCSIN_AUTH, "it is of another type than Bearer");
    } else {
        life = life_ms(answer);
        retire(t);
        tcn_secret_set(&t->value, text, strlen(text));
        t->number++;
        t->renew_ms = t->asked_ms + life / 1000 * RENEW_PERMILLE;
        t->end_ms = t->asked_ms + life;
    }
}

/* RFC 6749 section 5.2: error and error_description. Where no token is to be had, or nothing that gives one, no ticket is
 * given up for it. */
static void tell_refusal(const struct tocsin_response *rs, struct tcn_token_answer *a)
{
    char why[400];
    const char *error = text_of(rs->json, "error"), *more = text_of(rs->json, "error_description");

    snprintf(why, sizeof why, "%.120s%s%.80s%s%.100s", a->result.reason, error[0] ? ": " : "",
             error, more[0] ? ", " : "", more);
    a->result.scope = TOCSIN_SCOPE_INSTANCE;
    refuse(a, a->result.outcome == TOCSIN_RETRY ? TOCSIN_RETRY : TOCSIN_AUTH, why);
}

static void read_answer(struct tcn_token *t, const struct tocsin_response *rs,
                        struct tcn_token_answer *a)
{
    struct tocsin_op op = {.verb = TOCSIN_CHECK, .remote_id = "", .now_ms = t->asked_ms};

    *a = (struct tcn_token_answer){.status = rs->status};
    tcn_classify(&op, rs, &a->result);
    if (a->result.outcome == TOCSIN_OK)
        take(t, rs->json, a);
    else
        tell_refusal(rs, a);
    if (a->result.outcome == TOCSIN_RETRY && t->value.ptr && t->asked_ms < t->end_ms) {
        t->renew_ms = t->asked_ms + PAUSE_MS;
        a->result = (struct tocsin_result){.outcome = TOCSIN_OK};
    } else if (a->result.outcome != TOCSIN_OK) {
        retire(t);
    }
}

/* ---- who waits ---- */

static void link_in(struct tcn_token *t, struct tcn_token_wait *wait)
{
    wait->token = t;
    wait->next = t->first;
    wait->prev = &t->first;
    if (t->first)
        t->first->prev = &wait->next;
    t->first = wait;
}

static void unlink_from(struct tcn_token_wait *wait)
{
    *wait->prev = wait->next;
    if (wait->next)
        wait->next->prev = wait->prev;
    wait->token = NULL;
}

void tcn_token_unwant(struct tcn_token_wait *wait)
{
    struct tcn_token *t = wait->token;

    if (!t)
        return;
    unlink_from(wait);
    if (t->first)
        return;
    tcn_transfer_free(t->transfer);
    t->transfer = NULL;
}

/* Who is told may stop others from waiting, or begin to wait anew: the list is taken off first. */
static void tell_all(struct tcn_token *t, const struct tcn_token_answer *a)
{
    struct tcn_token_wait *all = t->first;

    t->first = NULL;
    if (all)
        all->prev = &all;
    while (all) {
        struct tcn_token_wait *wait = all;

        unlink_from(wait);
        wait->done(wait->ctx, a);
    }
}

static void on_answer(void *ctx, struct tcn_transfer *transfer)
{
    struct tcn_token *t = ctx;
    struct tcn_token_answer answer;

    read_answer(t, tcn_transfer_response(transfer), &answer);
    t->transfer = NULL;
    tcn_transfer_free(transfer);
    tell_all(t, &answer);
}

/* ---- the request ---- */

/* RFC 6749 sections 4.4.2 and 4.3.2, with the client's credentials in the body (section 2.3.1), where ServiceNow wants
 * them. */
static int ask(struct tcn_instance *i, const struct tcn_auth *auth, struct tocsin_request *ret)
{
    const char *const path[] = {auth->path, NULL};
    const char *kind = auth->with_password ? "password" : "client_credentials";

    if (tcn_request_request(ret, "POST", auth->base, path) < 0 ||
        tcn_request_form(ret, "grant_type", kind, NULL) < 0 ||
        tcn_request_form(ret, "client_id", auth->user, NULL) < 0 ||
        tcn_request_form(ret, "client_secret", NULL, auth->secret) < 0)
        return -1;
    if (!auth->with_password)
        return 0;
    return tcn_request_form(ret, "username", tcn_instance_text(i, "user"), NULL) < 0
               ? -1
               : tcn_request_form(ret, "password", NULL, "password");
}

static int start(struct tcn_token *t, struct tcn_instance *i, struct tcn_pump *pump,
                 const struct tocsin_request *rq, struct tcn_err *err)
{
    struct tocsin_request own;
    int r;

    t->asked_ms = rq->now_ms;
    tcn_request_init(&own, i, rq->now_ms);
    if (ask(i, &rq->auth, &own) < 0) {
        *err = own.fault;
        r = own.fault.code;
    } else {
        r = tcn_transfer_start(pump, &own, TOCSIN_CHECK, on_answer, t, &t->transfer, err);
    }
    tcn_request_done(&own);
    return r;
}

int tcn_token_want(struct tcn_instance *i, struct tcn_pump *pump, const struct tocsin_request *rq,
                   struct tcn_token_wait *wait, struct tcn_err *err)
{
    int r = 0;

    if (!i->token)
        i->token = tcn_xcalloc(1, sizeof *i->token);
    if (!i->token->transfer)
        r = start(i->token, i, pump, rq, err);
    if (r == 0)
        link_in(i->token, wait);
    return r;
}
