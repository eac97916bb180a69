#include "connect/findings.h"
#include "base/buf.h"
#include "connect/written.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4000
#define LISTED_MAX 20
#define CLOCK_MS 30000

void tcn_findings_add(struct tcn_findings *f, enum tcn_finding_level level, const char *fmt, ...)
{
    struct tcn_buf text;
    char line[TEXT_MAX];
    va_list args;

    if (f->n == TCN_FINDINGS_MAX)
        return;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    tcn_buf_init(&text, TEXT_MAX);
    tcn_buf_z(&text, f->n == TCN_FINDINGS_MAX - 1 ? "there is more; set this right first" : line);
    f->items[f->n++] = (struct tcn_finding){level, tcn_buf_take(&text)};
}

bool tcn_findings_has(const struct tcn_findings *f, enum tcn_finding_level level)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->items[i].level == level)
            return true;
    return false;
}

void tcn_findings_done(struct tcn_findings *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->items[i].text);
    f->n = 0;
}

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static void add_names(struct tcn_buf *out, json_t *list, const char *key)
{
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *text = key ? text_of(item, key) : json_string_value(item);

        if (i == LISTED_MAX) {
            tcn_buf_fmt(out, " and %zu more", json_array_size(list) - LISTED_MAX);
            return;
        }
        tcn_buf_fmt(out, "%s\"%s\"", i ? ", " : "", text);
    }
    if (json_array_size(list) == 0)
        tcn_buf_z(out, "nothing");
}

/* -- choices ------------------------------------------------------------------------------------------------------- */

static bool has_word(json_t *values, const char *word)
{
    json_t *item;
    size_t i;

    json_array_foreach(values, i, item)
    {
        if (strcmp(text_of(item, "value"), word) == 0 || strcmp(text_of(item, "id"), word) == 0)
            return true;
    }
    return false;
}

static void add_absent(json_t *written, json_t *choices, json_t *ret)
{
    json_t *list = json_object_get(written, text_of(choices, "of")), *item;
    char buffer[TCN_WRITTEN_WORD];
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *word = tcn_written_word(json_object_get(item, "value"), buffer);

        if (word && *word && !has_word(json_object_get(choices, "values"), word))
            json_array_append_new(ret, json_string(word));
    }
}

json_t *tcn_findings_absent(json_t *written, json_t *choices)
{
    json_t *ret = json_array();

    add_absent(json_object_get(written, "create"), choices, ret);
    add_absent(json_object_get(written, "later"), choices, ret);
    return ret;
}

static bool is_about(const struct tcn_mapping_field *f, const char *remote)
{
    if (f->direction != TCN_DIRECTION_IN && f->direction != TCN_DIRECTION_BOTH)
        return false;
    for (size_t i = 0; i < f->n_remote; i++)
        if (strcmp(f->remote[i], remote) == 0)
            return true;
    return false;
}

/* True when no field of the mapping is read from it, too. */
static bool is_read(const struct tcn_mapping *m, const char *of, const struct tcn_mapping_env *e)
{
    const char *status = tcn_mapping_status_remote(m);
    json_t *value;

    if (!of || (status && strcmp(status, of) == 0))
        return tcn_mapping_status_local(m, e) != NULL;
    for (size_t i = 0; i < tcn_mapping_field_count(m); i++) {
        if (!is_about(tcn_mapping_field(m, i), of))
            continue;
        value = tcn_mapping_in(m, i, e);
        json_decref(value);
        return value != NULL;
    }
    return true;
}

json_t *tcn_findings_unread(const struct tcn_mapping *m, json_t *settings, json_t *choices)
{
    json_t *ret = json_array(), *item, *record;
    const char *of = json_string_value(json_object_get(choices, "of"));
    size_t i;

    json_array_foreach(json_object_get(choices, "values"), i, item)
    {
        struct tcn_mapping_env e = {.settings = settings,
                                    .record = record = json_object_get(item, "record")};

        if (record && !is_read(m, of, &e))
            json_array_append(ret, json_object_get(item, "label"));
    }
    return ret;
}

static const char *remedy(const struct tcn_mapping *m, json_t *choices, char *ret, size_t size)
{
    const char *of = text_of(choices, "of");

    if (json_is_true(json_object_get(choices, "is_optional")))
        snprintf(ret, size, "it is left out then; with a mapping of your own it is written");
    else if (json_object_get(tcn_mapping_settings(m), of))
        snprintf(ret, size, "set settings.%s of the connector to one of them", of);
    else
        snprintf(ret, size, "write one of them by a mapping of your own: --mapping FILE drafts it");
    return ret;
}

static void tell_absent(const struct tcn_mapping *m, json_t *choices, json_t *absent,
                        struct tcn_findings *ret)
{
    bool is_optional = json_is_true(json_object_get(choices, "is_optional"));
    struct tcn_buf no, there;
    char todo[200];

