/* PROBE: the account, the site, the issue type and its create screen, its statuses, what the account may do. */
#include "../probe.h"
#include "jira.h"

#include <stdio.h>

#define PROJECT_TYPES "/rest/api/{}/issue/createmeta/{}/issuetypes"
#define PAGE "200"

static const struct {
    const char *key, *what;
} permissions[] = {{"CREATE_ISSUES", "create issues"},
                   {"EDIT_ISSUES", "change fields of issues"},
                   {"TRANSITION_ISSUES", "change the status of issues"},
                   {"ADD_COMMENTS", "write notes"}};
#define N_PERMISSIONS (sizeof permissions / sizeof permissions[0])
#define PERMISSIONS "CREATE_ISSUES,EDIT_ISSUES,TRANSITION_ISSUES,ADD_COMMENTS"

/* What an issue has without being given it, or what CREATE adds by itself. */
static int is_given(const char *field)
{
    return strcmp(field, "project") == 0 || strcmp(field, "issuetype") == 0 ||
           strcmp(field, "reporter") == 0;
}

/* ---- the account, the site ---- */

static int account_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    (void)op;
    return TOCSIN_REQUEST(in->host, rq, "GET", j->url, "/rest/api/{}/myself", j->api);
}

static int account_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_result *out,
                        struct tocsin_sink *sink)
{
    (void)out;
    if (!tcn_reply_text(rs->json, "accountId")[0] && !tcn_reply_text(rs->json, "name")[0])
        return -1;
    tcn_probe_clock(in, op, rs, sink);
    tcn_probe_tell(in, sink, "account",
                   json_pack("{s:s, s:s}", "name", tcn_reply_text(rs->json, "displayName"),
                             "time_zone", tcn_reply_text(rs->json, "timeZone")));
    return 0;
}

static int site_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                    struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    (void)op;
    return TOCSIN_REQUEST(in->host, rq, "GET", j->url, "/rest/api/{}/serverInfo", j->api);
}

static int site_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *sink)
{
    char product[120];

    (void)op;
    (void)out;
    if (!json_is_object(rs->json))
        return -1;
    snprintf(product, sizeof product, "Jira %.60s", tcn_reply_text(rs->json, "deploymentType"));
    tcn_probe_tell(in, sink, "server",
                   json_pack("{s:s, s:s}", "product", product, "version",
                             tcn_reply_text(rs->json, "version")));
    return 0;
}

/* ---- the issue type ---- */

static int types_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                     struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    (void)op;
    if (TOCSIN_REQUEST(in->host, rq, "GET", j->url, PROJECT_TYPES, j->api, j->project) < 0)
        return -1;
    return in->host->query(rq, "maxResults", PAGE);
}

/* Cloud calls the list after what is in it, Data Center "values". */
static json_t *list_of(const struct tocsin_response *rs, const char *name)
{
    json_t *list = json_object_get(rs->json, name);

    return list ? list : json_object_get(rs->json, "values");
}

static void add_name(char *names, size_t size, const char *name)
{
    size_t n = strlen(names);

    snprintf(names + n, size - n, "%s%s", n ? ", " : "", name);
}

/* The id of the configured type, "" when there is none; names lists those that there are. */
static const char *type_in(const struct tcn_jira *j, json_t *types, char *names, size_t size)
{
    json_t *type;
    size_t i;

    json_array_foreach(types, i, type)
    {
        const char *id = tcn_reply_text(type, "id"), *name = tcn_reply_text(type, "name");

        if (i < TCN_PROBE_ROWS_MAX && tcn_reply_id_ok(id) &&
            (strcmp(j->issue_type, id) == 0 || strcmp(j->issue_type, name) == 0))
            return id;
        add_name(names, size, name);
    }
    return "";
}

#define STEP_PERMISSIONS 5

static int types_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                      const struct tocsin_response *rs, struct tocsin_result *out,
                      struct tocsin_sink *sink)
{
    const struct tcn_jira *j = in->state;
    json_t *types = list_of(rs, "issueTypes");
    char names[300] = "";
    const char *id;

