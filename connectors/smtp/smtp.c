/* Pages by mail (RFC 5321). The host composes and sends; this file decides addresses, the Message-ID and what the
 * server's answer means. Nothing with a CR or LF gets near a header. */
#include "../reply.h"

#include <stdio.h>

#define LETTERS_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define ATEXT LETTERS_DIGITS "!#$%&'*+-/=?^_`{|}~"

/* RFC 5321 section 4.5.3.1, RFC 1035 section 2.3.4. A path is an address in angle brackets. */
#define LOCAL_MAX 64
#define ADDRESS_MAX 254
#define HOST_MAX 253
#define LABEL_MAX 63

struct smtp {
    const char *url, *from, *user;
    int64_t timeout_ms;
};

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct smtp, url, URL, NULL, TOCSIN_REQUIRED,
               "mail server, smtp://HOST:PORT (STARTTLS) or smtps://HOST:PORT"),
    TOCSIN_OPT(struct smtp, from, STR, NULL, TOCSIN_REQUIRED,
               "the sender of the mails, one that the mail server lets you send as, such as "
               "tocsin@example.com"),
    TOCSIN_OPT(struct smtp, user, STR, "", 0, "user of the mail server; empty sends without AUTH"),
    TOCSIN_OPT_SECRET(password, TOCSIN_PAIRED, "password of the user"),
    TOCSIN_OPT(struct smtp, timeout_ms, MSEC, "30s", 0,
               "time from connecting until the mail server asks for the text"),
    TOCSIN_OPT_END,
};

static int is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return 0;
    return 1;
}

/* Atoms with single dots between them; len is where the @ is, which is in no atom. */
static int is_dot_string(const char *local, size_t len)
{
    size_t at = 0;

    for (;;) {
        size_t n = strspn(local + at, ATEXT);

        at += n;
        if (n == 0 || at == len)
            return n > 0;
        if (local[at++] != '.')
            return 0;
    }
}

static int is_label(const char *label, size_t len)
{
    return len >= 1 && len <= LABEL_MAX && strspn(label, LETTERS_DIGITS "-") >= len &&
           label[0] != '-' && label[len - 1] != '-';
}

static int is_host(const char *host)
{
    if (strlen(host) > HOST_MAX)
        return 0;
    for (;;) {
        size_t len = strcspn(host, ".");

        if (!is_label(host, len))
            return 0;
        if (!host[len])
            return 1;
        host += len + 1;
    }
}

/* One mailbox, bare, as a dot-string at the name of a host (RFC 5321 section 4.1.2). SMTPUTF8, quoted names and addresses
 * in place of hosts are not spoken. */
static const char *address_fault(uint32_t channel, const char *address)
{
    const char *at = strchr(address, '@');
    size_t local = at ? (size_t)(at - address) : 0;

    (void)channel; /* mail alone is claimed */
    if (local == 0 || !at[1])
        return "is no mail address; write NAME@HOST";
    if (!is_ascii(address))
        return "has signs beyond ASCII, and mail is sent to addresses in ASCII only; write one, "
               "its host in the form that begins with xn--";
    if (local > LOCAL_MAX || strlen(address) > ADDRESS_MAX)
        return "is longer than a mail address can be, 64 characters before the @ and 254 in all; "
               "correct it";
    if (!is_dot_string(address, local))
        return "is no mail address: before the @ go letters, digits, !#$%&'*+-/=?^_`{|}~ and "
               "single dots between them; write NAME@HOST alone";
    if (!is_host(at + 1))
        return "is no mail address: behind the @ goes the name of a host, letters, digits and "
               "hyphens with single dots between them; write NAME@HOST alone";
    return NULL;
}

static int open_instance(struct tocsin_instance *in)
{
    const struct smtp *s = in->state;

    if (strncmp(s->url, "smtp://", 7) != 0 && strncmp(s->url, "smtps://", 8) != 0)
        return in->host->fail(in, "url must begin with smtp:// or smtps://");
    if (address_fault(TOCSIN_EMAIL, s->from))
        return in->host->fail(
            in, "from is the sender of the mails: a plain mail address without a name, such as "
                "tocsin@example.com");
    return 0;
}

/* "<word>@DOMAIN" without brackets (RFC 5322 section 3.6.4); the domain is the sender's. -1 if word is no dot-atom. */
static int message_id(const struct smtp *s, const char *word, char *ret, size_t size)
{
    int n;

    if (!word[0] || word[strspn(word, ATEXT ".")] != 0)
        return -1;
    n = snprintf(ret, size, "%s@%s", word, strchr(s->from, '@') + 1);
    return n < 0 || (size_t)n >= size ? -1 : 0;
}

