#include "fault_vfs.h"
#include "rows.h"
#include "store/thread.h"

#include <pthread.h>
#include <sys/stat.h>

#define PRODUCERS 4
#define JOBS_EACH 10000

struct bed {
    struct fixture f;
    struct event_base *base;
    struct tcn_storethread *t;
    size_t n_done;
    int told[2]; /* how often the disk was told to be well, to be full */
};

static int64_t fixed_clock(void *ctx)
{
    (void)ctx;
    return NOW;
}

static int setup(void **state)
{
    struct bed *b = calloc(1, sizeof *b);

    tcn_arena_init(&b->f.a, (size_t)64 << 20);
    make_dir(&b->f);
    b->base = event_base_new();
    *state = b;
    return 0;
}

static void on_full(void *ctx, bool is_full)
{
    struct bed *b = ctx;

    b->told[is_full]++;
}

static struct tcn_storethread_options options_of(struct bed *b)
{
    return (struct tcn_storethread_options){
        .store = {.url = b->f.url, .account_id = ACCOUNT, .node = "t"},
        .now_ms = fixed_clock,
        .on_full = on_full,
        .full_ctx = b};
}

static void start(struct bed *b, size_t max_waiting, size_t max_batch)
{
    struct tcn_storethread_options o = options_of(b);

    o.max_waiting = max_waiting;
    o.max_batch = max_batch;
    OK(&b->f, tcn_storethread_start(b->base, &o, &b->t, &b->f.err));
}

static int teardown_bed(void **state)
{
    struct bed *b = *state;

    tcn_storethread_stop(b->t);
    event_base_free(b->base);
    remove_files(&b->f);
    tcn_arena_done(&b->f.a);
    free(b);
    return 0;
}

/* -- jobs --------------------------------------------------------------------------------------------------- */

struct note_job {
    struct tcn_job job;
    struct bed *bed;
    char name[32];
    int refusal; /* what run answers, after it wrote */
    int runs, result;
    int64_t now_ms;
    bool is_done;
    size_t done_as; /* the how many-th */
    char message[TCN_ERR_MSG];
};

static int run_note(struct tcn_job *job, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct note_job *n = (struct note_job *)job;
    int r;

    n->runs++;
    n->now_ms = now_ms;
    if ((r = tcn_store_meta_put(s, n->name, "x", err)) < 0)
        return r;
    return n->refusal ? tcn_fail(err, n->refusal, "refused %s", n->name) : 0;
}

static void done_note(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct note_job *n = (struct note_job *)job;

    assert_false(n->is_done);
    n->is_done = true;
    n->result = r;
    n->done_as = n->bed->n_done++;
    if (r < 0)
        snprintf(n->message, sizeof n->message, "%s", err->msg);
}

static void init_note(struct bed *b, struct note_job *n, const char *name, int refusal)
{
    *n = (struct note_job){.job = {.run = run_note, .done = done_note}, .bed = b};
    n->refusal = refusal;
    snprintf(n->name, sizeof n->name, "%s", name);
}

static void loop_until(struct bed *b, size_t n_done)
{
    while (b->n_done < n_done)
        assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
}

/* What is in the store after the thread has gone. */
static bool is_stored(struct bed *b, const char *name)
{
    const char *value;

    OK(&b->f, tcn_store_meta_get(b->f.s, name, &b->f.a, &value, &b->f.err));
    return value != NULL;
}

static void stop_and_look(struct bed *b)
{
    tcn_storethread_stop(b->t);
    b->t = NULL;
    OK(&b->f, try_open(&b->f, b->f.url, &b->f.s));
    OK(&b->f, tcn_store_begin(b->f.s, &b->f.err));
}

static void look_no_more(struct bed *b)
{
    tcn_store_rollback(b->f.s);
    tcn_store_close(b->f.s);
    b->f.s = NULL;
}

/* -- one thread of producers -------------------------------------------------------------------------------- */

static void open_error_is_told(void **state)
{
    struct bed *b = *state;
    struct tcn_storethread_options o = options_of(b);

    o.store.url = "sqlite:/nonexistent-folder/x.db";
    assert_int_equal(tcn_storethread_start(b->base, &o, &b->t, &b->f.err), TCN_EIO);
    assert_null(b->t);
}

