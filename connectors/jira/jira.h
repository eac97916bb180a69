/* Shared by the files of this folder. */
#ifndef TCN_CONNECTORS_JIRA_H
#define TCN_CONNECTORS_JIRA_H

#include "../reply.h"

#define TCN_JIRA "Jira"
#define TCN_JIRA_ISSUE "/rest/api/{}/issue/{}"
/* Everything the mapping may read, without what grows without end. */
#define TCN_JIRA_FIELDS "*all,-comment,-worklog,-attachment"
#define TCN_JIRA_SURVEY_MAX 100
/* The property by which Service Management tells comments for agents from those for customers: {"internal": true}. */
#define TCN_JIRA_PUBLIC "sd.public.comment"

struct tcn_jira {
    const char *url, *api_type, *site_url, *user, *project, *issue_type, *label;
    int64_t max_steps, timeout;
    int notify_users, public_notes;
    int is_datacenter; /* REST version 2: bodies are text, users have names, search counts */
    const char *api;   /* the version in the paths, "3" or "2" */
};

/* 1 when api_type, or the host where it is "auto", says Data Center; -1 when api_type is none of its words. */
int tcn_jira_is_datacenter(const struct tcn_jira *j);

/* 0, or -1 after host->fail() when op->remote_id cannot be an issue. */
int tcn_jira_need_id(const struct tocsin_instance *in, const struct tocsin_op *op);

/* 1 when json is an issue with fields and of that id or key. */
int tcn_jira_is_issue(json_t *json, const char *wanted);
/* Reports an issue, whole when it has fields; wanted "" takes any id. -1 when it is none or another one. */
int tcn_jira_report(const struct tocsin_instance *in, struct tocsin_sink *sink, const char *wanted,
                    json_t *issue);

/* Reports an issue with its version and nothing of its fields; -1 when it is none. */
int tcn_jira_report_version(const struct tocsin_instance *in, struct tocsin_sink *sink,
                            json_t *issue);

/* 1 when text can be a label: they take no blanks, and quotes would need escapes in JQL. */
int tcn_jira_label_ok(const char *text);
/* 0, or -1 after host->fail() when marker can be no label. */
int tcn_jira_marker_ok(const struct tocsin_instance *in, const char *marker);
/* 1 when list has text among its items. */
int tcn_jira_has_text(json_t *list, const char *text);

struct tcn_jira_search {
    const char *jql;
    json_t *fields;    /* borrowed: list of names */
    int most;          /* issues in a page */
    const char *token; /* of the page, "" for the first */
    int is_lenient;    /* Data Center: what the query names may be missing; Cloud: not to be used */
};
/* Renders one page of a search; 0 or -1. */
int tcn_jira_search(const struct tocsin_instance *in, struct tocsin_request *rq,
                    const struct tcn_jira_search *s);
#define TCN_JIRA_PLACE_SIZE 24
/* The token of the page after this answer, "" after the last one. Borrowed from answer, or written to buffer. */
const char *tcn_jira_next_page(const struct tcn_jira *j, json_t *answer,
                               char buffer[TCN_JIRA_PLACE_SIZE]);

/* Renders a page of the comments of op->remote_id, newest first, with their properties; 0 or -1. */
int tcn_jira_comments(const struct tocsin_instance *in, const struct tocsin_op *op, uint32_t start,
                      int most, struct tocsin_request *rq);
/* The value of a property of a comment, NULL when it has none. Borrowed. */
json_t *tcn_jira_property(json_t *comment, const char *key);
/* The event that a comment of ours is about, "" for one of somebody else. Borrowed from comment. */
const char *tcn_jira_event_of(json_t *comment);

/* Betters what classify() made of a status that is no 2xx: reasons, bad fields, scopes of rate limits. */
void tcn_jira_refused(const struct tocsin_instance *in, const struct tocsin_op *op,
                      const struct tocsin_response *rs, struct tocsin_result *out,
                      struct tocsin_sink *sink);

/* Wraps plain text into an Atlassian document: paragraphs, line breaks, links; at most 32,767 characters.
 * Yours to json_decref(). */
json_t *tcn_jira_adf(const char *text);
/* fields as this Jira takes them: Data Center knows no Atlassian documents and gets their text. Yours to json_decref(). */
json_t *tcn_jira_fields(const struct tcn_jira *j, json_t *fields);
/* The same for one value, and plain text to a document where one is wanted. */
json_t *tcn_jira_body(const struct tcn_jira *j, json_t *value);

/* What an Atlassian document, or a plain text, says; cut at 32 KiB. Yours to free(); NULL without memory. */
char *tcn_jira_adf_text(json_t *body);

/* tcn_verb.render and .read of one verb. */
#define TCN_JIRA_VERB(verb)                                                                        \
    int tcn_jira_##verb##_render(const struct tocsin_instance *in, const struct tocsin_op *op,     \
                                 struct tocsin_request *rq);                                       \
    void tcn_jira_##verb##_read(const struct tocsin_instance *in, const struct tocsin_op *op,      \
                                const struct tocsin_response *rs, struct tocsin_result *out,       \
                                struct tocsin_sink *sink)
TCN_JIRA_VERB(find);
TCN_JIRA_VERB(create);
TCN_JIRA_VERB(write); /* reads refusals, too: they depend on the step */
TCN_JIRA_VERB(poll);  /* reads refusals, too: a page's token may be too old */
TCN_JIRA_VERB(survey);
TCN_JIRA_VERB(listen);
TCN_JIRA_VERB(probe); /* reads refusals, too: what may not be seen is a finding */
TCN_JIRA_VERB(note);
TCN_JIRA_VERB(note_find);

/* ---- the choice of a transition (transition.c), pure ---- */

#define TCN_JIRA_SEEN_MAX 4
#define TCN_JIRA_WITH_MAX 6

/* Where an issue is on its way; travels between steps in op->cursor. Texts are cut to fit. */
struct tcn_jira_way {
    int hops;                         /* transitions done */
    int is_blind;                     /* PUT did not show the issue: one round trip more */
    char seen[TCN_JIRA_SEEN_MAX][24]; /* ids of statuses it was in */
    char from[48];                    /* name of the status it is in, for people */
    char transition[24];              /* chosen, to be posted now; "" none */
    char reaches[16];                 /* category that the chosen one leads to */
    char with[TCN_JIRA_WITH_MAX][40]; /* names in status.with that its screen takes */
    char resolution[24];              /* id of an allowed value, when "with" has no fitting one */
};

/* 1 when the category key serves status {"class", "value", "accept"}. */
int tcn_jira_wanted(json_t *status, const char *category);
/* "done", "new" or "indeterminate": the name of what is wanted. */
const char *tcn_jira_goal(json_t *status);

/* Chooses among GET transitions' "transitions" and fills way's transition, reaches, from, seen, with, resolution.
 * Direct ones first (preferred names, then the primary category), else a step in between that was not in way->seen,
 * never through "done", if may_detour. -1: none; why is one sentence. */
int tcn_jira_choose(json_t *transitions, json_t *status, int may_detour, struct tcn_jira_way *way,
                    char *why, size_t size);

/* The issue is (or will be) in this status: {"id", "name"}. */
void tcn_jira_way_at(struct tcn_jira_way *way, json_t *status);

/* 0; -1 when cursor is no way of ours. An empty cursor is an empty way. */
int tcn_jira_way_read(struct tcn_jira_way *way, const char *cursor);
/* 0; -1 when it does not fit. */
int tcn_jira_way_write(const struct tcn_jira_way *way, char *ret_cursor, size_t size);

#endif
