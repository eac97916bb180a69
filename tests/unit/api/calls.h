/* Calls of the native API without HTTP, on a store in memory. */
#ifndef TCN_TEST_API_CALLS_H
#define TCN_TEST_API_CALLS_H

#include "api/json.h"
#include "api/v1_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define T0 INT64_C(1785690280000)

static struct tcn_store *store;
static struct tcn_arena arena;
static struct tcn_err err;

static inline struct tcn_id id_of(unsigned n)
{
    return (struct tcn_id){
        {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, (uint8_t)(n >> 8), (uint8_t)n}};
}

static inline int setup(void **state)
{
    struct tcn_store_options o = {
        .url = "sqlite::memory:", .account_id = "123456789012", .node = "test"};

    (void)state;
    tcn_arena_init(&arena, 64u << 20);
    if (tcn_store_open(&o, T0, &store, &err) < 0 || tcn_store_begin(store, &err) < 0)
        fail_msg("%s", err.msg);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    tcn_store_rollback(store);
    tcn_store_close(store);
    tcn_arena_done(&arena);
    return 0;
}

static inline struct tcn_api_call call_of(const char *query)
{
    return (struct tcn_api_call){
        .arena = &arena, .query = tcn_str(query), .actor = "token:t", .account_id = "123456789012"};
}

static inline const char *error_of(const struct tcn_api_call *call, const char *member)
{
    return json_string_value(json_object_get(json_object_get(call->reply, "error"), member));
}

#define BODY_ID "01020304-0506-0708-090a-0b0c0d0e0001" /* id_of(1) */

/* A request that is read on the loop: on the incident of that id, and its part of the same id. */
static inline struct tcn_api_call call_with(const char *body)
{
    struct tcn_api_call call = call_of("");

    call.path_id = call.path_part = BODY_ID;
    call.body = body ? json_loads(body, 0, NULL) : NULL;
    return call;
}

static inline void end_call(struct tcn_api_call *call)
{
    json_decref(call->reply);
    json_decref(call->body);
}

struct body_case {
    int (*read)(struct tcn_api_call *);
    const char *body;  /* NULL: none */
    const char *field; /* NULL: taken; "": refused without a field */
};

static inline void check_bodies(const struct body_case cases[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct tcn_api_call call = call_with(cases[i].body);
        int r = cases[i].read(&call);
        const char *field = r < 0 ? error_of(&call, "field") : NULL;

        print_message("%s\n", cases[i].body ? cases[i].body : "no body");
        assert_int_equal(r, cases[i].field ? -1 : 0);
        assert_int_equal(call.status, cases[i].field ? 400 : 0);
        if (cases[i].field)
            assert_string_equal(field ? field : "", cases[i].field);
        else
            assert_string_equal(call.command.actor, "token:t");
        end_call(&call);
    }
}

/* The numbers of the ids of a list, counted from first, and whether there is more. */
static inline const char *listed(const struct tcn_api_call *call, int first)
{
    json_t *items = json_object_get(call->reply, "items"), *item;
    const char *ret = "";
    size_t i;

    json_array_foreach(items, i, item)
    {
        const char *id = json_string_value(json_object_get(item, "id"));

        ret = tcn_arena_fmt(&arena, "%s%d ", ret, (int)strtol(id + 34, NULL, 16) - first);
    }
    return json_is_string(json_object_get(call->reply, "next"))
               ? tcn_arena_fmt(&arena, "%snext ", ret)
               : ret;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
