/* Inside base: members whose names are misspelt. Each is told once, and then read as what was meant. */
#ifndef TCN_BASE_JSON_SLIPS_H
#define TCN_BASE_JSON_SLIPS_H

#include "base/json.h"

struct tcn_slips {
    struct tcn_slip {
        const json_t *object;        /* whose member it is; borrowed */
        const char *written, *meant; /* borrowed from the document, from the reader's names */
    } items[TCN_MAX_PROBLEMS];
    size_t n;
};

/* The node is a member that was called a misspelling of meant. */
void tcn_slips_add(const struct tcn_node *n, const char *meant);
/* The name that stands for the absent member, NULL when there is none. */
const char *tcn_slips_find(const struct tcn_node *object, const char *meant);
/* True when the node itself was called misspelt. */
bool tcn_slips_has(const struct tcn_node *n);

#endif
