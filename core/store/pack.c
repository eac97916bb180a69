/* Arrays of arrays, members in the order of the struct: small, and legible in a query. */
#include "store/pack.h"

#include "base/json.h"
#include <inttypes.h>

#define MAX_PACKED_BYTES ((size_t)16 << 20)

/* What is written can be read again: both ways have the same caps. */
#define MAX_TAGS TCN_ITEMS_MAX
#define MAX_RELATED TCN_RELATED_MAX
#define MAX_ITEMS ((size_t)10 * TCN_ITEMS_MAX)

static const struct tcn_json_limits packed_limits = {MAX_PACKED_BYTES, 400000, 16};

static void add_text(struct tcn_buf *b, const char *z)
{
    if (z)
        tcn_buf_json(b, tcn_str(z));
    else
        tcn_buf_z(b, "null");
}

static int packed(const struct tcn_buf *b, struct tcn_err *err)
{
    if (!tcn_buf_ok(b))
        return tcn_fail(err, TCN_ELIMIT, "a list is too long to be stored");
    if (!tcn_utf8_ok(tcn_buf_view(b)))
        return tcn_fail(err, TCN_EINVALID, "a text to be stored is not UTF-8");
    return 0;
}

int tcn_pack_tags(const struct tcn_tag *tags, size_t n, struct tcn_buf *ret, struct tcn_err *err)
{
    tcn_buf_init(ret, MAX_PACKED_BYTES);
    if (n > MAX_TAGS)
        return tcn_fail(err, TCN_ELIMIT, "%zu tags are too many to be stored", n);
    for (size_t i = 0; i < n; i++) {
        tcn_buf_z(ret, i ? ",[" : "[[");
        add_text(ret, tags[i].key);
        tcn_buf_char(ret, ',');
        add_text(ret, tags[i].value);
        tcn_buf_char(ret, ']');
    }
    if (n > 0)
        tcn_buf_char(ret, ']');
    return packed(ret, err);
}

int tcn_pack_related(const struct tcn_related *related, size_t n, struct tcn_buf *ret,
                     struct tcn_err *err)
{
    tcn_buf_init(ret, MAX_PACKED_BYTES);
    if (n > MAX_RELATED)
        return tcn_fail(err, TCN_ELIMIT, "%zu related items are too many to be stored", n);
    for (size_t i = 0; i < n; i++) {
        tcn_buf_z(ret, i ? ",[" : "[[");
        add_text(ret, related[i].kind);
        tcn_buf_char(ret, ',');
        add_text(ret, related[i].title);
        tcn_buf_char(ret, ',');
        add_text(ret, related[i].value);
        tcn_buf_char(ret, ']');
    }
    if (n > 0)
        tcn_buf_char(ret, ']');
    return packed(ret, err);
}

int tcn_pack_items(const struct tcn_item *items, size_t n, struct tcn_buf *ret, struct tcn_err *err)
{
    tcn_buf_init(ret, MAX_PACKED_BYTES);
    if (n > MAX_ITEMS)
        return tcn_fail(err, TCN_ELIMIT, "%zu items are too many to be stored", n);
    for (size_t i = 0; i < n; i++) {
        const struct tcn_item *item = &items[i];

        tcn_buf_z(ret, i ? ",[" : "[[");
        add_text(ret, item->key);
        tcn_buf_char(ret, ',');
        add_text(ret, item->title);
        tcn_buf_fmt(ret, ",%d,%" PRId64 ",%" PRId64 ",%" PRId64, (int)item->status, item->since_ms,
                    item->ended_ms, item->seen_ms);
        if (item->echo_ms != 0)
            tcn_buf_fmt(ret, ",%" PRId64, item->echo_ms);
        tcn_buf_char(ret, ']');
    }
    if (n > 0)
        tcn_buf_char(ret, ']');
    return packed(ret, err);
}

