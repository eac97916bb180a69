/* PCRE2 behind three functions. */
#include "mapping/regex.h"
#include "base/xalloc.h"

#include <stdlib.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Together some milliseconds at worst: enough for every honest expression. */
enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 10000, HEAP_LIMIT_KIB = 4096, MAX_PATTERN = 2000 };

struct tcn_regex {
    pcre2_code *code;
    pcre2_match_context *limits; /* only read after _new */
};

struct tcn_regex_memory {
    pcre2_match_data *match;
};

static void *need(void *p)
{
    if (!p)
        abort();
    return p;
}

int tcn_regex_new(struct tcn_str pattern, struct tcn_regex **ret, struct tcn_err *err)
{
    unsigned char what[120];
    struct tcn_regex *re;
    pcre2_code *code;
    PCRE2_SIZE at;
    int number;

    if (pattern.len > MAX_PATTERN)
        return tcn_fail(err, TCN_ESYNTAX, "longer than %d bytes", MAX_PATTERN);
    code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C,
                         &number, &at, NULL);
    if (!code) {
        pcre2_get_error_message(number, what, sizeof what);
        return tcn_fail(err, TCN_ESYNTAX, "%s, at its character %zu", (const char *)what, at + 1);
    }
    /* without JIT support the interpreter runs it, under the same limits */
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    re = tcn_xcalloc(1, sizeof *re);
    re->code = code;
    re->limits = need(pcre2_match_context_create(NULL));
    pcre2_set_match_limit(re->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(re->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(re->limits, HEAP_LIMIT_KIB);
    *ret = re;
    return 0;
}

void tcn_regex_free(struct tcn_regex *re)
{
    if (!re)
        return;
    pcre2_match_context_free(re->limits);
    pcre2_code_free(re->code);
    free(re);
}

struct tcn_regex_memory *tcn_regex_memory_new(void)
{
    struct tcn_regex_memory *memory = tcn_xcalloc(1, sizeof *memory);

    memory->match = need(pcre2_match_data_create(1, NULL));
    return memory;
}

void tcn_regex_memory_free(struct tcn_regex_memory *memory)
{
    if (!memory)
        return;
    pcre2_match_data_free(memory->match);
    free(memory);
}

bool tcn_regex_match(const struct tcn_regex *re, struct tcn_regex_memory *memory,
                     struct tcn_str text, bool *ret_gave_up)
{
    int r = pcre2_match(re->code, (PCRE2_SPTR)text.ptr, text.len, 0, 0, memory->match, re->limits);

    *ret_gave_up = r < 0 && r != PCRE2_ERROR_NOMATCH;
    return r >= 0;
}
