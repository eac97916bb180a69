/* Mapping files: what an alarm of some system means, and how an incident is written in some ticket system.
 * A file is loaded once into an immutable program that many threads may run at the same time; running it is
 * pure, total and bounded. The language: mappings/README.md. */
#ifndef TCN_MAPPING_MAPPING_H
#define TCN_MAPPING_MAPPING_H

#include "base/embedded.h"
#include "base/json.h"
#include "base/zone.h"
#include "model/alarm.h"
#include "model/sync.h"

#define TCN_MAPPING_FILE_MAX (256u * 1024)    /* bytes of a mapping file */
#define TCN_MAPPING_ALARMS_MAX 10000          /* alarms of one request */
#define TCN_MAPPING_OUTPUT_MAX (1024u * 1024) /* bytes of one text or JSON value that is built */
#define TCN_MAPPING_ARENA_MIN                                                                      \
    (256u * 1024) /* free room that tcn_mapping_alarms asks of its arena */
#define TCN_MAPPING_ARENA_BYTES (32u * 1024 * 1024) /* a cap that never makes an alarm smaller */

struct tcn_mapping;

/* Yields the text of a mapping that "extends" names ("builtin/alertmanager"); the text is borrowed until the next
 * call. TCN_ENOTFOUND. */
typedef int tcn_mapping_resolver(void *ctx, const char *name, struct tcn_str *ret_text);
/* Yields the text of a file that a test names; borrowed until the next call. TCN_ENOTFOUND. */
typedef int tcn_mapping_file_reader(void *ctx, const char *name, struct tcn_str *ret_text);

/* Where a file finds what it names outside of itself. A member may be NULL: to name such a thing is a problem then. */
struct tcn_mapping_lookup {
    tcn_mapping_resolver *resolve; /* of "extends" */
    void *ctx;                     /* of resolve */
    tcn_zone_finder *zone;         /* of "tz" */
};

/* Parses, checks and compiles; the tests inside are not run. Everything that is wrong is told to p at once and
 * TCN_EINVALID, TCN_ESYNTAX or TCN_ELIMIT returned. file names the text in messages. lookup may be NULL: then nothing is
 * found. *ret is yours to free and borrows nothing; it holds the zones that the file names. */
int tcn_mapping_load(const char *file, struct tcn_str text, const struct tcn_mapping_lookup *lookup,
                     struct tcn_problems *p, struct tcn_mapping **ret);
void tcn_mapping_free(struct tcn_mapping *m);

/* A resolver over the files linked into the binary; ctx is the const struct tcn_embedded table.
 * "builtin/NAME", "sources/NAME" and "connectors/NAME" are known. */
tcn_mapping_resolver tcn_mapping_builtin;
/* A file reader over the same table: NAME is looked for as fixtures/NAME. */
tcn_mapping_file_reader tcn_mapping_builtin_file;

enum tcn_mapping_kind { TCN_MAPPING_UNSET = 0, TCN_MAPPING_SOURCE, TCN_MAPPING_CONNECTOR };
const char *tcn_mapping_name(const struct tcn_mapping *m);
enum tcn_mapping_kind tcn_mapping_kind(const struct tcn_mapping *m);
const char *tcn_mapping_driver(const struct tcn_mapping *m); /* of a connector, else NULL */
/* The defaults of the settings that the file declares: {name: value}, borrowed. Values of the configuration go over
 * them. */
json_t *tcn_mapping_settings(const struct tcn_mapping *m);
/* The words of a setting of the sync (auto_resolve and the like), ended by NULL: in the order of the enumeration that they
 * stand for. name must be one that takes words. */
const char *const *tcn_mapping_sync_words(const char *name);
/* "both", "newest": as a mapping file has them. */
const char *tcn_mapping_direction_word(enum tcn_direction direction);
const char *tcn_mapping_conflict_word(enum tcn_conflict conflict);
/* "settings" as a configuration gives them: each must be declared by the file and fit its declaration. Everything wrong
 * is a problem of the node's document, and TCN_EINVALID. at may be absent. */
int tcn_mapping_check_settings(const struct tcn_mapping *m, const struct tcn_node *at);
/* The options of the connector that the file reads as settings; ended by NULL, borrowed. */
const char *const *tcn_mapping_options(const struct tcn_mapping *m);

/* ---- sources ---- */

struct tcn_mapping_header {
    struct tcn_str name, value;
};

/* What an evaluation could not keep. Counted by the caller, because a mapping never changes. */
struct tcn_mapping_counts {
    uint64_t texts_cut;     /* a text was longer than its field */
    uint64_t table_misses;  /* a value that a table without default does not know */
    uint64_t items_dropped; /* items, tags, resources or related items over their cap */
};

