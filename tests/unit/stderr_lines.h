/* What came to standard error while a test looked. */
#ifndef TCN_TESTS_STDERR_LINES_H
#define TCN_TESTS_STDERR_LINES_H

/* cmocka asks for these before itself. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct stderr_lines {
    char text[65536]; /* of the last look */
    int kept;         /* what standard error was */
    FILE *file;       /* owned while it looks */
};

static inline void stderr_begin(struct stderr_lines *l)
{
    l->kept = dup(STDERR_FILENO);
    l->file = tmpfile();
    assert_true(l->kept >= 0 && l->file && dup2(fileno(l->file), STDERR_FILENO) >= 0);
}

static inline void stderr_end(struct stderr_lines *l)
{
    assert_true(dup2(l->kept, STDERR_FILENO) >= 0);
    close(l->kept);
    rewind(l->file);
    l->text[fread(l->text, 1, sizeof l->text - 1, l->file)] = '\0';
    fclose(l->file);
}

static inline size_t stderr_count(const struct stderr_lines *l)
{
    size_t n = 0;

    for (const char *p = l->text; (p = strchr(p, '\n')) != NULL; p++)
        n++;
    return n;
}

#endif