    tcn_buf_init(&no, TEXT_MAX);
    tcn_buf_init(&there, TEXT_MAX);
    add_names(&no, absent, NULL);
    add_names(&there, json_object_get(choices, "values"), "value");
    tcn_findings_add(ret, is_optional ? TCN_LOOK : TCN_WRONG,
                     "%s: the mapping writes %s as %s, not to be found there; there is %s: %s",
                     text_of(choices, "where"), tcn_buf_view(&no).ptr, text_of(choices, "of"),
                     tcn_buf_view(&there).ptr, remedy(m, choices, todo, sizeof todo));
    tcn_buf_done(&there);
    tcn_buf_done(&no);
}

static void tell_unread(json_t *choices, json_t *unread, struct tcn_findings *ret)
{
    struct tcn_buf names;

    tcn_buf_init(&names, TEXT_MAX);
    add_names(&names, unread, NULL);
    tcn_findings_add(
        ret, TCN_LOOK,
        "%s: of %s the mapping reads nothing, so that the incident does not follow when "
        "somebody chooses it there: add it to a mapping of your own",
        text_of(choices, "where"), tcn_buf_view(&names).ptr);
    tcn_buf_done(&names);
}

static bool is_written(json_t *written, const char *of)
{
    return json_object_get(json_object_get(written, "create"), of) ||
           json_object_get(json_object_get(written, "later"), of);
}

/* What is optional is read by something else when it is not known. */
static void judge_choices(const struct tcn_mapping *m, json_t *settings, json_t *written,
                          json_t *choices, struct tcn_findings *ret)
{
    json_t *absent = tcn_findings_absent(written, choices),
           *unread = tcn_findings_unread(m, settings, choices);
    size_t n_absent = json_array_size(absent), n_unread = json_array_size(unread);

    if (n_absent > 0)
        tell_absent(m, choices, absent, ret);
    if (n_unread > 0 && !json_is_true(json_object_get(choices, "is_optional")))
        tell_unread(choices, unread, ret);
    if (n_absent + n_unread == 0 && is_written(written, text_of(choices, "of")))
        tcn_findings_add(ret, TCN_FINE, "%s: all that the mapping writes is there",
                         text_of(choices, "where"));
    json_decref(unread);
    json_decref(absent);
}

/* -- statuses told by class ------------------------------------------------------------------------------------------ */

static bool has_class(const struct tcn_mapping *m, json_t *settings, json_t *status,
                      const char *class)
{
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(status, "values"), i, item)
    {
        struct tcn_mapping_env e = {.settings = settings,
                                    .record = json_object_get(item, "record")};
        const char *local = tcn_mapping_status_local(m, &e);

        if (local && strcmp(local, class) == 0)
            return true;
    }
    return false;
}

static void judge_status(const struct tcn_mapping *m, json_t *settings, json_t *status,
                         struct tcn_findings *ret)
{
    static const struct {
        const char *class, *lost;
    } classes[] = {{"OPEN", "an incident that opens again"},
                   {"ACKED", "an acknowledgement"},
                   {"RESOLVED", "the end of an incident"}};
    json_t *unread = tcn_findings_unread(m, settings, status);
    const char *where = text_of(status, "where");
    size_t missing = 0;
    struct tcn_buf names;

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (has_class(m, settings, status, classes[i].class))
            continue;
        missing++;
        tcn_findings_add(
            ret, i == 1 ? TCN_LOOK : TCN_WRONG,
            "%s has no status that the mapping takes for %s, so %s is not shown there: "
            "add such a status, or name one in status.class of a mapping of your own",
            where, classes[i].class, classes[i].lost);
    }
    tcn_buf_init(&names, TEXT_MAX);
    add_names(&names, unread, NULL);
    if (json_array_size(unread) > 0)
        tcn_findings_add(ret, TCN_LOOK,
                         "%s: the mapping takes %s for no status of an incident, which then does "
                         "not follow: name it in status.class of a mapping of your own",
                         where, tcn_buf_view(&names).ptr);
    else if (missing == 0)
        tcn_findings_add(ret, TCN_FINE, "%s: every status is one of an incident", where);
    tcn_buf_done(&names);
    json_decref(unread);
}

/* -- fields -------------------------------------------------------------------------------------------------------- */

static bool is_field(json_t *fields, const char *name)
{
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(fields, "fields"), i, item)
    {
        if (strcmp(text_of(item, "name"), name) == 0)
            return true;
    }
    return false;
}

static size_t judge_names(json_t *fields, json_t *written, struct tcn_findings *ret)
{
    const char *name;
    json_t *values;
    size_t n = 0;

    if (!json_is_true(json_object_get(fields, "is_whole")))
        return 0;
    json_object_foreach(written, name, values)
    {
        if (is_field(fields, name))
            continue;
        n++;
        tcn_findings_add(
            ret, TCN_WRONG,
            "field %s, which the mapping writes, is not on %s: put it there, or take it "
            "out by a mapping of your own (--mapping FILE drafts it)",
            name, text_of(fields, "where"));
    }
    return n;
}