    (void)op;
    if (!json_is_array(types))
        return -1;
    id = type_in(j, types, names, sizeof names);
    if (id[0]) {
        snprintf(out->cursor, sizeof out->cursor, "%s", id);
        return 0;
    }
    tcn_probe_say(in, sink, "wrong",
                  "project %s has no issue type %.100s that the account may create: set issue_type "
                  "to one of %s",
                  j->project, j->issue_type, names[0] ? names : "those of the project");
    out->step = STEP_PERMISSIONS;
    return 0;
}

/* ---- the create screen ---- */

static int screen_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                      struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    if (!tcn_reply_id_ok(op->cursor))
        return in->host->fail(in, "there is no issue type to ask about");
    if (TOCSIN_REQUEST(in->host, rq, "GET", j->url, PROJECT_TYPES "/{}", j->api, j->project,
                       op->cursor) < 0)
        return -1;
    return in->host->query(rq, "maxResults", PAGE);
}

static void where_of(const struct tcn_jira *j, const char *what, char *ret, size_t size)
{
    snprintf(ret, size, "the %s of %.64s / %.100s", what, j->project, j->issue_type);
}

/* An allowed value is written by its name (priorities, versions) or by its value (options of a select). */
static json_t *allowed_of(json_t *allowed, const char *field)
{
    json_t *values = json_array(), *item;
    size_t i;

    json_array_foreach(allowed, i, item)
    {
        const char *key = tcn_reply_text(item, "name")[0] ? "name" : "value";
        const char *value = tcn_reply_text(item, key);

        if (value[0] && i < TCN_PROBE_ROWS_MAX)
            json_array_append_new(values,
                                  json_pack("{s:s, s:s, s:s, s:{s:{s:{s:s}}}}", "value", value,
                                            "label", value, "id", tcn_reply_text(item, "id"),
                                            "record", "fields", field, key, value));
    }
    return values;
}

static void tell_allowed(const struct tocsin_instance *in, json_t *field, struct tocsin_sink *sink)
{
    json_t *allowed = json_object_get(field, "allowedValues");
    const char *id = tcn_reply_text(field, "fieldId");
    char where[300];

    if (json_array_size(allowed) == 0 || is_given(id))
        return;
    snprintf(where, sizeof where, "the values of %.100s", tcn_reply_text(field, "name"));
    tcn_probe_tell(
        in, sink, "choices",
        json_pack("{s:s, s:s, s:o}", "of", id, "where", where, "values", allowed_of(allowed, id)));
}

static int screen_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                       const struct tocsin_response *rs, struct tocsin_result *out,
                       struct tocsin_sink *sink)
{
    const struct tcn_jira *j = in->state;
    json_t *list = list_of(rs, "fields"), *field, *fields;
    char where[300];
    size_t i;

    (void)op;
    (void)out;
    if (!json_is_array(list))
        return -1;
    fields = json_array();
    json_array_foreach(list, i, field)
    {
        const char *id = tcn_reply_text(field, "fieldId");
        int needed = json_is_true(json_object_get(field, "required")) &&
                     !json_is_true(json_object_get(field, "hasDefaultValue")) && !is_given(id);

        if (!id[0] || i >= TCN_PROBE_ROWS_MAX)
            continue;
        json_array_append_new(fields, json_pack("{s:s, s:s, s:b}", "name", id, "label",
                                                tcn_reply_text(field, "name"), "required", needed));
        tell_allowed(in, field, sink);
    }
    /* No field, and taken with every issue. */
    json_array_append_new(fields, json_pack("{s:s}", "name", "properties"));
    where_of(j, "create screen", where, sizeof where);
    tcn_probe_tell(in, sink, "fields",
                   json_pack("{s:s, s:s, s:b, s:o}", "of", "create", "where", where, "is_whole",
                             json_array_size(list) < TCN_PROBE_ROWS_MAX &&
                                 json_integer_value(json_object_get(rs->json, "total")) <=
                                     (json_int_t)json_array_size(list),
                             "fields", fields));
    return 0;
}

/* ---- statuses ---- */

static int statuses_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                        struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    (void)op;
    return TOCSIN_REQUEST(in->host, rq, "GET", j->url, "/rest/api/{}/project/{}/statuses", j->api,
                          j->project);
}

