/* "did you mean": the closest of a list of names. */
#ifndef TCN_BASE_NEAREST_H
#define TCN_BASE_NEAREST_H

#include <stddef.h>

/* The name with the smallest edit distance (insert, delete, replace, swap of neighbours; the case of
 * letters costs nothing), or NULL when none
 * is closer than a third of the word's length (at least 2). names ends with NULL. */
const char *tcn_nearest(const char *word, const char *const names[]);

#endif
