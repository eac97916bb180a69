/* Jira Cloud, as far as the connector asks of it: one project, a workflow, an index that lags. The rules are those of
 * tests/sandbox/jira*.py. */
#include "sync.h"

#include "base/datetime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API "/rest/api/3"
#define FIRST_ID 10001

static struct {
    int64_t lag_ms; /* of the index */
    bool is_direct; /* To Do leads to Done */
    bool is_silent; /* a PUT shows no issue */
    int n;
} site;

static const struct {
    const char *id, *name, *category;
} statuses[] = {[IS_NEW] = {"10000", "To Do", "new"},
                [IS_WORKED_ON] = {"3", "In Progress", "indeterminate"},
                [IS_OVER] = {"10002", "Done", "done"}};
static const char *const priorities[] = {"", "Highest", "High", "Medium", "Low", "Lowest"};

static const struct transition {
    const char *id, *name;
    enum meaning from, to;
    bool needs_resolution, is_of_direct;
} transitions[] = {
    {"21", "Start progress", IS_NEW, IS_WORKED_ON, false, false},
    {"31", "Resolve", IS_NEW, IS_OVER, true, true},
    {"31", "Resolve", IS_WORKED_ON, IS_OVER, true, false},
    {"41", "Stop progress", IS_WORKED_ON, IS_NEW, false, false},
    {"51", "Reopen", IS_OVER, IS_NEW, false, false},
};
#define TRANSITIONS (sizeof transitions / sizeof *transitions)

static void begin(struct chance *c)
{
    /* Together with a call that arrives late it is less than the mapping file's visibility, 90 s. */
    site.lag_ms = has_kind(LATENESS) ? chance_below(c, 4) * 15 * SEC : 0;
    site.is_direct = has_kind(VARIANTS) && chance_in(c, 50);
    site.is_silent = has_kind(VARIANTS) && chance_in(c, 20);
    site.n = 0;
}

/* -- what is shown -------------------------------------------------------------------------------------------------- */

static json_t *time_of(int64_t ms)
{
    char text[TCN_TIME_TEXT];

    tcn_time_text(ms, text);
    return json_sprintf("%.23s+0000", text);
}

static json_t *status_json(enum meaning m)
{
    return json_pack("{s:s, s:s, s:{s:s}}", "id", statuses[m].id, "name", statuses[m].name,
                     "statusCategory", "key", statuses[m].category);
}

static json_t *issue_json(const struct record *r)
{
    json_t *fields = json_pack("{s:s, s:o, s:{s:s}, s:o, s:o, s:[s,s]}", "summary", r->title,
                               "status", status_json((enum meaning)r->status), "priority", "name",
                               priorities[r->impact], "updated", time_of(r->updated_ms), "created",
                               time_of(r->created_ms), "labels", "tocsin", r->marker);

    json_object_set_new(fields, "assignee",
                        r->assignee[0] ? json_pack("{s:s}", "displayName", r->assignee)
                                       : json_null());
    json_object_set_new(fields, "resolution",
                        r->code[0] ? json_pack("{s:s}", "name", r->code) : json_null());
    return json_pack("{s:s, s:s, s:o}", "id", r->id, "key", r->key, "fields", fields);
}

static void show(struct record *r, int status, struct answer *ret)
{
    ret->status = status;
    ret->body = issue_json(r);
    ret->record = r;
}

static void refuse_field(const char *name, const char *why, struct answer *ret)
{
    ret->status = 400;
    ret->body = json_pack("{s:[], s:{s:s}}", "errorMessages", "errors", name, why);
}

static void refuse(int status, int retry_after_s, struct chance *c, struct answer *ret)
{
    static const char *const reasons[] = {"jira-burst-based", "jira-per-issue-on-write",
                                          "jira-quota-global-based"};

    ret->status = status;
    ret->body = json_pack("{s:[s], s:{}}", "errorMessages", "no", "errors");
    if (retry_after_s > 0)
        answer_header(ret, "Retry-After: %d", retry_after_s);
    if (status == 429)
        answer_header(ret, "RateLimit-Reason: %s", reasons[chance_below(c, 3)]);
}

/* -- fields ------------------------------------------------------------------------------------------------------------ */

/* The summary without the blanks at its ends; NULL and an answer when it is none. */
static const char *summary_of(const json_t *value, struct answer *ret)
{
    static char text[1100];
    struct tcn_str s =
        tcn_str_trim(tcn_str(json_string_value(value) ? json_string_value(value) : ""));

    if (s.len == 0 || s.len >= sizeof text || memchr(s.ptr, '\n', s.len)) {
        refuse_field("summary", "The summary is invalid.", ret);
        return NULL;
    }
    snprintf(text, sizeof text, "%.*s", (int)s.len, s.ptr);
    return text;
}

static int priority_of(const json_t *value, struct answer *ret)
{
    for (int i = 1; i <= 5; i++)
        if (strcmp(priorities[i], text_of(value, "name")) == 0)
            return i;
    refuse_field("priority", "Specify a valid 'id' or 'name' for priority", ret);
    return 0;
}

