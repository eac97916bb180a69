/* The load of the intake benchmark: N keep-alive connections on loopback, one request in flight on each, for a time
 * or a number of requests. Costs little beside a server: each connection owns a copy of the request, in which only
 * the number of the alarm is written anew.
 *
 *   bench_load --port N --request FILE [--mode repeat|mixed|new] [--connections N] [--seconds S] [--count N]
 *              [--keys N] [--first N]
 *
 * FILE is a whole HTTP request; each run of eight '#' in it stands for the number of the alarm in hexadecimal digits.
 * repeat: numbers 0 to keys - 1 in turn. new: first, first + 1, ... mixed: nine of ten by chance from 0 to keys - 1,
 * the others new. Prints one line of JSON; the exit status tells only whether the load could be made. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 1 << 20, MARKS_MAX = 64, ANSWER_MAX = 16384, MARK_LEN = 8 };
enum { CONNECTIONS_MAX = 1024, SECONDS_MAX = 600, COUNT_MAX = 100000000, EVENTS = 256 };
enum { DRAIN_NS = 1000000000, LATENCY_STEPS = 32, LATENCY_BUCKETS = 64 * LATENCY_STEPS };
enum mode { MODE_REPEAT = 1, MODE_MIXED, MODE_NEW };

struct options {
    const char *request_file;
    enum mode mode;
    uint64_t port, connections, seconds, count, keys, first;
};

struct request {
    char *bytes; /* owned */
    size_t len, marks[MARKS_MAX], n_marks;
};

struct connection {
    int fd;
    char *request; /* owned */
    size_t sent;
    bool waits_for_room; /* the request did not fit into the socket */
    int64_t started_ns;
    char answer[ANSWER_MAX];
    size_t have;
};

struct load {
    struct options o;
    struct request request;
    struct connection *connections; /* owned */
    int epoll;
    uint64_t random, asked, fresh, done, errors, in_flight;
    int64_t end_ns;
    uint64_t latency[LATENCY_BUCKETS];
};

static void die(const char *what)
{
    fprintf(stderr, "bench_load: %s: %s\n", what, errno ? strerror(errno) : "not possible");
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* -- latencies: buckets of 3 % width ------------------------------------------------------------------------- */

static size_t bucket_of(uint64_t ns)
{
    unsigned shift;

    if (ns < LATENCY_STEPS)
        return ns;
    shift = 58 - (unsigned)__builtin_clzll(ns);
    return (size_t)shift * LATENCY_STEPS + (ns >> shift);
}

static uint64_t bucket_end(size_t bucket)
{
    if (bucket < 2 * LATENCY_STEPS)
        return bucket;
    return (uint64_t)(bucket % LATENCY_STEPS + LATENCY_STEPS + 1) << (bucket / LATENCY_STEPS - 1);
}

static double percentile_us(const struct load *l, double part)
{
    uint64_t n = 0, want = (uint64_t)((double)l->done * part);

    for (size_t i = 0; i < LATENCY_BUCKETS; i++)
        if ((n += l->latency[i]) > want)
            return (double)bucket_end(i) / 1000;
    return 0;
}

/* -- the request ---------------------------------------------------------------------------------------------- */

static void read_request(struct request *rq, const char *file)
{
    static const char mark[] = "########";
    FILE *f = fopen(file, "rb");

    rq->bytes = malloc(REQUEST_MAX);
    if (!f || !rq->bytes)
        die(file);
    rq->len = fread(rq->bytes, 1, REQUEST_MAX, f);
    fclose(f);
    errno = 0;
    if (rq->len == 0 || rq->len == REQUEST_MAX)
        die(file);
    for (size_t i = 0; i + MARK_LEN <= rq->len && rq->n_marks < MARKS_MAX; i++)
        if (memcmp(rq->bytes + i, mark, MARK_LEN) == 0)
            rq->marks[rq->n_marks++] = i;
}

static void write_number(char *at, uint64_t number)
{
    for (int i = MARK_LEN; i-- > 0; number >>= 4)
        at[i] = "0123456789abcdef"[number & 15];
}

/* xorshift64: the same numbers in every run. */
static uint64_t next_random(struct load *l)
{
    l->random ^= l->random << 13;
    l->random ^= l->random >> 7;
    l->random ^= l->random << 17;
    return l->random;
}

static uint64_t next_number(struct load *l)
{
    uint64_t chance;

    if (l->o.mode == MODE_REPEAT)
        return l->asked % l->o.keys;
    chance = next_random(l);
    if (l->o.mode == MODE_MIXED && chance % 10 != 0)
        return chance / 10 % l->o.keys;
    return l->o.first + l->fresh++;
}

/* -- connections ---------------------------------------------------------------------------------------------- */

static void open_connection(struct load *l, struct connection *c)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)l->o.port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    int one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0)
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e) < 0)
        die("connect");
    c->request = malloc(l->request.len);
    if (!c->request)
        die("connect");
    memcpy(c->request, l->request.bytes, l->request.len);
}

