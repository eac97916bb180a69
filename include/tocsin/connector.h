/* tocsin/connector.h - the connector SDK, ABI 1.
 *
 * A connector translates; the host does the I/O.  render() turns an operation
 * into one request, interpret() turns the response into an outcome.  Both are
 * pure: no clock, no sockets, no globals, no secrets.  The host owns
 * connections, retries, rate limits, timeouts, credentials and recording.
 *
 * The host makes a remote record equal to an incident ("ensure"): FIND by the
 * marker, CREATE when nothing is there, GET with its version, WRITE what
 * differs (fields and status in one operation), NOTE to append text.  SEND
 * carries a message to a person.  Work of several round trips answers MORE and
 * is rendered again with op->step.
 *
 * Ownership: every pointer passed in is borrowed for the call.  Results are
 * copied out through fixed arrays or host functions, so a connector frees only
 * what it allocated itself.  JSON is not const because jansson's iterators are
 * not: read it, do not change it.  All calls come from one thread at a time.
 * int returns: 0 done, -1 failed after calling host->fail().  Text is UTF-8. */
#ifndef TOCSIN_CONNECTOR_H
#define TOCSIN_CONNECTOR_H
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOCSIN_ABI_MAJOR 1u /* bump: a field removed, retyped or given a new meaning */
#define TOCSIN_ABI_MINOR 0u /* bump: a field, verb, outcome or host function appended */

/* What is wanted.  New verbs are appended, never renumbered. */
enum tocsin_verb {
    TOCSIN_CHECK = 1, /* prove that URL and credentials work; no side effect */
    TOCSIN_FIND,   /* report() every record that carries the marker, oldest first; no side effect */
    TOCSIN_GET,    /* report() the record remote_id with its version; no side effect */
    TOCSIN_CREATE, /* payload: {"fields": {...}}, see tocsin_op */
    TOCSIN_WRITE,  /* payload: {"fields": {...}, "status": {...}}, either may be absent */
    TOCSIN_NOTE,   /* payload: {"text": "...", "event_id": "..."} */
    TOCSIN_NOTE_FIND, /* OK when a note with payload.event_id exists remotely, GONE when not; no side effect */
    TOCSIN_POLL, /* payload: {"since_ms": N, "overlap_ms": N}; report() what changed since, see below; no side effect */
    TOCSIN_SEND, /* payload: {"to": "...", ...} what the mapping made of a page, or of what a topic is told */
    TOCSIN_SURVEY, /* payload: {"ids": [remote ids]}; report() each that is there, with its version; no side effect */
    TOCSIN_LISTEN, /* payload: {"from": [kinds]}; emit() what was said at the record remote_id, see below; no side effect */
    TOCSIN_PROBE /* tell() what this instance is like, as far as the account may see it; no side effect */
};
/* POLL: op->cursor is result.cursor of the last one, "" at first, which then begins at payload.since_ms.  Times of a remote
 * are coarse, and what is committed late carries an early one: so it looks overlap_ms further back than it must, and the host
 * drops what it knows by its version.  Records need remote_id and, where the answer has it, the very version that GET
 * would tell; fields may be NULL.  OK with result.step set: there is more, ask again at once from result.cursor.
 * Records of others may be reported: the host looks whether they are its own.
 * SURVEY: of so many ids as tocsin_connector.survey_max says; what is not reported is not there, or not to be seen.
 * LISTEN: TOCSIN_SAID, oldest first, for each note that is newer than op->cursor ("" at first: all, the newest 100 at
 * most), result.cursor being where the next one begins.  event_id is the remote's id of the note, actor the name of who
 * wrote it, text plain, at_ms when, marker the mark that NOTE left in it or "" when it is not ours, fields what the
 * mapping's notes.in reads: {"kind": K, K: the note as the remote has it}, K being one of payload.from where the remote has
 * several kinds.
 * PROBE: facts for `tocsin connector probe`, which holds them against the mapping. Names and values, other names are kept and not read:
 *   account  {"name", "time_zone"}: who we are there
 *   server   {"product", "version"}
 *   clock    {"ahead_ms": N}: how far the header Date is ahead of op->now_ms
 *   choices  {"of": remote field, "where": words for people, "is_optional": true when the connector leaves out a value that is not
 *            there, "values": [{"value": as the mapping writes it, "label", "id", "record": a part of a record that has it, as the
 *            mapping reads it}]}, the most severe first where they have an order
 *   status   {"where", "values": as above}: of remotes whose status the mapping tells by a class, not by a field
 *   fields   {"of": "create" | "record", "where", "is_whole": nothing else is kept, "fields": [{"name", "label", "required"}]}: what
 *            a new record, or any, may be given
 *   finding  {"level": "wrong" | "look" | "fine", "text": one sentence with what to do}: what needs no mapping to judge
 * What the account may not see is a finding, not a failure. */
