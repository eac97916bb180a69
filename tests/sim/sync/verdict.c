/* What must be true in the end: all in step within one sweep, a second one writes nothing, nothing that a person wrote is gone
 * without a word, each note once (I2, I3, I5, I6). */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- the incidents, as they are ----------------------------------------------------------------------------------------- */

struct pair {
    struct tcn_link link;
    struct tcn_incident incident;
    struct record *record; /* NULL: there is none */
    bool fires;
};

typedef void each(const struct pair *p, struct tcn_store *s, struct tcn_arena *a, void *ctx);

static void load(struct pair *p, struct tcn_store *s, struct tcn_arena *a)
{
    struct tcn_lane lane = {.exists = false};
    struct tcn_err err;

    if (tcn_store_incident_get(s, p->link.incident, a, &p->incident, &err) < 0 ||
        tcn_store_lane_firing(s, p->link.incident, NULL, a, &lane, &err) < 0)
        fail("the judge cannot read: %s", err.msg);
    p->fires = lane.exists;
    p->record = NULL;
    for (size_t i = 0; i < records.n && p->link.remote_id; i++)
        if (records.items[i]->system == system_named(p->link.connector) &&
            strcmp(records.items[i]->id, p->link.remote_id) == 0)
            p->record = records.items[i];
}

static void for_each(each *look, void *ctx)
{
    struct tcn_store *s = program_store();
    struct tcn_link *links = NULL;
    struct tcn_arena a;
    struct tcn_err err;
    size_t n = 0;

    tcn_arena_init(&a, 64u << 20);
    if (tcn_store_begin(s, &err) < 0 ||
        tcn_store_link_newest(s, NULL, NULL, 100, &a, &links, &n, &err) < 0)
        fail("the judge cannot read: %s", err.msg);
    for (size_t i = 0; i < n; i++) {
        struct pair p = {.link = links[i]};

        load(&p, s, &a);
        look(&p, s, &a, ctx);
    }
    tcn_store_rollback(s);
    tcn_arena_done(&a);
}

static bool timeline_has(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *a,
                         const char *what, const char *that)
{
    struct tcn_event *events = NULL;
    struct tcn_err err;
    size_t n = 0;

    if (tcn_store_event_list(s, incident, 0, 1000, a, &events, &n, &err) < 0)
        fail("the judge cannot read: %s", err.msg);
    for (size_t i = 0; i < n; i++)
        if (events[i].text && strstr(events[i].text, what) && strstr(events[i].text, that))
            return true;
    return false;
}

/* -- I2: all are in step --------------------------------------------------------------------------------------------------- */

static bool accepts(enum meaning here, enum meaning there)
{
    if (there == IS_HELD)
        return here != IS_OVER;
    return here == there || (here == IS_OVER && there == IS_CLOSED);
}

static bool is_set(enum system system, const char *name, const char *word)
{
    const char *text = json_string_value(program_setting(system, name));

    return text && strcmp(text, word) == 0;
}

static bool is_by_alarm(const struct tcn_incident *i)
{
    return i->resolution.by && strncmp(i->resolution.by, "source:", 7) == 0;
}

static bool is_by_people(const struct record *r)
{
    return r->by_people_ms[STATUS] > 0;
}

/* Somebody has acknowledged it, here or there. */
static bool was_worked_on(struct tcn_id incident)
{
    for (size_t i = 0; i < history_size(); i++)
        if (tcn_id_eq(history_at(i)->incident, incident) && history_at(i)->field == STATUS &&
            atoi(history_at(i)->value) == IS_WORKED_ON)
            return true;
    return false;
}

/* The policies let it be another. */
static bool may_differ(const struct pair *p)
{
    enum meaning here = watch_meaning(&p->incident), there = records_meaning(p->record);
    enum system s = p->record->system;

    if (there == IS_CLOSED)
        return true;
    if (here == IS_OVER && is_by_alarm(&p->incident))
        return is_set(s, "auto_resolve", "never") ||
               (is_set(s, "auto_resolve", "unless_acked") && there == IS_WORKED_ON &&
                was_worked_on(p->incident.id));
    if (here != IS_OVER && there == IS_OVER)
        return p->fires && is_set(s, "resolve_while_firing", "note");
    return here == IS_WORKED_ON && there == IS_NEW &&
           (is_by_people(p->record) || p->record->is_late[STATUS]);
}

