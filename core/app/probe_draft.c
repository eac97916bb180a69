#include "app/probe_draft.h"
#include "app/shipped.h"
#include "base/xalloc.h"
#include "connect/draft.h"
#include "connect/instance.h"
#include "connect/record.h"
#include "connect/written.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_MAX 65536
#define LINE_BYTES 2048

struct work {
    const struct tcn_connector_config *c;
    char extends[64]; /* the mapping in the binary */
    json_t *told, *unmapped;
    json_t *file; /* owned: the draft */
};

static int load(const char *name, struct tcn_str text, struct tcn_mapping **ret)
{
    struct tcn_mapping_lookup lookup = tcn_shipped_lookup();
    struct tcn_problems problems;
    int r;

    tcn_problems_init(&problems);
    r = tcn_mapping_load(name, text, &lookup, &problems, ret);
    if (r < 0)
        fputs(tcn_buf_view(&problems.text).ptr, stderr);
    tcn_problems_done(&problems);
    return r;
}

static int load_json(json_t *file, struct tcn_mapping **ret)
{
    char *text = json_dumps(file, JSON_INDENT(2));
    int r = load("the draft", tcn_str(text), ret);

    free(text);
    return r;
}

/* -- the tests in the file ------------------------------------------------------------------------------------------- */

static void add_impact_tests(const struct tcn_mapping *m, json_t *tests)
{
    int field = tcn_mapping_field_find(m, "impact");

    for (int impact = 1; field >= 0 && impact <= 5; impact++) {
        json_t *incident = json_pack("{s:i}", "impact", impact);
        struct tcn_mapping_env e = {.env = incident};
        json_t *out = tcn_mapping_out(m, (size_t)field, &e);
        char name[32];

        snprintf(name, sizeof name, "impact %d", impact);
        if (out)
            json_array_append_new(tests, json_pack("{s:s, s:s, s:O, s:o}", "name", name, "field",
                                                   "impact", "env", incident, "want_out", out));
        json_decref(incident);
    }
}

static void add_status_test(const struct tcn_mapping *m, json_t *tests)
{
    json_t *incident = json_pack("{s:s, s:{s:s, s:s}}", "status", "RESOLVED", "resolution", "code",
                                 "alarm_ok", "notes", "Alarm is OK");
    struct tcn_mapping_env e = {.env = incident};
    json_t *out = tcn_mapping_has_status(m) ? tcn_mapping_status_payload(m, "RESOLVED", &e) : NULL;

    if (out)
        json_array_append_new(tests, json_pack("{s:s, s:s, s:O, s:o}", "name", "resolved", "field",
                                               "status", "env", incident, "want_out", out));
    json_decref(incident);
}

static int run_tests(const struct tcn_mapping *m)
{
    struct tcn_buf report;
    size_t run, failed_tests;
    int r;

    tcn_buf_init(&report, REPORT_MAX);
    r = tcn_mapping_test(m, NULL, NULL, &report, &run, &failed_tests);
    if (r < 0)
        fprintf(stderr, "tocsin connector probe: the draft fails its tests:\n%s",
                tcn_buf_view(&report).ptr);
    tcn_buf_done(&report);
    return r;
}

/* What it does is its test, so that a change by hand that does something else is seen. */
static int prove(struct work *w)
{
    struct tcn_mapping *m = NULL;
    json_t *tests = json_array();
    int r = load_json(w->file, &m);

    if (r == 0) {
        add_impact_tests(m, tests);
        add_status_test(m, tests);
        json_object_set(w->file, "tests", tests);
        tcn_mapping_free(m);
        m = NULL;
        r = load_json(w->file, &m);
    }
    if (r == 0)
        r = run_tests(m);
    tcn_mapping_free(m);
    json_decref(tests);
    return r;
}

/* -- the file -------------------------------------------------------------------------------------------------------- */

/* JSON has no comments: what a person must decide stands in the description. */
static void describe(struct work *w)
{
    struct tcn_buf text;
    json_t *item;
    size_t i;

    tcn_buf_init(&text, REPORT_MAX);
    tcn_buf_fmt(&text, "Drafted by: tocsin connector probe %s.", w->c->name);
    json_array_foreach(w->unmapped, i, item)
    {
        tcn_buf_fmt(&text, "%s%s", i ? "; " : " Not mapped: ", json_string_value(item));
    }
    json_object_set_new(w->file, "description", json_string(tcn_buf_view(&text).ptr));
    tcn_buf_done(&text);
}

