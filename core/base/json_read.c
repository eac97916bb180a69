/* Typed reads of members, with complaints that say what to write instead. */
#include "base/json_slips.h"
#include "base/nearest.h"

#include <inttypes.h>

enum { MAX_LIST = 4096 };

static const char *type_name(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}

static int wrong_type(const struct tcn_node *n, const char *wanted)
{
    return tcn_node_problem(n, "must be %s, not %s", wanted, type_name(n->json));
}

/* Yields the member; *ret_is_there is false when there is nothing to read. */
static int find(const struct tcn_node *parent, const char *key, int need, struct tcn_node *ret_node,
                bool *ret_is_there)
{
    *ret_node = tcn_node_member(parent, key);
    *ret_is_there = ret_node->json != NULL;
    if (parent->json && !json_is_object(parent->json) && need == TCN_NEED)
        return TCN_EINVALID; /* what the parent is was told where its members were looked at */
    if (!*ret_is_there && need == TCN_NEED)
        return tcn_node_problem(ret_node, "is missing; add it");
    return 0;
}

int tcn_node_text(const struct tcn_node *parent, const char *key, int need, const char **ret)
{
    struct tcn_node n;
    bool is_there;
    int r = find(parent, key, need, &n, &is_there);

    if (!is_there)
        return r;
    if (!json_is_string(n.json))
        return wrong_type(&n, "text in double quotes");
    *ret = json_string_value(n.json);
    return 0;
}

int tcn_node_int(const struct tcn_node *parent, const char *key, int need, int64_t min, int64_t max,
                 int64_t *ret)
{
    struct tcn_node n;
    bool is_there;
    int r = find(parent, key, need, &n, &is_there);
    int64_t value;

    if (!is_there)
        return r;
    if (json_is_real(n.json))
        return tcn_node_problem(&n,
                                "must be a whole number; write it without fraction and exponent");
    if (!json_is_integer(n.json))
        return wrong_type(&n, "a whole number");
    value = json_integer_value(n.json);
    if ((value < min || value > max) && min == max)
        return tcn_node_problem(&n, "must be %" PRId64 ", not %" PRId64, min, value);
    if (value < min || value > max)
        return tcn_node_problem(&n, "%" PRId64 " is out of range; use %" PRId64 " to %" PRId64,
                                value, min, max);
    *ret = value;
    return 0;
}

int tcn_node_bool(const struct tcn_node *parent, const char *key, int need, bool *ret)
{
    struct tcn_node n;
    bool is_there;
    int r = find(parent, key, need, &n, &is_there);

    if (!is_there)
        return r;
    if (!json_is_boolean(n.json))
        return wrong_type(&n, "true or false");
    *ret = json_is_true(n.json);
    return 0;
}

static int text_duration(const struct tcn_node *n, const char *text, int64_t *ret_ms)
{
    int64_t ms = 0;
    int r = tcn_str_duration(tcn_str(text), &ms);

    if (r == TCN_ELIMIT || ms > TCN_DURATION_MAX_MS)
        return tcn_node_problem(n, "\"%.60s\" is out of range; use 0s to 3650d", text);
    if (r < 0)
        return tcn_node_problem(n, "\"%s\" is no duration; write a number and ms, s, m, h or d",
                                text);
    *ret_ms = ms;
    return 0;
}

int tcn_node_duration(const struct tcn_node *parent, const char *key, int need, int64_t *ret_ms)
{
    struct tcn_node n;
    bool is_there;
    int r = find(parent, key, need, &n, &is_there);
    int64_t seconds;

    if (!is_there)
        return r;
    if (json_is_string(n.json))
        return text_duration(&n, json_string_value(n.json), ret_ms);
    if (!json_is_integer(n.json))
        return wrong_type(&n, "a duration such as \"90s\" or \"15m\"");
    seconds = json_integer_value(n.json);
    if (seconds < 0)
        return tcn_node_problem(&n, "%" PRId64 " is no number of seconds; use 0 or more", seconds);
    if (seconds > TCN_DURATION_MAX_MS / 1000)
        return tcn_node_problem(&n, "%" PRId64 " is out of range; use 0s to 3650d", seconds);
    *ret_ms = seconds * 1000;
    return 0;
}

