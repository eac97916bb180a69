/* Byte strings that a front door meets, one for each way in which requests are smuggled, hidden, cut or blown up, and
 * what must come of them. Used against the pure reader, at every cut, and against the server on a socket. */
#ifndef TESTS_UNIT_GATEWAY_HOSTILE_H
#define TESTS_UNIT_GATEWAY_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct hostile {
    const char *name;
    const char *start;
    size_t start_len;
    const char *unit; /* repeated n_units times after start, then end */
    size_t unit_len, n_units;
    const char *end;
    size_t end_len;
    /* Statuses in order; 200 is a request that reached the application, "100" the interim answer. Empty: no answer. */
    const char *expect;
    const char *at_server; /* where the router refuses what the reader lets pass; NULL: the same */
    bool half_close;       /* the client ends its side after the bytes */
};

/* clang-format off */
#define LIT(s) "" s, sizeof(s) - 1
#define SIMPLE(name, bytes, expect) {name, LIT(bytes), "", 0, 0, "", 0, expect, NULL, false}
#define ROUTED(name, bytes, expect, at_server) {name, LIT(bytes), "", 0, 0, "", 0, expect, at_server, false}
#define CLOSING(name, bytes, expect) {name, LIT(bytes), "", 0, 0, "", 0, expect, NULL, true}
#define BULK(name, start, unit, n, end, expect) {name, LIT(start), LIT(unit), n, LIT(end), expect, NULL, false}

#define GET "GET /x HTTP/1.1\r\nHost: a\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: a\r\n"
#define HIDDEN "GET /hidden HTTP/1.1\r\nHost: abcd\r\n\r\n" /* 36 bytes, to be taken for a second request */
#define X16 "xxxxxxxxxxxxxxxx"
#define X256 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16
#define X1K X256 X256 X256 X256

