/* gateway/router*.c: what is served where, and which paths are no paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof *(table))
#define CHECK(name, condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("case \"%s\": %s", (name), #condition);                                       \
    } while (0)

static const struct tcn_route routes[] = {
    {"GET", "/", 0, 0, "root"},
    {"POST", "/", 0, 0, "root-post"},
    {"GET", "/v1/incidents", 0, 0, "list"},
    {"GET", "/v1/incidents/{id}", 0, 0, "one"},
    {"GET", "/v1/incidents/mine", 0, 0, "mine"},
    {"POST", "/v1/incidents/{id}/acknowledge", 0, 0, "ack"},
    {"POST", "/v1/{kind}/import", 0, 0, "import"},
    {"DELETE", "/v1/{kind}/{id}", 0, 0, "drop"},
    {"GET", "/tags/{arn}", 0, TCN_ROUTE_SLASH_IN_CAPTURE, "tags"},
    {"GET", "/console/", 0, 0, "console"},
    {"GET", "/admin", 0, 0, "admin"},
    {"POST", "/startIncident", 0, 0, "start"},
};

static struct tcn_router *make_router(void)
{
    struct tcn_router *r = tcn_router_new();

    for (size_t i = 0; i < N_OF(routes); i++)
        assert_int_equal(tcn_router_add(r, &routes[i], NULL), 0);
    return r;
}

struct look_up {
    struct tcn_route_match match;
    char scratch[TCN_ROUTE_SCRATCH(512)];
    const char *data; /* of the route, "" without one */
};

static void look_up(const struct tcn_router *r, enum tcn_method m, struct tcn_str path,
                    struct look_up *ret)
{
    assert_true(path.len <= 512);
    memset(ret->scratch, '#', sizeof ret->scratch);
    tcn_router_find(r, m, path, ret->scratch, &ret->match);
    ret->data = ret->match.refusal == TCN_REFUSE_NONE ? ret->match.route->data : "";
}