static void one_job(void **state)
{
    struct bed *b = *state;
    struct note_job n;
    struct tcn_storethread_stats stats;

    start(b, 0, 0);
    init_note(b, &n, "a", 0);
    assert_int_equal(tcn_storethread_post(b->t, &n.job), 0);
    loop_until(b, 1);
    assert_int_equal(n.result, 0);
    assert_int_equal(n.runs, 1);
    assert_int_equal(n.now_ms, NOW);
    tcn_storethread_stats(b->t, &stats);
    assert_int_equal(stats.jobs, 1);
    assert_int_equal(stats.batches, 1);
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(stats.retried + stats.failed, 0);
    assert_int_equal(stats.epoch, 1);
    assert_false(stats.disk_full);
    stop_and_look(b);
    assert_true(is_stored(b, "a"));
    look_no_more(b);
}

/* A job that holds the thread until it is told to go on, so that what a batch is made of is known. */
struct gate_job {
    struct tcn_job job;
    struct bed *bed;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_entered, is_open;
};

static int run_gate(struct tcn_job *job, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct gate_job *g = (struct gate_job *)job;

    (void)s;
    (void)now_ms;
    (void)err;
    pthread_mutex_lock(&g->mutex);
    g->is_entered = true;
    pthread_cond_signal(&g->changed);
    while (!g->is_open)
        pthread_cond_wait(&g->changed, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
    return 0;
}

static void done_gate(struct tcn_job *job, int r, const struct tcn_err *err)
{
    (void)err;
    assert_int_equal(r, 0);
    ((struct gate_job *)job)->bed->n_done++;
}

static void post_gate(struct bed *b, struct gate_job *g)
{
    *g = (struct gate_job){.job = {.run = run_gate, .done = done_gate}, .bed = b};
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->changed, NULL);
    assert_int_equal(tcn_storethread_post(b->t, &g->job), 0);
}

static void until_entered(struct gate_job *g)
{
    pthread_mutex_lock(&g->mutex);
    while (!g->is_entered)
        pthread_cond_wait(&g->changed, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
}

static void close_gate(struct bed *b, struct gate_job *g)
{
    post_gate(b, g);
    until_entered(g);
}

static void open_gate(struct gate_job *g)
{
    pthread_mutex_lock(&g->mutex);
    g->is_open = true;
    pthread_cond_signal(&g->changed);
    pthread_mutex_unlock(&g->mutex);
}

static void free_gate(struct gate_job *g)
{
    pthread_mutex_destroy(&g->mutex);
    pthread_cond_destroy(&g->changed);
}

static void waiting_jobs_share_a_transaction(void **state)
{
    struct bed *b = *state;
    struct note_job jobs[20];
    struct gate_job gate;
    struct tcn_storethread_stats stats;

    start(b, 0, 0);
    close_gate(b, &gate);
    for (size_t i = 0; i < 20; i++) {
        init_note(b, &jobs[i], tcn_arena_fmt(&b->f.a, "j%zu", i), 0);
        assert_int_equal(tcn_storethread_post(b->t, &jobs[i].job), 0);
    }
    tcn_storethread_stats(b->t, &stats);
    assert_int_equal(stats.waiting, 20);
    open_gate(&gate);
    loop_until(b, 21);
    tcn_storethread_stats(b->t, &stats);
    assert_int_equal(stats.jobs, 21);
    assert_int_equal(stats.batches, 2);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(jobs[i].result, 0);
        assert_int_equal(jobs[i].done_as, i + 1);
    }
    free_gate(&gate);
}

/* -- the disk ----------------------------------------------------------------------------------------------- */

/* A disk that does not answer until it is told to. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_shut, is_asked;
} disk = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};

static void wait_for_disk(void)
{
    pthread_mutex_lock(&disk.mutex);
    disk.is_asked = true;
    pthread_cond_broadcast(&disk.changed);
    while (disk.is_shut)
        pthread_cond_wait(&disk.changed, &disk.mutex);
    pthread_mutex_unlock(&disk.mutex);
}

static void set_disk(bool is_shut)
{
    pthread_mutex_lock(&disk.mutex);
    disk.is_shut = is_shut;
    disk.is_asked = false;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.mutex);
}

static void until_disk_is_asked(void)
{
    pthread_mutex_lock(&disk.mutex);
    while (!disk.is_asked)
        pthread_cond_wait(&disk.changed, &disk.mutex);
    pthread_mutex_unlock(&disk.mutex);
}

static int run_read(struct tcn_job *job, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct note_job *n = (struct note_job *)job;
    struct tcn_arena a = {.cap = 4096};
    const char *value = NULL;
    int r = tcn_store_meta_get(s, "a", &a, &value, err);

    n->now_ms = value ? now_ms : 0;
    tcn_arena_done(&a);
    return r;
}

/* Nobody hears of a commit before it is durable, nor of what was read of it; meanwhile the next batch runs, when it is
 * worth a commit of its own. */
