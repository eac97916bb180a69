/* tocsin db copy and reclaim: moving a store to another place, and going back on it. */
#include "app/db_cli.h"
#include "store/copy.h"
#include "store/moved.h"
#include "store/nodes.h"
#include "sys/clock.h"

#include <stdio.h>

#define ROUNDS_MAX 10
#define FEW_ROWS 200 /* what changed in a round: the next one would find as much */

static const char usage[] =
    "usage: tocsin db copy --from URL --to URL [--final]\n"
    "\n"
    "  Moves a store to another database, from SQLite to PostgreSQL, back, or between two of a\n"
    "  kind, in two runs:\n"
    "\n"
    "  1. While the server goes on: copies, and catches up until little is left. It may be\n"
    "     stopped at any moment and run again.\n"
    "  2. The switch: stop the server, run the same command with --final, which makes the rest\n"
    "     equal and compares every table, name the new store in the configuration, start.\n"
    "     Nothing starts on the old store after that; tocsin db reclaim goes back on it.\n"
    "\n"
    "  --from URL   the store: sqlite:PATH or postgresql://USER@HOST/DATABASE, no password inside\n"
    "  --to URL     an empty database, or a file that does not exist\n"
    "  --final      owns the source, so that nothing is received there any more\n"
    "\n"
    "  No configuration is read, so the \"password\" of its \"store\" is not known here. That of\n"
    "  PostgreSQL is looked for by libpq: passfile=PATH in the URL, PGPASSWORD, or a line\n"
    "  HOST:PORT:DATABASE:USER:PASSWORD in the file PGPASSFILE names, else in ~/.pgpass (mode "
    "600).\n"
    "  In a URL it would be in the list of processes, and is refused.\n";

static void tell_round(int n, const struct tcn_copy_round *r)
{
    printf("round %d: %llu rows; %llu added, %llu changed, %llu dropped\n", n,
           (unsigned long long)r->rows, (unsigned long long)r->added,
           (unsigned long long)r->changed, (unsigned long long)r->dropped);
    fflush(stdout);
}

static int follow(struct tcn_copy *c, struct tcn_err *err)
{
    struct tcn_copy_round round = {.added = UINT64_MAX};
    int r = 0;

    for (int n = 1; r == 0 && n <= ROUNDS_MAX && (n < 3 || round.added > FEW_ROWS); n++)
        if ((r = tcn_copy_run_round(c, &round, err)) == 0)
            tell_round(n, &round);
    if (r == 0)
        printf("The copy is near. To switch: stop tocsin, run this again with --final.\n");
    return r;
}

static int finish(struct tcn_copy *c, const char *to, struct tcn_err *err)
{
    struct tcn_copy_sum sums[TCN_COPY_TABLES];
    struct tcn_copy_round round;
    int r;

    if ((r = tcn_copy_run_round(c, &round, err)) < 0)
        return r;
    tell_round(1, &round);
    if ((r = tcn_copy_finish(c, sums, err)) < 0)
        return r;
    for (size_t i = 0; i < TCN_COPY_TABLES; i++)
        printf("%-14s %10llu rows  sha256 %s on both sides\n", sums[i].table,
               (unsigned long long)sums[i].rows, sums[i].sha256);
    printf("Everything is equal. Now set \"store\" to %s in the configuration and start tocsin. "
           "Nothing starts on the old store any more.\n",
           to);
    return 0;
}

static int copy(const char *from, const char *to, bool is_final)
{
    struct tcn_copy *c;
    struct tcn_err err;
    int r;

    r = tcn_copy_open(from, to, is_final, tcn_clock_now_ms(), &c, &err);
    if (r == TCN_EBUSY && is_final)
        fprintf(stderr, "tocsin db copy: with --final no server may run on either side\n");
    if (r < 0)
        return tcn_db_fail("copy", &err);
    r = is_final ? finish(c, to, &err) : follow(c, &err);
    tcn_copy_close(c);
    return r < 0 ? tcn_db_fail("copy", &err) : 0;
}

int tcn_db_copy_cli(int argc, char **argv)
{
    enum { FROM, TO, FINAL };
    static const struct tcn_option_name names[] = {[FROM] = {"--from", "URL"},
                                                   [TO] = {"--to", "URL"},
                                                   [FINAL] = {"--final", NULL},
                                                   {NULL, NULL}};
    struct tcn_command_line line = {"tocsin db copy", usage, names, argc, argv, 1};
    const char *values[3] = {NULL};
    int r = tcn_db_options(&line, values, 1u << FROM | 1u << TO);

    return r < 0 ? tcn_options_status(r) : copy(values[FROM], values[TO], values[FINAL] != NULL);
}

/* -- reclaim ------------------------------------------------------------------------------------------------- */

static const char reclaim_usage[] =
    "usage: tocsin db reclaim --config FILE [--data DIR]\n"
    "\n"
    "  Lets a store be started again that tocsin db copy --final moved to another place. What\n"
    "  happened there since is not here: stop the server there first. What was due before is "
    "held,\n"
    "  as after tocsin db restore, since it may have been done there: see tocsin db held.\n"
    "\n"
    "  --config FILE   the configuration that names the old store\n"
    "  --data DIR      where the store is kept (default: data)\n";

static int reclaim(const struct tcn_config *c)
{
    struct tcn_store_options o = tcn_db_store(c);
    struct tcn_held_count held = {0};
    struct tcn_store *s;
    struct tcn_err err;
    int r;

    /* A store is reclaimed, not made. */
    if (tcn_store_visit(&o, false, &s, &err) < 0)
        return tcn_db_fail("reclaim", &err);
    tcn_store_close(s);
    o.is_alone = o.is_reclaimed = true;
    if (tcn_store_open(&o, tcn_clock_now_ms(), &s, &err) < 0)
        return tcn_db_fail("reclaim", &err);
    /* Held first: one that is killed in between is still marked as moved. */
    if ((r = tcn_db_hold(s, &held, &err)) == 0)
        r = tcn_moved_drop(s, &err);
    tcn_store_leave(s, NULL); /* it was no node */
    tcn_store_close(s);
    if (r < 0)
        return tcn_db_fail("reclaim", &err);
    printf("The store can be started again; the server on the one that it was moved to must not "
           "run.\n");
    tcn_db_tell_held(&held);
    return 0;
}

int tcn_db_reclaim_cli(int argc, char **argv)
{
    return tcn_db_on_config("tocsin db reclaim", reclaim_usage, argc, argv, reclaim);
}
