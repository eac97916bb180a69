/* The store thread's half of the feeds: what is asked next, and what the answer means for the links. */
#include "connect/feeds_internal.h"

#include "base/xalloc.h"
#include "connect/retry.h"
#include "sys/random.h"

#include <stdlib.h>

#define JOB_ARENA (4u << 20)
#define RUN_ARENA (1u << 20)
/* Of one answer: few records are of two incidents; the next sweep reads the rest. */
#define HINTS_MAX (2 * TCN_RECORDS_MAX)
#define REFUSED_MS INT64_C(300000)   /* what a person must mend is asked again */
#define OWN_WRITE_MS INT64_C(120000) /* so long after a write of ours a new version may be its */

void tcn_feed_run_free(struct tcn_feed_run *r)
{
    if (!r)
        return;
    json_decref(r->op.payload);
    tcn_outcome_free(r->outcome);
    tcn_arena_done(&r->arena);
    free(r);
}

void tcn_feed_job_reset(struct tcn_feed_job *j)
{
    tcn_feed_run_free(j->run);
    j->run = NULL;
    j->n_hints = j->n_missed = 0;
    j->looks_dead = false;
    j->next_ms = 0;
}

/* -- claims --------------------------------------------------------------------------------------------------- */

static const char *copy_text(struct tcn_arena *a, const char *text)
{
    return text ? tcn_arena_strdup(a, text) : NULL;
}

static struct tcn_feed_run *make_run(struct tcn_feed_target *t, const struct tcn_feed *feed,
                                     enum tcn_feed_task task)
{
    struct tcn_feed_run *run = tcn_xcalloc(1, sizeof *run);

    tcn_arena_init(&run->arena, RUN_ARENA);
    run->target = t;
    run->task = task;
    run->feed = *feed;
    run->feed.connector = t->instance->sdk.name;
    run->feed.cursor = copy_text(&run->arena, feed->cursor);
    run->feed.note = copy_text(&run->arena, feed->note);
    run->op = (struct tocsin_op){.attempt = (uint32_t)(feed->fail_count + 1),
                                 .op_id = "feed",
                                 .marker = "",
                                 .remote_id = "",
                                 .cursor = ""};
    return run;
}

static struct tcn_feed_run *make_poll(struct tcn_feed_target *t, const struct tcn_feed *feed)
{
    struct tcn_feed_run *run = make_run(t, feed, TCN_FEED_POLL);

    run->op.verb = TOCSIN_POLL;
    run->op.cursor = run->feed.cursor ? run->feed.cursor : "";
    run->op.payload = json_pack("{s:I, s:I}", "since_ms", (json_int_t)feed->since_ms, "overlap_ms",
                                (json_int_t)t->policy.poll->overlap_ms);
    return run;
}

static struct tcn_feed_run *make_survey(struct tcn_feed_target *t, const struct tcn_feed *feed,
                                        const struct tcn_known_record *records, size_t n)
{
    struct tcn_feed_run *run = make_run(t, feed, TCN_FEED_SWEEP);
    json_t *ids = json_array();

    run->records = TCN_NEW_N(&run->arena, struct tcn_known_record, n);
    run->n_records = n;
    for (size_t i = 0; i < n; i++) {
        run->records[i] = records[i];
        run->records[i].remote_id = copy_text(&run->arena, records[i].remote_id);
        run->records[i].version = copy_text(&run->arena, records[i].version);
        json_array_append_new(ids, json_string(records[i].remote_id));
    }
    run->op.verb = TOCSIN_SURVEY;
    run->op.payload = json_pack("{s:o}", "ids", ids);
    return run;
}

/* Links to be read again: all are known before the first is locked. */
struct hints {
    struct {
        struct tcn_id incident, link;
    } items[HINTS_MAX];
    size_t n;
};

static void add_hint(struct hints *h, struct tcn_id link, struct tcn_id incident)
{
    if (h->n == HINTS_MAX)
        return;
    h->items[h->n].incident = incident;
    h->items[h->n++].link = link;
}

static int by_incident(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct tcn_id));
}

/* In the order of their incidents, so that no two feeds wait for each other's. */
static int give_hints(struct tcn_feed_job *j, struct tcn_store *s, struct hints *h, int64_t now_ms,
                      struct tcn_err *err)
{
    int r = 0;

    if (h->n > 1)
        qsort(h->items, h->n, sizeof h->items[0], by_incident);
    for (size_t i = 0; i < h->n && (r == 0 || r == TCN_ENOTFOUND); i++) {
        const struct tcn_link row = {.id = h->items[i].link, .incident = h->items[i].incident};

        r = tcn_lanes_read(s, &row, now_ms, err);
        j->n_hints += r == 0;
    }
    return r == TCN_ENOTFOUND ? 0 : r;
}

static int load_group(const struct tcn_feed_target *t, const struct tcn_feed *feed,
                      struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
                      struct tcn_known_record **ret, size_t *ret_n, struct tcn_err *err)
{
    static const uint8_t first[10] = {0};
    struct tcn_id since = tcn_id_v7(now_ms - TCN_FEED_RECENT_MS, first);
    size_t most = t->policy.can_survey ? t->instance->connector->survey_max : TCN_FEED_ONE_BY_ONE;

