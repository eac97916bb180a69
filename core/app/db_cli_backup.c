/* tocsin db backup. */
#include "app/db_cli.h"
#include "store/sqlite_backup.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: tocsin db backup --config FILE [--data DIR] --to FILE\n"
    "\n"
    "  Copies a SQLite store as it is at this moment into a new file, while the server goes on.\n"
    "  The file has its name when it is whole, looked through and on the disk; nothing is\n"
    "  overwritten. It holds secrets of the store and can be read by its owner alone.\n"
    "\n"
    "  --config FILE   the configuration that names the store\n"
    "  --data DIR      where the store is kept (default: data)\n"
    "  --to FILE       the backup\n";

static const char postgres[] =
    "tocsin db backup: the store is in PostgreSQL, whose own tools make a better backup than a "
    "client can.\n"
    "\n"
    "  A copy of one moment, while tocsin goes on, as a superuser or a role with BYPASSRLS "
    "(policies\n"
    "  hide rows from every other one, and pg_dump refuses then):\n"
    "    pg_dump -Fc -f tocsin.dump \"postgresql://postgres@HOST/DATABASE?sslmode=verify-full\"\n"
    "  or as the owner of the tables, with a URL that has no options= of its own:\n"
    "    PGOPTIONS='-c tocsin.account_id=*' pg_dump -Fc --enable-row-security -f tocsin.dump URL\n"
    "  Back from it, with every node stopped, into an empty database:\n"
    "    createdb -h HOST -U postgres -O tocsin -E UTF8 -T template0 DATABASE\n"
    "    pg_restore --exit-on-error --single-transaction -d "
    "\"postgresql://postgres@HOST/DATABASE\" "
    "tocsin.dump\n"
    "    tocsin db hold --config FILE     # before the first start: sends nothing that was due "
    "before\n"
    "  On another server: createuser --pwprompt tocsin before, and delete postgresql-server in "
    "each "
    "data folder.\n"
    "  To lose nothing: pg_basebackup and an archive of the log (PITR); after it tocsin db hold, "
    "too.\n";

static int backup(const struct tcn_config *c, const char *to)
{
    int64_t bytes = 0;
    struct tcn_err err;

    if (tcn_store_is_postgres(c->store)) {
        fputs(postgres, stderr);
        return 2;
    }
    if (tcn_sqlite_backup(c->store + strlen("sqlite:"), to, &bytes, &err) < 0)
        return tcn_db_fail("backup", &err);
    printf("%s: %lld bytes, looked through: good.\n", to, (long long)bytes);
    return 0;
}

int tcn_db_backup_cli(int argc, char **argv)
{
    enum { CONFIG, DATA, TO };
    static const struct tcn_option_name names[] = {[CONFIG] = {"--config", "FILE"},
                                                   [DATA] = {"--data", "DIR"},
                                                   [TO] = {"--to", "FILE"},
                                                   {NULL, NULL}};
    struct tcn_command_line line = {"tocsin db backup", usage, names, argc, argv, 1};
    const char *values[] = {[CONFIG] = NULL, [DATA] = "data", [TO] = NULL};
    struct tcn_config *c;
    int r = tcn_db_options(&line, values, 1u << CONFIG | 1u << TO), status;

    if (r < 0)
        return tcn_options_status(r);
    if (!(c = tcn_db_config(values[CONFIG], values[DATA])))
        return 1;
    status = backup(c, values[TO]);
    tcn_config_unref(c);
    return status;
}