static void judge_status(const struct pair *p, const char *when)
{
    enum meaning here = watch_meaning(&p->incident), there = records_meaning(p->record);

    if (!accepts(here, there) && !may_differ(p))
        fail("I2: %s the status is %d here and %d in %s%s", when, here, there, p->record->key,
             p->fires ? ", and the alarm fires" : "");
}

/* But for blanks at the end, and where the record has no room. */
static bool is_same_title(const struct record *r, const char *here)
{
    size_t most = r->system == SNOW ? 160 : sizeof r->title;
    struct tcn_str a = tcn_str(r->title), b = {here, strnlen(here, most)};

    return tcn_str_eq(tcn_str_trim(a), tcn_str_trim(b));
}

/* An incident of PagerDuty without a priority is urgent, or not. */
static int impact_there(const struct record *r)
{
    return r->impact != 0 ? r->impact : r->levels ? 2 : 4;
}

static void judge_fields(const struct pair *p, const char *when)
{
    const struct record *r = p->record;

    if (!is_same_title(r, p->incident.title))
        fail("I2: %s the title is \"%s\" here and \"%s\" in %s", when, p->incident.title, r->title,
             r->key);
    if (impact_there(r) != p->incident.impact)
        fail("I2: %s the impact is %d here and %d in %s", when, p->incident.impact, impact_there(r),
             r->key);
}

/* It was over before anybody had to know, or before another record followed one that was closed for good. */
static bool needs_none(const struct pair *p)
{
    bool was_short = p->incident.resolved_ms - p->incident.created_ms < 10 * SEC;

    return p->link.state <= TCN_LINK_CREATING && p->incident.status == TCN_STATUS_RESOLVED &&
           (was_short || p->link.recreated > 0);
}

static void judge_pair(const struct pair *p, struct tcn_store *s, struct tcn_arena *a, void *ctx)
{
    const char *when = ctx;

    (void)s;
    (void)a;
    if (p->record && p->record->is_gone)
        return;
    if (!p->record && needs_none(p))
        return;
    if (p->link.state != TCN_LINK_LINKED || !p->record)
        fail("I2: %s %s has no record: state %d, %s", when, p->link.connector, p->link.state,
             p->link.blocked_reason ? p->link.blocked_reason : "");
    if (p->link.due_ms != 0 || p->link.is_in_flight)
        fail("%s the lane of %s does not rest", when, p->record->key);
    if (records_meaning(p->record) != IS_CLOSED)
        judge_fields(p, when);
    judge_status(p, when);
}

static void tell_lane(const struct pair *p, struct tcn_store *s, struct tcn_arena *a, void *ctx)
{
    (void)s;
    (void)a;
    (void)ctx;
    fprintf(stderr, "sync: %s %s: state %d, due at %.3f s, %s\n", p->link.connector,
            p->record ? p->record->key : "", p->link.state,
            (double)(p->link.due_ms - START_MS) / 1000,
            p->link.is_in_flight ? "in flight" : "at rest");
}

void judge_tell_lanes(void)
{
    int64_t due_ms = 0;
    struct tcn_err err;

    if (tcn_store_next_due(program_store(), &due_ms, &err) == 0)
        fprintf(stderr, "sync: next due at %.3f s\n", (double)(due_ms - START_MS) / 1000);
    for_each(tell_lane, NULL);
}

void judge_converged(void)
{
    for_each(judge_pair, "after a sweep");
}

void judge_quiet(const int64_t before[SYSTEMS])
{
    for (enum system s = JIRA; s < SYSTEMS; s++)
        if (wire_writes(s) != before[s])
            fail("I3: a second sweep writes %lld times to %s",
                 (long long)(wire_writes(s) - before[s]), system_names[s]);
}

/* -- I6: nothing that a person wrote goes without a word ------------------------------------------------------------------ */

static bool is_given(const struct edit *e)
{
    return e->place != HERE || e->from == HERE;
}

static bool has_later(size_t at)
{
    const struct edit *e = history_at(at);

    for (size_t i = 0; i < history_size(); i++) {
        const struct edit *o = history_at(i);

        if (i != at && o->field == e->field && tcn_id_eq(o->incident, e->incident) && is_given(o) &&
            (o->at_ms > e->at_ms || (o->at_ms == e->at_ms && i > at)))
            return true;
    }
    return false;
}