/* One delivery. All borrowed. */
struct tcn_mapping_input {
    const char *source;      /* configured name of the source */
    const char *delivery_id; /* may be NULL */
    json_t *body;            /* parsed under tcn_json_source; only read */
    struct tcn_str raw;      /* the bytes that body was parsed from */
    const struct tcn_mapping_header *headers;
    size_t n_headers;
    json_t *settings; /* of the configured source: over the file's own; may be NULL */
    int64_t now_ms;
    struct tcn_mapping_counts *counts; /* added to; may be NULL */
};

/* True when the file's "match" holds and one of its rules applies. */
bool tcn_mapping_matches(const struct tcn_mapping *m, const struct tcn_mapping_input *in);
/* The alarms of one delivery, wholly in the arena: they borrow nothing from in. TCN_ENOTFOUND when it does not match
 * (see above); zero alarms when "when" forbids. What could not be read or does not fit is left out and told in
 * alarm->mapping_error; an alarm without a dedupe key gets one of the body's hash, fires, and has the title "Unreadable
 * alarm from NAME". What the arena's cap cannot hold becomes such an alarm too. TCN_ELIMIT when the arena has less than
 * TCN_MAPPING_ARENA_MIN left. */
int tcn_mapping_alarms(const struct tcn_mapping *m, const struct tcn_mapping_input *in,
                       struct tcn_arena *arena, struct tcn_alarm **ret, size_t *ret_n,
                       struct tcn_err *err);
/* For each field of each alarm: its value as the alarm has it, what was given where that is another, the expression that
 * gave it, and the paths that were absent. TCN_ELIMIT when out is full. */
int tcn_mapping_explain(const struct tcn_mapping *m, const struct tcn_mapping_input *in,
                        struct tcn_buf *out);
/* An alarm as a JSON object: absent members omitted, times as RFC 3339. Yours to json_decref(). */
json_t *tcn_alarm_json(const struct tcn_alarm *alarm);

/* ---- connectors ---- */

/* What the expressions of a connector file may look at; any may be NULL. All borrowed, only read. */
struct tcn_mapping_env {
    json_t *
        env; /* the incident: id short_id title summary impact status ack resolution{code,notes} tags
                         started_at related url response_plan account_id */
    json_t *old; /* the last synced snapshot */
    json_t
        *event; /* a timeline event (id kind text at by) or a page (reason contact ack_url ...) */
    json_t *record;   /* the remote record, root "in" */
    json_t *remote;   /* id key url of the remote record */
    json_t *settings; /* of the configured connector: over the file's own */
    int64_t now_ms;
};

enum tcn_write_on { TCN_ON_ALWAYS = 0, TCN_ON_CREATE };

struct tcn_mapping_field {
    const char *name; /* of the incident's field */
    enum tcn_direction direction;
    enum tcn_write_on on;
    enum tcn_conflict conflict;
    bool enforce;              /* a remote change of an "out" field is written over */
    const char *const *remote; /* names written remotely */
    size_t n_remote;
};

/* False when the file's "when" says that this incident gets no record. */
bool tcn_mapping_wants(const struct tcn_mapping *m, const struct tcn_mapping_env *e);
/* The "create" section without the fields: an object, yours; empty when the file has none. NULL when the output
 * would pass TCN_MAPPING_OUTPUT_MAX. Absent members are omitted, secret references stay as they are. */
json_t *tcn_mapping_create(const struct tcn_mapping *m, const struct tcn_mapping_env *e);

size_t tcn_mapping_field_count(const struct tcn_mapping *m);
const struct tcn_mapping_field *tcn_mapping_field(const struct tcn_mapping *m, size_t i);
int tcn_mapping_field_find(const struct tcn_mapping *m, const char *name); /* index, or -1 */
/* {remote name: value} of field i, yours; NULL when there is nothing to write. */
json_t *tcn_mapping_out(const struct tcn_mapping *m, size_t i, const struct tcn_mapping_env *e);
/* The canonical local value that e->record holds for field i, yours; NULL when it tells none. */
json_t *tcn_mapping_in(const struct tcn_mapping *m, size_t i, const struct tcn_mapping_env *e);
/* Two canonical local values are the same for the remote: equal, or written as the same remote values. */
bool tcn_mapping_same(const struct tcn_mapping *m, size_t i, json_t *a, json_t *b,
                      const struct tcn_mapping_env *e);
/* A local value in the form that comparisons use: CRLF becomes LF, blanks at line ends go, texts are cut at the
 * incident's limit, an impact is an integer. Unicode normalization (NFC) is not done here. value is borrowed, the
 * result yours; NULL stays NULL. */
