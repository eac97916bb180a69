/* The loop's side: confirmations are claimed, sent, and what they brought is written. */
#include "app/subscriptions.h"
#include "app/disk.h"
#include "app/subscription_turn.h"
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

#define CLAIM_MAX 4
#define ANSWER_MAX 65536
#define URL_MAX 4096
#define PAUSE_MS 1000    /* when the store could not be asked */
#define LONGEST_MS 60000 /* the wall clock may be set: look again at least that often */
#define KNOWN_MAX 256    /* topics whose notifications need not be looked at */
#define KEY_MAX 1100     /* of source, topic and subscription */

struct tcn_subscriptions {
    struct tcn_app *app;
    struct event *timer; /* owned */
    bool is_claiming, is_asked;
    char *known[KNOWN_MAX]; /* owned; a ring */
    size_t next_known;
};

static void look(struct tcn_subscriptions *s);

/* -- what is known to deliver ---------------------------------------------------------------------------- */

static bool is_known(const struct tcn_subscriptions *s, const char *key)
{
    for (size_t i = 0; i < KNOWN_MAX; i++)
        if (s->known[i] && strcmp(s->known[i], key) == 0)
            return true;
    return false;
}

static void remember(struct tcn_subscriptions *s, const char *key)
{
    free(s->known[s->next_known]);
    s->known[s->next_known] = tcn_xstrdup(key);
    s->next_known = (s->next_known + 1) % KNOWN_MAX;
}

/* Something was told that a notification may put right again. */
static void forget_all(struct tcn_subscriptions *s)
{
    for (size_t i = 0; i < KNOWN_MAX; i++) {
        free(s->known[i]);
        s->known[i] = NULL;
    }
}

/* -- jobs ------------------------------------------------------------------------------------------------ */

struct subscription_job {
    struct tcn_job job; /* first */
    struct tcn_subscriptions *owner;
    struct tcn_config *config;   /* a reference; the policy of work lives in it */
    struct tcn_intake_job *work; /* owned: the alarm that may end, and the arena of the rest */
    struct tcn_sns_message sns;  /* of a notification */
    const char *source, *arn;
    struct tcn_subscription sent;
    bool is_final;
    struct tcn_subscription *rows; /* claimed */
    size_t n_rows;
    int64_t next_ms;
    enum tcn_subscription_state state;
    enum tcn_sns_news news;
};

static const struct tcn_source *source_of(const struct tcn_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_sources; i++)
        if (strcmp(config->sources[i]->name, name) == 0)
            return config->sources[i];
    return NULL;
}

static struct subscription_job *new_job(struct tcn_subscriptions *s, const char *source,
                                        tcn_job_run *run, tcn_job_done *done)
{
    struct subscription_job *j = tcn_xcalloc(1, sizeof *j);
    const struct tcn_source *configured = source ? source_of(s->app->config, source) : NULL;

    j->job.run = run;
    j->job.done = done;
    j->owner = s;
    j->config = s->app->config;
    tcn_config_ref(j->config);
    j->work = tcn_intake_new(&s->app->arenas, tcn_app_now_ms(s->app));
    j->work->declared = &j->config->directory;
    j->work->policy = configured ? &configured->policy : NULL;
    j->source = tcn_arena_strdup(&j->work->arena, source);
    return j;
}

static void free_job(struct subscription_job *j)
{
    tcn_intake_free(j->work);
    tcn_config_unref(j->config);
    free(j);
}

static bool post(struct subscription_job *j)
{
    if (tcn_storethread_post(j->owner->app->store, &j->job) == 0)
        return true;
    free_job(j);
    return false;
}

static void count(const struct tcn_subscriptions *s, const char *source, const char *result)
{
    char labels[200];

    snprintf(labels, sizeof labels, "source=\"%s\",result=\"%s\"", source, result);
    tcn_metrics_add(s->app->metrics, "tocsin_sns_confirmations_total", labels, 1);
}

static void wake_for_alarm(const struct subscription_job *j)
{
    if (j->work->has_changed)
        tcn_app_changed(j->owner->app);
    if (j->work->makes_work)
        tcn_app_wake(j->owner->app);
}

/* -- a confirmation and what it brings ------------------------------------------------------------------- */

struct confirmation {
    struct tcn_subscriptions *owner;
    struct tcn_arena arena;
    struct tcn_subscription sent; /* in arena */
};

static void free_confirmation(struct confirmation *c)
{
    tcn_arena_done(&c->arena);
    free(c);
}

static int run_finish(struct tcn_job *base, struct tcn_store *s, int64_t now_ms,
                      struct tcn_err *err)
{
    struct subscription_job *j = (struct subscription_job *)base;
    struct tcn_subscription_outcome o = {&j->sent, j->arn, j->is_final};