/* The mails of one incident answer to a message that never was: mail programs show them as one thread. */
static const char *thread_of(const struct smtp *s, const struct tocsin_op *op, char *ret,
                             size_t size)
{
    char word[100];
    const char *id = tcn_reply_text(op->incident, "id");
    int n = snprintf(word, sizeof word, "incident-%s", id);

    if (!id[0] || n < 0 || (size_t)n >= sizeof word || message_id(s, word, ret, size) < 0)
        return NULL;
    return ret;
}

static int render(const struct tocsin_instance *in, const struct tocsin_op *op,
                  struct tocsin_request *rq)
{
    const struct smtp *s = in->state;
    const char *html = tcn_reply_text(op->payload, "html");
    const char *fault;
    char id[400], thread[400];
    struct tocsin_mail mail = {.from = s->from,
                               .to = tcn_reply_text(op->payload, "to"),
                               .subject = tcn_reply_text(op->payload, "subject"),
                               .text = tcn_reply_text(op->payload, "text"),
                               .html = html[0] ? html : NULL,
                               .message_id = id};

    if (op->verb != TOCSIN_SEND)
        return in->host->fail(in, "smtp can only send");
    if ((fault = address_fault(TOCSIN_EMAIL, mail.to)) != NULL)
        return in->host->fail(in, "the recipient is no plain mail address: it %s", fault);
    if (!tcn_reply_line_ok(mail.subject, 900))
        return in->host->fail(in, "the subject must be one line of 1 to 900 bytes");
    if (!mail.text[0])
        return in->host->fail(in, "the mail has no text");
    if (message_id(s, op->op_id, id, sizeof id) < 0)
        return in->host->fail(in, "the operation's id cannot be a Message-ID");
    mail.in_reply_to = thread_of(s, op, thread, sizeof thread);
    if (in->host->mail(rq, s->url, &mail) < 0)
        return -1;
    return s->user[0] ? in->host->auth(rq, "smtp", "user", "password") : 0;
}

/* RFC 5321 section 4.2.1: 2yz done, 4yz later, 5yz never; RFC 4954 section 6 for what concerns the sign-in. */
static enum tocsin_outcome outcome_of(int status)
{
    switch (status) {
    case 530:
    case 534:
    case 535:
    case 538:
        return TOCSIN_AUTH;
    default:
        break;
    }
    if (status >= 200 && status < 300)
        return TOCSIN_OK;
    return status >= 500 && status < 600 ? TOCSIN_REJECTED : TOCSIN_RETRY;
}

/* The start of the server's reply; its bytes are in no charset that one could know. */
static void ascii_line(const struct tocsin_response *rs, char *ret, size_t size)
{
    size_t n = 0;

    for (; rs->body && n < rs->body_len && n + 1 < size; n++)
        ret[n] = rs->body[n] >= 0x20 && rs->body[n] < 0x7f ? rs->body[n] : ' ';
    ret[n] = 0;
}

static int interpret(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *sink)
{
    char line[160];

    (void)sink;
    if (rs->net != TOCSIN_NET_OK) {
        in->host->classify(op, rs, out);
        return 0;
    }
    ascii_line(rs, line, sizeof line);
    tcn_reply_set(out, outcome_of((int)rs->status), "mail server answered %d%s%s", (int)rs->status,
                  line[0] ? ": " : "", line);
    if (out->outcome == TOCSIN_OK)
        out->reason[0] = 0;
    return 0;
}

/* IDEMPOTENT: the Message-ID is the operation's. Many systems show a repeat once; where one does not, the person gets a
 * page twice, which is better than never. */
static const struct tocsin_connector smtp = {
    TOCSIN_CONNECTOR_HEAD,
    .name = "smtp",
    .version = "1.0",
    .summary = "pages by mail",
    .caps = TOCSIN_CAN(TOCSIN_SEND) | TOCSIN_CAP_IDEMPOTENT,
    .state_size = sizeof(struct smtp),
    .options = options,
    .open = open_instance,
    .render = render,
    .interpret = interpret,
    .channels = TOCSIN_REACHES(TOCSIN_EMAIL),
    .address_fault = address_fault,
};

TOCSIN_ENTRY(smtp);
TOCSIN_ENTRY(smtp)
{
    return &smtp;
}
