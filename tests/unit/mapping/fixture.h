/* What the tests of this layer share: loading a text, and evaluating one expression on one body. */
#ifndef TEST_MAPPING_FIXTURE_H
#define TEST_MAPPING_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mapping/compile.h"
#include "mapping/plan.h"
#include <stdio.h>
#include <stdlib.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])

extern const struct tcn_embedded tcn_shipped_mappings[];

static inline void *shipped(void)
{
    return (void *)(uintptr_t)tcn_shipped_mappings;
}

/* Berlin as it is in 2026, and a place where nothing ever changes; the database is not asked here. */
static inline int find_zone(const char *name, struct tcn_arena *arena, const struct tcn_zone **ret,
                            struct tcn_err *err)
{
    static const struct tcn_zone_change changes[] = {{1774746000, 7200}, {1792890000, 3600}};
    static const struct tcn_zone zones[] = {{"Europe/Berlin", 3600, changes, 2},
                                            {"Asia/Kolkata", 19800, NULL, 0}};

    (void)arena;
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        if (strcmp(zones[i].name, name) != 0)
            continue;
        *ret = &zones[i];
        return 0;
    }
    return tcn_fail(err, TCN_ENOTFOUND, "there is no time zone \"%s\"", name);
}

static inline const struct tcn_mapping_lookup *lookup(void)
{
    static struct tcn_mapping_lookup everything;

    everything = (struct tcn_mapping_lookup){tcn_mapping_builtin, shipped(), find_zone};
    return &everything;
}

/* NULL when the file has problems; they are in *ret_problems then, to be freed. */
static inline struct tcn_mapping *try_load(const char *text, char **ret_problems)
{
    struct tcn_problems problems;
    struct tcn_mapping *m = NULL;

    tcn_problems_init(&problems);
    if (tcn_mapping_load("t.json", tcn_str(text), lookup(), &problems, &m) == 0)
        assert_int_equal(problems.n, 0);
    else
        assert_null(m);
    *ret_problems = strdup(tcn_buf_view(&problems.text).ptr);
    tcn_problems_done(&problems);
    return m;
}

static inline struct tcn_mapping *must_load(const char *text)
{
    char *problems;
    struct tcn_mapping *m = try_load(text, &problems);

    if (!m)
        fail_msg("%s", problems);
    free(problems);
    return m;
}

static inline json_t *parse_json(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &error);

    if (!json)
        fail_msg("%s: %s", text, error.text);
    return json;
}

/* The value of a var "x" of a source whose other sections are given ("\"tables\": {...},", or ""), as compact JSON;
 * "ABSENT" when there is none. Valid until the next call. */
static inline const char *eval_with(const char *sections, const char *expr, const char *body)
{
    static char result[20000];
    const struct tcn_mapping_header headers[] = {{TCN_STR("X-Kind"), TCN_STR("test")},
                                                 {TCN_STR("X-Bad"), TCN_STR("\xff")}};
    struct tcn_mapping_input in = {
        .source = "t", .headers = headers, .n_headers = 2, .now_ms = 86400000};
    char *file = NULL;
    struct tcn_mapping *m;
    struct tcn_arena arena;
    struct tcn_value v;
    struct tcn_eval ev;
    struct tcn_str text;

    if (asprintf(&file,
                 "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\", %s \"var\": {\"x\": %s},"
                 " \"event\": {\"dedupe_key\": \"k\"}}",
                 sections, expr) < 0)
        abort();
    m = must_load(file);
    free(file);
    in.body = parse_json(body);
    in.settings = parse_json("{\"over\": \"configured\"}");
    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    tcn_eval_init(&ev, m, &arena, TCN_MAPPING_ARENA_BYTES / 2);
    tcn_plan_input(&ev, &in);
    v = tcn_eval(&ev, m->vars[m->n_vars - 1]);
    text = tcn_value_dump(&ev.work, &v, false);
    snprintf(result, sizeof result, "%s",
             ev.work.spent ? ev.work.spent
             : text.ptr    ? text.ptr
                           : "ABSENT");
    tcn_eval_done(&ev);
    tcn_arena_done(&arena);
    json_decref(in.settings);
    json_decref(in.body);
    tcn_mapping_free(m);
    return result;
}

static inline const char *eval(const char *expr, const char *body)
{
    return eval_with("", expr, body);
}

struct eval_case {
    const char *name, *expr, *body, *want;
};

static inline void check_cases(const char *sections, const struct eval_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = eval_with(sections, cases[i].expr, cases[i].body ? cases[i].body : "{}");

        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: %s gives %s, wanted %s", cases[i].name, cases[i].expr, got,
                     cases[i].want);
    }
}

#endif
