/* Inside base: the parse with the place of a fault as numbers. */
#ifndef TCN_BASE_JSON_POLICY_H
#define TCN_BASE_JSON_POLICY_H

#include "base/json.h"

struct tcn_json_fault {
    int line, column; /* from 1; columns are bytes */
    char what[JSON_ERROR_TEXT_LENGTH];
};

/* As tcn_json_parse; *fault is filled on failure. */
int tcn_json_load(struct tcn_str text, const struct tcn_json_limits *limits, json_t **ret_root,
                  struct tcn_json_fault *fault);

#endif
