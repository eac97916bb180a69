/* tocsin map run|test|explain: the payload comes on standard input, alarms go to standard output as JSON, one a
 * line; what is wrong goes to standard error. */
#include "app/cli.h"
#include "app/options.h"
#include "app/shipped.h"
#include "base/nearest.h"
#include "mapping/mapping.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    DONE = 0,
    WRONG = 1,
    MISUSED = 2,
    MAX_HEADERS = 64,
    MAX_REPORT = 1024 * 1024,
    MAX_NAMES_BYTES = 1024 * 1024
};

enum verb { VERB_RUN, VERB_TEST, VERB_EXPLAIN };

static const char *const verbs[] = {"run", "test", "explain", NULL};

struct options {
    enum verb verb;
    const char *mapping, *source, *settings, *files;
    struct tcn_mapping_header headers[MAX_HEADERS];
    size_t n_headers;
    bool is_pretty;
};

static const char usage[] =
    "usage: tocsin map run|test|explain --mapping FILE|NAME [options]\n"
    "\n"
    "  run      prints the alarms that the payload on standard input makes, as JSON\n"
    "  explain  tells for each field of them where its value comes from and what was absent\n"
    "  test     runs the tests inside the mapping file\n"
    "\n"
    "  --mapping FILE|NAME   a mapping file, or one in the binary: alertmanager, builtin/jira\n"
    "  --header 'NAME: V'    a header of the delivery; may be repeated\n"
    "  --settings JSON       settings of the source, such as '{\"identity\": \"alert\"}'\n"
    "  --source NAME         name of the source (default: that of the mapping)\n"
    "  --files DIR           where the files are that tests name (default: beside the mapping)\n"
    "  --pretty              indents the JSON\n"
    "\n"
    "example: tocsin map run --mapping alertmanager --pretty < webhook.json\n";

static int add_header(const struct tcn_command_line *line, struct options *o, const char *text)
{
    struct tcn_str value = tcn_str(text), name;

    if (o->n_headers == MAX_HEADERS)
        return tcn_options_misuse(line, "more than %d headers", MAX_HEADERS);
    if (!tcn_str_cut(&value, ':', &name) || name.len == 0)
        return tcn_options_misuse(line, "a header is written 'NAME: VALUE', not \"%s\"", text);
    o->headers[o->n_headers++] =
        (struct tcn_mapping_header){tcn_str_trim(name), tcn_str_trim(value)};
    return 0;
}

enum option { MAPPING, SOURCE, SETTINGS, FILES, HEADER, PRETTY };

static const struct tcn_option_name names[] = {
    [MAPPING] = {"--mapping", "FILE|NAME"},
    [SOURCE] = {"--source", "NAME"},
    [SETTINGS] = {"--settings", "JSON"},
    [FILES] = {"--files", "DIR"},
    [HEADER] = {"--header", "'NAME: VALUE'"},
    [PRETTY] = {"--pretty", NULL},
    {NULL, NULL},
};

static int set_option(const struct tcn_command_line *line, struct options *o, enum option which,
                      const char *value)
{
    switch (which) {
    case MAPPING:
        o->mapping = value;
        break;
    case SOURCE:
        o->source = value;
        break;
    case SETTINGS:
        o->settings = value;
        break;
    case FILES:
        o->files = value;
        break;
    case HEADER:
        return add_header(line, o, value);
    case PRETTY:
        o->is_pretty = true;
        break;
    }
    return 0;
}

static int parse_options(struct tcn_command_line *line, struct options *o)
{
    const char *value;
    int which, r = 0;

    while (r == 0 && (which = tcn_options_next(line, &value)) != TCN_OPTIONS_END)
        r = which < 0 ? which : set_option(line, o, (enum option)which, value);
    if (r == 0 && !o->mapping)
        r = tcn_options_misuse(line, "--mapping is missing");
    return r;
}