    return tcn_subscription_finish(s, &o, j->work, now_ms, &j->state, err);
}

/* What could not be written is sent again when its lease is over. */
static void finished(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct subscription_job *j = (struct subscription_job *)base;

    if (r < 0)
        tcn_log(TCN_LOG_ERROR, "sns", "the result of a confirmation was not written", "topic",
                j->sent.topic, "why", err->msg, NULL);
    else if (j->state == TCN_SUBSCRIPTION_FAILED)
        tcn_log(TCN_LOG_ERROR, "sns",
                "subscription given up; request its confirmation again (AWS console: SNS, "
                "Subscriptions, Request confirmation)",
                "source", j->source, "topic", j->sent.topic, NULL);
    if (r == 0)
        wake_for_alarm(j);
    tcn_subscriptions_wake(j->owner);
    free_job(j);
}

static void copy_sent(struct tcn_arena *a, const struct tcn_subscription *from,
                      struct tcn_subscription *to)
{
    *to = *from;
    to->source = tcn_arena_strdup(a, from->source);
    to->topic = tcn_arena_strdup(a, from->topic);
    to->token = tcn_arena_strdup(a, from->token);
    to->arn = NULL;
}

static void finish(struct confirmation *c, const char *arn, bool is_final)
{
    struct subscription_job *j = new_job(c->owner, c->sent.source, run_finish, finished);

    copy_sent(&j->work->arena, &c->sent, &j->sent);
    j->arn = tcn_arena_strdup(&j->work->arena, arn);
    j->is_final = is_final;
    post(j);
    free_confirmation(c);
}

/* The address that was asked without its query, which has the token. */
static void tell_failure(const struct confirmation *c, const char *why)
{
    struct tcn_buf host;

    tcn_buf_init(&host, 128);
    tcn_sns_host(tcn_str(c->sent.topic), &host);
    tcn_log(TCN_LOG_ERROR, "sns", "subscription not confirmed", "source", c->sent.source, "topic",
            c->sent.topic, "host", host.ptr, "why", why, NULL);
    tcn_buf_done(&host);
    count(c->owner, c->sent.source, "failed");
}

static void confirmed(struct confirmation *c, struct tcn_str arn)
{
    const char *text = tcn_arena_str(&c->arena, arn).ptr;

    tcn_log(TCN_LOG_INFO, "sns", "subscription confirmed", "source", c->sent.source, "topic",
            c->sent.topic, "subscription", text, NULL);
    count(c->owner, c->sent.source, "confirmed");
    finish(c, text, false);
}

/* InvalidParameter and NotFound: what will not change by itself. */
static bool is_final(int status)
{
    return status == 400 || status == 404;
}

static void answered(void *arg, int status, struct tcn_str body, const char *why)
{
    struct confirmation *c = arg;
    struct tcn_str arn;
    char text[80];

    if (c->owner->app->is_stopping) { /* its row is due again after the lease */
        free_confirmation(c);
        return;
    }
    if (status == 200 && tcn_sns_subscription_arn(body, &arn)) {
        confirmed(c, arn);
        return;
    }
    snprintf(text, sizeof text, "SNS answered with status %d and no SubscriptionArn", status);
    tell_failure(c, why ? why : text);
    finish(c, NULL, is_final(status));
}

/* "" when the row may be confirmed; else why not. */
static const char *hindrance(const struct tcn_app *app, const struct tcn_subscription *row)
{
    const struct tcn_source *source = source_of(app->config, row->source);

    if (!source)
        return "the source is not configured any more";
    for (size_t i = 0; i < source->auth.n; i++) {
        const struct tcn_sns_policy *p = source->auth.items[i].sns;

        if (p && p->confirm != TCN_SNS_NEVER && tcn_sns_allows_topic(p, tcn_str(row->topic)))
            return "";
    }
    return "the topic is not among those of the source any more, or \"confirm\" is \"never\"";
}

/* The address of the message is never used: it is built from the signed topic and token. */
static void send_one(struct tcn_subscriptions *s, const struct tcn_subscription *row)
{
    struct confirmation *c = tcn_xcalloc(1, sizeof *c);
    struct tcn_sns_message m = {
        .type = TCN_SNS_SUBSCRIPTION, .topic = tcn_str(row->topic), .token = tcn_str(row->token)};
    const char *why = hindrance(s->app, row);
    struct tcn_buf url;

    c->owner = s;
    tcn_arena_init(&c->arena, 65536);
    copy_sent(&c->arena, row, &c->sent);
    tcn_buf_init(&url, URL_MAX);
    if (!*why && tcn_sns_confirm_url(&m, &url) < 0)
        why = "the token does not fit into an address";
    if (*why) {
        tell_failure(c, why);
        finish(c, NULL, true);
    } else {
        s->app->fetch.get(s->app->fetch.ctx, url.ptr, ANSWER_MAX, answered, c);
    }
    tcn_buf_done(&url);
}

