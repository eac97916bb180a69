/* A mapping file and a body, split by the first NUL byte: the file is loaded, its tests run, and it is run on the
 * body. A file that is the name of a shipped mapping ("sources/alertmanager") stands for that. */
#include "mapping/mapping.h"

#include <stdlib.h>

extern const struct tcn_embedded tcn_shipped_mappings[];
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *table(void)
{
    return (void *)(uintptr_t)tcn_shipped_mappings;
}

enum { MAX_CHANGES = 6 };

/* A zone as wild as its name: every letter sets the clocks by hours at an instant of some year. */
static int find_zone(const char *name, struct tcn_arena *arena, const struct tcn_zone **ret,
                     struct tcn_err *err)
{
    struct tcn_zone *z = TCN_NEW(arena, struct tcn_zone);
    struct tcn_zone_change *changes = TCN_NEW_N(arena, struct tcn_zone_change, MAX_CHANGES);

    if (!strchr(name, '/'))
        return tcn_fail(err, TCN_ENOTFOUND, "there is no time zone \"%.60s\"", name);
    z->name = tcn_arena_strdup(arena, name);
    z->changes = changes;
    for (; name[z->n_changes] && z->n_changes < MAX_CHANGES; z->n_changes++)
        changes[z->n_changes] =
            (struct tcn_zone_change){(int64_t)z->n_changes * 300000000,
                                     ((unsigned char)name[z->n_changes] % 53 - 26) * 3600};
    *ret = z;
    return 0;
}

static struct tcn_mapping *load(struct tcn_str text)
{
    const struct tcn_mapping_lookup lookup = {tcn_mapping_builtin, table(), find_zone};
    struct tcn_problems problems;
    struct tcn_mapping *m = NULL;
    char name[64] = "";
    struct tcn_str known;
    int r;

    if (text.len && text.len < sizeof name)
        memcpy(name, text.ptr, text.len);
    if (name[0] && tcn_mapping_builtin(table(), name, &known) == 0)
        text = known;
    tcn_problems_init(&problems);
    r = tcn_mapping_load("fuzz", text, &lookup, &problems, &m);
    if ((r == 0) != (problems.n == 0) || (r == 0) != (m != NULL))
        abort();
    tcn_problems_done(&problems);
    return m;
}

static void check(const struct tcn_alarm *a)
{
    if (!a->dedupe_key || a->impact < 0 || a->impact > 5 || a->action < TCN_ACTION_FIRE ||
        a->n_items > TCN_ITEMS_MAX || a->n_tags > TCN_TAGS_MAX || a->n_related > TCN_RELATED_MAX)
        abort();
    if (!tcn_utf8_ok(tcn_str(a->dedupe_key)) || (a->title && !tcn_utf8_ok(tcn_str(a->title))) ||
        (a->summary && !tcn_utf8_ok(tcn_str(a->summary))))
        abort();
    json_decref(tcn_alarm_json(a));
}

static void run_source(const struct tcn_mapping *m, const struct tcn_mapping_input *in)
{
    struct tcn_alarm *alarms;
    struct tcn_arena arena;
    struct tcn_buf out;
    size_t n;
    int wanted = tcn_mapping_matches(m, in) ? 0 : TCN_ENOTFOUND;

    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    if (tcn_mapping_alarms(m, in, &arena, &alarms, &n, NULL) != wanted)
        abort();
    for (size_t i = 0; i < n; i++)
        check(&alarms[i]);
    tcn_arena_done(&arena);
    tcn_buf_init(&out, 1 << 20);
    (void)tcn_mapping_explain(m, in, &out);
    tcn_buf_done(&out);
}

/* The body serves as incident, record, event and settings alike. */
static void run_connector(const struct tcn_mapping *m, const struct tcn_mapping_input *in)
{
    static const char *const locals[] = {"OPEN", "ACKED", "RESOLVED"};
    const struct tcn_mapping_env e = {
        .env = in->body, .event = in->body, .record = in->body, .settings = in->body};
    struct tcn_mapping_inbound inbound;
    struct tcn_arena arena;

    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES * 4);
    json_decref(tcn_mapping_create(m, &e));
    for (size_t i = 0; i < tcn_mapping_field_count(m); i++) {
        json_t *local = tcn_mapping_in(m, i, &e);

        json_decref(tcn_mapping_out(m, i, &e));
        if (!tcn_mapping_same(m, i, local, local, &e))
            abort();
        json_decref(local);
    }
    (void)tcn_mapping_status_local(m, &e);
    for (size_t i = 0; i < 3; i++)
        json_decref(tcn_mapping_status_payload(m, locals[i], &e));
    (void)tcn_mapping_note(m, &e, &arena);
    tcn_mapping_inbound(m, in, &arena, &inbound);
    json_decref(tcn_mapping_message(m, "page", &e));
    tcn_arena_done(&arena);
}

static void run_tests(const struct tcn_mapping *m)
{
    struct tcn_buf report;
    size_t n, failed;

    tcn_buf_init(&report, 1 << 20);
    (void)tcn_mapping_test(m, tcn_mapping_builtin_file, table(), &report, &n, &failed);
    if (failed > n)
        abort();
    tcn_buf_done(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tcn_str text = {(const char *)data, size}, body = TCN_STR("{}");
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    struct tcn_mapping_input in = {.source = "fuzz"};
    struct tcn_mapping *m;

    if (nul) {
        text.len = (size_t)(nul - data);
        body = (struct tcn_str){(const char *)nul + 1, size - text.len - 1};
    }
    if (!(m = load(text)))
        return 0;
    in.raw = body;
    if (tcn_json_parse(body, &tcn_json_source, &in.body, NULL) == 0) {
        if (tcn_mapping_kind(m) == TCN_MAPPING_SOURCE)
            run_source(m, &in);
        else
            run_connector(m, &in);
        run_tests(m);
    }
    json_decref(in.body);
    tcn_mapping_free(m);
    return 0;
}