static int unknown_verb(const struct tcn_command_line *line, const char *word)
{
    const char *near = tcn_nearest(word, verbs);

    return tcn_options_misuse(line, "there is no \"%s\"%s%s%s", word,
                              near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* 0, or what tcn_options_status() makes an exit status of. */
static int parse(int argc, char **argv, struct options *o)
{
    struct tcn_command_line line = {"tocsin map", usage, names, argc, argv, 1};
    const char *value;

    if (argc < 2)
        return tcn_options_misuse(&line, "run, test or explain is missing");
    if (argv[1][0] == '-')
        return tcn_options_next(&line, &value) == TCN_OPTIONS_HELP
                   ? TCN_OPTIONS_HELP
                   : tcn_options_misuse(&line, "run, test or explain comes first");
    for (int i = 0; verbs[i]; i++) {
        if (strcmp(argv[1], verbs[i]) != 0)
            continue;
        o->verb = (enum verb)i;
        line.next = 2;
        return parse_options(&line, o);
    }
    return unknown_verb(&line, argv[1]);
}

static bool is_file_name(const char *name)
{
    return tcn_str_ends(tcn_str(name), TCN_STR(".json")) || strchr(name, '/');
}

/* The nearest of the mappings in the binary; NULL: none is near. */
static const char *nearest(const char *name, struct tcn_arena *arena)
{
    const char *source = tcn_nearest(name, tcn_shipped_names("sources", arena));

    return source ? source : tcn_nearest(name, tcn_shipped_names("connectors", arena));
}

static int no_such_mapping(const char *name)
{
    struct tcn_arena arena;
    const char *near;

    tcn_arena_init(&arena, MAX_NAMES_BYTES);
    near = nearest(name, &arena);
    fprintf(stderr, "tocsin map: there is no mapping \"%s\" in the binary; ", name);
    if (near)
        fprintf(stderr, "did you mean \"%s\"? ", near);
    fprintf(stderr, "%s file of yours is named by its path\n", near ? "A" : "a");
    tcn_arena_done(&arena);
    return WRONG;
}

/* One in the binary by its name; with a slash or ".json", a file. */
static int read_mapping(const char *name, struct tcn_buf *text)
{
    static const char prefix[] = "builtin/";
    bool is_builtin = strncmp(name, prefix, strlen(prefix)) == 0;
    struct tcn_str shipped;
    struct tcn_err err;
    char path[300];

    snprintf(path, sizeof path, "%s%s", strchr(name, '/') ? "" : prefix, name);
    if (tcn_mapping_builtin(tcn_shipped_table(), path, &shipped) == 0) {
        tcn_buf_str(text, shipped);
        return DONE;
    }
    if (is_builtin || !is_file_name(name))
        return no_such_mapping(is_builtin ? name + strlen(prefix) : name);
    if (tcn_file_read(name, text, &err) == 0)
        return DONE;
    fprintf(stderr, "tocsin map: %s\n", err.msg);
    return WRONG;
}

static int load(const char *name, struct tcn_mapping **ret)
{
    struct tcn_mapping_lookup lookup = tcn_shipped_lookup();
    struct tcn_problems problems;
    struct tcn_buf text;
    int status;

    tcn_problems_init(&problems);
    tcn_buf_init(&text, TCN_MAPPING_FILE_MAX + 1);
    status = read_mapping(name, &text);
    if (status == DONE &&
        tcn_mapping_load(name, tcn_buf_view(&text), &lookup, &problems, ret) < 0) {
        tcn_problems_sort(&problems, name);
        fputs(tcn_buf_view(&problems.text).ptr, stderr);
        status = WRONG;
    }
    tcn_buf_done(&text);
    tcn_problems_done(&problems);
    return status;
}

/* A file of the given folder, else beside the mapping file, or one of the fixtures in the binary. */
struct test_files {
    const char *mapping, *folder;
    struct tcn_buf text;
};

static int read_test_file(void *ctx, const char *name, struct tcn_str *ret_text)
{
    struct test_files *files = ctx;
    const char *slash = strrchr(files->mapping, '/');
    int folder = slash ? (int)(slash - files->mapping) + 1 : 0, n;
    char path[1000];

    n = files->folder ? snprintf(path, sizeof path, "%s/%s", files->folder, name)
                      : snprintf(path, sizeof path, "%.*s%s", folder, files->mapping, name);
    tcn_buf_clear(&files->text);
    if (n > 0 && (size_t)n < sizeof path && tcn_file_read(path, &files->text, NULL) == 0) {
        *ret_text = tcn_buf_view(&files->text);
        return 0;
    }
    return tcn_mapping_builtin_file(tcn_shipped_table(), name, ret_text);
}

static int run_tests(const struct options *o, const struct tcn_mapping *m)
{
    struct test_files files = {.mapping = o->mapping, .folder = o->files};
    struct tcn_buf report;
    size_t n = 0, failed = 0;
    int r;

    tcn_buf_init(&report, MAX_REPORT);
    tcn_buf_init(&files.text, tcn_json_source.max_bytes);
    r = tcn_mapping_test(m, read_test_file, &files, &report, &n, &failed);
    fputs(tcn_buf_view(&report).ptr, stderr);
    printf("%s: %zu tests, %zu failed\n", tcn_mapping_name(m), n, failed);
    tcn_buf_done(&files.text);
    tcn_buf_done(&report);
    return r < 0 ? WRONG : DONE;
}

static void print_alarm(const struct options *o, const struct tcn_alarm *alarm)
{
    json_t *json = tcn_alarm_json(alarm);
    size_t flags = o->is_pretty ? JSON_INDENT(2) : JSON_COMPACT;

    json_dumpf(json, stdout, flags);
    putchar('\n');
    json_decref(json);
}

static int print_alarms(const struct options *o, const struct tcn_mapping *m,
                        const struct tcn_mapping_input *in)
{
    struct tcn_alarm *alarms;
    struct tcn_arena arena;
    struct tcn_err err;
    size_t n;
    int r;

    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    r = tcn_mapping_alarms(m, in, &arena, &alarms, &n, &err);
    if (r == TCN_ENOTFOUND)
        fprintf(stderr, "tocsin map: %s does not match this payload; a server would put it aside\n",
                tcn_mapping_name(m));
    else if (r < 0)
        fprintf(stderr, "tocsin map: %s\n", err.msg);
    for (size_t i = 0; r == 0 && i < n; i++)
        print_alarm(o, &alarms[i]);
    tcn_arena_done(&arena);
    return r < 0 ? WRONG : DONE;
}

static int explain(const struct tcn_mapping *m, const struct tcn_mapping_input *in)
{
    struct tcn_buf out;
    int status;

    tcn_buf_init(&out, MAX_REPORT);
    status = tcn_mapping_explain(m, in, &out) < 0 ? WRONG : DONE;
    if (status == DONE)
        fputs(tcn_buf_view(&out).ptr, stdout);
    else
        fputs("tocsin map: the report is larger than 1 MiB; try a payload with fewer alarms\n",
              stderr);
    tcn_buf_done(&out);
    return status;
}

/* Held against what the mapping declares, as those of a configuration. */
static int parse_settings(const struct tcn_mapping *m, const char *text, json_t **ret)
{
    struct tcn_problems problems;
    struct tcn_node root;
    struct tcn_doc doc;
    int status = DONE;

    if (!text)
        return DONE;
    tcn_problems_init(&problems);
    if (tcn_doc_parse(&doc, "--settings", tcn_str(text), &problems) == 0) {
        root = tcn_node_root(&doc);
        if (!json_is_object(root.json))
            tcn_node_problem(&root, "must be an object: {\"NAME\": VALUE}");
        else
            tcn_mapping_check_settings(m, &root);
        *ret = json_incref(doc.root);
        tcn_doc_done(&doc);
    }
    if (problems.n > 0) {
        fprintf(stderr, "tocsin map: %s", tcn_buf_view(&problems.text).ptr);
        status = MISUSED;
    }
    tcn_problems_done(&problems);
    return status;
}

static int with_body(const struct options *o, const struct tcn_mapping *m,
                     struct tcn_mapping_input *in)
{
    struct tcn_err err;
    int status;

    if (tcn_json_parse(in->raw, &tcn_json_source, &in->body, &err) < 0) {
        fprintf(stderr, "tocsin map: the payload on standard input: %s\n", err.msg);
        return WRONG;
    }
    status = o->verb == VERB_RUN ? print_alarms(o, m, in) : explain(m, in);
    json_decref(in->body);
    return status;
}

static int with_payload(const struct options *o, const struct tcn_mapping *m)
{
    struct tcn_mapping_input in = {.source = o->source ? o->source : tcn_mapping_name(m),
                                   .headers = o->headers,
                                   .n_headers = o->n_headers,
                                   .now_ms = tcn_clock_now_ms()};
    struct tcn_buf payload;
    struct tcn_err err;
    int status = DONE;

    if (tcn_mapping_kind(m) != TCN_MAPPING_SOURCE) {
        fprintf(stderr,
                "tocsin map: %s is a mapping of a connector; \"test\" is what can be done "
                "with it\n",
                tcn_mapping_name(m));
        status = WRONG;
    }
    if (status == DONE)
        status = parse_settings(m, o->settings, &in.settings);
    tcn_buf_init(&payload, tcn_json_source.max_bytes);
    if (status == DONE && tcn_file_read("-", &payload, &err) < 0) {
        fprintf(stderr, "tocsin map: %s\n", err.msg);
        status = WRONG;
    }
    in.raw = tcn_buf_view(&payload);
    if (status == DONE)
        status = with_body(o, m, &in);
    json_decref(in.settings);
    tcn_buf_done(&payload);
    return status;
}

int tcn_map_cli(int argc, char **argv)
{
    struct options o = {0};
    struct tcn_mapping *m = NULL;
    int status;

    if ((status = parse(argc, argv, &o)) < 0)
        return tcn_options_status(status);
    if ((status = load(o.mapping, &m)) != DONE)
        return status;
    status = o.verb == VERB_TEST ? run_tests(&o, m) : with_payload(&o, m);
    tcn_mapping_free(m);
    return status;
}