/* An error ends this connection's part of the load. */
static void fail(struct load *l, struct connection *c)
{
    l->errors++;
    l->in_flight--;
    close(c->fd);
    c->fd = -1;
}

static void watch(struct load *l, struct connection *c, bool waits_for_room)
{
    struct epoll_event e = {.events = waits_for_room ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = c};

    if (waits_for_room == c->waits_for_room)
        return;
    c->waits_for_room = waits_for_room;
    if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &e) < 0)
        die("epoll");
}

static void send_rest(struct load *l, struct connection *c)
{
    ssize_t n = send(c->fd, c->request + c->sent, l->request.len - c->sent, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        fail(l, c);
        return;
    }
    c->sent += n > 0 ? (size_t)n : 0;
    watch(l, c, c->sent < l->request.len);
}

static bool is_over(const struct load *l)
{
    return (l->o.count && l->asked >= l->o.count) || now_ns() >= l->end_ns;
}

static void ask(struct load *l, struct connection *c)
{
    uint64_t number;

    if (is_over(l))
        return;
    number = next_number(l);
    for (size_t i = 0; i < l->request.n_marks; i++)
        write_number(c->request + l->request.marks[i], number);
    l->asked++;
    l->in_flight++;
    c->sent = c->have = 0;
    c->started_ns = now_ns();
    send_rest(l, c);
}

/* -- answers -------------------------------------------------------------------------------------------------- */

/* The length of the whole answer in c->answer; 0 while its head is not whole. */
static size_t answer_len(const struct connection *c)
{
    static const char field[] = "\ncontent-length:";
    const char *end = memmem(c->answer, c->have, "\r\n\r\n", 4);
    const char *at = c->answer;

    if (!end)
        return 0;
    while (at && strncasecmp(at, field, sizeof field - 1) != 0)
        at = memchr(at + 1, '\n', (size_t)(end - at));
    return (size_t)(end + 4 - c->answer) + (at ? strtoul(at + sizeof field - 1, NULL, 10) : 0);
}

static void take_answer(struct load *l, struct connection *c)
{
    if (c->answer[9] != '2') {
        l->errors++;
        if (l->errors == 1)
            fprintf(stderr, "bench_load: %.*s\n", (int)strcspn(c->answer, "\r\n"), c->answer);
    }
    l->in_flight--;
    l->done++;
    l->latency[bucket_of((uint64_t)(now_ns() - c->started_ns))]++;
    ask(l, c);
}

static void receive(struct load *l, struct connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->have, ANSWER_MAX - 1 - c->have, 0);
    size_t len;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || c->sent < l->request.len) {
        fail(l, c);
        return;
    }
    c->have += (size_t)n;
    c->answer[c->have] = '\0';
    len = answer_len(c);
    if (len >= ANSWER_MAX || (len == 0 && c->have == ANSWER_MAX - 1))
        fail(l, c);
    else if (len > 0 && c->have >= len)
        take_answer(l, c);
}