int tcn_pack_times(const int64_t *times, size_t n, struct tcn_buf *ret, struct tcn_err *err)
{
    tcn_buf_init(ret, MAX_PACKED_BYTES);
    while (n > 0 && times[n - 1] == 0)
        n--;
    for (size_t i = 0; i < n; i++)
        tcn_buf_fmt(ret, "%s%" PRId64, i ? "," : "[", times[i]);
    if (n > 0)
        tcn_buf_char(ret, ']');
    return packed(ret, err);
}

/* [[name, [value, ...]], ...] */
int tcn_pack_match(const struct tcn_match *match, struct tcn_buf *ret, struct tcn_err *err)
{
    tcn_buf_init(ret, MAX_PACKED_BYTES);
    if (match->n > TCN_MATCHERS_MAX)
        return tcn_fail(err, TCN_ELIMIT, "%zu matchers are too many to be stored", match->n);
    for (size_t i = 0; i < match->n; i++) {
        const struct tcn_matcher *m = &match->items[i];

        tcn_buf_z(ret, i ? ",[" : "[[");
        add_text(ret, m->name);
        for (size_t k = 0; k < m->n_values; k++) {
            tcn_buf_z(ret, k ? "," : ",[");
            add_text(ret, m->values[k]);
        }
        tcn_buf_z(ret, "]]");
    }
    if (match->n > 0)
        tcn_buf_char(ret, ']');
    return packed(ret, err);
}

int tcn_pack_topics(const struct tcn_topics *topics, struct tcn_buf *ret, struct tcn_err *err)
{
    tcn_buf_init(ret, MAX_PACKED_BYTES);
    if (topics->n > TCN_TARGET_TOPICS_MAX)
        return tcn_fail(err, TCN_ELIMIT, "%zu topics are too many to be stored", topics->n);
    for (size_t i = 0; i < topics->n; i++) {
        tcn_buf_char(ret, i ? ',' : '[');
        add_text(ret, topics->arns[i]);
    }
    if (topics->n > 0)
        tcn_buf_char(ret, ']');
    return packed(ret, err);
}

/* [[duration_ms, [[channel, retry_ms, contact, is_essential], ...]], ...] */
static void add_stage(struct tcn_buf *b, const struct tcn_stage *stage)
{
    tcn_buf_fmt(b, "[%" PRId64 ",[", stage->duration_ms);
    for (size_t i = 0; i < stage->n_targets; i++) {
        const struct tcn_target *target = &stage->targets[i];

        tcn_buf_z(b, i ? ",[" : "[");
        add_text(b, target->channel);
        tcn_buf_fmt(b, ",%" PRId64 ",", target->retry_ms);
        add_text(b, target->contact);
        tcn_buf_z(b, target->is_essential ? ",1]" : ",0]");
    }
    tcn_buf_z(b, "]]");
}

int tcn_pack_plan(const struct tcn_plan *plan, struct tcn_buf *ret, struct tcn_err *err)
{
    tcn_buf_init(ret, MAX_PACKED_BYTES);
    for (size_t i = 0; i < plan->n_stages; i++) {
        tcn_buf_char(ret, i ? ',' : '[');
        add_stage(ret, &plan->stages[i]);
    }
    if (plan->n_stages > 0)
        tcn_buf_char(ret, ']');
    return packed(ret, err);
}

/* -- reading ------------------------------------------------------------------------------------------------ */

static int damaged(struct tcn_err *err)
{
    return tcn_fail(err, TCN_EIO,
                    "a list in a row of the store is damaged; restore it from a backup");
}

static int parse(struct tcn_str text, size_t max, json_t **ret, struct tcn_err *err)
{
    json_t *root = NULL;

    if (!text.ptr)
        return 0;
    if (tcn_json_parse(text, &packed_limits, &root, NULL) < 0)
        return damaged(err);
    if (!json_is_array(root) || json_array_size(root) > max) {
        json_decref(root);
        return damaged(err);
    }
    *ret = root;
    return 0;
}

