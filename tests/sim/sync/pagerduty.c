/* A PagerDuty account, as far as the connector asks of its REST API. The rules are those of tests/sandbox/pagerduty*.py. */
#include "sync.h"

#include "base/datetime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE "PWEB001"

static struct {
    bool reopens; /* a status takes a resolved incident back; older accounts refuse */
    int n;
} account;

static const char *const statuses[] = {
    [IS_NEW] = "triggered", [IS_WORKED_ON] = "acknowledged", [IS_OVER] = "resolved"};

static void begin(struct chance *c)
{
    (void)c;
    account.reopens = true;
    account.n = 0;
}

/* -- what is shown -------------------------------------------------------------------------------------------------- */

static json_t *time_of(int64_t ms)
{
    char text[TCN_TIME_TEXT];

    tcn_time_text(ms, text);
    return json_sprintf("%.19sZ", text);
}

static json_t *priority_json(int impact)
{
    return impact == 0
               ? json_null()
               : json_pack("{s:o, s:o, s:o}", "id", json_sprintf("PRIO0P%d", impact), "summary",
                           json_sprintf("P%d", impact), "name", json_sprintf("P%d", impact));
}

static json_t *incident_json(const struct record *r)
{
    json_t *i =
        json_pack("{s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:{s:s}, s:s}", "id", r->id,
                  "incident_number", atoi(r->key), "title", r->title, "status", statuses[r->status],
                  "urgency", r->levels ? "high" : "low", "priority", priority_json(r->impact),
                  "created_at", time_of(r->created_ms), "updated_at", time_of(r->updated_ms),
                  "service", "id", SERVICE, "incident_key", r->marker);

    if (r->assignee[0] && r->status != IS_OVER)
        json_object_set_new(i, "assignments",
                            json_pack("[{s:{s:s}}]", "assignee", "summary", r->assignee));
    return i;
}

static void show(struct record *r, int status, struct answer *ret)
{
    ret->status = status;
    ret->body = json_pack("{s:o}", "incident", incident_json(r));
    ret->record = r;
}

static void refuse_with(int status, const char *message, const char *detail, struct answer *ret)
{
    ret->status = status;
    ret->body = json_pack("{s:{s:i, s:s, s:[s]}}", "error", "code", 2001, "message", message,
                          "errors", detail);
}

static void refuse(int status, int retry_after_s, struct chance *c, struct answer *ret)
{
    (void)c;
    refuse_with(status, "Not now", "come again", ret);
    if (status == 429)
        answer_header(ret, "ratelimit-reset: %d", retry_after_s);
    else if (retry_after_s > 0)
        answer_header(ret, "Retry-After: %d", retry_after_s);
}

/* -- writes ----------------------------------------------------------------------------------------------------------- */

/* A reference on a create, a name on an update: "PRIO0P3", "P3". */
static int priority_of(const json_t *value, int now)
{
    const char *id = json_is_string(value) ? json_string_value(value) : text_of(value, "id");

    return id[0] ? id[strlen(id) - 1] - '0' : now;
}

static int status_of(const json_t *incident, int now)
{
    for (int s = IS_NEW; s <= IS_OVER; s++)
        if (strcmp(statuses[s], text_of(incident, "status")) == 0)
            return s;
    return now;
}

static void set_values(struct record *r, const json_t *incident)
{
    const char *title = text_of(incident, "title"), *urgency = text_of(incident, "urgency");

    if (title[0])
        snprintf(r->title, sizeof r->title, "%s", title);
    r->impact = priority_of(json_object_get(incident, "priority"), r->impact);
    if (urgency[0])
        r->levels = strcmp(urgency, "high") == 0;
}

static bool is_key_taken(const char *key)
{
    for (size_t i = 0; i < records.n; i++)
        if (records.items[i]->system == PAGER && !records.items[i]->is_gone &&
            records.items[i]->status != IS_OVER && strcmp(records.items[i]->marker, key) == 0)
            return true;
    return false;
}

static void create(const json_t *incident, struct answer *ret)
{
    const char *key = text_of(incident, "incident_key");
    struct record *r;

    if (is_key_taken(key)) {
        refuse_with(400, "Incident Already Exists",
                    "Open incident already exists on this service with the same incident key", ret);
        return;
    }
    r = records_add(PAGER, 0);
    snprintf(r->id, sizeof r->id, "Q%013d", ++account.n);
    snprintf(r->key, sizeof r->key, "%d", account.n);
    snprintf(r->marker, sizeof r->marker, "%s", key);
    r->status = IS_NEW;
    r->levels = 1;
    set_values(r, incident);
    judge_create(r);
    records_changed(r);
    show(r, 201, ret);
}