static void serve(struct load *l, const struct epoll_event *e)
{
    struct connection *c = e->data.ptr;

    if (c->waits_for_room && e->events & EPOLLOUT)
        send_rest(l, c);
    if (c->fd >= 0 && e->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        receive(l, c);
}

static void run(struct load *l)
{
    struct epoll_event events[EVENTS];
    int64_t give_up_ns = l->end_ns + DRAIN_NS * INT64_C(10);

    for (size_t i = 0; i < l->o.connections; i++)
        ask(l, &l->connections[i]);
    while (l->in_flight > 0 && now_ns() < give_up_ns) {
        int n = epoll_wait(l->epoll, events, EVENTS, 1000);

        for (int i = 0; i < n; i++)
            serve(l, &events[i]);
    }
    l->errors += l->in_flight;
}

/* -- command line --------------------------------------------------------------------------------------------- */

static void usage(void)
{
    fprintf(stderr, "usage: bench_load --port N --request FILE [--mode repeat|mixed|new]\n"
                    "                  [--connections N] [--seconds S] [--count N] [--keys N] "
                    "[--first N]\n");
    exit(2);
}

static uint64_t number(const char *text, uint64_t max)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);

    if (*end || end == text || n > max)
        usage();
    return n;
}

static enum mode mode_of(const char *text)
{
    static const char *const names[] = {"", "repeat", "mixed", "new"};

    for (enum mode m = MODE_REPEAT; m <= MODE_NEW; m++)
        if (strcmp(text, names[m]) == 0)
            return m;
    usage();
    return MODE_REPEAT;
}

static void read_option(struct options *o, const char *name, const char *value)
{
    if (strcmp(name, "--port") == 0)
        o->port = number(value, 65535);
    else if (strcmp(name, "--request") == 0)
        o->request_file = value;
    else if (strcmp(name, "--mode") == 0)
        o->mode = mode_of(value);
    else if (strcmp(name, "--connections") == 0)
        o->connections = number(value, CONNECTIONS_MAX);
    else if (strcmp(name, "--seconds") == 0)
        o->seconds = number(value, SECONDS_MAX);
    else if (strcmp(name, "--count") == 0)
        o->count = number(value, COUNT_MAX);
    else if (strcmp(name, "--keys") == 0)
        o->keys = number(value, COUNT_MAX);
    else if (strcmp(name, "--first") == 0)
        o->first = number(value, UINT32_MAX);
    else
        usage();
}

static void report(const struct load *l, double seconds)
{
    printf("{\"requests\": %" PRIu64 ", \"new\": %" PRIu64 ", \"seconds\": %.3f, \"rps\": %.1f, "
           "\"p50_us\": %.1f, \"p99_us\": %.1f, \"errors\": %" PRIu64 "}\n",
           l->done, l->fresh, seconds, (double)l->done / seconds, percentile_us(l, 0.5),
           percentile_us(l, 0.99), l->errors);
}

int main(int argc, char **argv)
{
    struct load l = {
        .o = {.mode = MODE_MIXED, .connections = 1, .seconds = 4, .keys = 1000, .first = 1000},
        .random = 0x9E3779B97F4A7C15u};
    int64_t start_ns;

    if (argc % 2 == 0)
        usage();
    for (int i = 1; i < argc; i += 2)
        read_option(&l.o, argv[i], argv[i + 1]);
    if (!l.o.port || !l.o.request_file || !l.o.connections || !l.o.seconds || !l.o.keys)
        usage();
    read_request(&l.request, l.o.request_file);
    l.connections = calloc(l.o.connections, sizeof *l.connections);
    l.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!l.connections || l.epoll < 0)
        die("start");
    for (size_t i = 0; i < l.o.connections; i++)
        open_connection(&l, &l.connections[i]);
    start_ns = now_ns();
    l.end_ns = start_ns + (int64_t)l.o.seconds * 1000000000;
    run(&l);
    report(&l, (double)(now_ns() - start_ns) / 1e9);
    for (size_t i = 0; i < l.o.connections; i++) {
        if (l.connections[i].fd >= 0)
            close(l.connections[i].fd);
        free(l.connections[i].request);
    }
    free(l.connections);
    free(l.request.bytes);
    close(l.epoll);
    return 0;
}
