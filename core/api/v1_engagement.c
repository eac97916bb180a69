/* Engagements of ssm-contacts, those of incidents and those without one: the list, one of them, and requests to start and to stop
 * one, which core/app executes. */
#include "api/json.h"
#include "api/v1_query.h"

#include <ctype.h>

/* ssm-contacts: Sender, Subject, Content, IncidentId, StopReason */
#define SENDER_MAX 255
#define SUBJECT_MAX 2048
#define CONTENT_MAX 8192
#define INCIDENT_MAX 1024
#define REASON_MAX 255
#define CONTACT_MAX 2048 /* of a name or an ARN */

/* -- one ---------------------------------------------------------------------------------------------------------- */

static int no_engagement(struct tcn_api_call *call)
{
    return tcn_api_refuse(call, 404, "not_found", "id", "there is no engagement with this id");
}

static int add_pages(struct tcn_api_call *call, struct tcn_store *s, const struct tcn_engaged *e,
                     json_t *ret, struct tcn_err *err)
{
    struct tcn_engagement *rows = NULL;
    json_t *pages = json_array();
    size_t n = 0;
    int r = tcn_store_engagement_list(s, e->incident, call->arena, &rows, &n, err);

    for (size_t i = 0; i < n && r == 0; i++)
        if (tcn_id_eq(rows[i].id, e->id))
            r = tcn_v1_pages(call, s, &rows[i], pages, err);
    json_object_set_new(ret, "pages", pages);
    return r;
}

/* A text that was not given is the incident's. */
static int add_texts(struct tcn_api_call *call, struct tcn_store *s, const struct tcn_engaged *e,
                     json_t *ret, struct tcn_err *err)
{
    const struct tcn_engagement_text *text = &e->text;
    struct tcn_incident incident = {0};
    int r = tcn_store_incident_get(s, e->incident, call->arena, &incident, err);

    if (r < 0)
        return r;
    json_object_set_new(ret, "subject",
                        tcn_json_text(text->subject ? text->subject : incident.title));
    json_object_set_new(ret, "content",
                        tcn_json_text(text->content ? text->content : incident.summary));
    json_object_set_new(ret, "public_subject", tcn_json_text(text->public_subject));
    return json_object_set_new(ret, "public_content", tcn_json_text(text->public_content));
}

int tcn_api_engagement(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id id,
                       struct tcn_err *err)
{
    struct tcn_engaged e;
    json_t *ret;
    int r = tcn_store_engaged_find(s, id, call->arena, &e, err);

    if (r == TCN_ENOTFOUND)
        return no_engagement(call);
    if (r < 0)
        return r;
    ret = tcn_json_engaged(&e);
    if ((r = add_texts(call, s, &e, ret, err)) < 0 || (r = add_pages(call, s, &e, ret, err)) < 0) {
        json_decref(ret);
        return r;
    }
    return tcn_v1_answer(call, ret);
}

int tcn_v1_engagement(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_id id;

    return tcn_api_id(call, &id) < 0 ? 0 : tcn_api_engagement(call, s, id, err);
}

/* -- the list ----------------------------------------------------------------------------------------------------- */

static int read_filter(struct tcn_api_call *call, struct tcn_engaged_filter *ret)
{
    const char *incident = tcn_api_query(call, "incident");

    if (incident && tcn_id_parse(tcn_str(incident), &ret->incident) < 0)
        ret->text = incident;
    if (tcn_v1_bound(call, "from", &ret->from_ms) < 0 ||
        tcn_v1_bound(call, "until", &ret->until_ms) < 0)
        return -1;
    return tcn_v1_limit(call, &ret->limit);
}

/* Engagements stay: where the last one of a page is, its id tells. */
static int find_place(struct tcn_api_call *call, struct tcn_store *s,
                      struct tcn_engaged_place *place, const struct tcn_engaged_place **ret,
                      struct tcn_err *err)
{
    const char *next = tcn_api_query(call, "next");
    struct tcn_engaged last;
    struct tcn_id id;
    int r;

