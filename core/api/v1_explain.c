/* Why each page of an incident was sent, or was not. */
#include "api/json.h"
#include "api/v1_query.h"
#include "engine/explain.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 1000
#define SENDS_MAX 200

static const char *const kinds[] = {"", "PAGED", "NOT_PAGED", "WILL_PAGE"};

static json_t *line_json(const struct tcn_explained *line)
{
    json_t *object = json_object();

    json_object_set_new(object, "at", tcn_json_time(line->at_ms));
    json_object_set_new(object, "what", json_string(kinds[line->kind]));
    json_object_set_new(object, "contact", tcn_json_text(line->contact));
    json_object_set_new(object, "channel", tcn_json_text(line->channel));
    json_object_set_new(object, "why", tcn_json_text(line->why));
    return object;
}

/* That a page was sent is told with its rule. */
static bool is_told(const struct tcn_event *e)
{
    return e->text && strcmp(e->type, TCN_EVENT_PAGE) != 0;
}

/* When it was written: what people write may be about another time. */
static int64_t written_ms(const struct tcn_event *e)
{
    return e->updated_ms ? e->updated_ms : e->event_ms;
}

static int compare(const void *a, const void *b)
{
    const struct tcn_event *x = a, *y = b;
    int64_t x_ms = written_ms(x), y_ms = written_ms(y);

    if (x_ms != y_ms)
        return x_ms < y_ms ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static json_t *event_json(const struct tcn_event *e)
{
    json_t *object = json_object();

    json_object_set_new(object, "at", tcn_json_time(written_ms(e)));
    json_object_set_new(object, "what", json_string("EVENT"));
    json_object_set_new(object, "contact", json_null());
    json_object_set_new(object, "channel", json_null());
    json_object_set_new(object, "why", tcn_json_text(e->text));
    return object;
}

/* A message that waits says for what. */
static void add_waiting(const struct tcn_send_row *row, struct tcn_arena *arena,
                        struct tcn_explanation *told)
{
    struct tcn_explained *line = TCN_VEC_PUSH(arena, &told->lines);

    for (; line > told->lines.items && line[-1].at_ms > row->due_ms; line--)
        line[0] = line[-1];
    *line = (struct tcn_explained){.at_ms = row->due_ms,
                                   .kind = TCN_WILL_PAGE,
                                   .contact = row->contact,
                                   .channel = row->channel,
                                   .why = row->note};
}

static int explain_waiting(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *arena,
                           struct tcn_explanation *told, struct tcn_err *err)
{
    struct tcn_send_row *rows = NULL;
    size_t n = 0;
    int r = tcn_store_send_list(s, incident, SENDS_MAX, arena, &rows, &n, err);

    for (size_t i = 0; i < n && r == 0; i++)
        if (rows[i].state == TCN_SEND_PENDING && rows[i].note)
            add_waiting(&rows[i], arena, told);
    return r;
}

/* Both by the times that are shown; what happened before what followed from it. */
static json_t *merge(struct tcn_event *events, size_t n_events, const struct tcn_explanation *told)
{
    json_t *list = json_array();
    size_t i = 0, k = 0;

    if (n_events > 0)
        qsort(events, n_events, sizeof *events, compare);
    while (i < n_events || k < told->lines.n) {
        bool is_event = k == told->lines.n ||
                        (i < n_events && written_ms(&events[i]) <= told->lines.items[k].at_ms);

        if (!is_event)
            json_array_append_new(list, line_json(&told->lines.items[k++]));
        else if (is_told(&events[i++]))
            json_array_append_new(list, event_json(&events[i - 1]));
    }
    return list;
}

int tcn_api_explain(struct tcn_store *s, const struct tcn_directory *directory, struct tcn_id id,
                    struct tcn_arena *arena, json_t **ret, struct tcn_err *err)
{
    struct tcn_aggregate a = {0};
    struct tcn_explanation told;
    struct tcn_event *events = NULL;
    size_t n = 0;
    int r;

    if ((r = tcn_store_incident_get(s, id, arena, &a.incident, err)) < 0 ||
        (r = tcn_store_engagement_list(s, id, arena, &a.engagements, &a.n_engagements, err)) < 0 ||
        (r = tcn_store_event_list(s, id, 0, EVENTS_MAX, arena, &events, &n, err)) < 0)
        return r;
    tcn_engine_explain(&a, directory, arena, &told);
    if ((r = explain_waiting(s, id, arena, &told, err)) < 0)
        return r;
    *ret = json_pack("{s:o,s:o,s:o,s:b}", "incident", tcn_json_id(id), "title",
                     tcn_json_text(a.incident.title), "lines", merge(events, n, &told), "is_cut",
                     told.is_cut || n == EVENTS_MAX);
    return 0;
}

int tcn_v1_explain(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    json_t *reply = NULL;
    struct tcn_id id;
    int r;

    if (tcn_api_id(call, &id) < 0)
        return 0;
    r = tcn_api_explain(s, call->directory, id, call->arena, &reply, err);
    if (r == TCN_ENOTFOUND)
        return tcn_v1_no_incident(call);
    return r < 0 ? r : tcn_v1_answer(call, reply);
}
