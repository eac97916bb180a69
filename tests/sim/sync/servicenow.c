/* A ServiceNow instance, as far as the connector asks of it: the incident table with the rules that the platform runs on a
 * write, and its journal. The rules are those of tests/sandbox/servicenow*.py. */
#include "sync.h"

#include "base/datetime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE "/api/now/table/incident"
#define RECORD TABLE "/{}"
#define TITLE_MAX 160

static struct {
    bool is_journal_hidden;
    int n;
} platform;

static void begin(struct chance *c)
{
    platform.is_journal_hidden = has_kind(VARIANTS) && chance_in(c, 20);
    platform.n = 0;
}

/* The shipped Priority Data Lookup: impact + urgency - 1. */
static int priority_of(int levels)
{
    return levels / 10 + levels % 10 - 1;
}

/* -- what is shown -------------------------------------------------------------------------------------------------- */

/* sysparm_display_value=all */
static json_t *cell(const char *value)
{
    return json_pack("{s:s, s:s}", "display_value", value, "value", value);
}

static json_t *cell_number(int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)value);
    return cell(text);
}

static json_t *cell_person(const char *name)
{
    return name[0] ? json_pack("{s:s, s:s, s:s}", "display_value", name, "value", "u1", "link",
                               "https://snow.example/api/now/table/sys_user/u1")
                   : cell("");
}

static json_t *cell_time(int64_t ms)
{
    char text[24];

    tcn_time_format(ms, "%Y-%m-%d %H:%M:%S", text, sizeof text);
    return cell(text);
}

static json_t *row_json(const struct record *r)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "sys_id", cell(r->id), "number", cell(r->key), "sys_mod_count",
                     cell_number(r->version - 1), "sys_updated_on", cell_time(r->updated_ms),
                     "correlation_id", cell(r->marker), "short_description", cell(r->title),
                     "impact", cell_number(r->levels / 10), "urgency", cell_number(r->levels % 10),
                     "priority", cell_number(r->impact), "state", cell_number(r->status),
                     "close_code", cell(r->code), "close_notes", cell(r->reason), "assigned_to",
                     cell_person(r->assignee), "work_notes", cell(""));
}

/* Of what was asked for without display values, only what a note asks for. */
static json_t *plain_json(const struct record *r)
{
    return json_pack("{s:s, s:o}", "sys_id", r->id, "sys_mod_count",
                     json_sprintf("%lld", (long long)r->version - 1));
}

static void show(struct record *r, int status, const struct call *call, struct answer *ret)
{
    bool is_plain = strcmp(call_query(call, "sysparm_display_value"), "all") != 0;

    ret->status = status;
    ret->body = json_pack("{s:o}", "result", is_plain ? plain_json(r) : row_json(r));
    ret->record = is_plain ? NULL : r;
}

static void refuse_with(int status, const char *message, const char *detail, struct answer *ret)
{
    ret->status = status;
    ret->body = json_pack("{s:{s:s, s:s?}, s:s}", "error", "message", message, "detail", detail,
                          "status", "failure");
}

static void refuse(int status, int retry_after_s, struct chance *c, struct answer *ret)
{
    refuse_with(status, status == 429 ? "Rate limit exceeded" : "Server error", NULL, ret);
    if (retry_after_s > 0)
        answer_header(ret, "Retry-After: %d", retry_after_s);
    if (status == 429 && chance_in(c, 50))
        answer_header(ret, "X-RateLimit-Rule: Tocsin per hour");
}

/* -- writes ----------------------------------------------------------------------------------------------------------- */

/* What a row would be: the platform decides about all of it. */
struct draft {
    char title[TITLE_MAX + 1], code[96], reason[512];
    int levels, status;
};

static void draft_of(const struct record *r, struct draft *ret)
{
    snprintf(ret->title, sizeof ret->title, "%.*s", TITLE_MAX, r->title);
    snprintf(ret->code, sizeof ret->code, "%s", r->code);
    snprintf(ret->reason, sizeof ret->reason, "%s", r->reason);
    ret->levels = r->levels;
    ret->status = r->status;
}

static int level(const json_t *body, const char *name, int now)
{
    int n = atoi(text_of(body, name));

    return n >= 1 && n <= 3 ? n : now;
}

static void take_text(const json_t *body, const char *name, char *ret, size_t size)
{
    if (json_object_get(body, name))
        snprintf(ret, size, "%.*s", (int)size - 1, text_of(body, name));
}

