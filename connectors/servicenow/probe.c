/* PROBE: the account and its zone, the choice lists of what mappings write, the fields of the table, the journal. */
#include "../probe.h"
#include "servicenow.h"

#include <stdio.h>

#define ELEMENTS_MAX 8
#define CHOICES "500"

/* Lists whose values a mapping can be read back from, one by one. Impact and urgency make a priority together. */
static void elements_of(const struct tcn_sn *s, const char *ret[ELEMENTS_MAX])
{
    const char *const names[ELEMENTS_MAX] = {s->status_field, "close_code", "hold_reason",
                                             "impact",        "urgency",    "category",
                                             "contact_type",  NULL};

    memcpy(ret, names, sizeof names);
}

static int is_read_alone(const struct tcn_sn *s, const char *element)
{
    return strcmp(element, s->status_field) == 0 || strcmp(element, "close_code") == 0;
}

/* ---- the account ---- */

static int account_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    (void)op;
    return tcn_sn_ask_account(in, rq);
}

/* The feed is silent or hours late in another zone, and there is none without it: feed.c. */
static void say_zone(const struct tocsin_instance *in, struct tocsin_sink *sink, const char *zone)
{
    if (tcn_sn_is_utc(zone))
        tcn_probe_say(in, sink, "fine", "the account's time zone is %s", zone);
    else
        tcn_probe_say(
            in, sink, "wrong",
            "the account's time zone is %.60s: set it to GMT in sys_user, or changes that "
            "people make are missed, because queries read times in it",
            zone[0] ? zone : "the system's");
}

static int account_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_result *out,
                        struct tocsin_sink *sink)
{
    json_t *rows = tcn_sn_rows(rs), *me = json_array_get(rows, 0);

    (void)out;
    if (!rows)
        return -1;
    tcn_probe_clock(in, op, rs, sink);
    if (!me) {
        tcn_probe_say(in, sink, "wrong",
                      "the account may not read its own row of sys_user: let it, and set its time "
                      "zone to GMT, or no changes are heard of");
        return 0;
    }
    tcn_probe_tell(in, sink, "account",
                   json_pack("{s:s, s:s}", "name", tcn_reply_text(me, "user_name"), "time_zone",
                             tcn_reply_text(me, "time_zone")));
    say_zone(in, sink, tcn_reply_text(me, "time_zone"));
    return 0;
}

/* ---- choice lists ---- */

/* A table that has no choices of its own for a field has those of the table that it extends. */
static int choices_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;
    const char *elements[ELEMENTS_MAX];
    char query[900];
    int n = snprintf(query, sizeof query, "nameIN%s,task^elementIN", s->table);

    (void)op;
    elements_of(s, elements);
    for (size_t i = 0; elements[i]; i++)
        n += snprintf(query + n, sizeof query - (size_t)n, "%s%s", i ? "," : "", elements[i]);
    snprintf(query + n, sizeof query - (size_t)n, "^inactive=false^ORDERBYsequence");
    if (TOCSIN_REQUEST(in->host, rq, "GET", s->url, TCN_SN_TABLE, "sys_choice") < 0 ||
        tcn_sn_ask_rows(in->host, rq, query, CHOICES) < 0)
        return -1;
    return in->host->query(rq, "sysparm_fields", "name,element,value,label");
}

static int has_value(json_t *values, const char *value)
{
    json_t *item;
    size_t i;

    json_array_foreach(values, i,
                       item) if (strcmp(tcn_reply_text(item, "value"), value) == 0) return 1;
    return 0;
}

/* Once each: every language has rows of its own. */
static json_t *choices_of(const struct tcn_sn *s, json_t *rows, const char *table,
                          const char *element)
{
    json_t *values = json_array(), *row, *one;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        const char *value = tcn_reply_text(row, "value");

        if (i >= TCN_PROBE_ROWS_MAX || !value[0] || has_value(values, value) ||
            strcmp(tcn_reply_text(row, "name"), table) != 0 ||
            strcmp(tcn_reply_text(row, "element"), element) != 0)
            continue;
        one = json_pack("{s:s, s:s}", "value", value, "label", tcn_reply_text(row, "label"));
        if (is_read_alone(s, element))
            json_object_set_new(one, "record", json_pack("{s:s}", element, value));
        json_array_append_new(values, one);
    }
    return values;
}

static void tell_choices(const struct tocsin_instance *in, json_t *rows, const char *element,
                         struct tocsin_sink *sink)
{
    const struct tcn_sn *s = in->state;
    json_t *values = choices_of(s, rows, s->table, element);
    char where[200];

