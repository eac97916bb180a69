/* Budgets of steps and bytes. */
#include "mapping/work.h"
#include "mapping/mapping.h"

enum { FIRST_TEXT = 256, BYTES_A_STEP = 256 };

void tcn_work_init(struct tcn_work *w, struct tcn_arena *arena, size_t bytes)
{
    *w = (struct tcn_work){.arena = arena, .bytes_left = bytes, .steps_left = TCN_WORK_STEPS};
}

bool tcn_work_spend_last(struct tcn_work *w, size_t steps)
{
    if (!w->spent && (uint64_t)w->steps_left < steps)
        w->spent = "the mapping takes too many steps on this input";
    return false;
}

void *tcn_work_alloc(struct tcn_work *w, size_t size)
{
    if (w->spent)
        return NULL;
    if (size > w->bytes_left) {
        w->spent = "the mapping builds more output than fits";
        return NULL;
    }
    w->bytes_left -= size;
    return tcn_arena_alloc(w->arena, size);
}

void *tcn_work_array(struct tcn_work *w, size_t n, size_t size)
{
    if (n > SIZE_MAX / size)
        n = SIZE_MAX / size;
    return tcn_work_alloc(w, n * size);
}

static bool reserve(struct tcn_text *t, size_t more)
{
    size_t size = t->size ? t->size : FIRST_TEXT;
    char *ptr;

    if (t->size - t->len > more)
        return true;
    if (more > TCN_MAPPING_OUTPUT_MAX - t->len) {
        t->work->spent = "a text of more than 1 MiB";
        return false;
    }
    while (size - t->len <= more)
        size *= 2;
    if (!(ptr = tcn_work_alloc(t->work, size)))
        return false;
    if (t->len)
        memcpy(ptr, t->ptr, t->len);
    t->ptr = ptr;
    t->size = size;
    return true;
}

void tcn_text_add(struct tcn_text *t, const void *bytes, size_t len)
{
    if (len == 0 || !tcn_work_spend(t->work, len / BYTES_A_STEP) || !reserve(t, len))
        return;
    memcpy(t->ptr + t->len, bytes, len);
    t->len += len;
}

void tcn_text_str(struct tcn_text *t, struct tcn_str s)
{
    tcn_text_add(t, s.ptr, s.len);
}

void tcn_text_char(struct tcn_text *t, char c)
{
    if (!t->work->spent && reserve(t, 1))
        t->ptr[t->len++] = c;
}

struct tcn_str tcn_text_done(struct tcn_text *t)
{
    if (t->work->spent || !reserve(t, 1))
        return (struct tcn_str){0};
    t->ptr[t->len] = '\0';
    return (struct tcn_str){t->ptr, t->len};
}