static void paths_lead_where_they_should(void **state)
{
    static const struct {
        const char *path;
        enum tcn_method method;
        enum tcn_refusal refusal;
        const char *data, *capture;
    } cases[] = {
        {"/", TCN_GET, TCN_REFUSE_NONE, "root", NULL},
        {"/", TCN_HEAD, TCN_REFUSE_NONE, "root", NULL},
        {"/", TCN_POST, TCN_REFUSE_NONE, "root-post", NULL},
        {"/", TCN_PUT, TCN_REFUSE_WRONG_METHOD, "", NULL},
        {"/v1/incidents", TCN_GET, TCN_REFUSE_NONE, "list", NULL},
        {"/v1/incidents/", TCN_GET, TCN_REFUSE_NO_ROUTE, "", NULL},
        {"/v1/incidents/mine", TCN_GET, TCN_REFUSE_NONE, "mine", NULL},
        {"/v1/incidents/mine", TCN_DELETE, TCN_REFUSE_NONE, "drop", "incidents"},
        {"/v1/incidents/Mine", TCN_GET, TCN_REFUSE_NONE, "one", "Mine"},
        {"/v1/incidents/42", TCN_GET, TCN_REFUSE_NONE, "one", "42"},
        {"/v1/incidents/42", TCN_HEAD, TCN_REFUSE_NONE, "one", "42"},
        {"/v1/incidents/42", TCN_POST, TCN_REFUSE_WRONG_METHOD, "", NULL},
        {"/v1/incidents/a%20b", TCN_GET, TCN_REFUSE_NONE, "one", "a b"},
        {"/v1/incidents/caf%C3%A9", TCN_GET, TCN_REFUSE_NONE, "one", "caf\xc3\xa9"},
        {"/v1/incidents/a%2Eb", TCN_GET, TCN_REFUSE_NONE, "one", "a.b"},
        {"/v1/incidents/a%252Fb", TCN_GET, TCN_REFUSE_NONE, "one", "a%2Fb"}, /* decoded once */
        {"/v1/incidents/%252e%252e", TCN_GET, TCN_REFUSE_NONE, "one", "%2e%2e"},
        {"/v1/incidents/...", TCN_GET, TCN_REFUSE_NONE, "one", "..."},
        {"/v1/incidents/7/acknowledge", TCN_POST, TCN_REFUSE_NONE, "ack", "7"},
        {"/v1/incidents/7/Acknowledge", TCN_POST, TCN_REFUSE_NO_ROUTE, "", NULL},
        {"/v1/incidents/7/acknowledge/x", TCN_POST, TCN_REFUSE_NO_ROUTE, "", NULL},
        {"/v1/contacts/import", TCN_POST, TCN_REFUSE_NONE, "import", "contacts"},
        {"/%61dmin", TCN_GET, TCN_REFUSE_NONE, "admin", NULL},
        {"/ADMIN", TCN_GET, TCN_REFUSE_NO_ROUTE, "", NULL},
        {"/admin;x", TCN_GET, TCN_REFUSE_NO_ROUTE, "", NULL},
        {"/console/", TCN_GET, TCN_REFUSE_NONE, "console", NULL},
        {"/console", TCN_GET, TCN_REFUSE_NO_ROUTE, "", NULL},
        {"/startIncident", TCN_POST, TCN_REFUSE_NONE, "start", NULL},
        {"/tags/arn:aws:x::1:r%2Fname", TCN_GET, TCN_REFUSE_NONE, "tags", "arn:aws:x::1:r/name"},
        {"/tags/", TCN_GET, TCN_REFUSE_NO_ROUTE, "", NULL},
        {"/tags/a/b", TCN_GET, TCN_REFUSE_NO_ROUTE, "", NULL},
        {"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", TCN_GET, TCN_REFUSE_NO_ROUTE, "", NULL},
    };
    struct tcn_router *r = make_router();

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct look_up found;

        look_up(r, cases[i].method, tcn_str(cases[i].path), &found);
        CHECK(cases[i].path, found.match.refusal == cases[i].refusal);
        CHECK(cases[i].path, strcmp(found.data, cases[i].data) == 0);
        if (cases[i].capture) {
            CHECK(cases[i].path, found.match.n_captures >= 1);
            CHECK(cases[i].path, strcmp(found.match.captures[0].ptr, cases[i].capture) == 0);
            CHECK(cases[i].path, found.match.captures[0].len == strlen(cases[i].capture));
        }
    }
    tcn_router_free(r);
}

static void unsafe_paths_are_refused(void **state)
{
    static const char *const paths[] = {
        "",
        "admin",
        "//",
        "//admin",
        "/v1//incidents",
        "/.",
        "/..",
        "/./admin",
        "/x/../admin",
        "/x/..",
        "/x/%2e%2e/admin",
        "/x/.%2E/admin",
        "/x/%2e/admin",
        "/x/..;a=b/admin",
        "/x/.;/admin",
        "/x/%2e%2e%3ba/admin",
        "/admin%00",
        "/x%00.txt",
        "/x\\admin",
        "/x%5cadmin",
        "/x%5C..%5Cadmin",
        "/x%0d%0a",
        "/x%7f",
        "/x%c0%af",
        "/x%ff",
        "/x%ed%a0%80",
        "/%2fadmin",
        "/x%2fadmin",
        "/x%2Fadmin",
        "/v1/incidents/a%2fb",
        "/v1%2fincidents",
        "/tags/a%2f..%2fb",
        "/tags/a%2f%2fb",
        "/tags/%2fa",
        "/tags/a%2f.",
        "/x%",
        "/x%4",
        "/x%zz",
    };
    struct tcn_router *r = make_router();

    (void)state;
    for (size_t i = 0; i < N_OF(paths); i++) {
        struct look_up found;

        look_up(r, TCN_GET, tcn_str(paths[i]), &found);
        CHECK(paths[i], found.match.refusal == TCN_REFUSE_BAD_PATH);
        CHECK(paths[i], !found.match.route);
    }
    tcn_router_free(r);
}