/* The incident had that value before: to a merge of three values, nothing has changed when it has it again. */
static bool was_there_before(size_t at)
{
    const struct edit *e = history_at(at);

    for (size_t i = 0; i < history_size(); i++) {
        const struct edit *o = history_at(i);

        if (o->field == e->field && tcn_id_eq(o->incident, e->incident) && o->at_ms < e->at_ms &&
            o->place == HERE && strcmp(o->value, e->value) == 0)
            return true;
    }
    return false;
}

static void value_of(const struct tcn_incident *i, enum field field, char *ret, size_t size)
{
    if (field == TITLE)
        snprintf(ret, size, "%s", i->title);
    else
        snprintf(ret, size, "%d", field == IMPACT ? i->impact : (int)watch_meaning(i));
}

/* But for blanks at the end. */
static bool is_same_text(const char *a, const char *b)
{
    return tcn_str_eq(tcn_str_trim(tcn_str(a)), tcn_str_trim(tcn_str(b)));
}

static void judge_edit(size_t at, struct tcn_store *s, struct tcn_arena *a)
{
    const struct edit *e = history_at(at);
    struct tcn_incident i;
    struct tcn_err err;
    struct tcn_str value = tcn_str_trim(tcn_str(e->value));
    char is[1100], lost[400];

    if (tcn_store_incident_get(s, e->incident, a, &i, &err) < 0)
        fail("the judge cannot read: %s", err.msg);
    value_of(&i, e->field, is, sizeof is);
    snprintf(lost, sizeof lost, "Lost is: %.*s", value.len < 70 ? (int)value.len : 70, value.ptr);
    if (is_same_text(is, e->value) || e->is_raced || e->is_nothing || has_later(at) ||
        was_there_before(at))
        return;
    if (!timeline_has(s, e->incident, a, lost, field_names[e->field]))
        fail("I6: %s \"%s\", given in %s at %lld, is \"%s\" now, and nobody was told",
             field_names[e->field], e->value, system_names[e->place],
             (long long)(e->at_ms - START_MS), is);
    totals->conflicts++;
}

void judge_history(void)
{
    struct tcn_store *s = program_store();
    struct tcn_arena a;
    struct tcn_err err;

    tcn_arena_init(&a, 64u << 20);
    if (tcn_store_begin(s, &err) < 0)
        fail("the judge cannot read: %s", err.msg);
    for (size_t i = 0; i < history_size(); i++) {
        totals->edits += is_given(history_at(i));
        totals->edits_of_people += history_at(i)->place != HERE;
        if (is_given(history_at(i)) && history_at(i)->field != STATUS)
            judge_edit(i, s, &a);
    }
    tcn_store_rollback(s);
    tcn_arena_done(&a);
}

/* -- I4: no more calls than are worth it ------------------------------------------------------------------------------------ */

static int64_t changes_for(enum system system)
{
    int64_t n = 0;

    for (size_t i = 0; i < history_size(); i++)
        n += history_at(i)->place == HERE && history_at(i)->from != system;
    return n;
}

/* When nothing went wrong, and nobody died. */
void judge_thrift(void)
{
    for (enum system s = JIRA; s < SYSTEMS && wire_is_clear(); s++)
        if (wire_changes(s) > 3 * changes_for(s))
            fail("I4: %lld writes to %s for %lld changes", (long long)wire_changes(s),
                 system_names[s], (long long)changes_for(s));
}

/* -- I5: notes ------------------------------------------------------------------------------------------------------------ */

static size_t count(const struct record *r, const char *text)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_entries; i++)
        for (const char *at = r->entries[i].text; (at = strstr(at, text)) != NULL; at++)
            n++;
    return n;
}

/* In the record, and in those before it that were closed for good: what was told there is not told again. */
static size_t count_all(const struct pair *p, const char *text)
{
    char id[TCN_ID_TEXT], brief[27];
    size_t n = 0;

    tcn_id_text(p->incident.id, id);
    tcn_id_short(p->incident.id, brief);
    for (size_t i = 0; i < records.n; i++)
        if (records.items[i]->system == p->record->system &&
            (strstr(records.items[i]->marker, id) || strstr(records.items[i]->marker, brief)))
            n += count(records.items[i], text);
    return n;
}

