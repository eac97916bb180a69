/* GET /v1/nodes: every node that works on the store, and the database that they share. */
#ifndef TCN_API_V1_NODES_H
#define TCN_API_V1_NODES_H

#include "store/nodes.h"

#include <jansson.h>

struct tcn_v1_nodes {
    const struct tcn_peer *peers; /* borrowed */
    size_t n;
    int64_t as_of_ms; /* when they were as told; 0: never */
    struct tcn_database database;
    const char *trouble; /* why they could not be asked for now; NULL: they were */
};
/* Yours to json_decref(). */
json_t *tcn_v1_nodes_json(const struct tcn_v1_nodes *is);

#endif
