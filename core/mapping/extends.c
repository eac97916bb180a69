/* "extends": the named file with this one laid over it as a JSON merge patch (RFC 7386). */
#include "mapping/load.h"

enum { MAX_CHAIN = 4, MAX_LEVELS = 64 };

/* RFC 7386 section 2: null deletes, objects merge, everything else replaces. Depth is bounded by the parser. */
static void merge_patch(json_t *target, json_t *patch, unsigned levels)
{
    const char *key;
    json_t *value;

    json_object_foreach(patch, key, value)
    {
        json_t *old = json_object_get(target, key);

        if (json_is_null(value)) {
            json_object_del(target, key);
        } else if (!json_is_object(value) || levels == 0) {
            json_object_set_new(target, key, json_deep_copy(value));
        } else {
            if (!json_is_object(old))
                json_object_set_new(target, key, old = json_object());
            merge_patch(old, value, levels - 1);
        }
    }
}

static int parse_base(const struct tcn_node *at, const char *name, struct tcn_str text,
                      json_t **ret)
{
    struct tcn_err err;

    if (tcn_json_parse(text, &tcn_json_file, ret, &err) < 0)
        return tcn_node_problem(at, "\"%.80s\" is no JSON: %s", name, err.msg);
    if (json_is_object(*ret))
        return 0;
    json_decref(*ret);
    return tcn_node_problem(at, "\"%.80s\" is no object", name);
}

static int extend_once(struct tcn_doc *doc, const struct tcn_node *at,
                       tcn_mapping_resolver *resolve, void *ctx)
{
    const char *name = json_string_value(at->json);
    struct tcn_str text;
    json_t *base, *next;
    bool has_next;

    if (!name)
        return tcn_node_problem(at, "must be the name of a mapping, such as "
                                    "\"builtin/alertmanager\"");
    if (!resolve || resolve(ctx, name, &text) < 0)
        return tcn_node_problem(at, "there is no mapping \"%.80s\"", name);
    if (parse_base(at, name, text, &base) < 0)
        return TCN_EINVALID;
    next = json_incref(json_object_get(base, "extends"));
    has_next = next != NULL;
    /* its tests tell what it does without the changes */
    json_object_del(base, "tests");
    merge_patch(base, doc->root, MAX_LEVELS);
    json_object_del(base, "extends");
    if (has_next)
        json_object_set(base, "extends", next);
    json_decref(next);
    json_decref(doc->root);
    doc->root = base;
    return 0;
}

int tcn_load_extend(struct tcn_doc *doc, tcn_mapping_resolver *resolve, void *ctx)
{
    for (int i = 0; json_object_get(doc->root, "extends"); i++) {
        struct tcn_node root = tcn_node_root(doc), at = tcn_node_member(&root, "extends");

        if (i == MAX_CHAIN)
            return tcn_node_problem(&at, "a chain of more than %d mappings", MAX_CHAIN);
        if (extend_once(doc, &at, resolve, ctx) < 0)
            return TCN_EINVALID;
    }
    return 0;
}
