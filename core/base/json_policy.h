/* Inside base: the parse with the place of a fault as numbers, and how problems are added. */
#ifndef TCN_BASE_JSON_POLICY_H
#define TCN_BASE_JSON_POLICY_H

#include "base/json.h"

struct tcn_json_fault {
    int line, column; /* from 1; columns are bytes */
    size_t offset;    /* of the text: where it was noticed */
    char what[JSON_ERROR_TEXT_LENGTH];
};

/* As tcn_json_parse; *fault is filled on failure. */
int tcn_json_load(struct tcn_str text, const struct tcn_json_limits *limits, json_t **ret_root,
                  struct tcn_json_fault *fault);

/* The tree of a plain text within the limits; NULL when it is not plain, whatever it may be then: jansson must be asked.
 * The text holds no NUL byte. */
json_t *tcn_json_plain(struct tcn_str text, const struct tcn_json_limits *limits);

/* "; what to do" about a fault of a file that a person wrote, or "". */
const char *tcn_json_hint(struct tcn_str text, const struct tcn_json_fault *fault);

/* The line "FILE:NUMBER: PATH: WHAT". */
void tcn_problems_add_at(struct tcn_problems *p, const char *file, int number, const char *path,
                         const char *what);

#endif
