/* What was learnt of the database outlives the process: the cluster's identifier and the highest timeline that was met are one
 * line of a file in the node's folder. A primary that a promotion left behind, and that came back, is none of which a process
 * that just started would know. */
#include "store/postgres.h"

#include "base/xalloc.h"
#include "sys/file.h"
#include <stdio.h>
#include <stdlib.h>

#define FILE_NAME "postgresql-server"
#define FILE_MAX 64 /* bytes */
#define FILE_MODE 0600
#define DIGITS "0123456789"

static int parse(struct tcn_pg_known *k, const char *line, struct tcn_err *err)
{
    size_t len = strspn(line, DIGITS);
    char *end = NULL;
    long long timeline = line[len] == ' ' ? strtoll(line + len, &end, 10) : 0;

    if (len == 0 || len >= sizeof k->system_id || timeline <= 0 || strcmp(end, "\n") != 0)
        return tcn_fail(err, TCN_EINVALID,
                        "%s is not as tocsin wrote it (system identifier and timeline of the "
                        "database's server): delete it",
                        k->path);
    snprintf(k->system_id, sizeof k->system_id, "%.*s", (int)len, line);
    k->timeline = timeline;
    return 0;
}

char *tcn_pg_path(const char *folder, const char *name)
{
    size_t size = strlen(folder) + 1 + strlen(name) + 1;
    char *path = tcn_xmalloc(size);

    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

int tcn_pg_known_read(struct tcn_pg_known *k, const char *folder, struct tcn_err *err)
{
    struct tcn_buf text;
    int r;

    if (!folder)
        return 0;
    k->path = tcn_pg_path(folder, FILE_NAME);
    tcn_buf_init(&text, FILE_MAX);
    r = tcn_file_read(k->path, &text, err);
    if (r == 0)
        r = parse(k, tcn_buf_view(&text).ptr, err);
    tcn_buf_done(&text);
    return r == TCN_ENOTFOUND ? 0 : r;
}

static void write_file(struct tcn_pg_known *k)
{
    char line[FILE_MAX];
    struct tcn_err err;
    int len = snprintf(line, sizeof line, "%s %lld\n", k->system_id, (long long)k->timeline);

    k->unkept[0] = '\0';
    if (tcn_file_write(k->path, (struct tcn_str){line, (size_t)len}, FILE_MODE, &err) < 0)
        snprintf(k->unkept, sizeof k->unkept, "%.159s", err.msg);
}

bool tcn_pg_is_one_cluster(const char *a, const char *b)
{
    return strcmp(a, TCN_PG_UNTOLD) == 0 || strcmp(b, TCN_PG_UNTOLD) == 0 || strcmp(a, b) == 0;
}

/* A later timeline, or the name of the cluster that this one is of. */
static bool is_more(const struct tcn_pg_known *k, const struct tcn_database *is)
{
    return is->timeline > k->timeline ||
           (is->timeline == k->timeline && strcmp(k->system_id, TCN_PG_UNTOLD) == 0 &&
            strcmp(is->system_id, TCN_PG_UNTOLD) != 0);
}

void tcn_pg_known_keep(struct tcn_pg_known *k, const struct tcn_database *is, bool may_write)
{
    if (!*is->system_id || !is_more(k, is))
        return;
    if (!*k->system_id || strcmp(is->system_id, TCN_PG_UNTOLD) != 0)
        snprintf(k->system_id, sizeof k->system_id, "%s", is->system_id);
    k->timeline = is->timeline;
    if (k->path && may_write)
        write_file(k);
}

/* How it is told that it was meant; not while the right server may only be away. */
static const char *remedy(const struct tcn_pg_known *k, char *text, size_t size)
{
    *text = '\0';
    if (*k->unmet)
        snprintf(text, size, "; %.120s does not answer, and may be the right one: bring it back",
                 k->unmet);
    else if (k->path && !k->is_at_work)
        snprintf(text, size, "; when that is meant (a restored backup), delete %.120s", k->path);
    return text;
}

int tcn_pg_known_check(const struct tcn_pg_known *k, const struct tcn_database *is,
                       struct tcn_err *err)
{
    char text[220];

    if (*k->system_id && *is->system_id && !tcn_pg_is_one_cluster(k->system_id, is->system_id))
        return tcn_fail(err, TCN_EINVALID,
                        "the database at %.100s is in another PostgreSQL cluster (system "
                        "identifier %s) than the one that was written to (%s): name the servers of "
                        "one cluster in the store's URL%s",
                        is->host, is->system_id, k->system_id, remedy(k, text, sizeof text));
    if (k->timeline > 0 && is->timeline > 0 && is->timeline < k->timeline)
        return tcn_fail(err, TCN_EBUSY,
                        "the server at %.100s was left behind by a promotion (it is on timeline "
                        "%lld, the database went on to %lld): take it out of service%s",
                        is->host, (long long)is->timeline, (long long)k->timeline,
                        remedy(k, text, sizeof text));
    return 0;
}

void tcn_pg_known_done(struct tcn_pg_known *k)
{
    free(k->path);
    *k = (struct tcn_pg_known){0};
}