    if (json_array_size(values) == 0) {
        json_decref(values);
        values = choices_of(s, rows, "task", element);
    }
    snprintf(where, sizeof where, "the choices of %s.%s", s->table, element);
    if (json_array_size(values) == 0)
        json_decref(values);
    else
        tcn_probe_tell(
            in, sink, "choices",
            json_pack("{s:s, s:s, s:o}", "of", element, "where", where, "values", values));
}

static int choices_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_result *out,
                        struct tocsin_sink *sink)
{
    json_t *rows = tcn_sn_rows(rs);
    const char *elements[ELEMENTS_MAX];

    (void)op;
    (void)out;
    if (!rows)
        return -1;
    if (json_array_size(rows) == 0)
        tcn_probe_say(in, sink, "look",
                      "no choice lists are to be seen: give the account the role "
                      "personalize_choices for this probe, or compare states and close codes "
                      "with the mapping by hand");
    elements_of(in->state, elements);
    for (size_t i = 0; elements[i]; i++)
        tell_choices(in, rows, elements[i], sink);
    return 0;
}

/* ---- the table ---- */

static int table_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                     struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;

    (void)op;
    if (TOCSIN_REQUEST(in->host, rq, "GET", s->url, TCN_SN_TABLE, s->table) < 0)
        return -1;
    return tcn_sn_ask_rows(in->host, rq, "ORDERBYDESCsys_created_on", "1");
}

/* What a row does not show is not kept either, and ServiceNow says nothing of that. */
static int table_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                      const struct tocsin_response *rs, struct tocsin_result *out,
                      struct tocsin_sink *sink)
{
    const struct tcn_sn *s = in->state;
    json_t *rows = tcn_sn_rows(rs), *row = json_array_get(rows, 0), *fields, *value;
    const char *name;
    char where[120];

    (void)op;
    (void)out;
    if (!rows || (row && !json_is_object(row)))
        return -1;
    if (!row) {
        tcn_probe_say(in, sink, "look", "table %s shows no record yet, so its fields are not known",
                      s->table);
        return 0;
    }
    fields = json_array();
    json_object_foreach(row, name, value)
    {
        if (json_array_size(fields) < TCN_PROBE_ROWS_MAX)
            json_array_append_new(fields, json_pack("{s:s}", "name", name));
    }
    snprintf(where, sizeof where, "table %s, as the account sees it", s->table);
    tcn_probe_tell(in, sink, "fields",
                   json_pack("{s:s, s:s, s:b, s:o}", "of", "record", "where", where, "is_whole",
                             json_object_size(row) <= TCN_PROBE_ROWS_MAX, "fields", fields));
    return 0;
}

/* ---- the journal ---- */

#define JOURNAL_HIDDEN                                                                             \
    "the account may not read sys_journal_field: let it, or notes that people write do not come "  \
    "back"

static int journal_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;
    char query[300];

    (void)op;
    snprintf(query, sizeof query, "name=%s^element=%s^ORDERBYDESCsys_created_on", s->table,
             s->note_field);
    if (TOCSIN_REQUEST(in->host, rq, "GET", s->url, TCN_SN_TABLE, "sys_journal_field") < 0 ||
        tcn_sn_ask_rows(in->host, rq, query, "1") < 0)
        return -1;
    return in->host->query(rq, "sysparm_fields", "sys_id");
}

static int journal_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_result *out,
                        struct tocsin_sink *sink)
{
    const struct tcn_sn *s = in->state;
    json_t *rows = tcn_sn_rows(rs);

    (void)op;
    (void)out;
    if (!rows)
        return -1;
    if (json_array_size(rows) == 0)
        tcn_probe_say(in, sink, "look",
                      "no entry of %s is to be seen in sys_journal_field: if people have written "
                      "some, the account may not read it, and their notes do not come back",
                      s->note_field);
    else
        tcn_probe_say(in, sink, "fine", "notes that people write can be read");
    return 0;
}

/* ---- all ---- */

static const struct tcn_probe_step steps[] = {
    {account_ask, account_read, NULL},
    {choices_ask, choices_read,
     "the account may not read sys_choice: give it the role personalize_choices for this probe, or "
     "compare states and close codes with the mapping by hand"},
    {table_ask, table_read, NULL},
    {journal_ask, journal_read, JOURNAL_HIDDEN},
};
#define STEPS (sizeof steps / sizeof steps[0])

TCN_SN_RENDER(probe)
{
    return tcn_probe_ask(steps, STEPS, in, op, rq);
}

TCN_SN_READ(probe)
{
    if (out->outcome == TOCSIN_OK && tcn_sn_failed(op, rs, out))
        return;
    if (!tcn_probe_read(steps, STEPS, in, op, rs, out, sink, "ServiceNow"))
        tcn_sn_refused(in, op, rs, out);
}
