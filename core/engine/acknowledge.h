/* What a person's answer stops. Private to core/engine. */
#ifndef TCN_ENGINE_ACKNOWLEDGE_H
#define TCN_ENGINE_ACKNOWLEDGE_H

#include "engine/step.h"

/* The page's contact answers, by that channel (NULL: by none in particular). Nothing when that was so before. */
void tcn_acknowledge_page(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_page *p,
                          const char *channel, const char *actor, const char *note);

#endif
