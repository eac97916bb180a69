/* tocsin db held and release: what held mode holds back, and a person's word about it. The server does what is asked;
 * without one, the next start does. */
#include "app/db_cli.h"
#include "base/datetime.h"
#include "store/held.h"
#include "sys/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 1000
#define LIST_ARENA (16u << 20)
#define ANSWER_MS 10000
#define LOOK_MS 100

/* -- held ---------------------------------------------------------------------------------------------------- */

static const char held_usage[] =
    "usage: tocsin db held --config FILE [--data DIR]\n"
    "\n"
    "  Lists what a restore holds back, the longest overdue first: pages, steps (an incident's\n"
    "  next stage, re-send or delayed end), tickets and notices (to topics). What is over by now "
    "is\n"
    "  best acknowledged or resolved before the rest is released: its pages are dropped then.\n"
    "\n"
    "  --config FILE   the configuration that names the store\n"
    "  --data DIR      where the store is kept (default: data)\n";

static const char *const kinds[] = {[TCN_HELD_PAGE] = "page",
                                    [TCN_HELD_STEP] = "step",
                                    [TCN_HELD_TICKET] = "ticket",
                                    [TCN_HELD_NOTICE] = "notice"};

static void print_row(const struct tcn_held_row *row)
{
    char id[TCN_ID_TEXT], due[TCN_TIME_TEXT];

    tcn_id_text(row->incident, id);
    tcn_time_text(row->due_ms, due);
    printf("%-6s  due %s  incident %s  %s%s%s%s\"%s\"\n", kinds[row->kind], due, id,
           row->whom ? row->whom : "", row->whereby ? " " : "", row->whereby ? row->whereby : "",
           row->whom ? "  " : "", row->title ? row->title : "");
}

struct listing {
    int64_t since_ms;
    struct tcn_held_count count;
    struct tcn_held_row *rows;
    size_t n;
};

static int read_held(struct tcn_store *s, struct tcn_arena *a, struct listing *ret,
                     struct tcn_err *err)
{
    int r;

    if ((r = tcn_store_begin(s, err)) < 0)
        return r;
    if ((r = tcn_store_held_since(s, &ret->since_ms, err)) == 0 && ret->since_ms != 0 &&
        (r = tcn_store_held_count(s, &ret->count, err)) == 0)
        r = tcn_store_held_list(s, ROWS_MAX, a, &ret->rows, &ret->n, err);
    tcn_store_rollback(s);
    return r;
}

static void print_listing(const struct listing *l)
{
    char since[TCN_TIME_TEXT];

    if (l->since_ms == 0) {
        printf("Nothing is held.\n");
        return;
    }
    for (size_t i = 0; i < l->n; i++)
        print_row(&l->rows[i]);
    tcn_time_text(l->since_ms, since);
    printf("Held since %s: %lld pages, %lld steps, %lld tickets, %lld notices%s.\n", since,
           (long long)l->count.pages, (long long)l->count.steps, (long long)l->count.tickets,
           (long long)l->count.notices, l->n == ROWS_MAX ? "; the first 1000 are shown" : "");
}

static int held(const struct tcn_config *c)
{
    const struct tcn_store_options o = tcn_db_store(c);
    struct listing l = {0};
    struct tcn_arena arena;
    struct tcn_store *s;
    struct tcn_err err;
    int r;

    if (tcn_store_visit(&o, false, &s, &err) < 0)
        return tcn_db_fail("held", &err);
    tcn_arena_init(&arena, LIST_ARENA);
    if ((r = read_held(s, &arena, &l, &err)) == 0)
        r = tcn_db_tell_server(s, &err);
    if (r >= 0)
        print_listing(&l);
    tcn_arena_done(&arena);
    tcn_store_close(s);
    return r < 0 ? tcn_db_fail("held", &err) : 0;
}

int tcn_db_held_cli(int argc, char **argv)
{
    return tcn_db_on_config("tocsin db held", held_usage, argc, argv, held);
}

/* -- release ------------------------------------------------------------------------------------------------- */

static const char release_usage[] =
    "usage: tocsin db release --config FILE [--data DIR] [--all] [--drop-pages-older-than AGE]\n"
    "                         [--drop-tickets]\n"
    "\n"
    "  Says what becomes of what tocsin db held lists; the running server does it at once,\n"
    "  otherwise the next start. The timeline of each incident tells it.\n"
    "\n"
    "  --config FILE                 the configuration that names the store\n"
    "  --data DIR                    where the store is kept (default: data)\n"
    "  --all                         does all of it, the longest overdue first, and ends held "
    "mode\n"
    "  --drop-pages-older-than AGE   before that: no page goes out, and nobody is paged any more,\n"
    "                                for incidents with one that was due longer ago than AGE\n"
    "                                (90s, 30m, 6h, 2d; 0s: all)\n"
    "  --drop-tickets                before that: no held change is written to a ticket until its\n"
    "                                incident changes again\n";

