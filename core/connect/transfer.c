/* The life of one round trip and what libcurl tells meanwhile. */
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/record.h"
#include "connect/transfer_internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <stdio.h>

size_t tcn_transfer_on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct tcn_transfer *t = ctx;

    tcn_buf_add(&t->body, bytes, size * n);
    if (tcn_buf_ok(&t->body))
        return size * n;
    t->was_too_large = true;
    return 0; /* libcurl ends the transfer */
}

size_t tcn_transfer_on_header(char *bytes, size_t size, size_t n, void *ctx)
{
    struct tcn_transfer *t = ctx;
    struct tcn_str line = {bytes, size * n};

    if (t->is_mail) {
        tcn_dialogue_answer(t, line);
        return size * n;
    }
    if (tcn_str_starts(line, TCN_STR("HTTP/"))) /* another head: the one before was 1xx */
        tcn_message_reset(&t->message);
    if (tcn_message_add(&t->message, line))
        return size * n;
    t->was_too_large = true;
    return 0;
}

static bool may_call(struct tcn_transfer *t, const struct sockaddr *addr)
{
    t->was_plain = t->only_loopback && tcn_ssrf_class(addr) != TCN_ADDR_LOOPBACK;
    t->was_refused = t->was_plain || !tcn_guard_allows(&t->instance->guard, t->url.host, addr);
    return !t->was_refused;
}

curl_socket_t tcn_transfer_on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *addr)
{
    struct tcn_transfer *t = ctx;
    curl_socket_t fd;

    if (purpose != CURLSOCKTYPE_IPCXN || !may_call(t, &addr->addr))
        return CURL_SOCKET_BAD;
    fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
    if (t->is_mail)
        tcn_dialogue_opened(&t->dialogue, fd);
    return fd;
}

static bool parse_address(const char *text, struct sockaddr_storage *ret)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(ret, &v4, sizeof v4);
        return true;
    }
    memcpy(ret, &v6, sizeof v6);
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
        return false;
    memcpy(ret, &v6, sizeof v6);
    return true;
}

/* Before the first byte of the request, on new and on kept connections. A kept one may have been opened by an
 * instance with another allow-list; and a process that stood still on the way here may not act any more. */
int tcn_transfer_on_request(void *ctx, char *remote_ip, char *local_ip, int remote_port,
                            int local_port)
{
    struct tcn_transfer *t = ctx;
    struct sockaddr_storage addr = {0};
    const struct sockaddr *plain = (const struct sockaddr *)&addr;

    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    if (!parse_address(remote_ip, &addr) || !may_call(t, plain) || !tcn_pump_may_act(t->pump))
        return CURL_PREREQFUNC_ABORT;
    t->may_be_sent = true;
    return CURL_PREREQFUNC_OK;
}

/* What libcurl tells is wrong with the other side, not what to do about it. */
static const char *advice(CURLcode code)
{
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return "; have that certificate mended, or correct \"url\" or \"ca_file\"";
    return code == CURLE_SSL_CONNECT_ERROR ? "; TLS 1.2 or 1.3 must be spoken there" : "";
}

static void tell_transport(struct tcn_transfer *t, CURLcode code)
{
    const char *text = t->curl_error[0] ? t->curl_error : curl_easy_strerror(code);
    char told[CURL_ERROR_SIZE + 100];

    if (t->was_refused && !t->may_be_sent)
        text =
            t->was_plain
                ? "connections without TLS are for this machine only"
                : "the address is not a public one: add the host to \"allow\" if that is intended";
    else if (t->was_too_large)
        text = "the answer is larger than the cap";
    else if (t->dialogue.was_late)
        text = "the mail server did not answer in time";
    snprintf(told, sizeof told, "%s%s", text, advice(code));
    tcn_record_line(t->instance, told, t->message.transport, sizeof t->message.transport);
}

/* A refusal in the mail dialogue is an answer, though libcurl reports it as an error. */
static bool is_mail_answer(const struct tcn_transfer *t, CURLcode code, long status)
{
    return t->is_mail && status >= 400 && code != CURLE_OPERATION_TIMEDOUT &&
           code != CURLE_RECV_ERROR && code != CURLE_GOT_NOTHING;
}

static json_t *parse_body(const struct tcn_buf *body)
{
    struct tcn_str text = tcn_str_trim(tcn_buf_view(body));
    json_t *root = NULL;

    if (text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '['))
        (void)tcn_json_parse(text, &tcn_json_file, &root, NULL);
    return root;
}

static bool may_have_arrived(const struct tcn_transfer *t)
{
    return t->is_mail ? tcn_dialogue_has_text(&t->dialogue) : t->may_be_sent;
}