static bool is_from(const struct tcn_event *e, const char *connector)
{
    static const char by[] = "connector:";
    size_t n = strlen(connector);

    return e->actor && strncmp(e->actor, by, sizeof by - 1) == 0 &&
           strncmp(e->actor + sizeof by - 1, connector, n) == 0;
}

/* What stands for the event and nothing else: its text when it has no mark that people see. */
static void judge_note(const struct pair *p, const struct tcn_event *e)
{
    char id[TCN_ID_TEXT], mark[40];
    size_t n;

    tcn_id_text(e->id, id);
    snprintf(mark, sizeof mark, "[tocsin %s]", id + strlen(id) - 12);
    n = count_all(p, p->record->system == JIRA || is_from(e, p->link.connector) ? e->text : mark);
    if (n > 1)
        fail("I5: \"%s\" is in %s %zu times", e->text, p->record->key, n);
    if (n == 0)
        fail("I5: \"%s\" is not in %s", e->text, p->record->key);
    totals->notes++;
}

static size_t count_events(const struct tcn_event *events, size_t n, const char *text)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        found += events[i].text && strcmp(events[i].type, TCN_EVENT_NOTE) == 0 &&
                 strstr(events[i].text, text) != NULL;
    return found;
}

/* What people wrote there is on the timeline. */
static void judge_heard(const struct record *r, const struct tcn_event *events, size_t n)
{
    for (size_t i = 0; i < r->n_entries; i++) {
        const struct entry *e = &r->entries[i];
        size_t found = e->is_ours ? 1 : count_events(events, n, e->text);

        if (found != 1)
            fail("I5: \"%s\" of %s is on the timeline %zu times", e->text, r->key, found);
        totals->heard += !e->is_ours;
    }
}

static void judge_notes_of(const struct pair *p, struct tcn_store *s, struct tcn_arena *a,
                           void *ctx)
{
    struct tcn_event *events = NULL;
    struct tcn_err err;
    size_t n = 0;

    (void)ctx;
    if (!p->record || p->record->is_gone || records_meaning(p->record) == IS_CLOSED)
        return;
    if (tcn_store_event_list(s, p->incident.id, 0, 1000, a, &events, &n, &err) < 0)
        fail("the judge cannot read: %s", err.msg);
    for (size_t i = 0; i < n; i++)
        if (strcmp(events[i].type, TCN_EVENT_NOTE) == 0 &&
            !timeline_has(s, p->incident.id, a, "A note was not taken by ", p->link.connector))
            judge_note(p, &events[i]);
    if (p->record->system != SNOW || !snow_is_mute())
        judge_heard(p->record, events, n);
}

void judge_notes(void)
{
    for_each(judge_notes_of, NULL);
}

/* -- all of it, for comparisons --------------------------------------------------------------------------------------------- */

struct digest {
    char *text;
    size_t size, len;
};

/* Several events may stand in one note. */
static void digest_record(const struct record *r, struct digest *d)
{
    int n = snprintf(d->text + d->len, d->size - d->len,
                     "there \"%.300s\" %d %d, assigned to \"%s\", \"on it\" %zu times, "
                     "\"acknowledged\" %zu times\n",
                     r->title, r->impact, (int)records_meaning(r), r->assignee, count(r, "on it"),
                     count(r, "acknowledged"));

    if (n > 0 && (size_t)n < d->size - d->len)
        d->len += (size_t)n;
}

static void digest_pair(const struct pair *p, struct tcn_store *s, struct tcn_arena *a, void *ctx)
{
    struct digest *d = ctx;
    int n = snprintf(d->text + d->len, d->size - d->len, "%s: here \"%.300s\" %d %d, ",
                     p->link.connector, p->incident.title, p->incident.impact,
                     (int)watch_meaning(&p->incident));

    (void)s;
    (void)a;
    if (n > 0 && (size_t)n < d->size - d->len)
        d->len += (size_t)n;
    if (p->record)
        digest_record(p->record, d);
}

void judge_digest(char *ret, size_t size)
{
    struct digest d = {ret, size, 0};

    ret[0] = '\0';
    for_each(digest_pair, &d);
}