/* False: refused, and nothing is changed. */
static bool set_fields(struct record *r, const json_t *fields, struct answer *ret)
{
    const json_t *summary = json_object_get(fields, "summary");
    const json_t *priority = json_object_get(fields, "priority");
    const char *title = summary ? summary_of(summary, ret) : r->title;
    int impact = priority ? priority_of(priority, ret) : r->impact;
    char number[8];

    if (!title || impact == 0)
        return false;
    snprintf(number, sizeof number, "%d", impact);
    if (summary && r->version > 0)
        judge_write(r, TITLE, title);
    if (priority && r->version > 0)
        judge_write(r, IMPACT, number);
    if (summary)
        snprintf(r->title, sizeof r->title, "%s", title);
    r->impact = impact;
    return true;
}

static void create(const struct call *call, struct answer *ret)
{
    const json_t *fields = json_object_get(call->body, "fields");
    const json_t *labels = json_object_get(fields, "labels");
    struct record probe = {.impact = 3};
    struct record *r;

    if (!json_object_get(fields, "summary") || !set_fields(&probe, fields, ret)) {
        if (!ret->body)
            refuse_field("summary", "Summary is required.", ret);
        return;
    }
    r = records_add(JIRA, site.lag_ms);
    snprintf(r->id, sizeof r->id, "%d", FIRST_ID + site.n);
    snprintf(r->key, sizeof r->key, "OPS-%d", ++site.n);
    snprintf(r->marker, sizeof r->marker, "%s",
             json_string_value(json_array_get(labels, json_array_size(labels) - 1)));
    snprintf(r->title, sizeof r->title, "%s", probe.title);
    r->impact = probe.impact;
    r->status = IS_NEW;
    judge_create(r);
    records_changed(r);
    ret->status = 201;
    ret->body = json_pack("{s:s, s:s}", "id", r->id, "key", r->key);
}

static void edit(struct record *r, const struct call *call, struct answer *ret)
{
    if (!set_fields(r, json_object_get(call->body, "fields"), ret))
        return;
    records_changed(r);
    if (site.is_silent)
        ret->status = 204;
    else
        show(r, 200, ret);
}

/* -- transitions --------------------------------------------------------------------------------------------------- */

static bool is_open_to(const struct transition *t, const struct record *r)
{
    return t->from == (enum meaning)r->status && (site.is_direct || !t->is_of_direct);
}

static json_t *screen(const struct transition *t)
{
    if (t->needs_resolution)
        return json_pack("{s:{s:b, s:s, s:[{s:s,s:s},{s:s,s:s}]}}", "resolution", "required", 1,
                         "name", "Resolution", "allowedValues", "id", "10000", "name", "Done", "id",
                         "10001", "name", "Won't Do");
    return t->from == IS_OVER
               ? json_pack("{s:{s:b, s:s}}", "resolution", "required", 0, "name", "Resolution")
               : json_object();
}

static void list_transitions(const struct record *r, struct answer *ret)
{
    json_t *list = json_array();

    for (size_t i = 0; i < TRANSITIONS; i++)
        if (is_open_to(&transitions[i], r))
            json_array_append_new(
                list, json_pack("{s:s, s:s, s:b, s:o, s:o}", "id", transitions[i].id, "name",
                                transitions[i].name, "isAvailable", 1, "to",
                                status_json(transitions[i].to), "fields", screen(&transitions[i])));
    ret->status = 200;
    ret->body = json_pack("{s:o}", "transitions", list);
}

static void go(struct record *r, const struct transition *t)
{
    r->status = (int)t->to;
    snprintf(r->code, sizeof r->code, "%s", t->to == IS_OVER ? "Done" : "");
}

static void apply(struct record *r, const struct call *call, struct answer *ret)
{
    const char *id = text_of(json_object_get(call->body, "transition"), "id");
    const json_t *resolution = json_object_get(json_object_get(call->body, "fields"), "resolution");
    char to[8];

    for (size_t i = 0; i < TRANSITIONS; i++) {
        if (strcmp(transitions[i].id, id) != 0 || !is_open_to(&transitions[i], r))
            continue;
        if (transitions[i].needs_resolution && !json_is_object(resolution)) {
            refuse_field("resolution", "Resolution is required.", ret);
            return;
        }
        snprintf(to, sizeof to, "%d", (int)transitions[i].to);
        judge_write(r, STATUS, to);
        go(r, &transitions[i]);
        records_changed(r);
        ret->status = 204;
        return;
    }
    ret->status = 400;
    ret->body = json_pack("{s:[s], s:{}}", "errorMessages",
                          "It seems that you have tried to perform an illegal workflow operation.",
                          "errors");
}

/* -- comments ------------------------------------------------------------------------------------------------------- */

static void flatten(const json_t *node, char *ret, size_t size)
{
    const json_t *content = json_object_get(node, "content");
    const char *text = text_of(node, "text");
    size_t len = strlen(ret);

    if (strcmp(text_of(node, "type"), "hardBreak") == 0)
        text = "\n";
    snprintf(ret + len, size - len, "%s", text);
    for (size_t i = 0; i < json_array_size(content); i++)
        flatten(json_array_get(content, i), ret, size);
}