    if (!next)
        return 0;
    if (tcn_id_parse(tcn_str(next), &id) < 0)
        return tcn_v1_refuse_next(call), TCN_EINVALID;
    r = tcn_store_engaged_find(s, id, call->arena, &last, err);
    if (r == TCN_ENOTFOUND)
        return tcn_v1_refuse_next(call), TCN_EINVALID;
    *place = (struct tcn_engaged_place){last.start_ms, id};
    *ret = place;
    return r;
}

int tcn_v1_engagements(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_engaged_filter filter = {.limit = 0};
    struct tcn_engaged_place place;
    struct tcn_engaged *rows = NULL;
    json_t *items, *next;
    size_t n = 0, limit;
    int r;

    if (read_filter(call, &filter) < 0)
        return 0;
    limit = filter.limit++;
    if ((r = find_place(call, s, &place, &filter.after, err)) < 0 ||
        (r = tcn_store_engaged_list(s, &filter, call->arena, &rows, &n, err)) < 0)
        return call->reply ? 0 : r;
    next = n > limit ? tcn_json_id(rows[limit - 1].id) : json_null();
    items = json_array();
    for (size_t i = 0; i < n && i < limit; i++)
        json_array_append_new(items, tcn_json_engaged(&rows[i]));
    return tcn_v1_answer(call, json_pack("{s:o, s:o}", "items", items, "next", next));
}

/* -- what is wanted ----------------------------------------------------------------------------------------------- */

/* ^[\\a-zA-Z0-9_@#%*+=:?.\/!\s-]*$ of Sender and IncidentId; a sender has one line besides. */
static int check_word(struct tcn_api_call *call, const char *name, const char *text)
{
    for (; text && *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("\\_@#%*+=:?./! \t\n-", *text))
            return tcn_api_refuse(call, 400, "bad_request", name,
                                  "\"%s\" may have letters from a to z, digits, spaces and "
                                  "\\_@#%%*+=:?./!- alone",
                                  name),
                   -1;
    return 0;
}

/* An id is that of an incident here; any other text is what the sender means by it, and is kept. */
static int read_incident(struct tcn_api_call *call)
{
    struct tcn_command *c = &call->command;
    const char *text = NULL;

    if (tcn_v1_text(call, "incident", false, INCIDENT_MAX, &text) < 0 ||
        check_word(call, "incident", text) < 0)
        return -1;
    c->engaged.incident = text;
    if (text)
        (void)tcn_id_parse(tcn_str(text), &c->incident);
    return 0;
}

static int read_texts(struct tcn_api_call *call)
{
    struct tcn_engagement_text *text = &call->command.engaged;

    if (tcn_v1_line(call, "sender", true, SENDER_MAX, &text->sender) < 0 ||
        check_word(call, "sender", text->sender) < 0 ||
        tcn_v1_line(call, "subject", true, SUBJECT_MAX, &text->subject) < 0 ||
        tcn_v1_text(call, "content", true, CONTENT_MAX, &text->content) < 0 ||
        tcn_v1_line(call, "public_subject", false, SUBJECT_MAX, &text->public_subject) < 0)
        return -1;
    return tcn_v1_text(call, "public_content", false, CONTENT_MAX, &text->public_content);
}

int tcn_v1_engagement_start(struct tcn_api_call *call)
{
    static const char *const names[] = {"contact",  "sender",         "subject",
                                        "content",  "public_subject", "public_content",
                                        "incident", "client_token",   NULL};
    struct tcn_command *c = &call->command;

    c->kind = TCN_COMMAND_ENGAGEMENT_START;
    c->actor = call->actor;
    if (tcn_v1_only(call, names) < 0 ||
        tcn_v1_text(call, "contact", true, CONTACT_MAX, &c->contact) < 0 || read_texts(call) < 0 ||
        read_incident(call) < 0)
        return -1;
    return tcn_v1_client_token(call);
}

int tcn_v1_engagement_stop(struct tcn_api_call *call)
{
    static const char *const names[] = {"reason", NULL};
    struct tcn_command *c = &call->command;

    c->kind = TCN_COMMAND_ENGAGEMENT_STOP;
    c->actor = call->actor;
    if (tcn_v1_only(call, names) < 0 ||
        tcn_v1_text(call, "reason", false, REASON_MAX, &c->text) < 0)
        return -1;
    return tcn_api_id(call, &c->engagement);
}