    return tcn_store_feed_records(s, feed->connector,
                                  tcn_id_is_zero(feed->sweep_from) ? NULL : &feed->sweep_from,
                                  feed->is_of_closed ? &since : NULL, most, a, ret, ret_n, err);
}

/* Records of a system that has no surveys are read by their lanes. */
static int read_group(struct tcn_feed_job *j, struct tcn_store *s,
                      const struct tcn_known_record *records, size_t n, int64_t now_ms,
                      struct tcn_err *err)
{
    struct hints hints = {.n = 0};

    for (size_t i = 0; i < n; i++)
        add_hint(&hints, records[i].link, records[i].incident);
    return give_hints(j, s, &hints, now_ms, err);
}

static int sweep(struct tcn_feed_job *j, struct tcn_feed *feed, struct tcn_store *s, int64_t now_ms,
                 struct tcn_arena *a, struct tcn_err *err)
{
    const struct tcn_feed_target *t = j->target;
    struct tcn_known_record *records = NULL;
    size_t n = 0;
    int r = load_group(t, feed, s, now_ms, a, &records, &n, err);

    if (r < 0)
        return r;
    if (t->policy.can_survey && n > 0) {
        j->run = make_survey(j->target, feed, records, n);
        return 0;
    }
    tcn_feed_swept(feed, &t->policy, n > 0 ? records[n - 1].incident : (struct tcn_id){{0}},
                   now_ms);
    j->next_ms = tcn_feed_due(feed);
    if ((r = tcn_store_feed_put(s, feed, err)) == 0)
        r = read_group(j, s, records, n, now_ms, err);
    return r;
}

static int is_active(struct tcn_store *s, const struct tcn_feed *feed, struct tcn_arena *a,
                     bool *ret, struct tcn_err *err)
{
    struct tcn_known_record *one;
    size_t n = 0;
    int r = tcn_store_feed_records(s, feed->connector, NULL, NULL, 1, a, &one, &n, err);

    *ret = n > 0;
    return r;
}

static int begin(struct tcn_feed_job *j, struct tcn_feed *feed, struct tcn_store *s, int64_t now_ms,
                 struct tcn_arena *a, struct tcn_err *err)
{
    bool active = false;
    int r = is_active(s, feed, a, &active, err);

    if (r < 0)
        return r;
    switch (tcn_feed_next(feed, &j->target->policy, active, now_ms)) {
    case TCN_FEED_POLL:
        j->run = make_poll(j->target, feed);
        return 0;
    case TCN_FEED_SWEEP:
        return sweep(j, feed, s, now_ms, a, err);
    case TCN_FEED_REST:
    default:
        j->next_ms = tcn_feed_due(feed);
        return tcn_store_feed_put(s, feed, err);
    }
}

/* The first of a process: what changed while none ran may be older than what a poll would tell. */
static int make(const struct tcn_feed_job *j, struct tcn_store *s, int64_t now_ms,
                struct tcn_err *err)
{
    const char *name = j->target->instance->sdk.name;
    int r;

    if (!j->is_first)
        return 0;
    r = tcn_store_feed_make(s, name, now_ms, err);
    return r < 0 ? r : tcn_store_feed_hasten(s, name, now_ms, err);
}

int tcn_feed_job_claim(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                       struct tcn_err *err)
{
    struct tcn_feed_job *j = (struct tcn_feed_job *)job;
    struct tcn_feed feed;
    struct tcn_arena arena;
    bool is_ours = false;
    int r;

    tcn_feed_job_reset(j);
    tcn_arena_init(&arena, JOB_ARENA);
    r = make(j, s, now_ms, err);
    if (r == 0)
        r = tcn_store_feed_claim(s, j->target->instance->sdk.name, now_ms, &arena, &feed, &is_ours,
                                 err);
    if (r == 0 && is_ours)
        r = begin(j, &feed, s, now_ms, &arena, err);
    tcn_arena_done(&arena);
    return r;
}

/* -- results -------------------------------------------------------------------------------------------------- */

static bool is_same(const char *version, const char *known)
{
    return version[0] && known && strcmp(version, known) == 0;
}

/* A change of somebody else's that no webhook has told yet. */
static bool is_unannounced(const struct tcn_link *link, int64_t now_ms)
{
    return link->hints == link->hints_seen && now_ms - link->last_write_ms > OWN_WRITE_MS;
}

/* A record that a poll told of; it may be nobody's. */
static int found(struct tcn_feed_job *j, struct tcn_store *s, const struct tocsin_record *record,
                 int64_t now_ms, struct tcn_arena *a, struct hints *ret, struct tcn_err *err)
{
    struct tcn_link *links = NULL;
    size_t n = 0;
    int r = tcn_store_links_of_record(s, j->target->instance->sdk.name, record->remote_id, a,
                                      &links, &n, err);

    for (size_t i = 0; i < n && r == 0; i++) {
        if (is_same(record->version, links[i].base_version))
            continue;
        j->n_missed += is_unannounced(&links[i], now_ms);
        add_hint(ret, links[i].id, links[i].incident);
    }
    return r;
}