/* Who counts what was refused knows what it was about. */
static void a_wrong_method_still_leads_somewhere(void **state)
{
    static const struct {
        const char *path, *pattern, *capture;
    } cases[] = {{"/a/x", "/a/{id}", "x"}, {"/a/b", "/a/b", NULL}, {"/c/x/d", NULL, NULL}};
    static const struct tcn_route own[] = {{.method = "POST", .pattern = "/a/{id}"},
                                           {.method = "GET", .pattern = "/a/{id}"},
                                           {.method = "POST", .pattern = "/a/b"}};
    static const enum tcn_method methods[] = {TCN_METHOD_NONE, TCN_DELETE};
    struct tcn_router *r = tcn_router_new();

    (void)state;
    for (size_t i = 0; i < N_OF(own); i++)
        assert_int_equal(tcn_router_add(r, &own[i], NULL), 0);
    for (size_t i = 0; i < N_OF(cases) * N_OF(methods); i++) {
        const char *path = cases[i / 2].path, *pattern = cases[i / 2].pattern;
        const char *capture = cases[i / 2].capture;
        struct look_up found;

        look_up(r, methods[i % 2], tcn_str(path), &found);
        CHECK(path,
              found.match.refusal == (pattern ? TCN_REFUSE_WRONG_METHOD : TCN_REFUSE_NO_ROUTE));
        CHECK(path, !found.match.route == !pattern);
        CHECK(path, !pattern || strcmp(found.match.route->pattern, pattern) == 0);
        CHECK(path, found.match.n_captures == (capture ? 1 : 0));
        CHECK(path, !capture || strcmp(found.match.captures[0].ptr, capture) == 0);
    }
    tcn_router_free(r);
}

/* A literal that takes another method does not hide a capture that takes this one, nor leave its captures behind. */
static void the_route_that_takes_the_method_wins(void **state)
{
    static const struct tcn_route own[] = {{.method = "POST", .pattern = "/{a}/b/{c}"},
                                           {.method = "GET", .pattern = "/{a}/{b}/{c}"}};
    struct tcn_router *r = tcn_router_new();
    struct look_up found;

    (void)state;
    for (size_t i = 0; i < N_OF(own); i++)
        assert_int_equal(tcn_router_add(r, &own[i], NULL), 0);
    look_up(r, TCN_GET, TCN_STR("/1/b/3"), &found);
    assert_int_equal(found.match.refusal, TCN_REFUSE_NONE);
    assert_string_equal(found.match.route->pattern, "/{a}/{b}/{c}");
    assert_int_equal(found.match.n_captures, 3);
    assert_string_equal(found.match.captures[2].ptr, "3");
    tcn_router_free(r);
}

static void allow_names_all_methods(void **state)
{
    struct tcn_router *r = make_router();
    struct look_up found;
    char text[TCN_ROUTE_ALLOW_TEXT];

    (void)state;
    look_up(r, TCN_PUT, TCN_STR("/"), &found);
    assert_int_equal(found.match.refusal, TCN_REFUSE_WRONG_METHOD);
    assert_string_equal(tcn_router_allow_text(found.match.allow, text), "GET, HEAD, POST");
    look_up(r, TCN_PUT, TCN_STR("/v1/incidents/mine"), &found);
    assert_string_equal(tcn_router_allow_text(found.match.allow, text), "GET, HEAD, DELETE");
    assert_string_equal(tcn_router_allow_text(~0u, text), "GET, HEAD, POST, PUT, PATCH, DELETE");
    assert_string_equal(tcn_router_allow_text(0, text), "");
    tcn_router_free(r);
}

