/* A receiver on loopback in a process of its own: answers every request with 200 and the same record, and does nothing
 * else. */
#ifndef TCN_TESTS_BENCH_SINK_H
#define TCN_TESTS_BENCH_SINK_H

#include <stdint.h>
#include <sys/types.h>

#define SINK_RECORD "0123456789abcdef0123456789abcdef" /* its id, as ServiceNow has them */

struct sink {
    pid_t pid;
    int port;
    int line; /* to the process: it ends when this is shut */
};

struct sink_count {
    uint64_t requests, connections;
    double cpu_us;
};

/* Before this process has a loop or a thread; ends the program when it does not come about. */
void sink_start(struct sink *s);
/* Ends it; what it counted. */
struct sink_count sink_end(struct sink *s);

double cpu_of_self_us(void);

#endif
