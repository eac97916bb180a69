/* Which server of a URL was asked, and who works on it: a database that a promotion left behind looks as good as the right one. */
#include "app/db_cli.h"
#include "base/datetime.h"
#include "store/nodes.h"

#include <stdio.h>

#define PEERS_ARENA (1u << 20)

static void tell_unmet(const struct tcn_survey *survey)
{
    for (size_t i = 0; i < survey->n; i++)
        if (survey->servers[i].state == TCN_SERVER_UNMET)
            printf("Not asked: %s does not answer (%s). When it is the one that was promoted, what "
                   "was asked was left behind.\n",
                   survey->servers[i].host, survey->servers[i].why);
}

/* Whether there is one. */
static bool tell_left_behind(const struct tcn_survey *survey)
{
    bool is_any = false;

    for (size_t i = 0; i < survey->n; i++) {
        const struct tcn_server *s = &survey->servers[i];

        if (s->state != TCN_SERVER_LEFT_BEHIND)
            continue;
        printf("Left behind: %s takes writes, too, on timeline %lld, and they are lost: stop it, "
               "and make it a standby (pg_rewind, pg_basebackup) before it starts again.\n",
               s->host, (long long)s->timeline);
        is_any = true;
    }
    return is_any;
}

static void tell_nodes(const struct tcn_peer *peers, size_t n)
{
    char seen[TCN_TIME_TEXT];
    int64_t seen_ms = 0;
    size_t n_alive = 0;

    for (size_t i = 0; i < n; i++) {
        n_alive += peers[i].state == TCN_PEER_ALIVE;
        if (peers[i].seen_ms > seen_ms)
            seen_ms = peers[i].seen_ms;
    }
    tcn_time_text(seen_ms, seen);
    printf("%zu nodes at work on it, last contact %s.\n", n_alive, seen_ms ? seen : "unknown");
}

static int list_nodes(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_peer *peers = NULL;
    struct tcn_arena arena;
    size_t n = 0;
    int r;

    if ((r = tcn_store_begin(s, err)) < 0)
        return r;
    tcn_arena_init(&arena, PEERS_ARENA);
    if ((r = tcn_store_peer_list(s, &arena, &peers, &n, err)) == 0)
        tell_nodes(peers, n);
    tcn_arena_done(&arena);
    tcn_store_rollback(s);
    return r;
}

/* What a start warns of, and is no reason not to start. */
static void tell_doubts(const struct tcn_database *d)
{
    if (!*d->system_id || d->timeline == 0)
        printf("It does not tell this role which server it is: a stranger, or a primary that a "
               "promotion left behind, may be taken for the right one (as a superuser: GRANT "
               "EXECUTE ON FUNCTION pg_control_system(), pg_walfile_name(pg_lsn) TO the role).\n");
    if (d->bypasses_policies)
        printf("The role is a superuser or has BYPASSRLS: the database does not keep accounts "
               "apart; use a role without either that owns the tables.\n");
}

int tcn_db_tell_server(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_database d;
    struct tcn_survey survey;
    bool is_split;
    int r;

    if (!tcn_store_is_shared(s))
        return 0;
    tcn_store_database(s, &d);
    tcn_store_survey_of_start(s, &survey);
    printf("Asked: %s (%s, timeline %lld). ", d.host, *d.role ? d.role : "role unknown",
           (long long)d.timeline);
    fflush(stdout);
    tell_unmet(&survey);
    is_split = tell_left_behind(&survey);
    r = list_nodes(s, err);
    tell_doubts(&d);
    return r == 0 && is_split ? 1 : r;
}
