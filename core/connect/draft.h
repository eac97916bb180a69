/* What a mapping file must say for one instance where the one in the binary does not fit it. Pure. */
#ifndef TCN_CONNECT_DRAFT_H
#define TCN_CONNECT_DRAFT_H

#include "mapping/mapping.h"

/* Of the mapping in the binary: base is its JSON, mapping the same compiled. settings as configured, or NULL; facts as
 * TOCSIN_PROBE tells them. Returns the members that differ, as a merge patch over base, yours; an empty object when it fits. To
 * told and unmapped, arrays, goes a text for each that is mapped now, and for each that a person must decide.
 *   A choice list that is written by a table of its name with a map gets its values by rank, the most severe first; one with
 * classes, and a setting of its name, get the value whose label says it. A field that the instance does not have is left out,
 * unless records are found again by it. What the instance requires nobody can guess. */
json_t *tcn_draft(json_t *base, const struct tcn_mapping *m, json_t *settings, json_t *facts,
                  json_t *told, json_t *unmapped);

#endif