#define TOCSIN_CAN(verb) (UINT32_C(1) << (verb))
#define TOCSIN_CAP_WEBHOOK (UINT32_C(1) << 24) /* has verify() */
#define TOCSIN_CAP_IDEMPOTENT                                                                      \
    (UINT32_C(1) << 25) /* repeating a CREATE or SEND with its op_id is safe */

/* The kinds of channels by which persons are reached, and the topics by which whoever listens is.  New ones are
 * appended, never renumbered. */
enum tocsin_channel { TOCSIN_EMAIL = 1, TOCSIN_SMS, TOCSIN_VOICE, TOCSIN_TOPIC };
#define TOCSIN_REACHES(channel) (UINT32_C(1) << (channel))

/* What became of an operation.  0 is "not set": a connector bug. */
enum tocsin_outcome {
    TOCSIN_OK = 1,
    TOCSIN_RETRY,    /* did not happen, may later: backoff, or retry_after_s */
    TOCSIN_REJECTED, /* will never happen as asked: dead-letter, tell people */
    TOCSIN_UNKNOWN,  /* may have happened: FIND before another CREATE */
    TOCSIN_AUTH,     /* credentials refused: hold this instance's queue */
    TOCSIN_GONE,     /* the remote object does not exist (any more) */
    TOCSIN_CONFLICT, /* changed meanwhile: read again, merge, try again */
    TOCSIN_MORE      /* one step done: render again with op->step = step; 8 at most */
};

/* Levels of host->log(). */
enum tocsin_level { TOCSIN_DEBUG = 0, TOCSIN_INFO, TOCSIN_WARN, TOCSIN_ERROR };

/* How far a RETRY with retry_after_s reaches. */
enum tocsin_scope { TOCSIN_SCOPE_LANE = 0, TOCSIN_SCOPE_ENDPOINT, TOCSIN_SCOPE_INSTANCE };

/* One row of the configuration schema.  The host validates, fills state and
 * prints the reference page from it.  A SECRET is never written to state: name
 * it in host->auth() or host->hmac_ok().  def is text, NULL if there is none. */
enum tocsin_kind {
    TOCSIN_STR = 1,
    TOCSIN_URL,
    TOCSIN_INT,
    TOCSIN_MSEC,
    TOCSIN_BOOL,
    TOCSIN_SECRET
};
#define TOCSIN_REQUIRED 1u
#define TOCSIN_PAIRED                                                                              \
    2u /* a SECRET of no use without the STR row before it, nor that without it: user, password */
#define TOCSIN_INSTEAD                                                                             \
    4u /* a SECRET URL for request("@option"), instead of the URL row before it: exactly one is given */