/* Members of wrong types read as absent; whole rows are checked for their width. */
static const char *text_at(const json_t *row, size_t i, struct tcn_arena *a)
{
    return tcn_arena_strdup(a, json_string_value(json_array_get(row, i)));
}

static int64_t int_at(const json_t *row, size_t i)
{
    return json_integer_value(json_array_get(row, i));
}

static bool are_rows_of(const json_t *root, size_t least, size_t most)
{
    for (size_t i = 0; i < json_array_size(root); i++) {
        size_t width = json_array_size(json_array_get(root, i));

        if (width < least || width > most)
            return false;
    }
    return true;
}

static bool are_rows(const json_t *root, size_t width)
{
    return are_rows_of(root, width, width);
}

int tcn_unpack_tags(struct tcn_str text, struct tcn_arena *a, struct tcn_tag **ret, size_t *ret_n,
                    struct tcn_err *err)
{
    json_t *root = NULL;
    int r;

    if ((r = parse(text, MAX_TAGS, &root, err)) < 0)
        return r;
    if (!are_rows(root, 2)) {
        json_decref(root);
        return damaged(err);
    }
    *ret_n = json_array_size(root);
    *ret = *ret_n ? TCN_NEW_N(a, struct tcn_tag, *ret_n) : NULL;
    for (size_t i = 0; i < *ret_n; i++) {
        (*ret)[i].key = text_at(json_array_get(root, i), 0, a);
        (*ret)[i].value = text_at(json_array_get(root, i), 1, a);
    }
    json_decref(root);
    return 0;
}

int tcn_unpack_related(struct tcn_str text, struct tcn_arena *a, struct tcn_related **ret,
                       size_t *ret_n, struct tcn_err *err)
{
    json_t *root = NULL;
    int r;

    if ((r = parse(text, MAX_RELATED, &root, err)) < 0)
        return r;
    if (!are_rows(root, 3)) {
        json_decref(root);
        return damaged(err);
    }
    *ret_n = json_array_size(root);
    *ret = *ret_n ? TCN_NEW_N(a, struct tcn_related, *ret_n) : NULL;
    for (size_t i = 0; i < *ret_n; i++) {
        const json_t *row = json_array_get(root, i);

        (*ret)[i] =
            (struct tcn_related){text_at(row, 0, a), text_at(row, 1, a), text_at(row, 2, a)};
    }
    json_decref(root);
    return 0;
}

static void read_item(const json_t *row, struct tcn_arena *a, struct tcn_item *ret)
{
    ret->key = text_at(row, 0, a);
    ret->title = text_at(row, 1, a);
    ret->status = (enum tcn_item_status)int_at(row, 2);
    ret->since_ms = int_at(row, 3);
    ret->ended_ms = int_at(row, 4);
    ret->seen_ms = int_at(row, 5);
    ret->echo_ms = int_at(row, 6);
}

int tcn_unpack_items(struct tcn_str text, struct tcn_arena *a, struct tcn_item **ret, size_t *ret_n,
                     struct tcn_err *err)
{
    json_t *root = NULL;
    int r;

    if ((r = parse(text, MAX_ITEMS, &root, err)) < 0)
        return r;
    if (!are_rows_of(root, 6, 7)) {
        json_decref(root);
        return damaged(err);
    }
    *ret_n = json_array_size(root);
    *ret = *ret_n ? TCN_NEW_N(a, struct tcn_item, *ret_n) : NULL;
    for (size_t i = 0; i < *ret_n; i++)
        read_item(json_array_get(root, i), a, &(*ret)[i]);
    json_decref(root);
    return 0;
}

int tcn_unpack_times(struct tcn_str text, int64_t *ret_times, size_t n, struct tcn_err *err)
{
    json_t *root = NULL;
    int r;

    if ((r = parse(text, n, &root, err)) < 0)
        return r;
    for (size_t i = 0; i < n; i++)
        ret_times[i] = int_at(root, i);
    json_decref(root);
    return 0;
}