static void bad_routes_are_told(void **state)
{
    static const struct {
        const char *method, *pattern;
        int code;
    } cases[] = {
        {"GET", "/v1/incidents", TCN_ECONFLICT},
        {"GET", "/v1/incidents/{other}", TCN_ECONFLICT},
        {"POST", "/v1/incidents", 0},
        {"BREW", "/pot", TCN_EINVALID},
        {"GET", "pot", TCN_EINVALID},
        {"GET", "", TCN_EINVALID},
        {"GET", "/a//b", TCN_EINVALID},
        {"GET", "/a{b}", TCN_EINVALID},
        {"GET", "/{}", TCN_EINVALID},
        {"GET", "/{a}/{b}/{c}/{d}/{e}/{f}", 0},
        {"GET", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}", TCN_EINVALID},
        {"GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", 0},
        {"GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", TCN_EINVALID},
    };
    struct tcn_router *r = make_router();

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_route route = {.method = cases[i].method, .pattern = cases[i].pattern};
        struct tcn_err err = {0};

        CHECK(cases[i].pattern, tcn_router_add(r, &route, &err) == cases[i].code);
        CHECK(cases[i].pattern, !cases[i].code == !err.msg[0]);
    }
    tcn_router_free(r);
    tcn_router_free(NULL);
}

static void there_is_room_for_so_many_routes(void **state)
{
    static char patterns[TCN_ROUTES_MAX + 1][16];
    struct tcn_router *r = tcn_router_new();
    struct look_up found;

    (void)state;
    for (int i = 0; i <= TCN_ROUTES_MAX; i++) {
        struct tcn_route route = {.method = "GET", .pattern = patterns[i], .data = patterns[i]};

        snprintf(patterns[i], sizeof patterns[i], "/%d", i);
        assert_int_equal(tcn_router_add(r, &route, NULL), i < TCN_ROUTES_MAX ? 0 : TCN_ELIMIT);
    }
    for (int i = 0; i < TCN_ROUTES_MAX; i++) {
        look_up(r, TCN_GET, tcn_str(patterns[i]), &found);
        assert_string_equal(found.data, patterns[i]);
    }
    tcn_router_free(r);
}

/* Property: a path and the same path with any of its letters needlessly encoded lead to the same place. */
static void encoding_changes_nothing(void **state)
{
    struct tcn_router *r = make_router();
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        const char *plain = routes[(size_t)round % N_OF(routes)].pattern;
        struct look_up a, b;
        char path[128], coded[512];
        size_t n = 0;

        snprintf(path, sizeof path, "%s", plain);
        for (char *p = path; *p; p++)
            *p = *p == '{' || *p == '}' ? 'q' : *p;
        for (const char *p = path; *p; p++) {
            seed = seed * 1664525u + 1013904223u;
            if (*p != '/' && seed >> 31)
                n += (size_t)snprintf(coded + n, sizeof coded - n,
                                      seed >> 30 & 1 ? "%%%02x" : "%%%02X", (unsigned)*p);
            else
                coded[n++] = *p;
        }
        look_up(r, TCN_GET, tcn_str(path), &a);
        look_up(r, TCN_GET, (struct tcn_str){coded, n}, &b);
        assert_int_equal(a.match.refusal, b.match.refusal);
        assert_ptr_equal(a.match.route, b.match.route);
        assert_int_equal(a.match.n_captures, b.match.n_captures);
        for (size_t i = 0; i < a.match.n_captures; i++)
            assert_string_equal(a.match.captures[i].ptr, b.match.captures[i].ptr);
    }
    tcn_router_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_where_they_should),
        cmocka_unit_test(unsafe_paths_are_refused),
        cmocka_unit_test(a_wrong_method_still_leads_somewhere),
        cmocka_unit_test(the_route_that_takes_the_method_wins),
        cmocka_unit_test(allow_names_all_methods),
        cmocka_unit_test(bad_routes_are_told),
        cmocka_unit_test(there_is_room_for_so_many_routes),
        cmocka_unit_test(encoding_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
