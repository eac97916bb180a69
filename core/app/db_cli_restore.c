/* tocsin db restore and hold: how held mode begins. */
#include "app/db_cli.h"
#include "base/datetime.h"
#include "store/nodes.h"
#include "store/restore.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 4200

void tcn_db_tell_held(const struct tcn_held_count *held)
{
    printf("Held, because it was due before: %lld pages, %lld steps, %lld tickets, %lld notices.\n"
           "Start the server: new alarms page. See what is held with tocsin db held, then tocsin "
           "db release.\n",
           (long long)held->pages, (long long)held->steps, (long long)held->tickets,
           (long long)held->notices);
}

/* -- restore ------------------------------------------------------------------------------------------------ */

static const char restore_usage[] =
    "usage: tocsin db restore --config FILE [--data DIR] --from FILE [--replace]\n"
    "\n"
    "  Makes a backup the store; the server must not run. Pages and ticket writes that were due\n"
    "  before this moment are held: they are listed by tocsin db held and done by tocsin db\n"
    "  release. Alarms that arrive later page as always.\n"
    "\n"
    "  --config FILE   the configuration that names the store\n"
    "  --data DIR      where the store is kept (default: data)\n"
    "  --from FILE     made by tocsin db backup\n"
    "  --replace       keeps the store that is there under a name with the time\n";

static const char postgres[] =
    "tocsin db restore: the store is in PostgreSQL. Stop every node, restore with pg_restore into "
    "an empty\n"
    "database or from a base backup (tocsin db backup tells the commands), and before the server "
    "starts:\n"
    "tocsin db hold --config FILE\n";

static void name_kept(const char *path, int64_t now_ms, char ret[NAME_MAX_BYTES])
{
    char time[TCN_TIME_TEXT];
    size_t n = 0;

    tcn_time_text(now_ms, time);
    for (const char *t = time; *t; t++)
        if (*t != ':' && *t != '-')
            time[n++] = *t;
    time[n] = '\0';
    snprintf(ret, NAME_MAX_BYTES, "%s.%s", path, time);
}

static int restore(const struct tcn_config *c, const char *data_dir, const char *from,
                   bool replaces)
{
    char kept[NAME_MAX_BYTES];
    struct tcn_restore how = {.from = from,
                              .path = c->store + strlen("sqlite:"),
                              .account_id = c->account_id,
                              .node = c->node,
                              .replaces = replaces,
                              .kept = kept,
                              .now_ms = tcn_clock_now_ms()};
    struct tcn_held_count held = {0};
    bool has_kept = false;
    struct tcn_err err;

    if (tcn_store_is_postgres(c->store)) {
        fputs(postgres, stderr);
        return 2;
    }
    name_kept(how.path, how.now_ms, kept);
    if (tcn_dir_make(data_dir, &err) < 0 || tcn_store_restore(&how, &held, &has_kept, &err) < 0)
        return tcn_db_fail("restore", &err);
    printf("%s is now the store %s.\n", from, how.path);
    if (has_kept)
        printf("The old one is kept as %s\n", kept);
    tcn_db_tell_held(&held);
    return 0;
}

int tcn_db_restore_cli(int argc, char **argv)
{
    enum { CONFIG, DATA, FROM, REPLACE };
    static const struct tcn_option_name names[] = {[CONFIG] = {"--config", "FILE"},
                                                   [DATA] = {"--data", "DIR"},
                                                   [FROM] = {"--from", "FILE"},
                                                   [REPLACE] = {"--replace", NULL},
                                                   {NULL, NULL}};
    struct tcn_command_line line = {"tocsin db restore", restore_usage, names, argc, argv, 1};
    const char *values[] = {[CONFIG] = NULL, [DATA] = "data", [FROM] = NULL, [REPLACE] = NULL};
    struct tcn_config *c;
    int r = tcn_db_options(&line, values, 1u << CONFIG | 1u << FROM), status;

    if (r < 0)
        return tcn_options_status(r);
    if (!(c = tcn_db_config(values[CONFIG], values[DATA])))
        return 1;
    status = restore(c, values[DATA], values[FROM], values[REPLACE] != NULL);
    tcn_config_unref(c);
    return status;
}

/* -- hold --------------------------------------------------------------------------------------------------- */

static const char hold_usage[] =
    "usage: tocsin db hold --config FILE [--data DIR]\n"
    "\n"
    "  Begins held mode in a store that was restored by other means, such as pg_restore; the\n"
    "  server must not run. tocsin db restore does it by itself. In held mode already it holds\n"
    "  what came due since, too; held since is the first time.\n"
    "\n"
    "  --config FILE   the configuration that names the store\n"
    "  --data DIR      where the store is kept (default: data)\n";

int tcn_db_hold(struct tcn_store *s, struct tcn_held_count *ret, struct tcn_err *err)
{
    int r;

    if ((r = tcn_store_begin(s, err)) < 0)
        return r;
    if ((r = tcn_store_hold(s, tcn_store_now_ms(s), err)) == 0 &&
        (r = tcn_store_held_count(s, ret, err)) == 0)
        return tcn_store_commit(s, err);
    tcn_store_rollback(s);
    return r;
}

static int hold(const struct tcn_config *c)
{
    struct tcn_store_options o = tcn_db_store(c);
    struct tcn_held_count held = {0};
    struct tcn_store *s;
    struct tcn_err err;
    int r;

    /* A store is held, not made. */
    if (tcn_store_visit(&o, false, &s, &err) < 0)
        return tcn_db_fail("hold", &err);
    tcn_store_close(s);
    o.is_alone = true;
    if (tcn_store_open(&o, tcn_clock_now_ms(), &s, &err) < 0)
        return tcn_db_fail("hold", &err);
    r = tcn_db_hold(s, &held, &err);
    tcn_store_leave(s, NULL); /* it was no node; done either way */
    tcn_store_close(s);
    if (r != 0)
        return tcn_db_fail("hold", &err);
    tcn_db_tell_held(&held);
    return 0;
}

int tcn_db_hold_cli(int argc, char **argv)
{
    return tcn_db_on_config("tocsin db hold", hold_usage, argc, argv, hold);
}
