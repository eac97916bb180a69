/* Overrides of rotations that commands make: what is true of them only when they are made, and how long they are kept. */
#ifndef TCN_APP_RESOURCE_OVERRIDE_H
#define TCN_APP_RESOURCE_OVERRIDE_H

#include "app/resource_json.h"
#include "engine/rotation.h"

#define TCN_OVERRIDE_KEPT_MS (INT64_C(400) * 86400000) /* as far back as shifts are listed */

/* CreateRotationOverride of ssm-contacts, of a body that the reader found right: *ret is the first thing that is wrong with it now
 * (spec incidents-contacts 7.2), in the arena; NULL: nothing. A file is read at every start, and may have any time. */
void tcn_override_check(const struct tcn_view *view, const json_t *body, int64_t now_ms,
                        struct tcn_arena *arena, const struct tcn_field_problem **ret);

/* Of an element of the list. */
bool tcn_override_is_over(const json_t *element, int64_t now_ms);

/* Drops those that commands made and that ended TCN_OVERRIDE_KEPT_MS ago: a list has an end. */
int tcn_override_trim(struct tcn_store *s, const struct tcn_element *overrides, size_t n,
                      int64_t now_ms, struct tcn_err *err);

#endif
