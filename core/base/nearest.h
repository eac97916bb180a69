/* "did you mean": the closest of a list of names; "known are": some of them. */
#ifndef TCN_BASE_NEAREST_H
#define TCN_BASE_NEAREST_H

#include "base/buf.h"

#define TCN_KNOWN_ALL 8 /* so many names are told whole */
#define TCN_KNOWN_FEW 5 /* of more, so many */

/* The name with the smallest edit distance (insert, delete, replace, swap of neighbours; the case of
 * letters costs nothing), or NULL when none
 * is closer than a third of the word's length (at least 2). names ends with NULL. */
const char *tcn_nearest(const char *word, const char *const names[]);
/* Appends "a, b, c": names (ends with NULL) in their order while they are few, else the nearest to the word, however far,
 * and how many more there are. */
void tcn_buf_known(struct tcn_buf *b, const char *word, const char *const names[]);

#endif
