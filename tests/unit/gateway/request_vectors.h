/* What other HTTP parsers were caught by, and what the strict reader makes of it. The facts are those of the request
 * tests of llhttp 9 (github.com/nodejs/llhttp, test/request) and of h1spec (github.com/uNetworking/h1spec), and a few
 * neighbours of theirs, judged by RFC 9112 and the rules at the top of http1.h. Requests of HTTP/1.1 have a Host here
 * even where theirs had none: a missing one would be refused before the byte that the case is about. */
#ifndef TESTS_UNIT_GATEWAY_REQUEST_VECTORS_H
#define TESTS_UNIT_GATEWAY_REQUEST_VECTORS_H

#include <stddef.h>

struct request_vector {
    const char *name;
    const char *bytes;
    size_t len;
    /* The requests in order, "METHOD path ?query {X-field=value} [body] close"; then "!label" of the refusal, or "..."
     * when the reader stands inside a request and waits. "close": nothing may follow on the connection. */
    const char *expect;
};

/* clang-format off */
#define VECTOR(name, bytes, expect) {name, "" bytes, sizeof(bytes) - 1, expect}

#define GET "GET /a HTTP/1.1\r\nHost: h\r\n"
#define POST "POST /a HTTP/1.1\r\nHost: h\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define LAST "0\r\n\r\n"
#define NEXT "GET /b HTTP/1.1\r\nHost: h\r\n\r\n" /* 28 bytes */