static void draft_set(struct draft *d, const json_t *body)
{
    take_text(body, "short_description", d->title, sizeof d->title);
    take_text(body, "close_code", d->code, sizeof d->code);
    take_text(body, "close_notes", d->reason, sizeof d->reason);
    d->levels = 10 * level(body, "impact", d->levels / 10) + level(body, "urgency", d->levels % 10);
    if (json_object_get(body, "state"))
        d->status = atoi(text_of(body, "state"));
}

/* The data policy of recent releases. */
static bool lacks_end(const struct draft *d)
{
    return (d->status == 6 || d->status == 7) && (!d->code[0] || !d->reason[0]);
}

static bool is_same(const struct draft *d, const struct record *r)
{
    return strcmp(d->title, r->title) == 0 && strcmp(d->code, r->code) == 0 &&
           strcmp(d->reason, r->reason) == 0 && d->levels == r->levels && d->status == r->status;
}

static void keep(struct record *r, const struct draft *d)
{
    snprintf(r->title, sizeof r->title, "%s", d->title);
    snprintf(r->code, sizeof r->code, "%s", d->code);
    snprintf(r->reason, sizeof r->reason, "%s", d->reason);
    r->levels = d->levels;
    r->impact = priority_of(d->levels);
    r->status = d->status;
}

static void judge(struct record *r, const struct draft *d, const json_t *body)
{
    struct record after = {.system = SNOW, .status = d->status, .impact = priority_of(d->levels)};
    char value[8];

    if (json_object_get(body, "short_description"))
        judge_write(r, TITLE, d->title);
    records_value(&after, IMPACT, value, sizeof value);
    if (json_object_get(body, "impact"))
        judge_write(r, IMPACT, value);
    records_value(&after, STATUS, value, sizeof value);
    if (json_object_get(body, "state"))
        judge_write(r, STATUS, value);
}

static void create(const struct call *call, struct answer *ret)
{
    struct draft d = {.levels = 33, .status = 1};
    struct record *r;

    draft_set(&d, call->body);
    if (lacks_end(&d)) {
        refuse_with(403, "Operation Failed", "Data Policy Exception", ret);
        return;
    }
    r = records_add(SNOW, 0);
    snprintf(r->id, sizeof r->id, "%032d", ++platform.n);
    snprintf(r->key, sizeof r->key, "INC%07d", 10000 + platform.n);
    snprintf(r->marker, sizeof r->marker, "%s", text_of(call->body, "correlation_id"));
    keep(r, &d);
    judge_create(r);
    records_changed(r);
    show(r, 201, call, ret);
}

static void patch(struct record *r, const struct call *call, struct answer *ret)
{
    const char *note = text_of(call->body, "work_notes");
    struct draft d;

    draft_of(r, &d);
    draft_set(&d, call->body);
    if (r->status == 7) {
        refuse_with(403, "Operation Failed",
                    "ACL Exception Update Failed due to security constraints", ret);
    } else if (lacks_end(&d)) {
        refuse_with(403, "Operation Failed", "Data Policy Exception", ret);
    } else {
        judge(r, &d, call->body);
        if (note[0])
            records_note(r, note, "", true);
        if (!is_same(&d, r) || note[0]) {
            keep(r, &d);
            records_changed(r);
        }
        show(r, 200, call, ret);
    }
}

/* -- reads ------------------------------------------------------------------------------------------------------------- */

static void search(const struct call *call, struct answer *ret)
{
    const char *query = call_query(call, "sysparm_query"), name[] = "correlation_id=";
    json_t *rows = json_array();

    for (size_t i = 0; i < records.n && strncmp(query, name, sizeof name - 1) == 0; i++) {
        struct record *r = records.items[i];
        const char *wanted = query + sizeof name - 1;

        if (r->system == SNOW && !r->is_gone && strcspn(wanted, "^") == strlen(r->marker) &&
            strncmp(wanted, r->marker, strlen(r->marker)) == 0) {
            json_array_append_new(rows, row_json(r));
            ret->record = r;
        }
    }
    ret->status = 200;
    ret->body = json_pack("{s:o}", "result", rows);
}