static void set_response(struct tcn_transfer *t, CURLcode code)
{
    struct tocsin_response *rs = &t->response;
    long status = 0;

    rs->msg = &t->message;
    curl_easy_getinfo(t->wait.easy, CURLINFO_RESPONSE_CODE, &status);
    if (t->dialogue.status != 0) { /* whatever became of the connection after it */
        code = CURLE_OK;
        status = t->dialogue.status;
    }
    if (code == CURLE_OK || is_mail_answer(t, code, status)) {
        rs->net = TOCSIN_NET_OK;
        rs->status = (int32_t)status;
        rs->body = t->body.ptr;
        rs->body_len = t->body.len;
        rs->json = t->is_mail ? NULL : parse_body(&t->body);
        return;
    }
    rs->net = may_have_arrived(t) ? TOCSIN_NET_MAYBE_SENT : TOCSIN_NET_NOT_SENT;
    rs->body = "";
    tell_transport(t, code);
}

static void on_done(struct tcn_pump_wait *wait, CURLcode code)
{
    struct tcn_transfer *t = (struct tcn_transfer *)wait;

    t->is_running = false;
    set_response(t, code);
    t->done(t->ctx, t);
}

int tcn_transfer_start(struct tcn_pump *p, const struct tocsin_request *rq, uint32_t verb,
                       tcn_transfer_done *done, void *ctx, struct tcn_transfer **ret,
                       struct tcn_err *err)
{
    struct tcn_transfer *t = tcn_xcalloc(1, sizeof *t);
    CURL *easy = rq->is_mail ? curl_easy_init() : tcn_pump_take(p);
    int r = 0;

    *t = (struct tcn_transfer){.wait = {.easy = easy, .done = on_done, .blocks = rq->is_mail},
                               .pump = p,
                               .instance = rq->instance,
                               .done = done,
                               .ctx = ctx,
                               .verb = verb,
                               .is_mail = rq->is_mail};
    tcn_message_init(&t->message);
    t->message.is_mail = rq->is_mail;
    tcn_buf_init(&t->body, TCN_ANSWER_MAX);
    tcn_buf_init(&t->request_url, TCN_URL_MAX);
    tcn_buf_init(&t->request_body, TCN_BODY_MAX);
    if (!t->wait.easy)
        r = tcn_fail(err, TCN_EIO, "no memory for a transfer");
    if (r == 0)
        r = tcn_transfer_options(t, rq, err);
    if (r == 0)
        r = tcn_pump_start(p, &t->wait, err);
    if (r < 0) {
        tcn_transfer_free(t);
        return r;
    }
    t->is_running = true;
    *ret = t;
    return 0;
}

const struct tocsin_response *tcn_transfer_response(const struct tcn_transfer *t)
{
    return &t->response;
}

static void wipe(struct tcn_buf *b)
{
    if (b->size > 0)
        OPENSSL_cleanse(b->ptr, b->len);
    tcn_buf_done(b);
}

void tcn_transfer_free(struct tcn_transfer *t)
{
    if (!t)
        return;
    if (t->is_running)
        tcn_pump_cancel(t->pump, &t->wait);
    if (t->is_mail)
        curl_easy_cleanup(t->wait.easy);
    else
        tcn_pump_give(t->pump, t->wait.easy);
    if (t->mime)
        curl_mime_free(t->mime);
    for (struct curl_slist *h = t->headers; h; h = h->next)
        OPENSSL_cleanse(h->data, strlen(h->data));
    curl_slist_free_all(t->headers);
    curl_slist_free_all(t->recipients);
    wipe(&t->request_url);
    wipe(&t->request_body);
    json_decref(t->response.json);
    tcn_message_done(&t->message);
    tcn_buf_done(&t->body);
    free(t);
}

void tcn_transfer_record(const struct tcn_transfer *t, struct tcn_buf *ret)
{
    struct tcn_buf text;

    tcn_buf_init(&text, TCN_ANSWER_MAX + TCN_MESSAGE_HEAD_MAX + 4096);
    if (t->response.net == TOCSIN_NET_OK)
        tcn_buf_fmt(&text, "status %d\n", t->response.status);
    else
        tcn_buf_fmt(&text, "%s\n", t->message.transport);
    for (size_t i = 0; i < t->message.n_headers; i++)
        tcn_buf_fmt(&text, "%s: %s\n", t->message.headers[i].name, t->message.headers[i].value);
    tcn_buf_char(&text, '\n');
    tcn_buf_str(&text, tcn_buf_view(&t->body));
    tcn_record_text(t->instance, tcn_buf_view(&text), ret);
    tcn_buf_done(&text);
}
