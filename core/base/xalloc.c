/* malloc and friends that abort. No message: nothing that could print one is sure to work any more. */
#include "base/xalloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

static size_t product(size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size)
        abort();
    return n * size;
}

/* malloc(0) may be NULL, which must not look like a lack of memory. */
static size_t at_least_one(size_t size)
{
    return size ? size : 1;
}

void *tcn_xmalloc(size_t size)
{
    return must(malloc(at_least_one(size)));
}

void *tcn_xcalloc(size_t n, size_t size)
{
    return must(calloc(1, at_least_one(product(n, size))));
}

void *tcn_xrealloc(void *p, size_t n, size_t size)
{
    return must(realloc(p, at_least_one(product(n, size))));
}

char *tcn_xstrdup(const char *s)
{
    return s ? tcn_xstrndup(s, strlen(s)) : NULL;
}

char *tcn_xstrndup(const char *s, size_t len)
{
    char *copy;

    if (!s)
        return NULL;
    if (len == SIZE_MAX)
        abort();
    copy = tcn_xmalloc(len + 1);
    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}
