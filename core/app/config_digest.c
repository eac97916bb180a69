#include "app/config_digest.h"

#include "base/text.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "mapping/mapping.h"
#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>

#define WALK_ARENA (64u << 20)

static const struct {
    const char *name;
    bool has_references; /* to secrets and files */
} parts[] = {{"region", false},   {"tokens", true},
             {"sources", true},   {"connectors", true},
             {"channels", false}, {"resources", false},
             {"auditor", false},  {"accept_code_validation", false},
             {"topics", false}};

/* Objects and arrays that are still to be looked into; borrowed from the document's copy. */
struct walk {
    struct tcn_arena arena;
    TCN_VEC(json_t *) left;
};

bool tcn_config_is_mapping_file(const char *name)
{
    return strchr(name, '/') || tcn_str_ends(tcn_str(name), TCN_STR(".json"));
}

/* As core/sys/secret.h reads one. */
static bool is_secret(const json_t *value)
{
    return json_object_size(value) == 1 &&
           (json_object_get(value, "env") || json_object_get(value, "file"));
}

/* One that is not there any more counts as such: it was read a moment ago. */
static json_t *bytes_of(const char *path)
{
    struct tcn_buf text;
    struct tcn_err ignored;
    char hex[65];

    tcn_buf_init(&text, TCN_MAPPING_FILE_MAX);
    tcn_file_read(path, &text, &ignored);
    tcn_sha256_hex(tcn_buf_view(&text), hex);
    tcn_buf_done(&text);
    return json_string(hex);
}

/* What stands for the member; NULL: itself. */
static json_t *stand_in(const char *key, const json_t *value)
{
    const char *text = json_string_value(value);

    if (is_secret(value) || (text && tcn_str_ends(tcn_str(key), TCN_STR("_file"))))
        return json_true();
    if (text && strcmp(key, "mapping") == 0 && tcn_config_is_mapping_file(text))
        return bytes_of(text);
    return NULL;
}

static void visit(struct walk *w, json_t *value)
{
    if (json_is_object(value) || json_is_array(value))
        *TCN_VEC_PUSH(&w->arena, &w->left) = value;
}

static void look_into(struct walk *w, json_t *parent)
{
    const char *key;
    json_t *value, *other;
    size_t i;
    void *next;

    json_object_foreach_safe(parent, next, key, value)
    {
        if (strcmp(key, "settings") == 0)
            continue; /* of a mapping: values, whatever they look like */
        if ((other = stand_in(key, value)) != NULL)
            json_object_set_new(parent, key, other);
        else
            visit(w, value);
    }
    json_array_foreach(parent, i, value)
    {
        if (is_secret(value))
            json_array_set_new(parent, i, json_true());
        else
            visit(w, value);
    }
}

static void take_out(json_t *part)
{
    struct walk w = {.left = {0}};

    tcn_arena_init(&w.arena, WALK_ARENA);
    visit(&w, part);
    while (w.left.n > 0)
        look_into(&w, w.left.items[--w.left.n]);
    tcn_arena_done(&w.arena);
}

static json_t *agreed_of(const json_t *root)
{
    json_t *agreed = json_object();

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        json_t *part = json_deep_copy(json_object_get(root, parts[i].name));

        if (part && parts[i].has_references)
            take_out(part);
        if (part)
            json_object_set_new(agreed, parts[i].name, part);
    }
    return agreed;
}

void tcn_config_digest(const json_t *root, char ret[TCN_CONFIG_DIGEST])
{
    json_t *agreed = agreed_of(root);
    char *text = json_dumps(agreed, JSON_COMPACT | JSON_SORT_KEYS);
    char hex[65];

    if (!text)
        abort(); /* no memory */
    tcn_sha256_hex(tcn_str(text), hex);
    snprintf(ret, TCN_CONFIG_DIGEST, "%.*s", TCN_CONFIG_DIGEST - 1, hex);
    free(text);
    json_decref(agreed);
}