static void results_wait_for_the_disk(void **state)
{
    struct bed *b = *state;
    struct note_job a, readers[20];
    struct gate_job gate;

    fault_vfs_install();
    fault.on_sync = wait_for_disk;
    start(b, 0, 0);
    set_disk(true);
    init_note(b, &a, "a", 0);
    assert_int_equal(tcn_storethread_post(b->t, &a.job), 0);
    until_disk_is_asked();
    post_gate(b, &gate);
    for (size_t i = 0; i < 20; i++) {
        init_note(b, &readers[i], "r", 0);
        readers[i].job.run = run_read;
        assert_int_equal(tcn_storethread_post(b->t, &readers[i].job), 0);
    }
    until_entered(&gate);
    open_gate(&gate);
    event_base_loop(b->base, EVLOOP_NONBLOCK);
    assert_int_equal(b->n_done, 0);
    set_disk(false);
    loop_until(b, 22);
    assert_int_equal(a.done_as, 0);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(readers[i].done_as, i + 2);
        assert_int_equal(readers[i].now_ms, NOW);
    }
    fault.on_sync = NULL;
    free_gate(&gate);
}

static void one_refusal_spares_the_others(void **state)
{
    struct bed *b = *state;
    struct note_job jobs[5];
    struct gate_job gate;
    struct tcn_storethread_stats stats;

    start(b, 0, 0);
    close_gate(b, &gate);
    for (size_t i = 0; i < 5; i++) {
        init_note(b, &jobs[i], tcn_arena_fmt(&b->f.a, "j%zu", i), i == 2 ? TCN_EINVALID : 0);
        assert_int_equal(tcn_storethread_post(b->t, &jobs[i].job), 0);
    }
    open_gate(&gate);
    loop_until(b, 6);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(jobs[i].result, i == 2 ? TCN_EINVALID : 0);
        assert_int_equal(jobs[i].runs, i <= 2 ? 2 : 1);
        assert_int_equal(jobs[i].done_as, i + 1);
    }
    assert_string_equal(jobs[2].message, "refused j2");
    tcn_storethread_stats(b->t, &stats);
    assert_int_equal(stats.retried, 5);
    assert_int_equal(stats.failed, 1);
    free_gate(&gate);
    stop_and_look(b);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(is_stored(b, jobs[i].name), i != 2);
    look_no_more(b);
}

static void full_queue_refuses(void **state)
{
    struct bed *b = *state;
    struct note_job jobs[4];
    struct gate_job gate;

    start(b, 3, 2);
    close_gate(b, &gate);
    for (size_t i = 0; i < 4; i++) {
        init_note(b, &jobs[i], tcn_arena_fmt(&b->f.a, "j%zu", i), 0);
        assert_int_equal(tcn_storethread_post(b->t, &jobs[i].job), i < 3 ? 0 : TCN_EBUSY);
    }
    open_gate(&gate);
    loop_until(b, 4);
    assert_false(jobs[3].is_done);
    assert_int_equal(tcn_storethread_post(b->t, &jobs[3].job), 0);
    loop_until(b, 5);
    assert_int_equal(jobs[3].result, 0);
    free_gate(&gate);
}

/* done may post; a post after the end is refused. */
struct again_job {
    struct note_job note;
    int left;
    int refused;
};

static void done_again(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct again_job *a = (struct again_job *)job;

    (void)err;
    assert_int_equal(r, 0);
    a->note.bed->n_done++;
    if (a->left-- > 0)
        a->refused = tcn_storethread_post(a->note.bed->t, job);
}