static json_t *type_with(json_t *types, const char *id)
{
    json_t *type;
    size_t i;

    json_array_foreach(types, i, type) if (strcmp(tcn_reply_text(type, "id"), id) == 0) return type;
    return NULL;
}

static json_t *statuses_of(json_t *list)
{
    json_t *values = json_array(), *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        json_t *category = json_object_get(item, "statusCategory");
        const char *name = tcn_reply_text(item, "name"), *key = tcn_reply_text(category, "key");

        if (name[0] && i < TCN_PROBE_ROWS_MAX)
            json_array_append_new(
                values, json_pack("{s:s, s:s, s:s, s:{s:{s:{s:s, s:{s:s}}}}}", "value", key,
                                  "label", name, "id", tcn_reply_text(item, "id"), "record",
                                  "fields", "status", "name", name, "statusCategory", "key", key));
    }
    return values;
}

static int statuses_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                         const struct tocsin_response *rs, struct tocsin_result *out,
                         struct tocsin_sink *sink)
{
    json_t *type = type_with(rs->json, op->cursor);
    char where[300];

    (void)out;
    if (!json_is_array(rs->json))
        return -1;
    where_of(in->state, "workflow", where, sizeof where);
    if (type)
        tcn_probe_tell(in, sink, "status",
                       json_pack("{s:s, s:o}", "where", where, "values",
                                 statuses_of(json_object_get(type, "statuses"))));
    return 0;
}

/* ---- permissions ---- */

static int permissions_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                           struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    (void)op;
    if (TOCSIN_REQUEST(in->host, rq, "GET", j->url, "/rest/api/{}/mypermissions", j->api) < 0 ||
        in->host->query(rq, "projectKey", j->project) < 0)
        return -1;
    return in->host->query(rq, "permissions", PERMISSIONS);
}

static int permissions_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                            const struct tocsin_response *rs, struct tocsin_result *out,
                            struct tocsin_sink *sink)
{
    const struct tcn_jira *j = in->state;
    json_t *all = json_object_get(rs->json, "permissions"), *has;
    size_t missing = 0;

    (void)op;
    (void)out;
    if (!json_is_object(all))
        return -1;
    for (size_t i = 0; i < N_PERMISSIONS; i++) {
        has = json_object_get(json_object_get(all, permissions[i].key), "havePermission");
        if (!json_is_false(has))
            continue;
        missing++;
        tcn_probe_say(in, sink, "wrong",
                      "the account may not %s in project %s: give it the permission %s",
                      permissions[i].what, j->project, permissions[i].key);
    }
    if (missing == 0)
        tcn_probe_say(in, sink, "fine",
                      "the account may create and change issues of project %s and write notes",
                      j->project);
    return 0;
}

/* ---- all ---- */

static const struct tcn_probe_step steps[] = {
    {account_ask, account_read, NULL},
    {site_ask, site_read, "the site does not say of what kind and version it is"},
    {types_ask, types_read,
     "the account sees no project of that key, or may create nothing there: check the option "
     "project and the permission CREATE_ISSUES"},
    {screen_ask, screen_read, "the create screen is not to be seen"},
    {statuses_ask, statuses_read, "the statuses of the project are not to be seen"},
    [STEP_PERMISSIONS] = {permissions_ask, permissions_read,
                          "what the account may do is not to be seen"},
};
#define STEPS (sizeof steps / sizeof steps[0])

int tcn_jira_probe_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                          struct tocsin_request *rq)
{
    return tcn_probe_ask(steps, STEPS, in, op, rq);
}

/* Without its types there is none whose screen and statuses could be asked for. */
void tcn_jira_probe_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                         const struct tocsin_response *rs, struct tocsin_result *out,
                         struct tocsin_sink *sink)
{
    uint32_t classified = out->outcome;

    if (!tcn_probe_read(steps, STEPS, in, op, rs, out, sink, TCN_JIRA))
        tcn_jira_refused(in, op, rs, out, sink);
    else if (op->step == 2 && classified != TOCSIN_OK)
        out->step = STEP_PERMISSIONS;
}