static int found_all(struct tcn_feed_job *j, struct tcn_store *s, int64_t now_ms,
                     struct tcn_arena *a, struct hints *ret, struct tcn_err *err)
{
    const struct tocsin_sink *sink = &j->before->outcome->sink;
    int r = 0;

    for (size_t i = 0; i < sink->n_records && r == 0; i++)
        r = found(j, s, &sink->records[i], now_ms, a, ret, err);
    return r;
}

static const char *version_of(const struct tocsin_sink *sink, const char *remote_id)
{
    for (size_t i = 0; i < sink->n_records; i++)
        if (strcmp(sink->records[i].remote_id, remote_id) == 0)
            return sink->records[i].version;
    return ""; /* it is gone, moved, or hidden: reading it tells */
}

/* What was known when it was asked for may have been ours to change since. */
static int compare(const struct tcn_feed_job *j, struct tcn_store *s,
                   const struct tcn_known_record *known, struct tcn_arena *a, struct hints *ret,
                   struct tcn_err *err)
{
    const char *version = version_of(&j->before->outcome->sink, known->remote_id);
    struct tcn_link link;
    int r;

    if (is_same(version, known->version))
        return 0;
    r = tcn_store_link_get(s, known->link, a, &link, err);
    if (r == 0 && !is_same(version, link.base_version))
        add_hint(ret, link.id, link.incident);
    return r == TCN_ENOTFOUND ? 0 : r;
}

static int compare_all(const struct tcn_feed_job *j, struct tcn_store *s, struct tcn_arena *a,
                       struct hints *ret, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < j->before->n_records && r == 0; i++)
        r = compare(j, s, &j->before->records[i], a, ret, err);
    return r;
}

static void fail(const struct tcn_feed_run *run, struct tcn_feed *feed, int64_t now_ms)
{
    const struct tocsin_result *result = &run->outcome->result;
    bool is_refused = result->outcome == TOCSIN_REJECTED || result->outcome == TOCSIN_GONE;
    int64_t delay_ms =
        tcn_retry_delay_ms(feed->fail_count, result->retry_after_s, tcn_random_u64());

    if ((is_refused || result->outcome == TOCSIN_AUTH) && delay_ms < REFUSED_MS)
        delay_ms = REFUSED_MS;
    tcn_feed_failed(feed, run->task, result->reason, is_refused, delay_ms, now_ms);
}

/* More is there, but not from where it was asked already. */
static bool has_more(const struct tcn_feed_run *run)
{
    return run->outcome->result.step != 0 &&
           strcmp(run->outcome->result.cursor, run->op.cursor) != 0;
}

static int end_poll(struct tcn_feed_job *j, struct tcn_feed *feed, struct tcn_store *s,
                    int64_t now_ms, struct tcn_arena *a, struct hints *ret, struct tcn_err *err)
{
    const char *cursor = j->before->outcome->result.cursor;
    int r = found_all(j, s, now_ms, a, ret, err);

    tcn_feed_polled(feed, &j->target->policy, cursor[0] ? cursor : NULL, has_more(j->before),
                    now_ms);
    j->looks_dead = tcn_feed_found(feed, j->n_missed, now_ms);
    return r;
}

static int end_survey(struct tcn_feed_job *j, struct tcn_feed *feed, struct tcn_store *s,
                      int64_t now_ms, struct tcn_arena *a, struct hints *ret, struct tcn_err *err)
{
    const struct tcn_feed_run *run = j->before;

    tcn_feed_swept(feed, &j->target->policy, run->records[run->n_records - 1].incident, now_ms);
    return compare_all(j, s, a, ret, err);
}

static int end(struct tcn_feed_job *j, struct tcn_feed *feed, struct tcn_store *s, int64_t now_ms,
               struct tcn_arena *a, struct hints *ret, struct tcn_err *err)
{
    if (j->before->outcome->result.outcome != TOCSIN_OK) {
        fail(j->before, feed, now_ms);
        return 0;
    }
    return j->before->task == TCN_FEED_POLL ? end_poll(j, feed, s, now_ms, a, ret, err)
                                            : end_survey(j, feed, s, now_ms, a, ret, err);
}

/* Its row is ours, unless this process was taken for dead meanwhile: then another asks again, and hints once more. The row is
 * written before an incident is locked, as everywhere. */
int tcn_feed_job_result(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                        struct tcn_err *err)
{
    struct tcn_feed_job *j = (struct tcn_feed_job *)job;
    struct tcn_feed feed = j->before->feed;
    struct hints hints = {.n = 0};
    struct tcn_arena arena;
    int r;

    tcn_feed_job_reset(j);
    tcn_arena_init(&arena, JOB_ARENA);
    r = end(j, &feed, s, now_ms, &arena, &hints, err);
    j->next_ms = tcn_feed_due(&feed);
    if (r == 0)
        r = tcn_store_feed_put(s, &feed, err);
    if (r == 0)
        r = give_hints(j, s, &hints, now_ms, err);
    tcn_arena_done(&arena);
    return r;
}
