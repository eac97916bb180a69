#include "rows.h"

/* As the next transaction reads it. */
static struct tcn_storm committed(struct fixture *f, const char *source)
{
    struct tcn_storm ret;

    commit_and_begin(f);
    OK(f, tcn_store_storm_get(f->s, source, &ret, &f->err));
    return ret;
}

static void put_read(struct fixture *f, const char *source, const struct tcn_storm *storm)
{
    struct tcn_storm before;

    OK(f, tcn_store_storm_get(f->s, source, &before, &f->err));
    OK(f, tcn_store_storm_put(f->s, source, storm, &f->err));
}

static void storm(void **state)
{
    struct fixture *f = *state;
    struct tcn_storm in = {29.75, 5, id_of(7), 3, 2}, out;

    OK(f, tcn_store_storm_get(f->s, "prom", &out, &f->err));
    same_storm(&(struct tcn_storm){0}, &out);
    OK(f, tcn_store_storm_put(f->s, "prom", &in, &f->err));
    OK(f, tcn_store_storm_get(f->s, "prom", &out, &f->err));
    same_storm(&in, &out);
    in = (struct tcn_storm){0.1, 6, {{0}}, 0, 0};
    OK(f, tcn_store_storm_put(f->s, "prom", &in, &f->err));
    OK(f, tcn_store_storm_get(f->s, "prom", &out, &f->err));
    same_storm(&in, &out);
    OK(f, tcn_store_storm_get(f->s, "other", &out, &f->err));
    same_storm(&(struct tcn_storm){0}, &out);
}

static const struct tcn_storm prom = {29.75, 5, {{7}}, 3, 2}, sns = {1.5, 6, {{0}}, 0, 0};

/* Of several sources in one transaction, each is as it was put last. */
static void written_with_the_commit(void **state)
{
    struct fixture *f = *state;
    struct tcn_storm last = {2, 9, {{0}}, 0, 0}, got;

    put_read(f, "prom", &sns);
    put_read(f, "prom", &prom);
    put_read(f, "sns", &sns);
    OK(f, tcn_store_storm_get(f->s, "prom", &got, &f->err));
    same_storm(&prom, &got);
    put_read(f, "prom", &last);
    got = committed(f, "prom");
    same_storm(&last, &got);
    got = committed(f, "sns");
    same_storm(&sns, &got);
}

static void forgotten_with_the_rollback(void **state)
{
    struct fixture *f = *state;
    struct tcn_storm got;

    put_read(f, "prom", &prom);
    tcn_store_rollback(f->s);
    OK(f, tcn_store_begin(f->s, &f->err));
    got = committed(f, "prom");
    same_storm(&(struct tcn_storm){0}, &got);
}

static void reread_has_what_was_put(void **state)
{
    struct fixture *f = *state;
    struct tcn_storm got;

    put_read(f, "prom", &prom);
    OK(f, tcn_store_storm_reread(f->s, "prom", &got, &f->err));
    same_storm(&prom, &got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(storm),
        IN_MEMORY(written_with_the_commit),
        IN_MEMORY(forgotten_with_the_rollback),
        IN_MEMORY(reread_has_what_was_put),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