/* "WORD is PROBLEM; did you mean X?" or, without a near name, those that are known. */
static int unknown_name(const struct tcn_node *n, const char *word, const char *problem,
                        const char *const names[])
{
    const char *nearest = tcn_nearest(word, names);
    struct tcn_buf list;
    int r;

    if (nearest)
        return tcn_node_problem(n, "\"%s\" is %s; did you mean \"%s\"?", word, problem, nearest);
    tcn_buf_init(&list, MAX_LIST);
    tcn_buf_known(&list, word, names);
    r = tcn_node_problem(n, "\"%s\" is %s; known are: %s%s", word, problem, tcn_buf_view(&list).ptr,
                         tcn_buf_ok(&list) ? "" : ", ...");
    tcn_buf_done(&list);
    return r;
}

static size_t count_names(const char *const names[])
{
    size_t n = 0;

    while (names[n])
        n++;
    return n;
}

int tcn_node_no_such(const struct tcn_node *n, const char *word, const char *problem,
                     const char *const names[])
{
    const char *nearest = tcn_nearest(word, names);
    size_t known = count_names(names);
    struct tcn_buf help;

    tcn_buf_init(&help, MAX_LIST);
    if (nearest)
        tcn_buf_fmt(&help, "did you mean \"%s\"?", nearest);
    if (known == 0)
        tcn_buf_z(&help, "none is there yet: add it");
    else if (!nearest || (known > 1 && known <= TCN_KNOWN_ALL)) {
        tcn_buf_fmt(&help, "%sknown %s: ", nearest ? " " : "", known == 1 ? "is" : "are");
        tcn_buf_known(&help, word, names);
    }
    tcn_node_problem(n, "\"%s\" is %s; %s", word, problem, tcn_buf_view(&help).ptr);
    tcn_buf_done(&help);
    return TCN_EINVALID;
}

int tcn_node_unique(const struct tcn_node *element, const char *key)
{
    struct tcn_node node = tcn_node_member(element, key);

    for (size_t i = 0; json_is_string(node.json) && i < element->index; i++) {
        struct tcn_node earlier = tcn_node_item(element->parent, i),
                        other = tcn_node_member(&earlier, key);

        if (json_equal(other.json, node.json))
            return tcn_node_problem(&node, "\"%s\" is used twice, first on line %d; rename one",
                                    json_string_value(node.json), tcn_node_line(&other));
    }
    return 0;
}

int tcn_node_twice(const struct tcn_node *node, const struct tcn_node *other)
{
    return tcn_node_problem(node, "\"%s\" is there twice, first on line %d; take one out",
                            json_string_value(node->json), tcn_node_line(other));
}

int tcn_node_choice(const struct tcn_node *parent, const char *key, int need,
                    const char *const names[], int *ret)
{
    const char *word = NULL;
    int r = tcn_node_text(parent, key, need, &word);
    struct tcn_node n;

    if (r < 0 || !word)
        return r;
    for (int i = 0; names[i]; i++) {
        if (strcmp(word, names[i]) == 0) {
            *ret = i;
            return 0;
        }
    }
    n = tcn_node_member(parent, key);
    return unknown_name(&n, word, "not one of the choices", names);
}

int tcn_node_object(const struct tcn_node *parent, const char *key, int need, struct tcn_node *ret)
{
    bool is_there;
    int r = find(parent, key, need, ret, &is_there);

    if (!is_there || json_is_object(ret->json))
        return r;
    return wrong_type(ret, "an object");
}

int tcn_node_array(const struct tcn_node *parent, const char *key, int need, struct tcn_node *ret)
{
    bool is_there;
    int r = find(parent, key, need, ret, &is_there);

    if (!is_there || json_is_array(ret->json))
        return r;
    return wrong_type(ret, "an array");
}

static bool is_listed(const char *word, const char *const names[])
{
    for (; *names; names++)
        if (strcmp(word, *names) == 0)
            return true;
    return false;
}

static int unknown_member(const struct tcn_node *n, const char *const names[])
{
    const char *meant = tcn_nearest(n->key, names);
    int r = unknown_name(n, n->key, "not known here", names);

    if (meant)
        tcn_slips_add(n, meant);
    return r;
}

int tcn_node_only(const struct tcn_node *object, const char *const names[])
{
    const char *key;
    json_t *value;
    int r = 0;

    if (object->json && !json_is_object(object->json))
        return wrong_type(object, "an object");
    json_object_foreach(object->json, key, value)
    {
        struct tcn_node n = tcn_node_member(object, key);

        if (!is_listed(key, names))
            r = unknown_member(&n, names);
    }
    return r;
}
