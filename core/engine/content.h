/* What an alarm says, as far as a repeat can be told from news: texts, impact and related items in one hash; and the
 * dedupe strings of incidents. For who loads what a decision needs, and for core/engine. */
#ifndef TCN_ENGINE_CONTENT_H
#define TCN_ENGINE_CONTENT_H

#include "engine/engine.h"

/* The impact of the incident that the alarm opens alone: its own, else the plan's. plan may be NULL. */
int tcn_impact_alone(const struct tcn_alarm *alarm, const struct tcn_response_plan *plan);
/* An update is told apart from its repeat by its state and time too, since it moves no clock. */
void tcn_content_hash(const struct tcn_alarm *alarm, char ret_hex[65]);

#endif