static size_t judge_required(json_t *fields, json_t *written, struct tcn_findings *ret)
{
    json_t *item;
    size_t i, n = 0;

    json_array_foreach(json_object_get(fields, "fields"), i, item)
    {
        const char *name = text_of(item, "name");

        if (!json_is_true(json_object_get(item, "required")) || json_object_get(written, name))
            continue;
        n++;
        tcn_findings_add(
            ret, TCN_WRONG,
            "%s requires \"%s\" (%s), which the mapping does not write, so no record is "
            "made: write it by \"create\": {\"%s\": ...} in a mapping of your own, or "
            "make it optional there",
            text_of(fields, "where"), text_of(item, "label"), name, name);
    }
    return n;
}

static void judge_fields(json_t *written, json_t *fields, struct tcn_findings *ret)
{
    json_t *create = json_object_get(written, "create"), *later = json_object_get(written, "later");
    size_t n = judge_names(fields, create, ret);

    if (strcmp(text_of(fields, "of"), "record") == 0)
        n += judge_names(fields, later, ret);
    n += judge_required(fields, create, ret);
    if (n == 0)
        tcn_findings_add(ret, TCN_FINE, "%s: has every field that the mapping writes",
                         text_of(fields, "where"));
}

/* -- the rest -------------------------------------------------------------------------------------------------------- */

static void judge_clock(json_t *clock, struct tcn_findings *ret)
{
    int64_t ahead_ms = json_integer_value(json_object_get(clock, "ahead_ms"));
    int64_t off_ms = ahead_ms < 0 ? -ahead_ms : ahead_ms;

    if (off_ms < CLOCK_MS)
        tcn_findings_add(ret, TCN_FINE, "their clock and ours agree");
    else
        tcn_findings_add(
            ret, TCN_LOOK,
            "their clock is %" PRId64 " s %s ours: set the wrong one right (NTP); which "
            "of two changes is the newer one is told by them, and signatures that bear "
            "a time may be refused",
            off_ms / 1000, ahead_ms > 0 ? "ahead of" : "behind");
}

static void copy_finding(json_t *finding, struct tcn_findings *ret)
{
    const char *level = text_of(finding, "level");
    enum tcn_finding_level as = strcmp(level, "wrong") == 0  ? TCN_WRONG
                                : strcmp(level, "fine") == 0 ? TCN_FINE
                                                             : TCN_LOOK;

    tcn_findings_add(ret, as, "%s", text_of(finding, "text"));
}

static void judge_fact(const struct tcn_mapping *m, json_t *settings, json_t *written,
                       const char *name, json_t *value, struct tcn_findings *ret)
{
    if (strcmp(name, "choices") == 0)
        judge_choices(m, settings, written, value, ret);
    else if (strcmp(name, "status") == 0 && tcn_mapping_has_status(m))
        judge_status(m, settings, value, ret);
    else if (strcmp(name, "fields") == 0)
        judge_fields(written, value, ret);
    else if (strcmp(name, "clock") == 0)
        judge_clock(value, ret);
    else if (strcmp(name, "finding") == 0)
        copy_finding(value, ret);
    else if (strcmp(name, "account") == 0)
        tcn_findings_add(ret, TCN_FINE, "the account is %s", text_of(value, "name"));
    else if (strcmp(name, "server") == 0)
        tcn_findings_add(ret, TCN_FINE, "it is %s, version %s", text_of(value, "product"),
                         text_of(value, "version"));
}

/* Fields that do not come back as they went, which is by intent and worth knowing. */
static void tell_one_way(const struct tcn_mapping *m, struct tcn_findings *ret)
{
    struct tcn_buf names;

    tcn_buf_init(&names, TEXT_MAX);
    for (size_t i = 0; i < tcn_mapping_field_count(m); i++) {
        const struct tcn_mapping_field *f = tcn_mapping_field(m, i);
        const char *way = f->direction == TCN_DIRECTION_IN    ? "only read"
                          : f->direction == TCN_DIRECTION_OUT ? "only written"
                                                              : NULL;

        if (way && f->on == TCN_ON_CREATE)
            way = "written once, when the record is made";
        if (way)
            tcn_buf_fmt(&names, "%s%s (%s)", names.len ? ", " : "", f->name, way);
    }
    if (names.len)
        tcn_findings_add(ret, TCN_FINE, "fields that go one way: %s", tcn_buf_view(&names).ptr);
    tcn_buf_done(&names);
}

void tcn_findings_of(const struct tcn_mapping *m, json_t *settings, json_t *facts,
                     struct tcn_findings *ret)
{
    json_t *written = tcn_written(m, settings), *fact;
    size_t i;

    json_array_foreach(facts, i, fact)
    {
        judge_fact(m, settings, written, text_of(fact, "name"), json_object_get(fact, "value"),
                   ret);
    }
    tell_one_way(m, ret);
    json_decref(written);
}