/* TCN_ESYNTAX. */
static int read_age(const char *text, int64_t *ret_ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    char *end;
    long n = strtol(text, &end, 10);

    if (end == text || n < 0 || n > 100000 || end[0] == '\0' || end[1] != '\0')
        return TCN_ESYNTAX;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].unit == *end) {
            *ret_ms = n * units[i].ms;
            return 0;
        }
    return TCN_ESYNTAX;
}

static int ask(struct tcn_store *s, const struct tcn_held_request *request, bool *ret_is_held,
               struct tcn_err *err)
{
    int64_t before_ms;
    int r;

    if ((r = tcn_store_begin(s, err)) < 0)
        return r;
    r = tcn_store_held_before(s, &before_ms, err);
    *ret_is_held = r == 0 && before_ms != 0;
    if (*ret_is_held && (r = tcn_store_held_ask(s, request, err)) == 0)
        return tcn_store_commit(s, err);
    tcn_store_rollback(s);
    return r;
}

static int is_answered(struct tcn_store *s, bool *ret, struct tcn_err *err)
{
    struct tcn_held_request request;
    bool is_asked = false;
    int r;

    if ((r = tcn_store_begin(s, err)) < 0)
        return r;
    r = tcn_store_held_asked(s, &request, &is_asked, err);
    tcn_store_rollback(s);
    *ret = r == 0 && !is_asked;
    return r;
}

static int wait_for_answer(struct tcn_store *s, struct tcn_err *err)
{
    int64_t until_us = tcn_clock_mono_us() + ANSWER_MS * INT64_C(1000);
    bool is_done = false;
    int r;

    while ((r = is_answered(s, &is_done, err)) == 0 && !is_done && tcn_clock_mono_us() < until_us)
        poll(NULL, 0, LOOK_MS);
    if (r == 0)
        printf(is_done
                   ? "Done.\n"
                   : "Asked. No server has done it yet; it goes on by itself while one runs, or "
                     "at its next start.\n");
    return r;
}

/* age_ms: of pages that are to be dropped, by the clock that they were due by; negative: of none. */
static int release(const struct tcn_config *c, struct tcn_held_request *request, int64_t age_ms)
{
    const struct tcn_store_options o = tcn_db_store(c);
    struct tcn_store *s;
    struct tcn_err err;
    bool is_held = false;
    int r;

    if (tcn_store_visit(&o, true, &s, &err) < 0)
        return tcn_db_fail("release", &err);
    request->drop_before_ms = age_ms < 0 ? 0 : tcn_store_now_ms(s) - age_ms;
    r = ask(s, request, &is_held, &err);
    if (r == 0 && is_held)
        r = wait_for_answer(s, &err);
    else if (r == 0)
        printf("Nothing is held.\n");
    tcn_store_close(s);
    return r != 0 ? tcn_db_fail("release", &err) : 0;
}

int tcn_db_release_cli(int argc, char **argv)
{
    enum { CONFIG, DATA, ALL, PAGES, TICKETS };
    static const struct tcn_option_name names[] = {[CONFIG] = {"--config", "FILE"},
                                                   [DATA] = {"--data", "DIR"},
                                                   [ALL] = {"--all", NULL},
                                                   [PAGES] = {"--drop-pages-older-than", "AGE"},
                                                   [TICKETS] = {"--drop-tickets", NULL},
                                                   {NULL, NULL}};
    struct tcn_command_line line = {"tocsin db release", release_usage, names, argc, argv, 1};
    const char *values[5] = {[DATA] = "data"};
    struct tcn_held_request request = {0};
    int64_t age_ms = -1;
    struct tcn_config *c;
    int r = tcn_db_options(&line, values, 1u << CONFIG), status;

    if (r == 0 && !values[ALL] && !values[PAGES] && !values[TICKETS])
        r = tcn_options_misuse(&line, "say what: --all, --drop-pages-older-than, --drop-tickets");
    if (r == 0 && values[PAGES] && read_age(values[PAGES], &age_ms) < 0)
        r = tcn_options_misuse(&line, "\"%s\" is no age such as 30m, 6h or 2d", values[PAGES]);
    if (r < 0)
        return tcn_options_status(r);
    request.is_release = values[ALL] != NULL;
    request.drops_tickets = values[TICKETS] != NULL;
    if (!(c = tcn_db_config(values[CONFIG], values[DATA])))
        return 1;
    status = release(c, &request, age_ms);
    tcn_config_unref(c);
    return status;
}