static void done_posts_again(void **state)
{
    struct bed *b = *state;
    struct again_job a = {.left = 50};

    start(b, 0, 0);
    init_note(b, &a.note, "again", 0);
    a.note.job.done = done_again;
    assert_int_equal(tcn_storethread_post(b->t, &a.note.job), 0);
    loop_until(b, 51);
    assert_int_equal(a.note.runs, 51);
    a.left = 1;
    assert_int_equal(tcn_storethread_post(b->t, &a.note.job), 0);
    stop_and_look(b);
    assert_int_equal(b->n_done, 52);
    assert_int_equal(a.refused, TCN_EBUSY);
    look_no_more(b);
}

static void stop_finishes_what_was_posted(void **state)
{
    struct bed *b = *state;
    struct note_job jobs[100];

    start(b, 0, 7);
    for (size_t i = 0; i < 100; i++) {
        init_note(b, &jobs[i], tcn_arena_fmt(&b->f.a, "j%zu", i), 0);
        assert_int_equal(tcn_storethread_post(b->t, &jobs[i].job), 0);
    }
    stop_and_look(b);
    assert_int_equal(b->n_done, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(jobs[i].result, 0);
        assert_true(is_stored(b, jobs[i].name));
    }
    look_no_more(b);
}

/* Idle, the thread settles the log by itself. */
struct bulk_job {
    struct tcn_job job;
    struct bed *bed;
};

static int run_bulk(struct tcn_job *job, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    char name[32];
    int r = 0;

    (void)job;
    (void)now_ms;
    for (int i = 0; r == 0 && i < 60000; i++) {
        snprintf(name, sizeof name, "bulk%d", i);
        r = tcn_store_meta_put(s, name, "a value that needs some room of a page in the file", err);
    }
    return r;
}

static void done_bulk(struct tcn_job *job, int r, const struct tcn_err *err)
{
    (void)err;
    assert_int_equal(r, 0);
    ((struct bulk_job *)job)->bed->n_done++;
}

static off_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : -1;
}

static void log_is_settled_when_idle(void **state)
{
    struct bed *b = *state;
    struct bulk_job job = {.job = {.run = run_bulk, .done = done_bulk}, .bed = b};
    const struct timespec pause = {0, 10 * 1000 * 1000};
    int tries = 0;

    start(b, 0, 0);
    assert_int_equal(tcn_storethread_post(b->t, &job.job), 0);
    loop_until(b, 1);
    /* The only sign from outside is the file that grows. */
    while (size_of(b->f.path) < (off_t)1000 * 4096 && tries++ < 1000)
        nanosleep(&pause, NULL);
    assert_true(size_of(b->f.path) >= (off_t)1000 * 4096);
}

/* The fault is planned by a job, on the thread that meets it. */
static int run_until_full(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                          struct tcn_err *err)
{
    fault.kind = FAULT_WRITE;
    fault.left = 1;
    fault.code = SQLITE_FULL;
    return run_note(job, s, now_ms, err);
}

static bool is_full(struct bed *b)
{
    struct tcn_storethread_stats stats;

    tcn_storethread_stats(b->t, &stats);
    return stats.disk_full;
}

static void full_disk_is_told_and_forgotten(void **state)
{
    struct bed *b = *state;
    struct note_job n, next;
    size_t done = 1;

    fault_vfs_install();
    memset(&fault, 0, sizeof fault);
    start(b, 0, 0);
    init_note(b, &n, "a", 0);
    n.job.run = run_until_full;
    assert_int_equal(tcn_storethread_post(b->t, &n.job), 0);
    loop_until(b, 1);
    assert_int_equal(n.result, TCN_EFULL);
    assert_int_equal(b->told[true], 1);
    assert_true(is_full(b));
    /* Busy all the time, it still finds out that there is room again. */
    while (is_full(b)) {
        init_note(b, &next, "b", 0);
        assert_int_equal(tcn_storethread_post(b->t, &next.job), 0);
        loop_until(b, ++done);
        assert_int_equal(next.result, 0);
        assert_true(done < 1000000);
    }
    while (!b->told[false])
        assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
    stop_and_look(b);
    assert_int_equal(b->told[false], 1);
    assert_int_equal(b->told[true], 1);
    assert_false(is_stored(b, "a"));
    assert_int_equal(is_stored(b, "b"), done > 1);
    look_no_more(b);
}