static void judge(struct record *r, const json_t *incident)
{
    char value[8];

    if (json_object_get(incident, "title"))
        judge_write(r, TITLE, text_of(incident, "title"));
    snprintf(value, sizeof value, "%d",
             priority_of(json_object_get(incident, "priority"), r->impact));
    if (json_object_get(incident, "priority"))
        judge_write(r, IMPACT, value);
    snprintf(value, sizeof value, "%d", status_of(incident, r->status));
    if (json_object_get(incident, "status"))
        judge_write(r, STATUS, value);
}

static void update(struct record *r, const json_t *incident, struct answer *ret)
{
    if (r->status == IS_OVER && !account.reopens) {
        refuse_with(400, "Invalid Input Provided", "Incident Already Resolved", ret);
        return;
    }
    if (json_object_get(incident, "resolution") && status_of(incident, r->status) != IS_OVER) {
        refuse_with(400, "Invalid Input Provided", "resolution needs the status resolved", ret);
        return;
    }
    judge(r, incident);
    set_values(r, incident);
    r->status = status_of(incident, r->status);
    snprintf(r->reason, sizeof r->reason, "%s", text_of(incident, "resolution"));
    records_changed(r);
    show(r, 200, ret);
}

static void note(struct record *r, const struct call *call, struct answer *ret)
{
    records_note(r, text_of(json_object_get(call->body, "note"), "content"), "", true);
    records_changed(r);
    ret->status = 200;
    ret->body = json_pack("{s:{s:o}}", "note", "id", json_sprintf("N%zu", r->n_entries));
}

/* -- reads ------------------------------------------------------------------------------------------------------------- */

static void search(const struct call *call, struct answer *ret)
{
    const char *key = call_query(call, "incident_key");
    json_t *list = json_array();

    for (size_t i = 0; i < records.n; i++) {
        struct record *r = records.items[i];

        if (r->system == PAGER && !r->is_gone && strcmp(r->marker, key) == 0) {
            json_array_append_new(list, incident_json(r));
            ret->record = r;
        }
    }
    ret->status = 200;
    ret->body = json_pack("{s:o}", "incidents", list);
}

static json_t *note_json(const struct entry *e, size_t no)
{
    return json_pack("{s:o, s:{s:s}, s:s, s:o}", "id", json_sprintf("N%zu", no), "user", "summary",
                     e->is_ours ? OURS : SOMEBODY, "content", e->text, "created_at",
                     time_of(e->at_ms));
}

static void list_notes(const struct record *r, struct answer *ret)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->n_entries; i++)
        json_array_append_new(list, note_json(&r->entries[i], i));
    ret->status = 200;
    ret->body = json_pack("{s:o}", "notes", list);
}

static void list_priorities(struct answer *ret)
{
    json_t *list = json_array();

    for (int i = 1; i <= 5; i++)
        json_array_append_new(list, priority_json(i));
    ret->status = 200;
    ret->body = json_pack("{s:o}", "priorities", list);
}

static void about_incident(struct record *r, const struct call *call, struct answer *ret)
{
    if (call_is(call, "GET", "/incidents/{}"))
        show(r, 200, ret);
    else if (call_is(call, "PUT", "/incidents/{}"))
        update(r, json_object_get(call->body, "incident"), ret);
    else if (call_is(call, "POST", "/incidents/{}/notes"))
        note(r, call, ret);
    else if (call_is(call, "GET", "/incidents/{}/notes"))
        list_notes(r, ret);
    else
        fail("pager knows no %s %s", call->method, call->segments[call->n_segments - 1]);
}

static void answer(const struct call *call, struct answer *ret)
{
    struct record *r = call->n_segments > 1 ? records_find(PAGER, call->segments[1]) : NULL;

    if (call_is(call, "GET", "/services/{}")) {
        ret->status = 200;
        ret->body = json_pack("{s:{s:s, s:s, s:s}}", "service", "id", SERVICE, "name", "web",
                              "status", "active");
    } else if (call_is(call, "GET", "/priorities")) {
        list_priorities(ret);
    } else if (call_is(call, "GET", "/incidents")) {
        search(call, ret);
    } else if (call_is(call, "POST", "/incidents")) {
        create(json_object_get(call->body, "incident"), ret);
    } else if (r) {
        about_incident(r, call, ret);
    } else {
        judge_missing(PAGER, call);
        refuse_with(404, "Not Found", "no such incident", ret);
    }
}

/* -- people --------------------------------------------------------------------------------------------------------- */

static bool retitle(struct record *r, const char *title)
{
    snprintf(r->title, sizeof r->title, "%s", title);
    return true;
}

static bool reprioritize(struct record *r, int impact)
{
    r->impact = impact;
    return true;
}

static bool move(struct record *r, enum meaning to)
{
    if (to > IS_OVER || (int)to == r->status)
        return false;
    r->status = (int)to;
    return true;
}

static void assign(struct record *r, const char *name)
{
    snprintf(r->assignee, sizeof r->assignee, "%s", name);
}

const struct remote pager = {begin, answer, refuse, retitle, reprioritize, move, assign};