static bool read_matcher(const json_t *row, struct tcn_arena *a, struct tcn_matcher *ret)
{
    const json_t *values = json_array_get(row, 1);
    size_t n = json_array_size(values);
    const char **texts;

    if (n == 0 || n > TCN_MATCHER_VALUES_MAX)
        return false;
    texts = TCN_NEW_N(a, const char *, n);
    *ret = (struct tcn_matcher){text_at(row, 0, a), texts, n};
    for (size_t i = 0; i < n; i++)
        if (!(texts[i] = text_at(values, i, a)))
            return false;
    return ret->name != NULL;
}

int tcn_unpack_match(struct tcn_str text, struct tcn_arena *a, struct tcn_match *ret,
                     struct tcn_err *err)
{
    struct tcn_matcher *items;
    json_t *root = NULL;
    int r;

    *ret = (struct tcn_match){0};
    if ((r = parse(text, TCN_MATCHERS_MAX, &root, err)) < 0)
        return r;
    ret->n = json_array_size(root);
    ret->items = items = TCN_NEW_N(a, struct tcn_matcher, ret->n + 1);
    for (size_t i = 0; i < ret->n && r == 0; i++)
        if (!read_matcher(json_array_get(root, i), a, &items[i]))
            r = damaged(err);
    json_decref(root);
    return r;
}

int tcn_unpack_topics(struct tcn_str text, struct tcn_arena *a, struct tcn_topics *ret,
                      struct tcn_err *err)
{
    const char **arns;
    json_t *root = NULL;
    int r;

    *ret = (struct tcn_topics){0};
    if ((r = parse(text, TCN_TARGET_TOPICS_MAX, &root, err)) < 0)
        return r;
    *ret = (struct tcn_topics){NULL, json_array_size(root)};
    ret->arns = arns = ret->n ? TCN_NEW_N(a, const char *, ret->n) : NULL;
    for (size_t i = 0; i < ret->n && r == 0; i++)
        if (!(arns[i] = text_at(root, i, a)))
            r = damaged(err);
    json_decref(root);
    return r;
}

static int read_stage(const json_t *row, struct tcn_arena *a, struct tcn_stage *ret)
{
    const json_t *targets = json_array_get(row, 1);
    size_t n = json_array_size(targets);
    struct tcn_target *made;

    if (!json_is_array(targets) || n > TCN_TARGETS_MAX || !are_rows(targets, 4))
        return TCN_EIO;
    made = TCN_NEW_N(a, struct tcn_target, n);
    *ret = (struct tcn_stage){int_at(row, 0), made, n};
    for (size_t i = 0; i < n; i++) {
        const json_t *target = json_array_get(targets, i);

        made[i].channel = text_at(target, 0, a);
        made[i].retry_ms = int_at(target, 1);
        made[i].contact = text_at(target, 2, a);
        made[i].is_essential = int_at(target, 3) != 0;
    }
    return 0;
}

int tcn_unpack_plan(struct tcn_str text, struct tcn_arena *a, struct tcn_plan *ret,
                    struct tcn_err *err)
{
    struct tcn_stage *stages;
    json_t *root = NULL;
    size_t n;
    int r;

    *ret = (struct tcn_plan){0};
    if ((r = parse(text, TCN_STAGES_MAX, &root, err)) < 0)
        return r;
    n = json_array_size(root);
    stages = TCN_NEW_N(a, struct tcn_stage, n);
    *ret = (struct tcn_plan){stages, n};
    if (!are_rows(root, 2))
        r = TCN_EIO;
    for (size_t i = 0; r == 0 && i < n; i++)
        r = read_stage(json_array_get(root, i), a, &stages[i]);
    json_decref(root);
    return r < 0 ? damaged(err) : 0;
}
