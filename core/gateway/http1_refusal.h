/* Every reason for which the front door turns something away, with its HTTP status: one table for replies, counters
 * and tests. */
#ifndef TCN_GATEWAY_HTTP1_REFUSAL_H
#define TCN_GATEWAY_HTTP1_REFUSAL_H

/* X(NAME, status, label, sentence). Status 0: there is nobody to answer, the connection just ends. */
/* clang-format off */
#define TCN_REFUSALS(X) \
    X(BAD_METHOD, 400, "bad_method", "the request does not start with a method and one space") \
    X(TLS_HELLO, 400, "tls_hello", "a client speaks TLS to this port, which does not: write http:// in its address, or configure tls") \
    X(PLAIN_HTTP, 400, "plain_http", "this port speaks TLS and the request came without: write https:// in the address") \
    X(UNKNOWN_METHOD, 501, "unknown_method", "the method is none of GET HEAD POST PUT PATCH DELETE") \
    X(BAD_TARGET, 400, "bad_target", "the request target is not a path in RFC 3986 characters; percent-encode it") \
    X(BAD_PERCENT, 400, "bad_percent", "a percent sign in the target is not followed by two hex digits") \
    X(PERCENT_NUL, 400, "percent_nul", "%00 is not allowed in the target") \
    X(TARGET_TOO_LONG, 414, "target_too_long", "the request target is longer than 16 KiB") \
    X(BAD_VERSION, 400, "bad_version", "the request line does not end with HTTP/1.1 and a line break") \
    X(UNSUPPORTED_VERSION, 505, "unsupported_version", "only HTTP/1.1 and HTTP/1.0 are spoken here") \
    X(BARE_LF, 400, "bare_lf", "a line ends with LF alone; end lines with CRLF") \
    X(BARE_CR, 400, "bare_cr", "a CR is not followed by LF; end lines with CRLF") \
    X(HEAD_TOO_LARGE, 431, "head_too_large", "the head of the request is larger than 16 KiB; send fewer or shorter header fields") \
    X(TOO_MANY_FIELDS, 431, "too_many_fields", "the request has more than 64 header fields") \
    X(FOLDED_FIELD, 400, "folded_field", "a header line starts with a blank; write each field on one line") \
    X(BAD_FIELD_NAME, 400, "bad_field_name", "a header name is not a token directly followed by a colon") \
    X(BAD_FIELD_VALUE, 400, "bad_field_value", "a header value has a control character") \
    X(NO_HOST, 400, "no_host", "the Host header is missing") \
    X(BAD_HOST, 400, "bad_host", "the Host header is not a host name with an optional port") \
    X(MANY_HOSTS, 400, "many_hosts", "there is more than one Host header") \
    X(BAD_LENGTH, 400, "bad_length", "Content-Length is not 1 to 12 digits") \
    X(MANY_LENGTHS, 400, "many_lengths", "there is more than one Content-Length") \
    X(LENGTH_AND_CODING, 400, "length_and_coding", "Content-Length and Transfer-Encoding exclude each other") \
    X(UNKNOWN_CODING, 501, "unknown_coding", "the only Transfer-Encoding understood is chunked") \
    X(MANY_CODINGS, 400, "many_codings", "there is more than one Transfer-Encoding") \
    X(OLD_CODING, 400, "old_coding", "HTTP/1.0 has no Transfer-Encoding") \
    X(BODY_ON_HEAD, 400, "body_on_head", "a HEAD request must not have a body; use GET or POST") \
    X(LENGTH_REQUIRED, 411, "length_required", "the request says neither Content-Length nor Transfer-Encoding: chunked; without a body send Content-Length: 0 (curl -d '')") \
    X(BAD_EXPECT, 417, "bad_expect", "the only expectation understood is 100-continue") \
    X(CONTENT_CODING, 415, "content_coding", "compressed bodies are not read; send it without Content-Encoding") \
    X(BAD_CHUNK_SIZE, 400, "bad_chunk_size", "a chunk size is not 1 to 8 hex digits and a line break; extensions are refused") \
    X(BAD_CHUNK_END, 400, "bad_chunk_end", "a chunk is not followed by a line break") \
    X(TRAILER, 400, "trailer", "trailer fields are refused") \
    X(BODY_TOO_LARGE, 413, "body_too_large", "the body is larger than this route allows") \
    X(BAD_PATH, 400, "bad_path", "the path has an empty, dot, encoded-slash or otherwise unsafe segment") \
    X(NO_ROUTE, 404, "no_route", "nothing is served at this path; look at its spelling and for a slash at its end") \
    X(WRONG_METHOD, 405, "wrong_method", "this path does not take this method") \
    X(BODIES_FULL, 503, "bodies_full", "too many request bodies are being received at once; try again") \
    X(BACKLOG_FULL, 503, "backlog_full", "too many replies wait for slow readers; try again") \
    X(REPLY_TOO_LARGE, 500, "reply_too_large", "the answer is larger than 8 MiB; ask for less") \
    X(HEAD_TIMEOUT, 408, "head_timeout", "the head of the request did not arrive in time") \
    X(BODY_TIMEOUT, 408, "body_timeout", "the body of the request did not arrive in time") \
    X(WRITE_TIMEOUT, 0, "write_timeout", "the answer was not read in time") \
    X(CUT_SHORT, 0, "cut_short", "the connection ended inside a request") \
    X(TLS_FAILED, 0, "tls_failed", "the TLS handshake or a record failed") \
    X(ADDRESS_CAP, 0, "address_cap", "too many connections from one address; see limits.per_address, or trusted_proxies when it is that of a proxy") \
    X(CONNECTION_CAP, 0, "connection_cap", "too many connections") \
    X(ACCEPT_FAILED, 0, "accept_failed", "the system refused to accept a connection")

enum tcn_refusal {
    TCN_REFUSE_NONE = 0,
#define X(name, status, label, sentence) TCN_REFUSE_##name,
    TCN_REFUSALS(X)
#undef X
    TCN_REFUSALS_N
};
/* clang-format on */

int tcn_refusal_status(enum tcn_refusal r);
const char *tcn_refusal_label(enum tcn_refusal r);    /* for counters and logs: "bad_method" */
const char *tcn_refusal_sentence(enum tcn_refusal r); /* for people: what was wrong */

#endif
