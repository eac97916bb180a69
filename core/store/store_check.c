/* Rules that hold between the rows of any store after any commit. Each query gives the ids of what breaks its rule. */
#include "store/check.h"
#include "store/internal.h"

#include <stdio.h>

#define FINDING_MAX 600

static const struct {
    const char *sql, *says; /* %s: the id */
} rules[] = {
    {"SELECT i.id FROM incidents i LEFT JOIN (SELECT incident, COUNT(*) AS n, MAX(seq) AS last"
     " FROM events GROUP BY incident) e ON e.incident = i.id"
     " WHERE COALESCE(e.n, 0) <> i.event_seq OR COALESCE(e.last, 0) <> i.event_seq LIMIT 10",
     "incident %s: its timeline has a gap, or another end than the incident says"},
    {"SELECT t.incident FROM timers t JOIN incidents i ON i.id = t.incident"
     " WHERE i.status <> 1 AND NOT EXISTS (SELECT 1 FROM lanes l WHERE l.incident = t.incident"
     " AND l.echo_due_ms > 0) LIMIT 10",
     "incident %s: a timer waits although it is resolved"},
    {"SELECT l.incident FROM lanes l LEFT JOIN timers t ON t.incident = l.incident"
     " WHERE l.echo_due_ms > 0 AND COALESCE(t.due_ms, l.echo_due_ms + 1) > l.echo_due_ms LIMIT 10",
     "incident %s: an alarm that is held back has no timer"},
    {"SELECT r.incident FROM runs r LEFT JOIN engagements e ON e.incident = r.incident"
     " AND e.no = r.engagement_no WHERE e.no IS NULL LIMIT 10",
     "incident %s: a run belongs to no engagement"},
    {"SELECT p.incident FROM pages p LEFT JOIN runs r ON r.incident = p.incident"
     " AND r.engagement_no = p.engagement_no AND r.no = p.run_no WHERE r.no IS NULL LIMIT 10",
     "incident %s: a page belongs to no run"},
    {"SELECT r.page FROM receipts r LEFT JOIN pages p ON p.id = r.page WHERE p.id IS NULL LIMIT 10",
     "page %s: receipts of a page that is not there"},
    {"SELECT s.id FROM sends s LEFT JOIN pages p ON p.id = s.page"
     " WHERE s.send_no > 0 AND (p.id IS NULL OR p.incident <> s.incident) LIMIT 10",
     "send %s: it belongs to no page, or to one of another incident"},
    {"SELECT l.id FROM links l JOIN incidents i ON i.id = l.incident"
     " WHERE l.done_revision > i.revision OR l.notes_seq > i.event_seq LIMIT 10",
     "link %s: the ticket is ahead of its incident"},
    {"SELECT n.id FROM notices n JOIN incidents i ON i.id = n.incident"
     " WHERE n.told_seq > i.event_seq LIMIT 10",
     "notice %s: its topic was told more than happened"},
    {"SELECT i.id FROM incidents i WHERE i.epoch > (SELECT MAX(epoch) FROM epochs) LIMIT 10",
     "incident %s: it was written by a start that the store does not know"},
};

/* Tables whose rows belong to an incident. */
static const char *const owned[] = {
    "events",      "related_items", "engagements", "runs",      "pages",
    "sends",       "timers",        "links",       "lanes",     "storms",
    "deadletters", "storm_alarms",  "notices",     "conflicts", "entries",
};

struct check {
    struct tcn_store *s;
    tcn_check_told *told;
    void *ctx;
};

static void tell(const struct check *c, struct tcn_dbstmt *st, const char *before,
                 const char *after)
{
    char id[TCN_ID_TEXT] = "(damaged id)", line[FINDING_MAX];
    struct tcn_id value;

    if (c->s->driver->column_id(st, 0, &value) == 0)
        tcn_id_text(value, id);
    snprintf(line, sizeof line, "%s%s%s", before, id, after);
    c->told(c->ctx, line);
}

static int look(const struct check *c, const char *sql, const char *before, const char *after,
                struct tcn_err *err)
{
    struct tcn_dbstmt *st = NULL;
    int r;

    if ((r = c->s->driver->prepare(c->s->db, sql, &st, err)) < 0)
        return r;
    while ((r = c->s->driver->step(st, err)) == 1)
        tell(c, st, before, after);
    c->s->driver->finalize(st);
    return r;
}

static int look_by_rule(const struct check *c, size_t i, struct tcn_err *err)
{
    const char *says = rules[i].says, *id = strstr(says, "%s");
    char before[FINDING_MAX];

    snprintf(before, sizeof before, "%.*s", (int)(id - says), says);
    return look(c, rules[i].sql, before, id + 2, err);
}

static int look_for_orphans(const struct check *c, size_t i, struct tcn_err *err)
{
    char sql[400], before[100];

    snprintf(sql, sizeof sql,
             "SELECT t.incident FROM %s t LEFT JOIN incidents i ON i.id = t.incident"
             " AND i.account_id = t.account_id WHERE t.incident IS NOT NULL AND i.id IS NULL%s"
             " LIMIT 10",
             owned[i], strcmp(owned[i], "sends") == 0 ? " AND t.send_no > 0" : "");
    snprintf(before, sizeof before, "a row of %s belongs to incident ", owned[i]);
    return look(c, sql, before, ", which its account does not have", err);
}

int tcn_store_check_rows(struct tcn_store *s, tcn_check_told *told, void *ctx, struct tcn_err *err)
{
    const struct check c = {s, told, ctx};
    int r = 0;

    for (size_t i = 0; i < sizeof owned / sizeof *owned && r == 0; i++)
        r = look_for_orphans(&c, i, err);
    for (size_t i = 0; i < sizeof rules / sizeof *rules && r == 0; i++)
        r = look_by_rule(&c, i, err);
    return r;
}

/* -- the database ----------------------------------------------------------------------------------------------- */

int tcn_store_check_pages(struct tcn_store *s, tcn_check_told *told, void *ctx, struct tcn_err *err)
{
    struct tcn_dbstmt *st = NULL;
    char line[FINDING_MAX];
    int r;

    if (s->driver != &tcn_sqlite_driver)
        return 0;
    if ((r = s->driver->prepare(s->db, "PRAGMA integrity_check", &st, err)) < 0)
        return r;
    while ((r = s->driver->step(st, err)) == 1) {
        struct tcn_str text = s->driver->column_text(st, 0);

        snprintf(line, sizeof line, "the database is damaged: %.*s", (int)text.len, text.ptr);
        if (!tcn_str_eq(text, TCN_STR("ok")))
            told(ctx, line);
    }
    s->driver->finalize(st);
    return r;
}

int tcn_store_check_written(struct tcn_store *s, struct tcn_err *err)
{
    return s->driver->check_written ? s->driver->check_written(s->db, err) : 0;
}

int tcn_store_check_connections(struct tcn_store *s, struct tcn_err *err)
{
    return s->driver->may_connect ? s->driver->may_connect(s->db, err) : 0;
}

int tcn_store_check_commits(struct tcn_store *s, struct tcn_err *err)
{
    return s->driver->may_commit ? s->driver->may_commit(s->db, err) : 0;
}