/* -- what is due ----------------------------------------------------------------------------------------- */

static void schedule(struct tcn_subscriptions *s, int64_t delay_ms)
{
    struct timeval tv = {delay_ms / 1000, (delay_ms % 1000) * 1000};

    if (evtimer_add(s->timer, &tv) < 0)
        abort();
}

static int run_claim(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct subscription_job *j = (struct subscription_job *)base;

    return tcn_subscription_claim(s, CLAIM_MAX, now_ms, &j->work->arena, &j->rows, &j->n_rows,
                                  &j->next_ms, err);
}

static int64_t delay_until(int64_t next_ms, int64_t now_ms)
{
    int64_t delay = next_ms - now_ms;

    return delay < 1 ? 1 : delay > LONGEST_MS ? LONGEST_MS : delay;
}

static void claimed(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct subscription_job *j = (struct subscription_job *)base;
    struct tcn_subscriptions *s = j->owner;

    s->is_claiming = false;
    if (r < 0)
        tcn_log(TCN_LOG_WARN, "sns", "confirmations cannot be looked up", "why", err->msg, NULL);
    for (size_t i = 0; r == 0 && i < j->n_rows && !s->app->is_stopping; i++)
        send_one(s, &j->rows[i]);
    if (r < 0)
        schedule(s, PAUSE_MS);
    else if (s->is_asked)
        look(s);
    else if (j->next_ms)
        schedule(s, delay_until(j->next_ms, tcn_app_now_ms(s->app)));
    free_job(j);
}

static void look(struct tcn_subscriptions *s)
{
    s->is_asked = s->is_claiming;
    if (s->is_claiming || s->app->is_stopping)
        return;
    s->is_claiming = post(new_job(s, NULL, run_claim, claimed));
    if (!s->is_claiming)
        schedule(s, PAUSE_MS);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    look(arg);
}

/* -- what messages tell ---------------------------------------------------------------------------------- */

int tcn_subscriptions_control(struct tcn_job *base, struct tcn_store *s, int64_t now_ms,
                              struct tcn_err *err)
{
    struct tcn_intake_job *job = (struct tcn_intake_job *)base;
    struct tcn_delivery_state *d = job->ctx;
    struct tcn_subscription_message m = {
        .source = d->source->name, .sns = &d->sns, .confirm = d->sns_policy->confirm};

    return tcn_subscription_take(s, &m, job, now_ms, &d->news, err);
}

static int run_saw(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct subscription_job *j = (struct subscription_job *)base;
    struct tcn_subscription_message m = {.source = j->source, .arn = j->arn, .sns = &j->sns};

    return tcn_subscription_take(s, &m, j->work, now_ms, &j->news, err);
}

static void saw(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct subscription_job *j = (struct subscription_job *)base;

    (void)err;
    if (r < 0) {
        forget_all(j->owner); /* the next notification tells it again */
    } else if (j->news == TCN_SNS_DELIVERS) {
        tcn_log(TCN_LOG_INFO, "sns", "the topic delivers", "source", j->source, "topic",
                j->sns.topic.ptr, "subscription", j->arn ? j->arn : "-", NULL);
        wake_for_alarm(j);
    }
    free_job(j);
}

void tcn_subscriptions_saw(struct tcn_subscriptions *s, struct tcn_delivery_state *d)
{
    const char *arn = tcn_delivery_header(d, "x-amz-sns-subscription-arn");
    struct subscription_job *j;
    char key[KEY_MAX];

    snprintf(key, sizeof key, "%s %s %.400s", d->source->name, d->sns.topic.ptr, arn ? arn : "");
    if (is_known(s, key) || tcn_disk_refusal(s->app))
        return;
    j = new_job(s, d->source->name, run_saw, saw);
    j->arn = tcn_arena_strdup(&j->work->arena, arn);
    j->sns = (struct tcn_sns_message){.type = TCN_SNS_NOTIFICATION,
                                      .topic = tcn_arena_str(&j->work->arena, d->sns.topic),
                                      .time_ms = d->sns.time_ms};
    if (post(j))
        remember(s, key);
}

void tcn_subscriptions_wake(struct tcn_subscriptions *s)
{
    forget_all(s);
    look(s);
}

struct tcn_subscriptions *tcn_subscriptions_new(struct tcn_app *app)
{
    struct tcn_subscriptions *s = tcn_xcalloc(1, sizeof *s);

    s->app = app;
    s->timer = evtimer_new(app->base, on_timer, s);
    if (!s->timer)
        abort();
    return s;
}

void tcn_subscriptions_free(struct tcn_subscriptions *s)
{
    if (!s)
        return;
    forget_all(s);
    event_free(s->timer);
    free(s);
}
