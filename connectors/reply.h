/* Reading a remote reply without trusting it, and saying in one line what was wrong with it.
 * Needs the SDK header only: copy both files along with a connector that leaves this folder. */
#ifndef TCN_CONNECTORS_REPLY_H
#define TCN_CONNECTORS_REPLY_H

#include <tocsin/connector.h>

#define TCN_REPLY_ROWS_MAX 100 /* records, comments, journal entries looked at in one reply */

/* How one verb is rendered and read; a connector is a table of these, indexed by enum tocsin_verb. read() runs only
 * when the remote took the request: net is OK, the status 2xx, classify() said TOCSIN_OK. */
struct tcn_verb {
    int (*render)(const struct tocsin_instance *in, const struct tocsin_op *op,
                  struct tocsin_request *rq);
    void (*read)(const struct tocsin_instance *in, const struct tocsin_op *op,
                 const struct tocsin_response *rs, struct tocsin_result *out,
                 struct tocsin_sink *sink);
};

/* The string member, or "" when it is absent or no string. Borrowed from object, which may be NULL. */
const char *tcn_reply_text(const json_t *object, const char *key);

/* 1-64 of A-Z a-z 0-9 _ -: what may be used as a remote id or key. */
int tcn_reply_id_ok(const char *id);
/* http or https, 10-500 bytes, no blank, control character, quote or angle bracket. */
int tcn_reply_url_ok(const char *url);
/* Printable text on one line of at most max bytes, not empty. */
int tcn_reply_line_ok(const char *text, size_t max);

/* Bytes of the longest prefix with at most max code points. */
size_t tcn_reply_points(const char *text, size_t max);

/* Copies text as it may stand between quotes: control characters, " and \ become blanks, bytes that are no UTF-8
 * become ?, cut between code points. */
void tcn_reply_plain(char *dst, size_t size, const char *text);

/* Sets the outcome and a reason on one line: control characters become blanks, bytes that are no UTF-8 become ?, cut
 * between code points. */
void tcn_reply_set(struct tocsin_result *out, enum tocsin_outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A 2xx whose body is not what the API promises: a login page, a proxy, a hibernating instance. What was asked to be
 * made may exist (UNKNOWN); everything else is asked again (RETRY). */
void tcn_reply_unreadable(const struct tocsin_op *op, struct tocsin_result *out, const char *who);

/* Seconds to wait, from the three ways vendors write them: a plain number of seconds, a Unix time in seconds, an
 * RFC 3339 time in UTC. 0 when text is NULL, unreadable or past; at most a day. */
uint32_t tcn_reply_after_seconds(const char *text);
uint32_t tcn_reply_after_unix(const char *text, int64_t now_ms);
uint32_t tcn_reply_after_rfc3339(const char *text, int64_t now_ms);

/* Unix time in ms of "2026-03-01T10:00:00.123+0100" and the like: a blank for the T, no fraction, a colon in the zone, Z,
 * or no zone, which is UTC. 0 when text is NULL or none of these. */
int64_t tcn_reply_time_ms(const char *text);
/* Unix time in ms of "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7). 0 when text is NULL or another form. */
int64_t tcn_reply_date_ms(const char *text);
/* What time it is by the clock of who answered, as its header Date says; by ours when there is none. */
int64_t tcn_reply_now_ms(const struct tocsin_instance *in, const struct tocsin_op *op,
                         const struct tocsin_response *rs);
/* The other way round: "2026-03-01 10:00:00" in UTC, the second cut off. What lies before 1970 or after 9999 becomes that. */
#define TCN_REPLY_TIME_SIZE 20
void tcn_reply_time_text(int64_t ms, char ret[TCN_REPLY_TIME_SIZE]);

/* Is entry (a journal entry, a comment, a note) the note of payload {"event_id", "text"}? It is when it holds a footer
 * "[tocsin PART]" whose PART is of this event id and of no sibling's, or, when the text has no such footer, the whole
 * text. 1 or 0. */
int tcn_reply_is_note(const json_t *payload, const char *entry);

/* PART of the footer "[tocsin PART]" with which the text of a note of ours ends or begins, "" when there is none: what
 * people quote in the middle of a text is theirs. */
#define TCN_REPLY_MARK_SIZE 64
void tcn_reply_mark(const char *text, char ret[TCN_REPLY_MARK_SIZE]);

#endif
