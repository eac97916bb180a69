/* Tags of an incident: requests, read and checked; core/app executes them. */
#include "api/v1_query.h"

static int refuse(struct tcn_api_call *call, const char *field)
{
    return tcn_api_refuse(call, 400, "bad_request", field,
                          strcmp(field, "tags") == 0
                              ? "\"tags\" is {\"key\": \"value\"}, 1-%d of them"
                              : "\"keys\" is a list of 1-%d texts",
                          TCN_TAGS_MAX),
           -1;
}

static int read_tag(struct tcn_api_call *call, const char *key, const json_t *value,
                    struct tcn_tag *ret)
{
    struct tcn_err err;

    if (!json_is_string(value))
        return refuse(call, "tags");
    ret->key = tcn_arena_strdup(call->arena, key);
    ret->value = tcn_arena_strdup(call->arena, json_string_value(value));
    return tcn_tag_check(ret, &err) < 0 ? tcn_v1_refuse(call, "tags", err.msg) : 0;
}

int tcn_v1_tag(struct tcn_api_call *call)
{
    static const char *const names[] = {"tags", NULL};
    struct tcn_tag_change *c = &call->command.tags;
    json_t *object = json_object_get(call->body, "tags"), *value;
    size_t n = json_object_size(object);
    struct tcn_tag *tags;
    const char *key;

    if (tcn_v1_on_incident(call, TCN_COMMAND_TAG) < 0 || tcn_v1_only(call, names) < 0)
        return -1;
    if (n < 1 || n > TCN_TAGS_MAX)
        return refuse(call, "tags");
    tags = TCN_NEW_N(call->arena, struct tcn_tag, n);
    json_object_foreach(object, key, value)
    {
        if (read_tag(call, key, value, &tags[c->n_set++]) < 0)
            return -1;
    }
    c->set = tags;
    return 0;
}

static int read_key(struct tcn_api_call *call, const json_t *value, const char **ret)
{
    struct tcn_err err;

    if (!json_is_string(value))
        return refuse(call, "keys");
    *ret = tcn_arena_strdup(call->arena, json_string_value(value));
    return tcn_tag_check_removed(*ret, &err) < 0 ? tcn_v1_refuse(call, "keys", err.msg) : 0;
}

int tcn_v1_untag(struct tcn_api_call *call)
{
    static const char *const names[] = {"keys", NULL};
    struct tcn_tag_change *c = &call->command.tags;
    json_t *list = json_object_get(call->body, "keys");
    size_t n = json_array_size(list);
    const char **keys;

    if (tcn_v1_on_incident(call, TCN_COMMAND_TAG) < 0 || tcn_v1_only(call, names) < 0)
        return -1;
    if (n < 1 || n > TCN_TAGS_MAX)
        return refuse(call, "keys");
    keys = TCN_NEW_N(call->arena, const char *, n);
    for (; c->n_removed < n; c->n_removed++)
        if (read_key(call, json_array_get(list, c->n_removed), &keys[c->n_removed]) < 0)
            return -1;
    c->removed = keys;
    return 0;
}
