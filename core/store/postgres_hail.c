/* Which servers the hosts of a URL are, asked at once: those that are silent keep us waiting together, not one after the
 * other. Each connection goes through its states as its socket allows. */
#include "store/postgres.h"

#include "sys/clock.h"
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>

struct call {
    PGconn *conn; /* owned; NULL: it is over */
    bool is_connected, is_writing;
    int question; /* that was sent */
    struct tcn_pg_hailed *ret;
};

struct round {
    struct call calls[TCN_SERVERS_MAX];
    size_t n;
    bool (*is_enough)(void *ctx, const struct tcn_database *is);
    void *ctx;
};

static void hang_up(struct call *c)
{
    PQfinish(c->conn);
    c->conn = NULL;
}

static void give_up(struct call *c)
{
    tcn_pg_refused(c->conn, &c->ret->refused);
    c->ret->r = TCN_EBUSY;
    hang_up(c);
}

static void dial(struct call *c, const struct tcn_pg_hosts *hosts, size_t i,
                 struct tcn_pg_hailed *ret)
{
    *ret = (struct tcn_pg_hailed){.r = TCN_EBUSY};
    *c = (struct call){.conn = tcn_pg_hosts_start(hosts, i), .is_writing = true, .ret = ret};
    tcn_pg_name_host(c->conn, ret->host, sizeof ret->host);
    if (PQstatus(c->conn) == CONNECTION_BAD)
        give_up(c);
}

/* The next question, or the end. */
static void ask(struct call *c)
{
    if (c->question == TCN_PG_QUESTIONS) {
        c->ret->r = 0;
        hang_up(c);
    } else if (!PQsendQuery(c->conn, tcn_pg_questions[c->question])) {
        give_up(c);
    } else {
        c->is_writing = true;
    }
}

static void connect_on(struct call *c)
{
    PostgresPollingStatusType state = PQconnectPoll(c->conn);

    c->is_writing = state == PGRES_POLLING_WRITING;
    if (state == PGRES_POLLING_FAILED) {
        give_up(c);
    } else if (state == PGRES_POLLING_OK) {
        c->is_connected = true;
        PQsetnonblocking(c->conn, 1);
        tcn_pg_begin_server(c->conn, &c->ret->server);
        ask(c);
    }
}

/* All results that are there; a question that the role may not ask leaves what it asks for unknown. */
static void hear(struct call *c)
{
    PGresult *row;

    while (c->conn && !PQisBusy(c->conn)) {
        if ((row = PQgetResult(c->conn)) == NULL) {
            c->question++;
            ask(c);
            return;
        }
        if (PQresultStatus(row) == PGRES_FATAL_ERROR && !tcn_pg_is_untold(c->conn))
            give_up(c);
        else
            tcn_pg_hear_answer((enum tcn_pg_question)c->question, row, &c->ret->server);
        PQclear(row);
    }
}

static void go_on(struct call *c)
{
    if (!c->is_connected) {
        connect_on(c);
    } else if (!PQconsumeInput(c->conn)) {
        give_up(c);
    } else {
        c->is_writing = PQflush(c->conn) == 1;
        hear(c);
    }
}

/* False: the time is over, or somebody wants the end. */
static bool wait_for_any(const struct round *round, int stop_fd, int64_t until_us,
                         struct pollfd fds[TCN_SERVERS_MAX + 1])
{
    int64_t left_us = until_us - tcn_clock_mono_us();
    int n;

    for (size_t i = 0; i < round->n; i++) {
        const struct call *c = &round->calls[i];

        fds[i] = (struct pollfd){.fd = c->conn ? PQsocket(c->conn) : -1,
                                 .events = (short)(c->is_writing ? POLLOUT | POLLIN : POLLIN)};
    }
    fds[round->n] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
    if (left_us <= 0)
        return false;
    n = poll(fds, (nfds_t)round->n + 1, (int)(left_us / 1000) + 1);
    return (n >= 0 || errno == EINTR) && fds[round->n].revents == 0;
}

/* One that is enough has answered, or nobody talks any more. */
static bool is_over(const struct round *round)
{
    for (size_t i = 0; i < round->n; i++) {
        const struct call *c = &round->calls[i];

        if (!c->conn && c->ret->r == 0 && round->is_enough &&
            round->is_enough(round->ctx, &c->ret->server))
            return true;
    }
    for (size_t i = 0; i < round->n; i++)
        if (round->calls[i].conn)
            return false;
    return true;
}

static void end_late(struct call *c)
{
    struct tcn_err why;

    tcn_fail(&why, TCN_EBUSY, "PostgreSQL: the server at %s does not answer within %d s",
             c->ret->host, TCN_PG_CONNECT_MS / 1000);
    tcn_pg_refused_later(c->conn, &why, &c->ret->refused);
    c->ret->refused.state = TCN_PG_IS_SILENT;
    hang_up(c);
}

/* It may have answered, had it been waited for. */
static void leave_unasked(struct call *c)
{
    c->ret->refused = (struct tcn_pg_refused){.state = TCN_PG_IS_UNASKED};
    memcpy(c->ret->refused.host, c->ret->host, sizeof c->ret->refused.host);
    hang_up(c);
}

static void end_all(struct round *round, bool is_late)
{
    for (size_t i = 0; i < round->n; i++) {
        struct call *c = &round->calls[i];

        if (c->conn && is_late)
            end_late(c);
        else if (c->conn)
            leave_unasked(c);
    }
}

void tcn_pg_hail(const struct tcn_pg_hosts *hosts, int stop_fd,
                 bool (*is_enough)(void *ctx, const struct tcn_database *is), void *ctx,
                 struct tcn_pg_hailed ret[TCN_SERVERS_MAX])
{
    struct round round = {.n = hosts->n, .is_enough = is_enough, .ctx = ctx};
    struct pollfd fds[TCN_SERVERS_MAX + 1];
    int64_t until_us;

    assert(hosts->n <= TCN_SERVERS_MAX);
    for (size_t i = 0; i < round.n; i++)
        dial(&round.calls[i], hosts, i, &ret[i]);
    until_us = tcn_clock_mono_us() + TCN_PG_CONNECT_MS * INT64_C(1000);
    while (!is_over(&round) && wait_for_any(&round, stop_fd, until_us, fds))
        for (size_t i = 0; i < round.n; i++)
            if (round.calls[i].conn && fds[i].revents)
                go_on(&round.calls[i]);
    end_all(&round, tcn_clock_mono_us() >= until_us);
}
