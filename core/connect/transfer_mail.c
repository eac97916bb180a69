/* A mail by SMTP: libcurl speaks the protocol, encodes the parts and doubles leading dots (RFC 5321 section 4.5.2). */
#include "connect/address.h"
#include "connect/transfer_internal.h"

#define HEADER_CAP 4096

/* Writers of header values; used is the length of "Name: ". */
static void write_from(struct tcn_buf *out, const struct tocsin_request *rq, size_t used)
{
    tcn_header_mailbox(out, rq->mail.from, used);
}

static void write_to(struct tcn_buf *out, const struct tocsin_request *rq, size_t used)
{
    tcn_header_mailbox(out, rq->mail.to, used);
}

static void write_subject(struct tcn_buf *out, const struct tocsin_request *rq, size_t used)
{
    tcn_header_text(out, tcn_str(rq->mail.subject), used);
}

static void write_date(struct tcn_buf *out, const struct tocsin_request *rq, size_t used)
{
    (void)used;
    tcn_header_date(out, rq->now_ms);
}

static void write_id(struct tcn_buf *out, const struct tocsin_request *rq, size_t used)
{
    (void)used;
    tcn_header_message_id(out, rq->mail.message_id);
}

static void write_parent(struct tcn_buf *out, const struct tocsin_request *rq, size_t used)
{
    (void)used;
    if (rq->mail.in_reply_to && rq->mail.in_reply_to[0])
        tcn_header_message_id(out, rq->mail.in_reply_to);
}

/* RFC 3834: vacation replies are not wanted. */
static void write_auto(struct tcn_buf *out, const struct tocsin_request *rq, size_t used)
{
    (void)rq;
    (void)used;
    tcn_buf_z(out, "auto-generated");
}

static const struct {
    const char *name;
    void (*write)(struct tcn_buf *, const struct tocsin_request *, size_t);
} mail_headers[] = {
    {"Date", write_date},         {"From", write_from},          {"To", write_to},
    {"Subject", write_subject},   {"Message-ID", write_id},      {"In-Reply-To", write_parent},
    {"References", write_parent}, {"Auto-Submitted", write_auto}};

static int add_mail_headers(struct tcn_transfer *t, const struct tocsin_request *rq,
                            struct tcn_err *err)
{
    struct tcn_buf line;
    int r = 0;

    for (size_t i = 0; i < sizeof mail_headers / sizeof mail_headers[0] && r == 0; i++) {
        size_t used = strlen(mail_headers[i].name) + 2;

        tcn_buf_init(&line, HEADER_CAP);
        tcn_buf_fmt(&line, "%s: ", mail_headers[i].name);
        mail_headers[i].write(&line, rq, used);
        if (!tcn_buf_ok(&line))
            r = tcn_fail(err, TCN_ELIMIT, "mail header %s is too long", mail_headers[i].name);
        else if (line.len > used)
            r = tcn_transfer_header(t, line.ptr, err);
        tcn_buf_done(&line);
    }
    return r;
}

/* Line ends as mail has them: a bare LF would be encoded as =0A, and the text arrive as one line. */
static void write_lines(struct tcn_buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\r' && p[1] == '\n')
            continue;
        if (*p == '\n')
            tcn_buf_char(out, '\r');
        tcn_buf_char(out, *p);
    }
}

static bool add_text(curl_mime *to, const char *text, const char *type)
{
    curl_mimepart *part = curl_mime_addpart(to);
    struct tcn_buf lines;
    bool ok;

    tcn_buf_init(&lines, 2 * TCN_BODY_MAX + 1);
    write_lines(&lines, text);
    ok = part && tcn_buf_ok(&lines) && curl_mime_data(part, lines.ptr, lines.len) == CURLE_OK &&
         curl_mime_type(part, type) == CURLE_OK &&
         curl_mime_encoder(part, "quoted-printable") == CURLE_OK;
    tcn_buf_done(&lines);
    return ok;
}

static bool add_alternatives(CURL *c, curl_mime *to, const struct tocsin_mail *m)
{
    curl_mime *both = curl_mime_init(c);
    curl_mimepart *part;

    if (!both)
        return false;
    if (!add_text(both, m->text, "text/plain; charset=utf-8") ||
        !add_text(both, m->html, "text/html; charset=utf-8") || !(part = curl_mime_addpart(to)) ||
        curl_mime_subparts(part, both) != CURLE_OK) {
        curl_mime_free(both);
        return false;
    }
    return curl_mime_type(part, "multipart/alternative") == CURLE_OK;
}

static int add_parts(struct tcn_transfer *t, const struct tocsin_mail *m, struct tcn_err *err)
{
    bool ok;

    t->mime = curl_mime_init(t->wait.easy);
    ok = t->mime &&
         (m->html && m->html[0] ? add_alternatives(t->wait.easy, t->mime, m)
                                : add_text(t->mime, m->text, "text/plain; charset=utf-8"));
    return ok ? 0 : tcn_fail(err, TCN_EIO, "no memory for a mail");
}

static int set_envelope(struct tcn_transfer *t, const struct tocsin_mail *m, struct tcn_err *err)
{
    char from[256], to[256];
    struct tcn_str sender = tcn_address_spec(m->from), recipient = tcn_address_spec(m->to);

    snprintf(from, sizeof from, "%.*s", (int)sender.len, sender.ptr);
    snprintf(to, sizeof to, "%.*s", (int)recipient.len, recipient.ptr);
    t->recipients = curl_slist_append(NULL, to);
    if (!t->recipients)
        return tcn_fail(err, TCN_EIO, "no memory for a mail");
    curl_easy_setopt(t->wait.easy, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(t->wait.easy, CURLOPT_MAIL_RCPT, t->recipients);
    return 0;
}

static void set_login(struct tcn_transfer *t, const struct tocsin_request *rq)
{
    const struct tcn_secret *s =
        rq->auth.place == TCN_AUTH_SMTP ? tcn_instance_secret(rq->instance, rq->auth.secret) : NULL;

    if (!s || !rq->auth.user)
        return;
    curl_easy_setopt(t->wait.easy, CURLOPT_USERNAME, rq->auth.user);
    curl_easy_setopt(t->wait.easy, CURLOPT_PASSWORD, s->ptr);
}

int tcn_transfer_mail(struct tcn_transfer *t, const struct tocsin_request *rq, struct tcn_err *err)
{
    CURL *c = t->wait.easy;
    int r;

    if ((r = add_mail_headers(t, rq, err)) < 0 || (r = add_parts(t, &rq->mail, err)) < 0 ||
        (r = set_envelope(t, &rq->mail, err)) < 0)
        return r;
    set_login(t, rq);
    tcn_dialogue_options(t);
    /* STARTTLS or nothing, except on this machine, where the certificate of a local server proves nothing. */
    curl_easy_setopt(c, CURLOPT_USE_SSL,
                     (long)(t->only_loopback ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(c, CURLOPT_MIMEPOST, t->mime);
    return 0;
}