static json_t *head_of(const struct work *w)
{
    return json_pack("{s:i, s:s, s:s, s:s}", "mapping", 1, "kind", "connector", "name", w->c->name,
                     "extends", w->extends);
}

/* A remote that shows a secret among its choices does not get it into a file. */
static void print_scrubbed(const struct work *w, struct tcn_buf *out)
{
    char *text = json_dumps(w->file, JSON_INDENT(2));

    tcn_buf_init(out, TCN_MAPPING_FILE_MAX);
    tcn_instance_scrub(w->c->instance, tcn_str(text), out);
    tcn_buf_char(out, '\n');
    free(text);
}

static int write_new(const struct work *w, const char *path)
{
    struct tcn_buf text;
    FILE *out;
    int r;

    print_scrubbed(w, &text);
    out = fopen(path, "wx");
    r = out ? 0 : -1;
    if (out && (!tcn_buf_ok(&text) || fwrite(text.ptr, 1, text.len, out) != text.len))
        r = -1;
    if (out && fclose(out) != 0)
        r = -1;
    if (r < 0)
        fprintf(stderr, "tocsin connector probe: %s: %s%s\n", path, strerror(errno),
                errno == EEXIST ? "; name one that is not there" : "");
    tcn_buf_done(&text);
    return r;
}

static void print_list(const struct work *w, const char *word, json_t *list)
{
    char line[LINE_BYTES];
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        tcn_record_line(w->c->instance, json_string_value(item), line, sizeof line);
        printf("%-6s %s\n", word, line);
    }
}

static int write_draft(struct work *w, json_t *patch, const char *path)
{
    int r;

    w->file = head_of(w);
    describe(w);
    json_object_update(w->file, patch);
    r = prove(w);
    if (r == 0)
        r = write_new(w, path);
    if (r == 0)
        printf("%s: written; name it as \"mapping\" of the connector %s, and run tocsin check\n",
               path, w->c->name);
    json_decref(w->file);
    return r < 0 ? -1 : 0;
}

static int draft(struct work *w, struct tcn_str text, json_t *facts, const char *path)
{
    struct tcn_mapping *m = NULL;
    json_t *base = json_loadb(text.ptr, text.len, 0, NULL), *patch;
    int r = load(w->extends, text, &m);

    if (!base || r < 0) {
        json_decref(base);
        return -1;
    }
    if (strcmp(tcn_mapping_name(w->c->mapping), tcn_mapping_name(m)) != 0)
        json_array_append_new(
            w->unmapped, json_sprintf("the mapping in force, %s: the draft begins with %s and has "
                                      "nothing of it",
                                      tcn_mapping_name(w->c->mapping), w->extends));
    patch = tcn_draft(base, m, w->c->settings, facts, w->told, w->unmapped);
    print_list(w, "mapped", w->told);
    print_list(w, "open", w->unmapped);
    if (json_object_size(patch) == 0)
        printf("%s: not written: there is nothing to draft that differs from %s\n", path,
               w->extends);
    else
        r = write_draft(w, patch, path);
    json_decref(patch);
    json_decref(base);
    tcn_mapping_free(m);
    return r;
}

int tcn_probe_draft(const struct tcn_connector_config *c, json_t *facts, const char *path)
{
    struct work w = {.c = c, .told = json_array(), .unmapped = json_array()};
    struct tcn_str text;
    int r;

    snprintf(w.extends, sizeof w.extends, "connectors/%s", c->instance->connector->name);
    r = tcn_mapping_builtin(tcn_shipped_table(), w.extends, &text);
    if (r < 0)
        fprintf(stderr, "tocsin connector probe: the binary has no mapping %s to begin with\n",
                w.extends);
    else
        r = draft(&w, text, facts, path);
    json_decref(w.told);
    json_decref(w.unmapped);
    return r < 0 ? -1 : 0;
}