static const struct hostile hostile[] = {
    SIMPLE("plain get", GET "\r\n", "200"),
    SIMPLE("length and chunked", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN, "400"),
    SIMPLE("chunked then length", POST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n\r\n", "400"),
    SIMPLE("two lengths that differ", POST "Content-Length: 0\r\nContent-Length: 36\r\n\r\n" HIDDEN, "400"),
    SIMPLE("two lengths that agree", POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400"),
    SIMPLE("length list", POST "Content-Length: 3, 3\r\n\r\nabc", "400"),
    SIMPLE("length with plus", POST "Content-Length: +3\r\n\r\nabc", "400"),
    SIMPLE("length after vertical tab", POST "Content-Length: \v3\r\n\r\nabc", "400"),
    SIMPLE("length in hex", POST "Content-Length: 0x3\r\n\r\nabc", "400"),
    SIMPLE("length negative", POST "Content-Length: -1\r\n\r\n", "400"),
    SIMPLE("length empty", POST "Content-Length:\r\n\r\n", "400"),
    SIMPLE("length of twenty digits", POST "Content-Length: 99999999999999999999\r\n\r\nabc", "400"),
    SIMPLE("coding xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" HIDDEN, "501"),
    SIMPLE("coding identity", POST "Transfer-Encoding: identity\r\n\r\n" HIDDEN, "501"),
    SIMPLE("coding gzip chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"),
    SIMPLE("coding chunked identity", POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "501"),
    SIMPLE("coding after comma", POST "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", "501"),
    SIMPLE("coding twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
    SIMPLE("coding after vertical tab", POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", "400"),
    SIMPLE("coding with blank before colon", POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" HIDDEN, "400"),
    SIMPLE("length with blank before colon", POST "Content-Length : 36\r\n\r\n" HIDDEN, "400"),
    SIMPLE("coding in 1.0", "POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
    SIMPLE("folded value", GET "X-A: one\r\n two\r\n\r\n", "400"),
    SIMPLE("folded coding", POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "501"),
    SIMPLE("fold before the first field", "GET /x HTTP/1.1\r\n Host: a\r\n\r\n", "400"),
    SIMPLE("bare line feeds", "GET /x HTTP/1.1\nHost: a\n\n", "400"),
    SIMPLE("bare return in a value", GET "X-A: one\rX-B: two\r\n\r\n", "400"),
    SIMPLE("nul in a value", GET "X-A: one\0two\r\n\r\n", "400"),
    SIMPLE("nul in a name", GET "X\0A: one\r\n\r\n", "400"),
    SIMPLE("nul in the path", "GET /x\0y HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("field without colon", GET "NoColonHere\r\n\r\n", "400"),
    SIMPLE("field without name", GET ": empty\r\n\r\n", "400"),
    SIMPLE("brackets in a name", GET "X@[]: one\r\n\r\n", "400"),
    SIMPLE("high byte in a name", GET "X\xff: one\r\n\r\n", "400"),
    SIMPLE("no host", "GET /x HTTP/1.1\r\n\r\n", "400"),
    SIMPLE("two hosts", GET "Host: b\r\n\r\n", "400"),
    SIMPLE("absolute target", "GET http://evil.test/admin HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("ftp target", "GET ftp://evil/x HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ROUTED("double slash", "GET //evil/x HTTP/1.1\r\nHost: a\r\n\r\n", "200", "400"),
    SIMPLE("http 0.9", "GET /\r\n", "400"),
    SIMPLE("http 0.9 long", "GET /aaaaaaaaaaaaaaaaaaaa\r\n\r\n", "400"),
    SIMPLE("version 1.2", "GET /x HTTP/1.2\r\nHost: a\r\n\r\n", "505"),
    SIMPLE("version 1.-1", "GET /x HTTP/1.-1\r\nHost: a\r\n\r\n", "505"),
    SIMPLE("version 0.5", "GET /x HTTP/0.5\r\nHost: a\r\n\r\n", "505"),
    SIMPLE("version 2.0", "GET /x HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
    SIMPLE("h2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"),
    SIMPLE("two spaces in the request line", "GET  /x HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("space in the target", "GET /x y HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("tabs in the request line", "GET\t/x\tHTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("one empty line before", "\r\n" GET "\r\n", "200"),
    SIMPLE("method in lower case", "get /x HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
    SIMPLE("unknown method", "BREW /x HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
    SIMPLE("unknown method with a body", "BREW /x HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\n" HIDDEN, "501"),
    SIMPLE("trace", "TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
    SIMPLE("options star", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("connect", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("head with a body", "HEAD /x HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\n" HIDDEN, "400"),
    SIMPLE("patch", "PATCH /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "200"),
    SIMPLE("get with a body", GET "Content-Length: 36\r\n\r\n" HIDDEN, "200"),
    SIMPLE("post without length, bytes follow", POST "\r\n" HIDDEN, "411"),
    SIMPLE("percent without hex", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("percent at the end", "GET /x% HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("percent nul", "GET /admin%00.txt HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("needlessly encoded letter", "GET /%61dmin HTTP/1.1\r\nHost: a\r\n\r\n", "200"),
    ROUTED("dot segments", "GET /x/../admin HTTP/1.1\r\nHost: a\r\n\r\n", "200", "400"),
    ROUTED("encoded dots and slash", "GET /x/%2e%2e/%2fadmin HTTP/1.1\r\nHost: a\r\n\r\n", "200", "400"),
    ROUTED("overlong slash", "GET /x%c0%afadmin HTTP/1.1\r\nHost: a\r\n\r\n", "200", "400"),
    SIMPLE("high byte in the path", "GET /x\xff HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("fragment", "GET /x#frag HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("chunk extension", POST "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n", "400"),
    SIMPLE("chunk size with words", POST "Transfer-Encoding: chunked\r\n\r\n3 xyz\r\nabc\r\n0\r\n\r\n", "400"),
    SIMPLE("chunk size with blank", POST "Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n", "400"),
    SIMPLE("chunk size 0x3", POST "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", "400"),
    SIMPLE("chunk size plus", POST "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n", "400"),
    SIMPLE("chunk size after blank", POST "Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n", "400"),
    SIMPLE("chunk size negative", POST "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", "400"),
    SIMPLE("chunk size of all ones", POST "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n0\r\n\r\n", "400"),
    SIMPLE("chunk size of the largest int64", POST "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nabc\r\n", "400"),
    SIMPLE("chunk lines with bare line feed", POST "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", "400"),
    SIMPLE("empty lines before a chunk size", POST "Transfer-Encoding: chunked\r\n\r\n\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "400"),
    SIMPLE("chunk data overrun", POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n", "400"),
    SIMPLE("trailer field", POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nAuthorization: evil\r\n\r\n", "400"),
    SIMPLE("expect continue", POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", "100 200"),
    SIMPLE("expect continue for too much", POST "Expect: 100-continue\r\nContent-Length: 999999999\r\n\r\n", "413"),
    SIMPLE("unknown expectation", POST "Expect: weird\r\nContent-Length: 3\r\n\r\nabc", "417"),
    SIMPLE("three in a row", GET "\r\n" GET "\r\n" GET "\r\n", "200 200 200"),
    SIMPLE("valid then invalid", GET "\r\n" "\x01\x02\x03\r\n\r\n", "200 400"),
    SIMPLE("bytes after connection close", GET "Connection: close\r\n\r\n" HIDDEN, "200"),
    CLOSING("short body then the end", POST "Content-Length: 10\r\n\r\nabc", ""),
    CLOSING("whole request then the end", GET "\r\n", "200"),
    CLOSING("half a head then the end", "GET /x HTTP/1.1\r\nHo", ""),
    SIMPLE("tls hello on the plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"),
    BULK("four KiB of garbage", "", "\x80\xff\x01\x7f", 1024, "", "400"),
    BULK("header of 65 KB", GET "X-A: ", X1K, 65, "\r\n\r\n", "431"),
    BULK("header of 1 MiB", GET "X-A: ", X1K, 1024, "\r\n\r\n", "431"),
    BULK("twenty thousand headers", GET, "X-A: b\r\n", 20000, "\r\n", "431"),
    BULK("target of 1 MiB", "GET /", X1K, 1024, " HTTP/1.1\r\nHost: a\r\n\r\n", "414"),
    BULK("body of 8 MiB by length", POST "Content-Length: 8388608\r\n\r\n", X1K, 8192, "", "413"),
    BULK("body of 8 MiB in chunks", POST "Transfer-Encoding: chunked\r\n\r\n", "400\r\n" X1K "\r\n", 8192, "0\r\n\r\n", "413"),
    BULK("twenty thousand chunks of one byte", POST "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 20000, "0\r\n\r\n", "200"),
    SIMPLE("gzip content", POST "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "415"),
    SIMPLE("upgrade to h2c", GET "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n", "200"),

    SIMPLE("two empty lines before", "\r\n\r\n" GET "\r\n", "400"),
    SIMPLE("blanks around a value", GET "X-A: \t one \t \r\n\r\n", "200"),
    SIMPLE("utf-8 in a value", GET "X-A: caf\xc3\xa9\r\n\r\n", "200"),
    SIMPLE("delete in a value", GET "X-A: a\x7f" "b\r\n\r\n", "400"),
    SIMPLE("host with a path", "GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"),
    SIMPLE("host with a user", "GET /x HTTP/1.1\r\nHost: a@b\r\n\r\n", "400"),
    SIMPLE("host empty", "GET /x HTTP/1.1\r\nHost:\r\n\r\n", "400"),
    SIMPLE("host with two ports", "GET /x HTTP/1.1\r\nHost: a:1:2\r\n\r\n", "400"),
    SIMPLE("host with half an address", "GET /x HTTP/1.1\r\nHost: [::1\r\n\r\n", "400"),
    SIMPLE("host of version 6 with port", "GET /x HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "200"),
    SIMPLE("no host in 1.0", "GET /x HTTP/1.0\r\n\r\n", "200"),
    SIMPLE("1.0 does not wait for 100", "POST /x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", "200"),
    SIMPLE("1.0 ends after its answer", "GET /x HTTP/1.0\r\n\r\n" HIDDEN, "200"),
    SIMPLE("1.0 that keeps alive", "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" GET "\r\n", "200 200"),
    SIMPLE("coding in capitals", POST "Transfer-Encoding: CHUNKED\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", "200"),
    SIMPLE("coding empty", POST "Transfer-Encoding:\r\n\r\n", "501"),
    SIMPLE("length zero", POST "Content-Length: 0\r\n\r\n" GET "\r\n", "200 200"),
    SIMPLE("length of thirteen digits", POST "Content-Length: 0000000000003\r\n\r\nabc", "400"),
    SIMPLE("head without a body", "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", "200"),
    SIMPLE("head with length zero", "HEAD /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "200"),
    SIMPLE("bare return after the version", "GET /x HTTP/1.1\rHost: a\r\n\r\n", "400"),
    SIMPLE("bare line feed at the end of the head", GET "\n", "400"),
    SIMPLE("bare return at the end of the head", GET "\rx", "400"),
    SIMPLE("chunk size and bare return", POST "Transfer-Encoding: chunked\r\n\r\n3\rabc\r\n0\r\n\r\n", "400"),
    SIMPLE("last chunk and bare return", POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\rx", "400"),
    SIMPLE("chunk of nine digits", POST "Transfer-Encoding: chunked\r\n\r\n000000003\r\nabc\r\n0\r\n\r\n", "400"),
    SIMPLE("chunk of no digits", POST "Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n", "400"),
    SIMPLE("last chunk of eight zeros", POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n00000000\r\n\r\n", "200"),
    SIMPLE("identity content", POST "Content-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", "200"),
    SIMPLE("version in lower case", "GET /x http/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("version with leading zero", "GET /x HTTP/01.1\r\nHost: a\r\n\r\n", "505"),
    SIMPLE("version with two digits", "GET /x HTTP/1.10\r\nHost: a\r\n\r\n", "505"),
    SIMPLE("blank after the version", "GET /x HTTP/1.1 \r\nHost: a\r\n\r\n", "400"),
    SIMPLE("method of seventeen letters", "ABCDEFGHIJKLMNOPQ /x HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("nul in the query", "GET /x?a=%00 HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    SIMPLE("backslash in the path", "GET /x\\..\\admin HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ROUTED("encoded backslash", "GET /x%5c..%5cadmin HTTP/1.1\r\nHost: a\r\n\r\n", "200", "400"),
    ROUTED("encoded line break in the path", "GET /x%0d%0ay HTTP/1.1\r\nHost: a\r\n\r\n", "200", "400"),
    ROUTED("dots before a parameter", "GET /x/..;a=b/admin HTTP/1.1\r\nHost: a\r\n\r\n", "200", "400"),
    ROUTED("encoded slash", "GET /x%2fy HTTP/1.1\r\nHost: a\r\n\r\n", "200", "400"),
    ROUTED("unknown path", "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" GET "\r\n", "200 200", "404 200"),
    ROUTED("method that the path does not take", "DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n" GET "\r\n", "200 200", "405 200"),
    ROUTED("unknown path with a body", "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\n" HIDDEN, "200", "404"),
    BULK("sixty-four headers", "GET /x HTTP/1.1\r\nHost: a\r\n", "X-A: b\r\n", 63, "\r\n", "200"),
    BULK("sixty-five headers", "GET /x HTTP/1.1\r\nHost: a\r\n", "X-A: b\r\n", 64, "\r\n", "431"),
};
/* clang-format on */

/* The routes that the cases are written for. */
#define HOSTILE_BODY_CAP (256u << 10)

static inline char *hostile_bytes(const struct hostile *h, size_t *ret_len)
{
    size_t len = h->start_len + h->unit_len * h->n_units + h->end_len;
    char *bytes = malloc(len + 1), *p = bytes;

    if (!bytes)
        abort();
    memcpy(p, h->start, h->start_len);
    p += h->start_len;
    for (size_t i = 0; i < h->n_units; i++, p += h->unit_len)
        memcpy(p, h->unit, h->unit_len);
    memcpy(p, h->end, h->end_len);
    *ret_len = len;
    return bytes;
}

#endif