static void start_on_full_disk_is_told(void **state)
{
    struct bed *b = *state;
    char reserve[128];

    /* No reserve can be taken as long as a folder is in its place. */
    snprintf(reserve, sizeof reserve, "%s.reserve", b->f.path);
    assert_int_equal(mkdir(reserve, 0700), 0);
    start(b, 0, 0);
    while (!b->told[true])
        assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
    assert_int_equal(b->told[false], 0);
    assert_int_equal(rmdir(reserve), 0);
    while (!b->told[false])
        assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
    assert_int_equal(b->told[true], 1);
}

/* -- four threads of producers ------------------------------------------------------------------------------ */

struct load {
    struct bed *bed;
    int no;
    struct note_job *jobs; /* JOBS_EACH */
};

static int run_light(struct tcn_job *job, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct note_job *n = (struct note_job *)job;

    (void)s;
    n->runs++;
    n->now_ms = now_ms;
    return n->refusal ? tcn_fail(err, n->refusal, "refused %s", n->name) : 0;
}

static void *produce(void *arg)
{
    struct load *l = arg;

    for (size_t i = 0; i < JOBS_EACH; i++)
        while (tcn_storethread_post(l->bed->t, &l->jobs[i].job) == TCN_EBUSY)
            sched_yield();
    return NULL;
}

static bool refuses(size_t i)
{
    return i % 997 == 13;
}

static void four_producers(void **state)
{
    struct bed *b = *state;
    struct load loads[PRODUCERS];
    struct tcn_storethread_stats stats;
    pthread_t threads[PRODUCERS];
    size_t n_refused = 0;

    start(b, 1000, 64);
    for (int p = 0; p < PRODUCERS; p++) {
        loads[p] = (struct load){b, p, calloc(JOBS_EACH, sizeof(struct note_job))};
        for (size_t i = 0; i < JOBS_EACH; i++) {
            init_note(b, &loads[p].jobs[i], "light", refuses(i) ? TCN_EINVALID : 0);
            snprintf(loads[p].jobs[i].name, sizeof loads[p].jobs[i].name, "p%d-%zu", p, i);
            /* Most jobs cost nothing, so that the hand-over is what is tried. */
            if (i % 100)
                loads[p].jobs[i].job.run = run_light;
        }
    }
    for (int p = 0; p < PRODUCERS; p++)
        assert_int_equal(pthread_create(&threads[p], NULL, produce, &loads[p]), 0);
    loop_until(b, (size_t)PRODUCERS * JOBS_EACH);
    for (int p = 0; p < PRODUCERS; p++)
        pthread_join(threads[p], NULL);
    tcn_storethread_stats(b->t, &stats);
    stop_and_look(b);
    for (int p = 0; p < PRODUCERS; p++) {
        for (size_t i = 0; i < JOBS_EACH; i++) {
            const struct note_job *n = &loads[p].jobs[i];

            assert_true(n->is_done && n->runs >= 1 && n->now_ms == NOW);
            assert_int_equal(n->result, refuses(i) ? TCN_EINVALID : 0);
            /* Each producer gets its own back in the order in which it posted. */
            assert_true(i == 0 || n->done_as > loads[p].jobs[i - 1].done_as);
            n_refused += n->result < 0;
            if (i % 100 == 0)
                assert_int_equal(is_stored(b, n->name), !refuses(i));
        }
        free(loads[p].jobs);
    }
    look_no_more(b);
    assert_int_equal(stats.jobs, PRODUCERS * JOBS_EACH);
    assert_int_equal(stats.failed, n_refused);
    assert_true(stats.batches <= stats.jobs && stats.retried >= stats.failed);
    print_message("%d jobs in %d batches, %d ran twice\n", (int)stats.jobs, (int)stats.batches,
                  (int)stats.retried);
}

#define ON_BED(name) cmocka_unit_test_setup_teardown(name, setup, teardown_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BED(open_error_is_told),
        ON_BED(one_job),
        ON_BED(waiting_jobs_share_a_transaction),
        ON_BED(results_wait_for_the_disk),
        ON_BED(one_refusal_spares_the_others),
        ON_BED(full_queue_refuses),
        ON_BED(done_posts_again),
        ON_BED(stop_finishes_what_was_posted),
        ON_BED(log_is_settled_when_idle),
        ON_BED(full_disk_is_told_and_forgotten),
        ON_BED(start_on_full_disk_is_told),
        ON_BED(four_producers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
