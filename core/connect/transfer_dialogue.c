/* The dialogue of a mail, as libcurl tells of it line by line: what became of the text, and how long an answer is waited
 * for. libcurl counts greeting, TLS and login as connecting, and has one bound for the rest; mail servers greet late on
 * purpose, and think after the text (RFC 5321 section 4.5.3.2). Runs on the mailer's threads. */
#include "connect/transfer_internal.h"
#include "sys/clock.h"

#include <unistd.h>

#define ANSWER_MS INT64_C(300000) /* to the text: it may be scanned meanwhile */
#define KEEPALIVE_IDLE_S 30L      /* a server that is gone answers no more */
#define KEEPALIVE_PAUSE_S 10L

bool tcn_dialogue_has_text(const struct tcn_dialogue *d)
{
    return d->text_us != 0;
}

/* -- sockets -------------------------------------------------------------------------------------------------- */

void tcn_dialogue_opened(struct tcn_dialogue *d, curl_socket_t fd)
{
    if (fd != CURL_SOCKET_BAD && d->n_sockets < TCN_DIALOGUE_SOCKETS)
        d->sockets[d->n_sockets++] = fd;
}

static int on_close(void *ctx, curl_socket_t fd)
{
    struct tcn_transfer *t = ctx;
    struct tcn_dialogue *d = &t->dialogue;

    for (size_t i = 0; i < d->n_sockets; i++)
        if (d->sockets[i] == fd)
            d->sockets[i--] = d->sockets[--d->n_sockets];
    return close(fd);
}

/* QUIT is said, but its answer changes nothing: libcurl, which waits for it, reads the end at once. */
static void read_no_more(const struct tcn_dialogue *d)
{
    for (size_t i = 0; i < d->n_sockets; i++)
        (void)shutdown(d->sockets[i], SHUT_RD);
}

/* -- answers -------------------------------------------------------------------------------------------------- */

/* The code of the last line of an answer (RFC 5321 section 4.2.1); 0: another line. */
static int code_of(struct tcn_str line)
{
    int code = 0;

    if (line.len < 3 || (line.len > 3 && line.ptr[3] == '-'))
        return 0;
    for (size_t i = 0; i < 3; i++) {
        if (line.ptr[i] < '0' || line.ptr[i] > '9')
            return 0;
        code = code * 10 + line.ptr[i] - '0';
    }
    return code;
}

void tcn_dialogue_answer(struct tcn_transfer *t, struct tcn_str line)
{
    struct tcn_dialogue *d = &t->dialogue;
    int code = code_of(line);

    if (code == 0 || d->status != 0 || !t->may_be_sent)
        return;
    if (!tcn_dialogue_has_text(d) && code == 354) {
        d->text_us = tcn_clock_mono_us();
    } else if (tcn_dialogue_has_text(d) || code >= 400) {
        d->status = code;
        read_no_more(d);
    }
}

/* -- patience ------------------------------------------------------------------------------------------------- */

/* From here on the time to connect is over, and the one of the dialogue runs. */
static void be_patient(struct tcn_transfer *t)
{
    curl_off_t connected_us = 0;

    curl_easy_getinfo(t->wait.easy, CURLINFO_CONNECT_TIME_T, &connected_us);
    if (connected_us == 0 || t->dialogue.is_connected)
        return;
    t->dialogue.is_connected = true;
    curl_easy_setopt(t->wait.easy, CURLOPT_CONNECTTIMEOUT_MS, (long)t->instance->limits.timeout_ms);
}

static bool is_late(const struct tcn_transfer *t, int64_t now_us)
{
    const struct tcn_dialogue *d = &t->dialogue;

    return tcn_dialogue_has_text(d) ? now_us - d->text_us > ANSWER_MS * 1000
                                    : now_us - d->begin_us > t->instance->limits.timeout_ms * 1000;
}

static bool goes_on(struct tcn_pump_wait *wait)
{
    struct tcn_transfer *t = (struct tcn_transfer *)wait;
    struct tcn_dialogue *d = &t->dialogue;
    int64_t now_us = tcn_clock_mono_us();

    if (d->begin_us == 0)
        d->begin_us = now_us;
    be_patient(t);
    d->was_late = d->was_late || (d->status == 0 && is_late(t, now_us));
    return d->status == 0 && !d->was_late;
}

void tcn_dialogue_options(struct tcn_transfer *t)
{
    CURL *c = t->wait.easy;

    t->wait.goes_on = goes_on;
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 0L);
    curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(ANSWER_MS / 1000));
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_PAUSE_S);
    curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(c, CURLOPT_CLOSESOCKETDATA, t);
}
