/* The native API: calls, commands and the table of routes. Independent of HTTP. */
#ifndef TCN_API_API_H
#define TCN_API_API_H

#include "base/json.h"
#include "engine/custom_event.h"
#include "engine/engine.h"
#include "engine/tags.h"
#include "model/resource.h"
#include "store/engaged.h"
#include "store/store.h"

/* Every token has one role; each role may do what the lower ones may. */
enum tcn_role { TCN_ROLE_NONE = 0, TCN_VIEWER, TCN_RESPONDER, TCN_MANAGER, TCN_ADMIN };
const char *tcn_role_name(enum tcn_role role);

enum tcn_command_kind {
    TCN_COMMAND_NONE = 0,
    TCN_COMMAND_ACKNOWLEDGE, /* of the incident, or of page when it is not zero */
    TCN_COMMAND_RESOLVE,
    TCN_COMMAND_REOPEN,
    TCN_COMMAND_NOTE,
    TCN_COMMAND_LETTER_RETRY,
    TCN_COMMAND_LETTER_DROP,
    TCN_COMMAND_QUARANTINE_DROP, /* of the delivery with the id letter */
    TCN_COMMAND_LINK_RETRY,
    TCN_COMMAND_LINK_READ,
    TCN_COMMAND_LINK_GET,             /* with all that is known of it */
    TCN_COMMAND_SWEEP,                /* of the records of connector */
    TCN_COMMAND_SPLIT,                /* the alarm with the id alarm out of its storm */
    TCN_COMMAND_SUBSCRIPTION_CONFIRM, /* of source and topic */
    TCN_COMMAND_MUTE,                 /* as mute says */
    TCN_COMMAND_MUTE_END,             /* of the one with mute.id */
    TCN_COMMAND_START,                /* an incident, as start says */
    TCN_COMMAND_UPDATE,               /* of its texts and impact, as update says */
    TCN_COMMAND_ENGAGE,               /* contact, because of text */
    TCN_COMMAND_DISENGAGE,            /* the engagement, because of text */
    TCN_COMMAND_ENGAGEMENT_START,     /* of contact, as engaged says; incident zero: without one */
    TCN_COMMAND_ENGAGEMENT_STOP,      /* the engagement of any incident, because of text */
    TCN_COMMAND_ACCEPT,               /* the page, as accept says */
    TCN_COMMAND_EVENT_CREATE,         /* of the timeline, as custom says */
    TCN_COMMAND_EVENT_UPDATE,         /* the one with the id event */
    TCN_COMMAND_EVENT_DELETE,
    TCN_COMMAND_RELATED_ADD,    /* the item related */
    TCN_COMMAND_RELATED_REMOVE, /* the one with the generated id of related */
    TCN_COMMAND_TAG,            /* as tags says */
    TCN_COMMAND_COVERAGE, /* of schedules and rotations in force; read from the query when it is answered */
    TCN_COMMAND_RESOURCE_LIST, /* of the list resource; these four are answered with resources */
    TCN_COMMAND_RESOURCE_GET,  /* the one of that name */
    TCN_COMMAND_RESOURCE_PUT,  /* the body, as an element of the configuration would be */
    TCN_COMMAND_RESOURCE_DELETE,
    TCN_COMMAND_CHANNEL_SEND_CODE, /* of the channel resource */
    TCN_COMMAND_CHANNEL_ACTIVATE,  /* by the code of accept */
    TCN_COMMAND_CHANNEL_DEACTIVATE
};

/* Which resources: those that commands made, and those of the configuration. */
struct tcn_resource_call {
    const char *list;  /* "contacts", as the path has it; core/app knows which there are */
    const char *name;  /* NULL: a list, or one that the body names */
    const char *after; /* of a list: names behind it */
    size_t limit;
};

/* What somebody wants changed; text is borrowed from the arena of the call. */
struct tcn_command {
    enum tcn_command_kind kind;
    struct tcn_id incident, page, letter, link, alarm;
    const char *actor; /* "token:NAME", "contact:ALIAS" */
    const char *text;  /* a note; may be NULL */
    const char *code;  /* resolution code; may be NULL */
    const char *source, *topic, *connector;
    const char *contact;
    struct tcn_id engagement;
    struct tcn_engagement_text engaged;
    struct tcn_start start;
    struct tcn_incident_update update;
    struct tcn_accept accept;
    struct tcn_id event;
    struct tcn_custom_event custom;
    struct tcn_related_item related;
    struct tcn_resource_call resource;
    struct tcn_tag_change tags;
    const char *client_token; /* a request that comes again with it is done once; NULL: none */
    const char *request;      /* what it is told from another one by; with a client_token */
    struct tcn_mute
        mute; /* without id and times of its making; text is borrowed from the body, too */
    int64_t duration_ms; /* of a mute whose end_ms is 0 */
};