static void comment(struct record *r, const struct call *call, struct answer *ret)
{
    const json_t *property = json_array_get(json_object_get(call->body, "properties"), 0);
    char text[8192] = "";

    flatten(json_object_get(call->body, "body"), text, sizeof text);
    records_note(r, text, text_of(json_object_get(property, "value"), "id"), true);
    records_changed(r);
    ret->status = 201;
    ret->body = json_pack("{s:o}", "id", json_sprintf("%zu", 20000 + r->n_entries));
}

static json_t *document(const char *text)
{
    return json_pack("{s:s, s:i, s:[{s:s, s:[{s:s, s:s}]}]}", "type", "doc", "version", 1,
                     "content", "type", "paragraph", "content", "type", "text", "text", text);
}

static json_t *comment_json(const struct entry *e, size_t no)
{
    json_t *c = json_pack("{s:o, s:{s:s}, s:o, s:o, s:b}", "id", json_sprintf("%zu", 20001 + no),
                          "author", "displayName", e->is_ours ? OURS : SOMEBODY, "body",
                          document(e->text), "created", time_of(e->at_ms), "jsdPublic", 1);

    if (e->is_ours)
        json_object_set_new(
            c, "properties",
            json_pack("[{s:s, s:{s:s}}]", "key", "tocsin.event", "value", "id", e->mark));
    return c;
}

static void list_comments(const struct record *r, struct answer *ret)
{
    json_t *list = json_array();

    for (size_t i = r->n_entries; i-- > 0;)
        json_array_append_new(list, comment_json(&r->entries[i], i));
    ret->status = 200;
    ret->body = json_pack("{s:o, s:i}", "comments", list, "total", (int)r->n_entries);
}

/* -- calls ------------------------------------------------------------------------------------------------------------- */

static void search(const struct call *call, struct answer *ret)
{
    const char *jql = text_of(call->body, "jql"), *at = strstr(jql, "labels = \"");
    json_t *list = json_array();

    for (size_t i = 0; at && i < records.n; i++) {
        struct record *r = records.items[i];
        size_t len = strlen(r->marker);

        if (r->system == JIRA && !r->is_gone && r->shown_ms <= clockwork_now_ms() &&
            strncmp(at + 10, r->marker, len) == 0 && at[10 + len] == '"') {
            json_array_append_new(list, issue_json(r));
            ret->record = r;
        }
    }
    ret->status = 200;
    ret->body = json_pack("{s:o, s:b}", "issues", list, "isLast", 1);
}

static void about_issue(struct record *r, const struct call *call, struct answer *ret)
{
    if (call_is(call, "GET", API "/issue/{}"))
        show(r, 200, ret);
    else if (call_is(call, "PUT", API "/issue/{}"))
        edit(r, call, ret);
    else if (call_is(call, "GET", API "/issue/{}/transitions"))
        list_transitions(r, ret);
    else if (call_is(call, "POST", API "/issue/{}/transitions"))
        apply(r, call, ret);
    else if (call_is(call, "POST", API "/issue/{}/comment"))
        comment(r, call, ret);
    else if (call_is(call, "GET", API "/issue/{}/comment"))
        list_comments(r, ret);
    else
        fail("jira knows no %s %s", call->method, call->segments[call->n_segments - 1]);
}

static void answer(const struct call *call, struct answer *ret)
{
    struct record *r = call->n_segments > 4 ? records_find(JIRA, call->segments[4]) : NULL;

    if (call_is(call, "GET", API "/myself")) {
        ret->status = 200;
        ret->body = json_pack("{s:s, s:s}", "accountId", "bot", "displayName", "Tocsin");
    } else if (call_is(call, "POST", API "/search/jql")) {
        search(call, ret);
    } else if (call_is(call, "POST", API "/issue")) {
        create(call, ret);
    } else if (r) {
        about_issue(r, call, ret);
    } else {
        judge_missing(JIRA, call);
        ret->status = 404;
        ret->body = json_pack("{s:[s], s:{}}", "errorMessages", "Issue does not exist", "errors");
    }
}

/* -- people --------------------------------------------------------------------------------------------------------- */

static bool retitle(struct record *r, const char *title)
{
    struct tcn_str s = tcn_str_trim(tcn_str(title));

    snprintf(r->title, sizeof r->title, "%.*s", (int)s.len, s.ptr);
    return true;
}

static bool reprioritize(struct record *r, int impact)
{
    r->impact = impact;
    return true;
}

/* By the transitions that there are, as people do. */
static bool move(struct record *r, enum meaning to)
{
    if (to > IS_OVER || to == (enum meaning)r->status)
        return false;
    for (size_t i = 0; i < TRANSITIONS; i++)
        if (transitions[i].to == to && is_open_to(&transitions[i], r)) {
            go(r, &transitions[i]);
            return true;
        }
    return false;
}

static void assign(struct record *r, const char *name)
{
    snprintf(r->assignee, sizeof r->assignee, "%s", name);
}

const struct remote jira = {begin, answer, refuse, retitle, reprioritize, move, assign};
