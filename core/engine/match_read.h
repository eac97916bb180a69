/* Matchers as people write them: {"service": ["db-*", "cache"], "source": "prod"}. */
#ifndef TCN_ENGINE_MATCH_READ_H
#define TCN_ENGINE_MATCH_READ_H

#include "base/arena.h"
#include "model/mute.h"
#include <jansson.h>

/* NULL, or what is wrong with the matcher *ret_name (NULL: with the whole), as the end of a sentence. The matchers are in the
 * arena, the texts are those of json. */
const char *tcn_match_read(const json_t *json, struct tcn_arena *arena, struct tcn_match *ret,
                           const char **ret_name);
/* The same the other way; the caller's. */
json_t *tcn_match_json(const struct tcn_match *match);

#endif