json_t *tcn_mapping_canonical(const char *field, json_t *value);

/* local is OPEN, ACKED or RESOLVED. */
bool tcn_mapping_has_status(const struct tcn_mapping *m);
enum tcn_direction tcn_mapping_status_direction(const struct tcn_mapping *m);
const char *tcn_mapping_status_remote(
    const struct tcn_mapping *m); /* name of the member, or NULL */
const char *tcn_mapping_status_primary(const struct tcn_mapping *m, const char *local);
bool tcn_mapping_status_accepts(const struct tcn_mapping *m, const char *local,
                                const char *remote_value);
/* The remote's own word ("6", "done") in e->record, in the arena; NULL when it tells none. */
const char *tcn_mapping_status_value(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                                     struct tcn_arena *arena);
/* The first class that accepts the record's status; NULL when none does. */
const char *tcn_mapping_status_local(const struct tcn_mapping *m, const struct tcn_mapping_env *e);
bool tcn_mapping_status_is_terminal(const struct tcn_mapping *m, const char *remote_value);
/* In how many steps, each of which shows, a status may be reached; 1 = at once. */
int64_t tcn_mapping_status_steps(const struct tcn_mapping *m);
/* {"class", "value", "accept", "prefer"?, "with"?, "max_steps"?} as WRITE takes it; yours. */
json_t *tcn_mapping_status_payload(const struct tcn_mapping *m, const char *local,
                                   const struct tcn_mapping_env *e);

struct tcn_mapping_find {
    const char *marker;    /* kind: correlation_id, label, incident_key; NULL = the file has none */
    const char *value;     /* of this incident, in the arena; NULL = absent */
    const char *jql;       /* or NULL */
    int64_t visibility_ms; /* how long a created record may stay invisible to a search */
};
void tcn_mapping_find(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                      struct tcn_arena *arena, struct tcn_mapping_find *ret);

/* The text of e->event for a remote note, in the arena. NULL when the file writes no notes, when event.kind is not
 * in "only", or when the template is absent. */
const char *tcn_mapping_note(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                             struct tcn_arena *arena);
/* "text" (default) or "adf": the form the driver gives to note texts. */
const char *tcn_mapping_note_format(const struct tcn_mapping *m);
const char *tcn_mapping_note_remote(const struct tcn_mapping *m); /* name of the member, or NULL */
/* As many are written to one record, the last of which says where the rest is; 0 = no such bound. */
int64_t tcn_mapping_note_max(const struct tcn_mapping *m);
/* The file has "notes.in": what people write at the record comes back. */
bool tcn_mapping_takes_notes(const struct tcn_mapping *m);
/* Remote note members that are read back ("work_notes"), as NULL-ended list; never NULL. */
const char *const *tcn_mapping_note_sources(const struct tcn_mapping *m);
bool tcn_mapping_note_is_private(const struct tcn_mapping *m, const char *member,
                                 const struct tcn_mapping_env *e);

/* What "inbound" makes of a push, in the arena. */
struct tcn_mapping_inbound {
    const char *remote_id, *version, *delivery_id; /* NULL = not told */
    bool is_deleted, is_hint_only;
};
void tcn_mapping_inbound(const struct tcn_mapping *m, const struct tcn_mapping_input *in,
                         struct tcn_arena *arena, struct tcn_mapping_inbound *ret);

/* How often the remote is asked what changed: while an incident with a record there is open, and otherwise; how much further
 * back than needed; and how often all records are compared. */
struct tcn_mapping_poll {
    int64_t active_ms, idle_ms, overlap_ms, sweep_ms;
};
const struct tcn_mapping_poll *tcn_mapping_poll(const struct tcn_mapping *m);

/* In the arena; NULL when absent. */
const char *tcn_mapping_remote_url(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                                   struct tcn_arena *arena);
const char *tcn_mapping_remote_key(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                                   struct tcn_arena *arena);
bool tcn_mapping_has_message(const struct tcn_mapping *m, const char *name);
/* One of "messages" ("page", "digest", "notification"): what SEND takes, an object, yours; NULL when the file has none. */
json_t *tcn_mapping_message(const struct tcn_mapping *m, const char *name,
                            const struct tcn_mapping_env *e);

/* ---- tests in the file ---- */

/* Runs them; failures go to report, one line each with the path that differs. read may be NULL when no test names
 * a file. TCN_EINVALID when one failed. */
int tcn_mapping_test(const struct tcn_mapping *m, tcn_mapping_file_reader *read, void *ctx,
                     struct tcn_buf *report, size_t *ret_run, size_t *ret_failed);

#endif
