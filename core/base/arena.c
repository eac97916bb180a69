/* Bump allocation in blocks. What is not given out is poisoned for the address sanitizer. */
#include "base/arena.h"
#include "base/xalloc.h"

#include <assert.h>
#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BLOCK = 4096, LAST_BLOCK = 262144, SPARE_BLOCK = 32768 };

struct tcn_arena_block {
    struct tcn_arena_block *next;
    size_t size, used;
    max_align_t bytes[];
};

void tcn_arena_init(struct tcn_arena *a, size_t cap_bytes)
{
    *a = (struct tcn_arena){.cap = cap_bytes};
}

static void free_blocks(struct tcn_arena_block *block)
{
    while (block) {
        struct tcn_arena_block *next = block->next;

        ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
        free(block);
        block = next;
    }
}

void tcn_arena_done(struct tcn_arena *a)
{
    free_blocks(a->head);
    *a = (struct tcn_arena){.cap = a->cap};
}

void tcn_arena_reset(struct tcn_arena *a)
{
    a->used = 0;
    if (!a->head)
        return;
    free_blocks(a->head->next);
    a->head->next = NULL;
    a->head->used = 0;
    ASAN_POISON_MEMORY_REGION(a->head->bytes, a->head->size);
    /* a block made for one huge value is not worth keeping */
    if (a->head->size > LAST_BLOCK) {
        free_blocks(a->head);
        a->head = NULL;
    }
}

void tcn_arena_take(struct tcn_arena_pool *p, size_t cap_bytes, struct tcn_arena *ret)
{
    tcn_arena_init(ret, cap_bytes);
    if (p->n > 0)
        ret->head = p->spare[--p->n].head;
}

void tcn_arena_give(struct tcn_arena_pool *p, struct tcn_arena *a)
{
    tcn_arena_reset(a);
    if (p->n == TCN_ARENA_SPARES || !a->head || a->head->size > SPARE_BLOCK)
        tcn_arena_done(a);
    else
        p->spare[p->n++] = *a;
    *a = (struct tcn_arena){.cap = a->cap};
}

void tcn_arena_pool_done(struct tcn_arena_pool *p)
{
    while (p->n > 0)
        tcn_arena_done(&p->spare[--p->n]);
}

static struct tcn_arena_block *add_block(struct tcn_arena *a, size_t need)
{
    size_t size = a->head ? a->head->size * 2 : FIRST_BLOCK;
    struct tcn_arena_block *block;

    if (size > LAST_BLOCK)
        size = LAST_BLOCK;
    if (size < need)
        size = need;
    block = tcn_xmalloc(sizeof *block + size);
    *block = (struct tcn_arena_block){.next = a->head, .size = size};
    ASAN_POISON_MEMORY_REGION(block->bytes, size);
    a->head = block;
    return block;
}

/* Not zeroed. */
static void *take(struct tcn_arena *a, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    struct tcn_arena_block *block = a->head;
    size_t need;
    char *p;

    assert(a->used <= a->cap);
    if (size > a->cap - a->used)
        abort();
    need = (size + align - 1) / align * align;
    if (need == 0)
        need = align;
    if (!block || block->size - block->used < need)
        block = add_block(a, need);
    p = (char *)block->bytes + block->used;
    block->used += need;
    a->used += size;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return p;
}

void *tcn_arena_alloc(struct tcn_arena *a, size_t size)
{
    return memset(take(a, size), 0, size);
}

void *tcn_arena_calloc(struct tcn_arena *a, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size)
        abort();
    return tcn_arena_alloc(a, n * size);
}

void *tcn_arena_more(struct tcn_arena *a, const void *p, size_t size, size_t more)
{
    char *moved;

    if (more > SIZE_MAX - size)
        abort();
    moved = take(a, size + more);
    if (size)
        memcpy(moved, p, size);
    memset(moved + size, 0, more);
    return moved;
}

char *tcn_arena_strdup(struct tcn_arena *a, const char *z)
{
    return z ? tcn_arena_strndup(a, z, strlen(z)) : NULL;
}

char *tcn_arena_strndup(struct tcn_arena *a, const char *p, size_t len)
{
    char *copy;

    if (len == SIZE_MAX)
        abort();
    copy = take(a, len + 1);
    if (len)
        memcpy(copy, p, len);
    copy[len] = '\0';
    return copy;
}

struct tcn_str tcn_arena_str(struct tcn_arena *a, struct tcn_str s)
{
    return (struct tcn_str){tcn_arena_strndup(a, s.ptr, s.len), s.len};
}

char *tcn_arena_join(struct tcn_arena *a, const char *const parts[], size_t n)
{
    size_t lens[TCN_JOIN_MAX], len = 0;
    char *text, *end;

    assert(n <= TCN_JOIN_MAX);
    for (size_t i = 0; i < n; i++)
        len += lens[i] = parts[i] ? strlen(parts[i]) : 0;
    text = end = take(a, len + 1);
    for (size_t i = 0; i < n; i++) {
        if (lens[i])
            memcpy(end, parts[i], lens[i]);
        end += lens[i];
    }
    *end = '\0';
    return text;
}

/* Short texts, most of them, are formatted once. */
char *tcn_arena_fmt(struct tcn_arena *a, const char *fmt, ...)
{
    va_list args, again;
    char small[256], *text;
    int n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(small, sizeof small, fmt, args);
    assert(n >= 0);
    text = take(a, (size_t)n + 1);
    if ((size_t)n < sizeof small)
        memcpy(text, small, (size_t)n + 1);
    else
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}

void *tcn_arena_memdup(struct tcn_arena *a, const void *p, size_t size)
{
    void *copy = take(a, size);

    if (size)
        memcpy(copy, p, size);
    return copy;
}
