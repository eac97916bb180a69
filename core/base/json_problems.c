/* The list of what is wrong with a file: one line each, at last in the order of the file. */
#include "base/json_policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LINE = 2048 };

void tcn_problems_init(struct tcn_problems *p)
{
    *p = (struct tcn_problems){0};
    tcn_buf_init(&p->text, (TCN_MAX_PROBLEMS + 1) * (size_t)MAX_LINE);
}

void tcn_problems_done(struct tcn_problems *p)
{
    tcn_buf_done(&p->text);
    p->n = p->lines = 0;
}

/* Two readers of one member say the same of it. */
static bool is_told(const struct tcn_problems *p, const char *line)
{
    struct tcn_str rest = tcn_buf_view(&p->text), told;

    while (tcn_str_cut(&rest, '\n', &told))
        if (tcn_str_eq(told, tcn_str(line)))
            return true;
    return false;
}

static void add_line(struct tcn_problems *p, struct tcn_place place, char *line)
{
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    p->n++;
    if (p->lines > TCN_MAX_PROBLEMS || is_told(p, line))
        return;
    if (p->lines < TCN_MAX_PROBLEMS)
        p->places[p->lines] = place;
    p->lines++;
    tcn_buf_z(&p->text, p->lines > TCN_MAX_PROBLEMS
                            ? "more problems are not shown; solve these first"
                            : line);
    tcn_buf_char(&p->text, '\n');
}

void tcn_problems_add(struct tcn_problems *p, const char *fmt, ...)
{
    char line[MAX_LINE - 1];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    line[tcn_utf8_prefix(tcn_str(line))] = '\0';
    add_line(p, (struct tcn_place){0}, line);
}

void tcn_problems_add_at(struct tcn_problems *p, const char *file, int number, const char *path,
                         const char *what)
{
    struct tcn_place place = {.file_len = strlen(file), .line = number};
    char line[MAX_LINE - 1];

    snprintf(line, sizeof line, "%s:%d: %s: %s", file, number, path, what);
    line[tcn_utf8_prefix(tcn_str(line))] = '\0';
    add_line(p, place, line);
}

struct row {
    struct tcn_str text, file;
    size_t group;
    int line;
};

static int compare_text(struct tcn_str a, struct tcn_str b)
{
    int r = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

    return r ? r : (a.len > b.len) - (a.len < b.len);
}

static int compare(const void *left, const void *right)
{
    const struct row *a = left, *b = right;

    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return compare_text(a->text, b->text);
}

/* 0: the file itself; others in the order in which they came. */
static size_t group_of(const struct row *rows, size_t i, const char *file)
{
    size_t first = 0;

    if (tcn_str_eq(rows[i].file, tcn_str(file)))
        return 0;
    while (!tcn_str_eq(rows[first].file, rows[i].file))
        first++;
    return first + 1;
}

static size_t split(const struct tcn_problems *p, const char *file, struct row rows[])
{
    struct tcn_str rest = tcn_buf_view(&p->text), line;
    size_t n = 0;

    while (n < p->lines && n < TCN_MAX_PROBLEMS && tcn_str_cut(&rest, '\n', &line)) {
        rows[n] = (struct row){.text = line, .line = p->places[n].line};
        rows[n].file = (struct tcn_str){line.ptr, p->places[n].file_len};
        rows[n].group = group_of(rows, n, file);
        n++;
    }
    return n;
}

void tcn_problems_sort(struct tcn_problems *p, const char *file)
{
    struct row rows[TCN_MAX_PROBLEMS];
    size_t n = split(p, file, rows);
    struct tcn_place places[TCN_MAX_PROBLEMS];
    struct tcn_buf sorted;
    struct tcn_str all = tcn_buf_view(&p->text), rest;
    size_t taken = 0;

    tcn_buf_init(&sorted, p->text.cap);
    for (size_t i = 0; i < n; i++)
        taken += rows[i].text.len + 1;
    rest = (struct tcn_str){all.ptr + taken, all.len - taken}; /* that there are more */
    qsort(rows, n, sizeof *rows, compare);
    for (size_t i = 0; i < n; i++) {
        places[i] = (struct tcn_place){rows[i].file.len, rows[i].line};
        tcn_buf_str(&sorted, rows[i].text);
        tcn_buf_char(&sorted, '\n');
    }
    tcn_buf_str(&sorted, rest);
    memcpy(p->places, places, n * sizeof *places);
    tcn_buf_done(&p->text);
    p->text = sorted;
}
