/* A file that is linked into the binary. Tables of these end with a NULL name. */
#ifndef TCN_BASE_EMBEDDED_H
#define TCN_BASE_EMBEDDED_H

#include <stddef.h>

struct tcn_embedded {
    const char *name; /* path below its folder, "sources/alertmanager.json" */
    const char *text; /* NUL-terminated */
    size_t len;
};

#endif
