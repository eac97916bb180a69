#include "app/peers_agree.h"

#include <stdio.h>
#include <string.h>

static const struct tcn_peer *find_self(const struct tcn_peer *peers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (peers[i].is_self && peers[i].config)
            return &peers[i];
    return NULL;
}

static bool differs(const struct tcn_peer *self, const struct tcn_peer *p)
{
    return p->state == TCN_PEER_ALIVE && p->config && strcmp(p->config, self->config) != 0;
}

static void describe(const struct tcn_peer *p, char *ret, size_t size)
{
    snprintf(ret, size, "%s, %s", p->config, p->region ? p->region : "no region");
}

/* As many as there is room for; their number tells of the rest. */
static void add(struct tcn_agree *a, const struct tcn_peer *p)
{
    char what[sizeof a->own];
    size_t len = strlen(a->others);

    describe(p, what, sizeof what);
    snprintf(a->others + len, sizeof a->others - len, "%s%s (%s)", len ? ", " : "", p->name, what);
    a->n++;
}

static void list(struct tcn_agree *a, const struct tcn_peer *peers, size_t n)
{
    const struct tcn_peer *self = find_self(peers, n);

    a->n = 0;
    a->others[0] = a->own[0] = '\0';
    if (!self)
        return;
    describe(self, a->own, sizeof a->own);
    for (size_t i = 0; i < n; i++)
        if (differs(self, &peers[i]))
            add(a, &peers[i]);
}

static bool is_same(const struct tcn_agree *was, const struct tcn_agree *is)
{
    return was->n == is->n && strcmp(was->others, is->others) == 0 &&
           (is->n == 0 || strcmp(was->own, is->own) == 0);
}

static enum tcn_agree_news judge(struct tcn_agree *a, int64_t now_us)
{
    if (a->n > 0 && !a->is_told && now_us - a->since_us >= TCN_AGREE_PATIENCE_US) {
        a->is_told = a->was_told = true;
        return TCN_AGREE_DIFFERS;
    }
    if (a->n == 0 && a->was_told) {
        a->was_told = false;
        return TCN_AGREE_AGAIN;
    }
    return TCN_AGREE_NOTHING;
}

enum tcn_agree_news tcn_agree_look(struct tcn_agree *a, const struct tcn_peer *peers, size_t n,
                                   int64_t now_us)
{
    const struct tcn_agree was = *a;

    list(a, peers, n);
    if (!is_same(&was, a)) {
        a->since_us = now_us;
        a->is_told = false;
    }
    return judge(a, now_us);
}