static const struct request_vector request_vectors[] = {
    /* persistence */
    VECTOR("keep-alive is said", GET "Connection: keep-alive\r\n\r\n", "GET /a []"),
    VECTOR("keep-alive is said twice", GET "Connection: keep-alive\r\n\r\n" GET "Connection: keep-alive\r\n\r\n", "GET /a []; GET /a []"),
    VECTOR("1.0 without keep-alive", "DELETE /a HTTP/1.0\r\n\r\n" NEXT, "DELETE /a [] close"),
    VECTOR("1.0 with a length, chunks behind", "PUT /a HTTP/1.0\r\nContent-Length: 0\r\n\r\n" CHUNKED LAST, "PUT /a [] close"),
    VECTOR("1.0 with keep-alive, chunks behind", "PUT /a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n" CHUNKED "1\r\nx\r\n" LAST, "PUT /a []; POST /a [x]"),
    VECTOR("empty line after a body", POST "Content-Length: 4\r\n\r\nk=42\r\n" NEXT, "POST /a [k=42]; GET /b []"),
    VECTOR("two empty lines after a body", POST "Content-Length: 4\r\n\r\nk=42\r\n\r\n" NEXT, "POST /a [k=42]; !bad_method"),
    VECTOR("return in the place of a dash", GET "Connection: keep\ralive\r\n\r\n", "!bare_cr"),
    VECTOR("close is said", GET "Connection: close\r\n\r\n", "GET /a [] close"),
    VECTOR("close and a tab", GET "Connection: close\t\r\n\r\n" NEXT, "GET /a [] close"),
    VECTOR("close, more behind", POST "Content-Length: 4\r\nConnection: close\r\n\r\nk=42\r\n" NEXT, "POST /a [k=42] close"),
    VECTOR("close and a tab, more behind", POST "Content-Length: 4\r\nConnection: close\t\r\n\r\nk=42\r\n" NEXT, "POST /a [k=42] close"),
    VECTOR("close among other words", GET "Connection: close, word, upgrade, word, keep-alive\r\n\r\n" NEXT, "GET /a [] close"),
    VECTOR("close in the second field", GET "Connection: keep-alive\r\nConnection: CLOSE\r\n\r\n" NEXT, "GET /a [] close"),
    VECTOR("closely is not close", GET "Connection: closely\r\n\r\n" NEXT, "GET /a []; GET /b []"),
    VECTOR("words over two lines", GET "Connection: something,\r\n upgrade, ,keep-alive\r\nUpgrade: websocket\r\n\r\nwords behind", "!folded_field"),
    VECTOR("words over two lines after a blank", GET "Connection: keep-alive, \r\n upgrade\r\nUpgrade: websocket\r\n\r\nwords behind", "!folded_field"),
    VECTOR("blank before the colon of Connection", POST "Connection : upgrade\r\nContent-Length: 4\r\nUpgrade: ws\r\n\r\nabcdefgh", "!bad_field_name"),
    VECTOR("corrupted Connection", GET "Connection\r\x1b" "5\xd5" "eep-Alive\r\nX-A: b\r\n\r\n", "!bad_field_name"),

    /* an upgrade that nobody agrees to: what follows is the next request, not another protocol */
    VECTOR("upgrade", GET "Connection: upgrade\r\nUpgrade: ws\r\n\r\n", "GET /a []"),
    VECTOR("upgrade and keep-alive, words behind", GET "Connection: keep-alive, upgrade\r\nUpgrade: websocket\r\n\r\nwords behind", "GET /a []; !bad_target"),
    VECTOR("upgrade with a body, word behind", POST "Connection: upgrade\r\nContent-Length: 4\r\nUpgrade: ws\r\n\r\nabcdefgh", "POST /a [abcd]; ..."),
    VECTOR("upgrade with odd keys", GET "Connection: Upgrade\r\nX-Key2: 12 5 Y3 1  .P00\r\nUpgrade: websocket\r\nX-Key1: 4 @1  465xW%0l 1 5\r\n\r\nwords behind", "GET /a {X-Key2=12 5 Y3 1  .P00} {X-Key1=4 @1  465xW%0l 1 5} []; !bad_target"),
    VECTOR("upgrade to 2.0 with a body", POST "Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\nContent-Length: 15\r\n\r\nfifteen lettersand words", "POST /a [fifteen letters]; !bad_target"),

    /* lengths */
    VECTOR("length with leading zeros", POST "Content-Length: 003\r\n\r\nabc", "POST /a [abc]"),
    VECTOR("length before another field", POST "Content-Length: 003\r\nX-A: world\r\n\r\nabc", "POST /a {X-A=world} [abc]"),
    VECTOR("length of 22 digits", POST "Content-Length: 1000000000000000000000\r\n", "!bad_length"),
    VECTOR("length negative, 27 digits", GET "Content-Length: -123456789123456789123456789\r\n\r\n", "!bad_length"),
    VECTOR("length negative", GET "Content-Length: -1234\r\n\r\n", "!bad_length"),
    VECTOR("length of letters", GET "Content-Length: abc\r\n\r\n", "!bad_length"),
    VECTOR("length in odd capitals", "GET /a HTTP/1.0\r\nconTENT-lenGTH: 5\r\n\r\nHELLO", "GET /a [HELLO] close"),
    VECTOR("length between blanks", POST "Content-Length:  2 \r\n\r\nab", "POST /a [ab]"),
    VECTOR("length between tabs", POST "Content-Length:\t2\t  \r\n\r\nab", "POST /a [ab]"),
    VECTOR("length with a blank inside", POST "Content-Length: 4 2\r\n\r\n", "!bad_length"),
    VECTOR("length of two numbers", POST "Content-Length: 13 37\r\n\r\n", "!bad_length"),
    VECTOR("length of nothing", POST "Content-Length:\r\n\r\n", "!bad_length"),
    VECTOR("two lengths", POST "Content-Length: 1\r\nContent-Length: 2\r\n", "!many_lengths"),
    VECTOR("length and identity", POST "Content-Length: 1\r\nTransfer-Encoding: identity\r\n\r\n", "!unknown_coding"),
    VECTOR("identity and length", POST "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", "!unknown_coding"),
    VECTOR("length and chunks", POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "!length_and_coding"),
    VECTOR("chunks and length", GET "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "!length_and_coding"),
    VECTOR("length and empty codings", POST "Content-Length: 10\r\nTransfer-Encoding:\r\nTransfer-Encoding:\r\nTransfer-Encoding:\r\n\r\n2\r\nAA\r\n0", "!unknown_coding"),
    VECTOR("empty coding and length", POST "Transfer-Encoding:\r\nContent-Length: 5\r\n\r\nhello", "!unknown_coding"),
    VECTOR("blank before the colon of Content-Length", POST "Connection: upgrade\r\nContent-Length : 4\r\nUpgrade: ws\r\n\r\nabcdefgh", "!bad_field_name"),
    VECTOR("return in the name of Content-Length", POST "Content\rLength: 003\r\n\r\nabc", "!bad_field_name"),
    VECTOR("body that looks like a request", POST "Content-Length: 28\r\n\r\n" NEXT NEXT, "POST /a [" NEXT "]; GET /b []"),
    VECTOR("body that is not there yet", POST "Content-Length: 123\r\n\r\n" NEXT, "..."),
    VECTOR("half a line end before the body", POST "Content-Length: 3\r\n\rabc", "!bare_cr"),
    VECTOR("body of a PATCH", "PATCH /file.txt HTTP/1.1\r\nHost: h\r\nIf-Match: \"e00\"\r\nContent-Length: 10\r\n\r\ncccccccccc", "PATCH /file.txt [cccccccccc]"),
    VECTOR("three bodies, the last one short", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nAAA\r\nPUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nBBBB\r\nPATCH /c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nCCCC", "POST /a [AAA]; PUT /b [BBBB]; ..."),

    /* where a connection may end */
    VECTOR("after a request", GET "\r\n", "GET /a []"),
    VECTOR("before the end of a head", POST "Content-Length: 100\r\n", "..."),
    VECTOR("in the name of a field", POST "Content-Leng", "..."),

    /* chunks */
    VECTOR("chunks that are not there yet", CHUNKED, "..."),
    VECTOR("chunk size in a small letter", CHUNKED "a\r\n0123456789\r\n" LAST, "POST /a [0123456789]"),
    VECTOR("chunk size in a capital", CHUNKED "A\r\n0123456789\r\n" LAST, "POST /a [0123456789]"),
    VECTOR("chunk size of two digits", CHUNKED "1e\r\nthirty letters are in here now\r\n" LAST, "POST /a [thirty letters are in here now]"),
    VECTOR("two chunks and three zeros", CHUNKED "5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n" NEXT, "POST /a [hello world]; GET /b []"),
    VECTOR("two trailer fields", CHUNKED "5\r\nhello\r\n6\r\n world\r\n0\r\nVary: *\r\nContent-Type: text/plain\r\n\r\n", "!trailer"),
    VECTOR("extensions with and without values", CHUNKED "5;one;two=three;four=five\r\nhello\r\n6;six;seven\r\n world\r\n" LAST, "!bad_chunk_size"),
    VECTOR("extension without a semicolon", CHUNKED "2 word\r\naa\r\n0 word\r\n\r\n", "!bad_chunk_size"),
    VECTOR("semicolon without an extension", CHUNKED "2;\r\naa\r\n" LAST, "!bad_chunk_size"),
    VECTOR("extension in quotes", CHUNKED "5;one=\"a \\\"b\\\"; \\\\c\\\\\";two=\"d\";three;four=five\r\nhello\r\n" LAST, "!bad_chunk_size"),
    VECTOR("extension in a quote without end", CHUNKED "5;one=\"a\";two=\"b; c\r\nhello\r\n" LAST, "!bad_chunk_size"),
    VECTOR("extension of the last chunk", CHUNKED "2\r\naa\r\n0;a=b\r\n\r\n", "!bad_chunk_size"),
    VECTOR("no last chunk", CHUNKED "3\r\nfoo\r\n\r\n", "!bad_chunk_size"),
    VECTOR("blanks and a line feed in the size", CHUNKED "3 \n  \r\nfoo\r\n\r\n", "!bad_chunk_size"),
    VECTOR("blank after the size", CHUNKED "a \r\n0123456789\r\n" LAST, "!bad_chunk_size"),
    VECTOR("two returns after the size", GET "Connection: close \r\nTransfer-Encoding: chunked \r\n\r\n5\r\r;ABCD\r\n34\r\nE\r\n" LAST NEXT, "!bad_chunk_size"),
    VECTOR("two returns after the size, as data", GET "Connection: close \r\nTransfer-Encoding: chunked \r\n\r\n6\r\r;ABCD\r\n33\r\nE\r\n" LAST NEXT, "!bad_chunk_size"),
    VECTOR("return and no line feed after the data", CHUNKED "3\r\nabc\rX" LAST, "!bad_chunk_end"),
    VECTOR("line feed without a return after the last chunk", CHUNKED "3\r\nabc\r\n0\r\nX\n", "!trailer"),
    VECTOR("no line end after the data", GET "Connection: close \r\nTransfer-Encoding: chunked \r\n\r\n5\r\nABCDE0\r\n\r\n", "!bad_chunk_end"),

    /* codings */
    VECTOR("coding nobody knows", POST "Transfer-Encoding: pigeons\r\n\r\n", "!unknown_coding"),
    VECTOR("coding after chunked", POST "Transfer-Encoding: chunked, deflate\r\n\r\nWorld", "!unknown_coding"),
    VECTOR("coding after chunked, in a field of its own", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: deflate\r\n\r\nWorld", "!many_codings"),
    VECTOR("coding before chunked", POST "Transfer-Encoding: deflate, chunked\r\n\r\n5\r\nWorld\r\n" LAST, "!unknown_coding"),
    VECTOR("coding before chunked, in a field of its own", POST "Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nWorld\r\n" LAST, "!unknown_coding"),
    VECTOR("chunked twice in one word", POST "Transfer-Encoding: chunkedchunked\r\n\r\n5\r\nWorld\r\n" LAST, "!unknown_coding"),
    VECTOR("chunked and a folded word", POST "Transfer-Encoding: chunked\r\n  abc\r\n\r\n5\r\nWorld\r\n" LAST, "!folded_field"),
    VECTOR("chunked with a parameter", POST "Transfer-Encoding: chunked;q=1\r\n\r\n" LAST, "!unknown_coding"),
    VECTOR("chunked before a comma", POST "Transfer-Encoding: chunked,\r\n\r\n" LAST, "!unknown_coding"),

    /* lines */
    VECTOR("fields parted by a return", GET "X-A: 1\rX-B: 2\r\n\r\n", "!bare_cr"),
    VECTOR("fields parted by a line feed", POST "X-A:x\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n" LAST, "!bare_lf"),
    VECTOR("empty field and a return", POST "Connection: close\r\nX-A:\rTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n" LAST, "!bare_cr"),
    VECTOR("empty field and a line feed", POST "X-A:\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n" LAST, "!bare_lf"),
    VECTOR("line feed that hides a length", GET "X-A: x\nContent-Length: 28\r\n\r\n" NEXT, "!bare_lf"),
    VECTOR("return and a letter end the head", GET "Connection: close\r\n\rZGET /evil: HTTP/1.1\r\nHost: h\r\n\r\n", "!bare_cr"),
    VECTOR("return before a field", GET "\rX-A: b\r\n\r\n", "!bare_cr"),
    VECTOR("line feeds alone", "POST /a HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n1\nA\n0\n\n", "!bare_lf"),
    VECTOR("return after the version", "GET /a HTTP/1.1\rHost: h\r\n\r\n", "!bare_cr"),
    VECTOR("blank before the first field", "GET /a HTTP/1.1\r\n Host: h\r\n\r\n", "!folded_field"),
    VECTOR("blank before a length", POST "X-A: b\r\n Content-Length: 28\r\n\r\n" NEXT, "!folded_field"),
    VECTOR("value over many lines", GET "X-A:   abc\r\n\tdef\r\n ghi\r\n\t\tjkl\r\n  mno \r\n\r\n", "!folded_field"),
    VECTOR("empty value and a blank line", GET "X-A: \r\n \r\n\r\n", "!folded_field"),
    VECTOR("value over many lines of line feeds", "GET /a HTTP/1.1\nX-A:   abc\n\tdef\n\n", "!bare_lf"),
    VECTOR("close on the next line", GET "Connection:\r\n close\r\n\r\n", "!folded_field"),
    VECTOR("certificate over lines", GET "X-Cert:   -----BEGIN CERTIFICATE-----\r\n\tMIIFbTCCBFWgAwIBAgICH4cw\r\n\t-----END CERTIFICATE-----\r\n\r\n", "!folded_field"),
    VECTOR("empty line before", "\r\n" GET "X-A: b\r\n\r\n", "GET /a {X-A=b} []"),

    /* names and values */
    VECTOR("at sign in a name", GET "Fo@: b\r\n\r\n", "!bad_field_name"),
    VECTOR("brackets in a name", GET "X-A[]: b\r\n\r\n", "!bad_field_name"),
    VECTOR("control byte in a name", GET "Fo\x01o: b\r\n\r\n", "!bad_field_name"),
    VECTOR("tab in a name", GET "Fo\to: b\r\n\r\n", "!bad_field_name"),
    VECTOR("no name", GET ": b\r\n\r\n", "!bad_field_name"),
    VECTOR("colon on the next line", GET "name\r\n : value\r\n\r\n", "!bad_field_name"),
    VECTOR("return and more in a name", GET "X-Some\r\x1b" "5\xd5" "eep: b\r\n\r\n", "!bad_field_name"),
    VECTOR("name of every token byte", GET "X-!#$%&'*+-.^_`|~9: b\r\n\r\n", "GET /a {X-!#$%&'*+-.^_`|~9=b} []"),
    VECTOR("form feed in a value", GET "X-A: hello\fworld\r\n\r\n", "!bad_field_value"),
    VECTOR("form feed as a value", GET "X-A: \f\r\n\r\n", "!bad_field_value"),
    VECTOR("form feed in the second request", GET "X-A: okay\r\n\r\n\r\n" GET "X-A: \f\r\n\r\n", "GET /a {X-A=okay} []; !bad_field_value"),
    VECTOR("bell in a value", GET "X-A: test\x07\r\n\r\n", "!bad_field_value"),
    VECTOR("tab and blank before a value", GET "X-A:\t value\r\n\r\n", "GET /a {X-A=value} []"),
    VECTOR("tab before the host", "GET /a HTTP/1.1\r\nhoSt:\th\r\nX-Empty:\r\n\r\n", "GET /a {X-Empty=} []"),
    VECTOR("value of blanks", GET "X-Empty: \r\n\r\n", "GET /a {X-Empty=} []"),
    VECTOR("value of signs", GET "X-A:++++++++++\r\n\r\n", "GET /a {X-A=++++++++++} []"),
    VECTOR("value with quotes and angles", GET "X-A: <http://h/p>; rel=\"tag\"\r\nX-A: <http://h/q>\r\n\r\n", "GET /a {X-A=<http://h/p>; rel=\"tag\"} {X-A=<http://h/q>} []"),
    VECTOR("value in UTF-8", GET "X-A: D\xc3\xbcsseldorf\r\n\r\n", "GET /a {X-A=D\xc3\xbcsseldorf} []"),
    VECTOR("value with the last byte", GET "X-A: \xffvalue\r\n\r\n", "GET /a {X-A=\xffvalue} []"),
    VECTOR("as a browser sends", GET "User-Agent: Mozilla/5.0 (X11; U; Linux i686; en-US; rv:1.9) Gecko/2008061015\r\nAccept: text/html,*/*;q=0.8\r\nAccept-Encoding: gzip,deflate\r\nAccept-Charset: ISO-8859-1,utf-8;q=0.7,*;q=0.7\r\nKeep-Alive: 300\r\nConnection: keep-alive\r\n\r\n", "GET /a []"),
    VECTOR("as a benchmark sends", "GET /a HTTP/1.0\r\nHost: 0.0.0.0:5000\r\nUser-Agent: bench/2.3\r\nAccept: */*\r\n\r\n", "GET /a [] close"),
    VECTOR("expectation without a body", GET "Expect: 100-continue\r\n\r\n", "GET /a []"),

    /* hosts */
    VECTOR("no field at all", "GET /a HTTP/1.1\r\n\r\n", "!no_host"),
    VECTOR("one field, no host", "GET /a HTTP/1.1\r\nAccept: */*\r\n\r\n", "!no_host"),
    VECTOR("no host, but a length", "GET /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "!no_host"),
    VECTOR("two hosts in small letters", "GET /a HTTP/1.1\r\nhost: one.example\r\nhost: two.example\r\n\r\n", "!many_hosts"),
    VECTOR("host that is twice the same", "GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "!many_hosts"),
    VECTOR("equals sign before a port", "GET /a HTTP/1.1\r\nHost: 0.0.0.0=5000\r\n\r\n", "!bad_host"),

    /* methods */
    VECTOR("head", "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD /a []"),
    VECTOR("options", "OPTIONS /a HTTP/1.1\r\nHost: h\r\nX-A: b\r\n\r\n", "!unknown_method"),
    VECTOR("report", "REPORT /a HTTP/1.1\r\nHost: h\r\n\r\n", "!unknown_method"),
    VECTOR("purge", "PURGE /a HTTP/1.1\r\nHost: h\r\n\r\n", "!unknown_method"),
    VECTOR("search", "SEARCH / HTTP/1.1\r\nHost: h\r\n\r\n", "!unknown_method"),
    VECTOR("link", "LINK /a.jpg HTTP/1.1\r\nHost: h\r\nLink: <http://h/p>; rel=\"tag\"\r\n\r\n", "!unknown_method"),
    VECTOR("unlink", "UNLINK /a.jpg HTTP/1.1\r\nHost: h\r\nLink: <http://h/p>; rel=\"tag\"\r\n\r\n", "!unknown_method"),
    VECTOR("source", "SOURCE /a HTTP/1.1\r\nHost: h\r\n\r\n", "!unknown_method"),
    VECTOR("announce in 1.0", "ANNOUNCE /a HTTP/1.0\r\nHost: h\r\n\r\n", "!unknown_method"),
    VECTOR("query with a body", "QUERY /a HTTP/1.1\r\nHost: h\r\nContent-Length: 28\r\n\r\n" NEXT, "!unknown_method"),
    VECTOR("known method and a letter", "DELETED /a HTTP/1.1\r\nHost: h\r\n\r\n", "!unknown_method"),
    VECTOR("connect", "CONNECT 0-h.example:443 HTTP/1.0\r\nX-A: b\r\n\r\nsome data\r\nand more", "!bad_target"),
    VECTOR("connect in capitals", "CONNECT H.EXAMPLE:443 HTTP/1.0\r\nX-A: b\r\n\r\n", "!bad_target"),
    VECTOR("connect with a body", "CONNECT h.example:443 HTTP/1.0\r\nContent-Length: 10\r\n\r\n0123456789", "!bad_target"),
    VECTOR("connect to a host with an underscore", "CONNECT h_0.example:443 HTTP/1.0\r\nX-A: b\r\n\r\n", "!bad_target"),
    VECTOR("m-search of everything", "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n\r\n", "!bad_target"),
    VECTOR("preface of 2.0 that says 1.1", "PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n", "!bad_target"),
    VECTOR("words before the method", "Extra lineGET / HTTP/1.1\r\nHost: h\r\n\r\n", "!bad_target"),

    /* protocols and versions */
    VECTOR("get of ICE", "GET /a ICE/1.0\r\nHost: h\r\n\r\n", "!bad_version"),
    VECTOR("source of ICE", "SOURCE /a ICE/1.0\r\nHost: h\r\n\r\n", "!bad_version"),
    VECTOR("letter before HTTP", "GET /a IHTTP/1.0\r\nHost: h\r\n\r\n", "!bad_version"),
    VECTOR("put of RTSP", "PUT /a RTSP/1.0\r\nHost: h\r\n\r\n", "!bad_version"),
    VECTOR("options of RTSP", "OPTIONS /a RTSP/1.0\r\nHost: h\r\n\r\n", "!bad_version"),
    VECTOR("announce of RTSP", "ANNOUNCE /a RTSP/1.0\r\nHost: h\r\n\r\n", "!bad_version"),
    VECTOR("version 5.6, no line end", "GET / HTTP/5.6", "!unsupported_version"),
    VECTOR("version 5.6", "GET / HTTP/5.6\r\n\r\n", "!unsupported_version"),
    VECTOR("version 2.1", "GET / HTTP/2.1\r\nHost: h\r\n\r\n", "!unsupported_version"),
    VECTOR("version 0.1", "GET / HTTP/0.1\r\nHost: h\r\n\r\n", "!unsupported_version"),
    VECTOR("version 9.9", "GET / HTTP/9.9\r\nHost: h\r\n\r\n", "!unsupported_version"),
    VECTOR("no version", "GET /\r\n\r\n", "!bad_target"),
    VECTOR("blank and no version", "GET / \r\n\r\n", "!bad_version"),

    /* targets */
    VECTOR("quotes in the path", "GET /with_\"nice\"_quotes HTTP/1.1\r\nHost: h\r\n\r\n", "!bad_target"),
    VECTOR("quotes in the query", "GET /a?b=\"c\" HTTP/1.1\r\nHost: h\r\n\r\n", "!bad_target"),
    VECTOR("question mark in the query", "GET /a.cgi?b=c?d HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a.cgi ?b=c?d []"),
    VECTOR("bar in the query", "GET /a.cgi?b=| HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a.cgi ?b=| []"),
    VECTOR("url with a query and no path", "GET http://h.example?b=c HTTP/1.1\r\nHost: h\r\n\r\n", "!bad_target"),
    VECTOR("url with a port and a query", "GET http://h.example:1234?b=c HTTP/1.1\r\nHost: h\r\n\r\n", "!bad_target"),
    VECTOR("url with a port", "GET http://h.example:1234 HTTP/1.1\r\nHost: h\r\n\r\n", "!bad_target"),
    VECTOR("url with a user", "GET http://a%12:b!&*$@h.example:1234/c HTTP/1.1\r\nHost: h\r\n\r\n", "!bad_target"),
    VECTOR("UTF-8 in the path", "GET /\xce\xb4\xc2\xb6/\xce\xb4t?q=1 HTTP/1.1\r\nHost: h\r\n\r\n", "!bad_target"),
    VECTOR("fragment after a query", "GET /a?page=1#posts-17408 HTTP/1.1\r\nHost: h\r\n\r\n", "!bad_target"),
    VECTOR("blank in the path", "GET /foo bar/ HTTP/1.1\r\nHost: h\r\n\r\n", "!bad_version"),
};
/* clang-format on */

#endif
