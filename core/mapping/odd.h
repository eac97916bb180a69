/* What was there and could not be read. It costs its value, which is absent then, and is told with the alarm. */
#ifndef TCN_MAPPING_ODD_H
#define TCN_MAPPING_ODD_H

#include "mapping/value.h"

/* Borrows from the mapping and from the evaluation. */
struct tcn_odd {
    const char *where; /* of an expression, or a path as written; NULL: nothing was odd */
    const char *what;  /* "is no time in one of its formats" */
    struct tcn_value value;
};

/* Remembers the first. */
void tcn_odd_note(struct tcn_odd *odd, const char *where, const char *what,
                  const struct tcn_value *value);
/* The same of one that was noted elsewhere; nothing when that is empty. */
void tcn_odd_keep(struct tcn_odd *odd, const struct tcn_odd *other);

#define TCN_ODD_TEXT 512
/* One line of at most TCN_ODD_TEXT bytes: where, what, and the start of the value. */
void tcn_odd_text(struct tcn_work *w, const struct tcn_odd *odd, char ret[TCN_ODD_TEXT]);

#endif
