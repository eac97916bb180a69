/* Regular expressions of "match": PCRE2, compiled once, with limits that end every search. */
#ifndef TCN_MAPPING_REGEX_H
#define TCN_MAPPING_REGEX_H

#include "base/err.h"
#include "base/str.h"

struct tcn_regex;
struct tcn_regex_memory;

/* TCN_ESYNTAX with PCRE2's own words and the offset. */
int tcn_regex_new(struct tcn_str pattern, struct tcn_regex **ret, struct tcn_err *err);
void tcn_regex_free(struct tcn_regex *re);

/* Scratch memory of one evaluation, for any number of expressions. */
struct tcn_regex_memory *tcn_regex_memory_new(void);
void tcn_regex_memory_free(struct tcn_regex_memory *memory);

/* True when text matches. *ret_gave_up is set when a limit ended the search (the answer is then false). */
bool tcn_regex_match(const struct tcn_regex *re, struct tcn_regex_memory *memory,
                     struct tcn_str text, bool *ret_gave_up);

#endif