static json_t *entry_json(const struct record *r, size_t no)
{
    const struct entry *e = &r->entries[no];
    char at[24];

    tcn_time_format(e->at_ms, "%Y-%m-%d %H:%M:%S", at, sizeof at);
    return json_pack("{s:o, s:s, s:s, s:s, s:s, s:s}", "sys_id",
                     json_sprintf("%.20s%012zu", r->id, no), "element_id", r->id, "element",
                     "work_notes", "value", e->text, "sys_created_on", at, "sys_created_by",
                     e->is_ours ? OURS : SOMEBODY);
}

/* Newest first, as the query asks for. */
static void journal(const struct call *call, struct answer *ret)
{
    const char *query = call_query(call, "sysparm_query");
    json_t *rows = json_array();

    for (size_t i = 0; i < records.n && !platform.is_journal_hidden; i++) {
        const struct record *r = records.items[i];

        if (r->system != SNOW || r->is_gone || !strstr(query, r->id))
            continue;
        for (size_t k = r->n_entries; k-- > 0 && json_array_size(rows) < 100;)
            json_array_append_new(rows, entry_json(r, k));
    }
    ret->status = 200;
    ret->body = json_pack("{s:o}", "result", rows);
}

static json_t *work_notes(const struct record *r)
{
    json_t *all = json_string(""), *more;

    for (size_t k = r->n_entries; k-- > 0;) {
        more = json_sprintf("%s2026-09-21 10:00:00 - tocsin (Work notes)\n%s\n\n",
                            json_string_value(all), r->entries[k].text);
        json_decref(all);
        all = more;
    }
    return all;
}

static void read(struct record *r, const struct call *call, struct answer *ret)
{
    if (strcmp(call_query(call, "sysparm_fields"), "work_notes") != 0) {
        show(r, 200, call, ret);
        return;
    }
    ret->status = 200;
    ret->body = json_pack("{s:{s:o}}", "result", "work_notes", work_notes(r));
}

static void answer(const struct call *call, struct answer *ret)
{
    struct record *r = call->n_segments > 4 ? records_find(SNOW, call->segments[4]) : NULL;

    if (call_is(call, "GET", "/api/now/table/sys_user")) {
        ret->status = 200;
        ret->body = json_pack("{s:[{s:s, s:s}]}", "result", "sys_id", "u0", "time_zone", "GMT");
    } else if (call_is(call, "GET", "/api/now/table/sys_journal_field")) {
        journal(call, ret);
    } else if (call_is(call, "GET", TABLE)) {
        search(call, ret);
    } else if (call_is(call, "POST", TABLE)) {
        create(call, ret);
    } else if (!r) {
        judge_missing(SNOW, call);
        refuse_with(404, "No Record found", "Record doesn't exist", ret);
    } else if (call_is(call, "GET", RECORD)) {
        read(r, call, ret);
    } else if (call_is(call, "PATCH", RECORD)) {
        patch(r, call, ret);
    } else {
        fail("snow knows no %s %s", call->method, call->segments[call->n_segments - 1]);
    }
}

/* -- people --------------------------------------------------------------------------------------------------------- */

static bool retitle(struct record *r, const char *title)
{
    if (r->status == 7)
        return false;
    snprintf(r->title, sizeof r->title, "%.*s", TITLE_MAX, title);
    return true;
}

/* By impact and urgency, in one of the ways that lead there. */
static bool reprioritize(struct record *r, int impact)
{
    static const int levels[] = {0, 11, 12, 22, 32, 33};

    if (r->status == 7)
        return false;
    r->levels = levels[impact];
    r->impact = impact;
    return true;
}

static bool move(struct record *r, enum meaning to)
{
    static const int states[] = {
        [IS_NEW] = 1, [IS_WORKED_ON] = 2, [IS_OVER] = 6, [IS_CLOSED] = 7, [IS_HELD] = 3};
    bool is_end = to == IS_OVER || to == IS_CLOSED;

    if (r->status == 7 || records_meaning(r) == to)
        return false;
    r->status = states[to];
    if (is_end && !r->code[0])
        snprintf(r->code, sizeof r->code, "User error");
    if (is_end && !r->reason[0])
        snprintf(r->reason, sizeof r->reason, "Resolved by a person");
    return true;
}

static void assign(struct record *r, const char *name)
{
    snprintf(r->assignee, sizeof r->assignee, "%s", name);
}

bool snow_is_mute(void)
{
    return platform.is_journal_hidden;
}

const struct remote snow = {begin, answer, refuse, retitle, reprioritize, move, assign};
