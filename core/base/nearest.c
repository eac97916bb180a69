/* Edit distance with neighbour swaps (optimal string alignment), in three rows of fixed size. */
#include "base/nearest.h"

#include <stdbool.h>
#include <string.h>

enum { MAX_WORD = 64 };

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool same(char a, char b)
{
    return lower(a) == lower(b);
}

/* Both words are at most MAX_WORD long. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][MAX_WORD + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_len; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *spare = before;

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = min(min(row[j - 1], last[j]) + 1, last[j - 1] + !same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = min(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
        row = spare;
    }
    return last[b_len];
}

const char *tcn_nearest(const char *word, const char *const names[])
{
    size_t len = strlen(word);
    /* a third of it: of four letters that share two, one is not a slip for the other */
    size_t limit = (len + 1) / 3 > 1 ? (len + 1) / 3 : 1;
    const char *best = NULL;

    if (len > MAX_WORD)
        return NULL;
    /* a name that shares nothing with the word is no help */
    if (limit >= len)
        limit = len ? len - 1 : 0;
    for (; *names; names++) {
        size_t name_len = strlen(*names), d;

        if (name_len > MAX_WORD || (d = distance(word, len, *names, name_len)) > limit)
            continue;
        best = *names;
        if (d == 0)
            break;
        limit = d - 1;
    }
    return best;
}

struct ranked {
    const char *name;
    size_t distance;
};

/* Before those that are farther, after those that are as near; beyond the last place it is left out. */
static void rank(struct ranked best[TCN_KNOWN_FEW], size_t *n, struct ranked r)
{
    size_t at = *n;

    while (at > 0 && best[at - 1].distance > r.distance)
        at--;
    if (at == TCN_KNOWN_FEW)
        return;
    *n += *n < TCN_KNOWN_FEW;
    for (size_t i = *n - 1; i > at; i--)
        best[i] = best[i - 1];
    best[at] = r;
}

static size_t cut(const char *word)
{
    return min(strlen(word), MAX_WORD);
}

static void add_nearest(struct tcn_buf *b, const char *word, const char *const names[])
{
    struct ranked best[TCN_KNOWN_FEW];
    const char *few[TCN_KNOWN_FEW + 1] = {NULL};
    size_t n = 0;

    for (; *names; names++)
        rank(best, &n, (struct ranked){*names, distance(word, cut(word), *names, cut(*names))});
    for (size_t i = 0; i < n; i++)
        few[i] = best[i].name;
    tcn_buf_names(b, few, n);
}

void tcn_buf_known(struct tcn_buf *b, const char *word, const char *const names[])
{
    size_t n = 0;

    while (names[n])
        n++;
    if (n <= TCN_KNOWN_ALL) {
        tcn_buf_names(b, names, n);
        return;
    }
    add_nearest(b, word, names);
    tcn_buf_fmt(b, " and %zu more", n - TCN_KNOWN_FEW);
}