struct tocsin_option {
    const char *name;
    uint32_t kind, flags;
    const char *def;
    size_t offset;
    const char *help;
};
/* clang-format off */
#define TOCSIN_C_STR  const char *
#define TOCSIN_C_URL  const char *
#define TOCSIN_C_INT  int64_t
#define TOCSIN_C_MSEC int64_t
#define TOCSIN_C_BOOL int
/* S.f must have the C type of KIND, or the compiler warns of distinct pointer types. */
#define TOCSIN_OPT(S, f, KIND, def, fl, help) {#f, TOCSIN_##KIND, fl, def, \
    offsetof(S, f) + 0 * sizeof(&((S *)0)->f == (TOCSIN_C_##KIND *)0), help}
#define TOCSIN_OPT_SECRET(f, fl, help) {#f, TOCSIN_SECRET, fl, NULL, 0, help}
#define TOCSIN_OPT_END                 {NULL, 0, 0, NULL, 0, NULL}
/* clang-format on */

struct tocsin_op {
    uint32_t verb, attempt; /* enum tocsin_verb; attempt is 1 on the first try */
    uint32_t step;          /* 0 on the first round trip, then result.step of the last MORE */
    const char *op_id;      /* same on every retry: use it as idempotency key */
    const char *
        marker; /* what FIND searches and CREATE must leave in the record: the mapping's find.value,
                   with a number when an earlier record was lost */
    const char *remote_id; /* from an earlier CREATE or FIND, "" if none */
    const char *cursor;    /* result.cursor of the last POLL or step, "" at first */
    json_t *payload;       /* what the mapping file produced for this verb, NULL if nothing */
    json_t *incident;      /* canonical incident, for what no mapping can say; may be NULL */
    int64_t now_ms;        /* Unix time of this turn; there is no other clock */
};
/* payload.status of WRITE (and of CREATE for systems that can create in a status):
 *   {"class": "OPEN|ACKED|RESOLVED", "value": primary remote value or null, "accept": [remote values],
 *    "prefer": [names], "with": {remote fields that must travel in the same call}} */

enum tocsin_net { TOCSIN_NET_OK, TOCSIN_NET_NOT_SENT, TOCSIN_NET_MAYBE_SENT };
struct tocsin_response {
    uint32_t net;   /* enum tocsin_net */
    int32_t status; /* HTTP or SMTP status, 0 unless NET_OK */
    const char *body;
    size_t body_len;
    json_t *json;    /* body parsed, NULL if it is not JSON */
    const void *msg; /* for host->header() */
};

#define TOCSIN_CURSOR_SIZE 512
/* Zeroed by the host first.  reason is one line for people: no secrets, no payload. */
struct tocsin_result {
    uint32_t outcome, retry_after_s;
    uint32_t scope; /* enum tocsin_scope */
    uint32_t step;  /* with MORE, and with OK of a POLL or LISTEN that has more */
    char cursor[TOCSIN_CURSOR_SIZE], reason[256];
};

/* One remote record, told by FIND (several), GET, CREATE and WRITE (the echo). */
struct tocsin_record {
    const char *remote_id;  /* stable id: sys_id, issue id */
    const char *remote_key; /* what people call it: INC0010023, OPS-42; "" if unknown */
    const char *remote_url; /* where people open it; "" if unknown */
    const char *version;    /* comparable for equality; "" if unknown */
    json_t *fields;     /* the record as the mapping's "in" expressions read it, NULL if not told */
    int64_t changed_ms; /* Unix time of its last change, by the remote's clock; 0 if unknown */
};

/* One fact learned from the remote side; "" where not known.  event_id is
 * unique per fact: the host drops repeats and the echoes of its own writes. */
enum tocsin_change {
    TOCSIN_CHANGED = 1,
    TOCSIN_ACKED,
    TOCSIN_RESOLVED,
    TOCSIN_REOPENED,
    TOCSIN_SAID
};
struct tocsin_update {
    uint32_t change;
    const char *event_id, *remote_id, *marker, *actor, *text;
    int64_t at_ms;
    json_t *fields;
};

/* An HTTP request that reached /connectors/<instance>. */
struct tocsin_inbound {
    const char *method, *path, *body;
    size_t body_len;
    json_t *json;
    const void *msg;
    int64_t now_ms;
};

/* A mail for host->mail(); the host encodes headers and bodies (RFC 5322, 2045-2047). */
struct tocsin_mail {
    const char *from, *to, *subject;
    const char *text, *html; /* html may be NULL */
    const char *message_id;  /* without angle brackets, stable over retries */
    const char *in_reply_to; /* groups the mails of one incident, may be NULL */
};

struct tocsin_request; /* all opaque, filled through the host */
struct tocsin_sink;
struct tocsin_host;
struct tocsin_instance {
    const struct tocsin_host *host;
    const char *name;
    void *state;
};

/* What the host offers.  Appended to, never reordered; test .size before using
 * a function newer than MINOR 0. */
struct tocsin_host {
    size_t size;
    void (*log)(const struct tocsin_instance *, int level, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
    int (*fail)(const struct tocsin_instance *, const char *fmt, ...) /* returns -1 */
        __attribute__((format(printf, 2, 3)));
    /* Use TOCSIN_REQUEST().  base is a URL, or "@option" when the URL itself is a SECRET;
     * path[0] is the template, the rest its arguments, then NULL. */
    int (*request)(struct tocsin_request *, const char *method, const char *base,
                   const char *const path[]);
    /* Appends name=value to the query, both percent-encoded. */
    int (*query)(struct tocsin_request *, const char *name, const char *value);
    int (*set_header)(struct tocsin_request *, const char *name, const char *value);
    int (*set_json)(struct tocsin_request *, const json_t *body); /* copies */
    /* A message instead of an HTTP request: base is smtp://host:port or smtps://host. */
    int (*mail)(struct tocsin_request *, const char *base, const struct tocsin_mail *);
    /* scheme: "Basic", "Bearer", "Token token=", "header:NAME", "body:/json/pointer", "smtp", "oauth2:/PATH",
     * "oauth2-password:/PATH".  user_option names a STR option or is NULL; secret_option names a SECRET.
     * The last two are a Bearer token that the host asks for at PATH of the request's base and renews by itself (RFC 6749
     * sections 4.4 and 4.3): user_option is the client's id, secret_option its secret; the last sends the options
     * "user" and "password" of the connector, too.  A 401 is interpreted when a new token did not help. */
    int (*auth)(struct tocsin_request *, const char *scheme, const char *user_option,
                const char *secret_option);
    const char *(*header)(const void *msg, const char *name); /* NULL if absent */
    /* Sets outcome, retry_after_s and reason from net, status and Retry-After. */
    void (*classify)(const struct tocsin_op *, const struct tocsin_response *,
                     struct tocsin_result *);
    /* 1 if hex is the keyed hash of data, as hexadecimal digits or base64; compares in constant time. */
    int (*hmac_ok)(const struct tocsin_instance *, const char *secret_option, const char *alg,
                   const void *data, size_t len, const char *hex);
    int (*report)(struct tocsin_sink *, const struct tocsin_record *); /* copies */
    int (*emit)(struct tocsin_sink *, const struct tocsin_update *);   /* copies */
    /* With REJECTED: the remote named this field; the host drops it once and tries again. */
    int (*bad_field)(struct tocsin_sink *, const char *field, const char *message);
    /* decode() only: answer with this instead of 202, for handshakes. */
    int (*reply)(struct tocsin_sink *, int status, const json_t *body);
    /* PROBE only: one fact, kept over its steps; 100 at most, 1 MiB together. Copies. */
    int (*tell)(struct tocsin_sink *, const char *name, const json_t *value);
};

/* TOCSIN_REQUEST(host, rq, "PATCH", base, "/items/{}", id): each {} takes one argument,
 * percent-encoded, so that no value can leave its path segment. */
#define TOCSIN_REQUEST(host, rq, method, base, ...)                                                \
    (host)->request((rq), (method), (base), (const char *const[]){__VA_ARGS__, NULL})

struct tocsin_connector {
    uint32_t abi_major, abi_minor;
    size_t size; /* what lies past it is absent */
    const char *name, *version, *summary;
    uint32_t caps;
    size_t state_size; /* per instance; the host allocates it zeroed */
    const struct tocsin_option *options;
    int (*open)(struct tocsin_instance *);   /* optional; options are filled in */
    void (*close)(struct tocsin_instance *); /* optional; not called if open failed */
    int (*render)(const struct tocsin_instance *, const struct tocsin_op *,
                  struct tocsin_request *);
    int (*interpret)(const struct tocsin_instance *, const struct tocsin_op *,
                     const struct tocsin_response *, struct tocsin_result *, struct tocsin_sink *);
    /* WEBHOOK: verify() is 0 if the bytes of body are authentic, else -1 after host->fail(), and the caller gets 401.  json is
     * NULL there.  Which record it is about the mapping's "inbound" says; decode() is optional, for handshakes. */
    int (*verify)(const struct tocsin_instance *, const struct tocsin_inbound *);
    int (*decode)(const struct tocsin_instance *, const struct tocsin_inbound *,
                  struct tocsin_sink *);
    /* Optional: what of caps is left under this instance's options (a mode that cannot read, say);
     * asked once after open().  It can take away, and add TOCSIN_CAP_IDEMPOTENT. */
    uint32_t (*caps_of)(const struct tocsin_instance *);
    /* With TOCSIN_SEND: the kinds of channels whose addresses it takes, TOCSIN_REACHES() of each. */
    uint32_t channels;
    /* With TOCSIN_SEND, optional: what keeps SEND from taking this address of a channel of that kind, as words
     * for people that follow the address ("is no ...; write ..."); NULL: nothing does.  Asked when the configuration
     * is read, so that nobody waits for pages that can never be sent. */
    const char *(*address_fault)(uint32_t channel, const char *address);
    uint32_t survey_max; /* with TOCSIN_SURVEY: of how many records one may ask, 1 to 100 */
};
#define TOCSIN_CONNECTOR_HEAD                                                                      \
    .abi_major = TOCSIN_ABI_MAJOR, .abi_minor = TOCSIN_ABI_MINOR,                                  \
    .size = sizeof(struct tocsin_connector)

/* 0 copied; -1 src is NULL or does not fit, and dst is "". */
static inline int tocsin_copy(char *dst, size_t size, const char *src)
{
    size_t n = src ? strlen(src) : size;
    if (n >= size) {
        dst[0] = 0;
        return -1;
    }
    memcpy(dst, src, n + 1);
    return 0;
}

/* The one symbol of a module.  Linked in statically, it carries its name instead. */
#ifdef TOCSIN_STATIC
#define TOCSIN_ENTRY(name) const struct tocsin_connector *tocsin_connector_##name(void)
#else
#define TOCSIN_ENTRY(name)                                                                         \
    __attribute__((visibility("default"))) const struct tocsin_connector *tocsin_connector(void)
#endif

#ifdef __cplusplus
}
#endif
#endif
