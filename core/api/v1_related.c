/* Related items of an incident: the list, and those that people and programs add and remove. */
#include "api/json.h"
#include "api/v1_query.h"
#include "engine/related_change.h"

#include <inttypes.h>
#include <stdlib.h>

#define WORD_MAX 512 /* ssm-incidents: of a PagerDutyIncidentDetail */

/* -- requests ----------------------------------------------------------------------------------------------------- */

/* As struct tcn_related_item has it: a JSON text, equal for equal details. */
static int read_detail(struct tcn_api_call *call, const char **ret)
{
    json_t *value = json_object_get(call->body, TCN_RELATED_DETAIL);
    const char *id = NULL, *secret = NULL;
    int resolves = -1;
    json_t *detail;
    char *text;

    if (json_unpack(value, "{s:s, s?s, s?b !}", "id", &id, "secretId", &secret, "autoResolve",
                    &resolves) < 0 ||
        !id[0] || tcn_utf8_count(tcn_str(id)) > 200 ||
        (secret && tcn_utf8_count(tcn_str(secret)) > WORD_MAX))
        return tcn_v1_refuse(
            call, TCN_RELATED_DETAIL,
            "\"" TCN_RELATED_DETAIL
            "\" is {\"id\": text, \"secretId\": text, \"autoResolve\": true or false}, "
            "with an id of 1-200 characters");
    detail = json_pack("{s:s, s:s*}", "id", id, "secretId", secret);
    if (resolves >= 0)
        json_object_set_new(detail, "autoResolve", json_boolean(resolves));
    text = json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(detail);
    *ret = tcn_arena_strdup(call->arena, text);
    free(text);
    return 0;
}

/* The one member of these that is there. */
static int read_value(struct tcn_api_call *call)
{
    static const char *const kinds[] = {"arn", "url", "metricDefinition", TCN_RELATED_DETAIL};
    struct tcn_related_item *item = &call->command.related;
    size_t n = 0;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (json_object_get(call->body, kinds[i])) {
            item->value_kind = kinds[i];
            n++;
        }
    if (n != 1)
        return tcn_v1_refuse(call, "url",
                             "give one of \"arn\", \"url\", \"metricDefinition\" and "
                             "\"" TCN_RELATED_DETAIL "\"");
    if (strcmp(item->value_kind, TCN_RELATED_DETAIL) == 0)
        return read_detail(call, &item->value);
    return tcn_v1_text(call, item->value_kind, true, TCN_RELATED_METRIC_MAX, &item->value);
}

#define IDENTIFIER "type", "arn", "url", "metricDefinition", TCN_RELATED_DETAIL

/* The body is the item, whatever else it has. */
static int read_item(struct tcn_api_call *call)
{
    struct tcn_related_item *item = &call->command.related;
    const char *field = NULL;
    struct tcn_err err;

    if (tcn_v1_text(call, "type", true, 100, &item->type) < 0 || read_value(call) < 0 ||
        tcn_v1_text(call, "title", false, TCN_RELATED_TITLE_MAX, &item->title) < 0)
        return -1;
    if (tcn_related_check(item, &field, &err) < 0)
        return tcn_v1_refuse(call, strcmp(field, "value") == 0 ? item->value_kind : field, err.msg);
    tcn_related_make_id(item);
    return 0;
}

int tcn_v1_related_add(struct tcn_api_call *call)
{
    static const char *const names[] = {IDENTIFIER, "title", "client_token", NULL};

    if (tcn_v1_on_incident(call, TCN_COMMAND_RELATED_ADD) < 0 || tcn_v1_only(call, names) < 0 ||
        read_item(call) < 0)
        return -1;
    return tcn_v1_client_token(call);
}

static int read_generated_id(struct tcn_api_call *call)
{
    struct tcn_related_item *item = &call->command.related;
    const char *id = NULL;

    if (tcn_v1_text(call, "id", true, sizeof item->generated_id - 1, &id) < 0)
        return -1;
    snprintf(item->generated_id, sizeof item->generated_id, "%s", id);
    return 0;
}

/* By its id, or by what it is, as UpdateRelatedItems does. */
int tcn_v1_related_remove(struct tcn_api_call *call)
{
    static const char *const by_id[] = {"id", "client_token", NULL};
    static const char *const by_what[] = {"id", IDENTIFIER, "client_token", NULL};
    bool has_id = json_object_get(call->body, "id");

    if (tcn_v1_on_incident(call, TCN_COMMAND_RELATED_REMOVE) < 0 ||
        tcn_v1_only(call, has_id ? by_id : by_what) < 0)
        return -1;
    if ((has_id ? read_generated_id(call) : read_item(call)) < 0)
        return -1;
    return tcn_v1_client_token(call);
}