/* What the process knows of links beside their rows; members may be NULL. */
struct tcn_link_sights {
    json_t *waits; /* {connector: why it is not called now}; borrowed */
    /* The names of fields that are not written for a while; the caller's. Pure. */
    json_t *(*resting)(const struct tcn_link *link, int64_t now_ms);
};

/* One request on its way to an answer. */
struct tcn_api_call {
    struct tcn_arena *arena;
    struct tcn_str query;  /* raw, without '?' */
    const char *path_id;   /* the {id} of the path, decoded; NULL when the route has none */
    const char *path_part; /* the second one, of what belongs to that */
    json_t *body;          /* NULL when the request had none */
    const char *actor;
    const char *account_id, *public_url; /* borrowed from the configuration */
    bool ignores_codes; /* of pages, when the request does not say code_validation */
    const struct tcn_directory *directory;
    const struct tcn_source_policy *const *policies; /* ends with NULL */
    int64_t now_ms;                                  /* of a query: that of its job */
    struct tcn_link_sights sights;                   /* of what is about links */
    struct tcn_command command;                      /* out, of a command route */
    int status;                                      /* out: HTTP status */
    json_t *reply;                                   /* out: owned by the call */
};

/* Fills status and reply: {"error": {"code", "message", "field"}}. field may be NULL. Returns 0. */
int tcn_api_refuse(struct tcn_api_call *call, int status, const char *code, const char *field,
                   const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* 400 for a member of the query or the body that is none of names (ends with NULL), with the nearest of them. */
int tcn_api_refuse_unknown(struct tcn_api_call *call, struct tcn_str name,
                           const char *const names[]);
/* Every member of the query is one of names (ends with NULL; NULL: none), there once, with a value that can be decoded;
 * otherwise the call is refused and TCN_EINVALID returned. A misspelled filter must not become a list of everything. */
int tcn_api_query_only(struct tcn_api_call *call, const char *const names[]);
/* The value of a query member, percent-decoded into the arena; NULL when absent. */
const char *tcn_api_query(struct tcn_api_call *call, const char *name);
/* The path's id as an id; refuses the call and returns TCN_EINVALID when it is none. */
int tcn_api_id(struct tcn_api_call *call, struct tcn_id *ret);

struct tcn_api_route {
    const char *method, *path; /* "/v1/incidents/{id}" */
    enum tcn_role role;
    const char *const *members; /* of the query; ends with NULL; NULL: it takes none */
    /* Exactly one is set. A query runs on the store thread. A command is read on the loop (call->command), executed
     * as a turn, and answered with the incident as it is then (of a split, the alarm's own). state answers from the
     * process itself. */
    int (*query)(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
    int (*command)(struct tcn_api_call *call);
    int (*look)(struct tcn_api_call *call); /* likewise, of a command that changes nothing */
    enum tcn_api_state {
        TCN_STATE_NONE = 0,
        TCN_STATE_SOURCES,
        TCN_STATE_CONNECTORS,
        TCN_STATE_NODES
    } state;
    /* Of a query: what the process answers by itself while the store takes no question; NONE: 503. */
    enum tcn_api_state away;
};

/* Ends with a NULL method. */
extern const struct tcn_api_route tcn_api_v1[];

/* Every page of the incident, sent or not, with the rule that decided it, among the lines of its timeline that say what was
 * decided: {"incident", "title", "lines": [{"at", "what", "contact", "channel", "why"}], "is_cut"}. *ret is the caller's.
 * TCN_ENOTFOUND. */
int tcn_api_explain(struct tcn_store *s, const struct tcn_directory *directory, struct tcn_id id,
                    struct tcn_arena *arena, json_t **ret, struct tcn_err *err);

/* GET /v1/incidents/ID as the answer of the call; used by that route and after every command on an incident. */
int tcn_api_incident(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id id,
                     struct tcn_err *err);
/* A link as GET /v1/links lists it; the caller's. */
json_t *tcn_api_link_json(const struct tcn_api_call *call, const struct tcn_link *link,
                          const struct tcn_link_behind *behind);
/* The same of GET /v1/engagements/ID. */
int tcn_api_engagement(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id id,
                       struct tcn_err *err);

#endif