/* -- a list of them in another request ---------------------------------------------------------------------------- */

/* As the body of a call of its own; what that one is refused for, this one is. */
static int read_listed(struct tcn_api_call *call, const char *name, size_t i,
                       struct tcn_related_item *ret)
{
    static const char *const names[] = {IDENTIFIER, "title", NULL};
    struct tcn_api_call item = {.arena = call->arena,
                                .body = json_array_get(json_object_get(call->body, name), i)};
    const json_t *error;

    if (tcn_v1_only(&item, names) == 0 && read_item(&item) == 0) {
        *ret = item.command.related;
        return 0;
    }
    error = json_object_get(item.reply, "error");
    tcn_api_refuse(call, 400, "bad_request", name, "item %zu of \"%s\": %s", i + 1, name,
                   json_string_value(json_object_get(error, "message")));
    json_decref(item.reply);
    return -1;
}

int tcn_v1_related_items(struct tcn_api_call *call, const char *name,
                         const struct tcn_related_item **ret, size_t *ret_n)
{
    json_t *list = json_object_get(call->body, name);
    size_t n = json_array_size(list);
    struct tcn_related_item *items;

    if (!list)
        return 0;
    if (!json_is_array(list) || n > TCN_RELATED_MAX)
        return tcn_api_refuse(call, 400, "bad_request", name, "\"%s\" is a list of at most %d",
                              name, TCN_RELATED_MAX),
               -1;
    items = TCN_NEW_N(call->arena, struct tcn_related_item, n + 1);
    for (size_t i = 0; i < n; i++)
        if (read_listed(call, name, i, &items[i]) < 0)
            return -1;
    *ret = items;
    *ret_n = n;
    return 0;
}

/* -- the list ----------------------------------------------------------------------------------------------------- */

/* In the order of the list: by number, then by id. */
struct place {
    int64_t seq;
    const char *id;
};

static bool is_behind(const struct tcn_related_item *item, const struct place *after)
{
    if (!after->id || item->seq != after->seq)
        return !after->id || item->seq > after->seq;
    return strcmp(item->generated_id, after->id) > 0;
}

/* What is removed between two pages moves nothing. */
static json_t *token_of(const struct tcn_related_item *item)
{
    return json_sprintf("%" PRId64 ".%s", item->seq, item->generated_id);
}

static int read_token(struct tcn_api_call *call, struct place *ret)
{
    const char *next = tcn_api_query(call, "next");
    struct tcn_str rest = next ? tcn_str(next) : (struct tcn_str){0}, seq;
    uint64_t value;

    *ret = (struct place){0, NULL};
    if (!next)
        return 0;
    if (!tcn_str_cut(&rest, '.', &seq) || tcn_str_u64(seq, INT64_MAX, &value) < 0)
        return tcn_v1_refuse_next(call);
    *ret = (struct place){(int64_t)value, tcn_arena_str(call->arena, rest).ptr};
    return 0;
}

static int answer(struct tcn_api_call *call, const struct tcn_related_item *rows, size_t n,
                  const struct place *after, size_t limit)
{
    const struct tcn_related_item *last = NULL;
    json_t *items = json_array(), *next = NULL;

    for (size_t i = 0; i < n && !next; i++) {
        if (!is_behind(&rows[i], after))
            continue;
        if (json_array_size(items) == limit) {
            next = token_of(last);
        } else {
            last = &rows[i];
            json_array_append_new(items, tcn_json_related(last));
        }
    }
    return tcn_v1_answer(
        call, json_pack("{s:o, s:o}", "items", items, "next", next ? next : json_null()));
}

/* All of them are read: the incident has TCN_RELATED_MAX of each kind of origin at most. */
int tcn_v1_related(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_related_item *rows = NULL;
    struct tcn_incident incident;
    struct place after;
    struct tcn_id id;
    size_t n = 0, limit = 0;
    int r;

    if (tcn_api_id(call, &id) < 0 || tcn_v1_limit(call, &limit) < 0 || read_token(call, &after) < 0)
        return 0;
    r = tcn_store_incident_get(s, id, call->arena, &incident, err);
    if (r == TCN_ENOTFOUND)
        return tcn_v1_no_incident(call);
    if (r < 0 || (r = tcn_store_related_list(s, id, call->arena, &rows, &n, err)) < 0)
        return r;
    return answer(call, rows, n, &after, limit);
}
