/* Which events of a timeline topics are told of. */
#ifndef TCN_ENGINE_PUBLISHED_H
#define TCN_ENGINE_PUBLISHED_H

#include "model/incident.h"

/* What happened to the incident or was said of it: it opened, its record changed, somebody was paged or answered, notes and
 * custom events. Not that its alarm came again, nor what Tocsin says of its own work: that somebody could not be told is no
 * reason to tell the same ones more. */
bool tcn_event_is_published(const struct tcn_event *event);

/* Topics of the record that are told, each once; *ret of TCN_TOPICS_OF_INCIDENT_MAX. Returns how many. */
#define TCN_TOPICS_OF_INCIDENT_MAX (TCN_TARGET_TOPICS_MAX + TCN_CHAT_TOPICS_MAX)
size_t tcn_incident_topics(const struct tcn_incident *incident, const char *ret[]);
bool tcn_incident_has_topic(const struct tcn_incident *incident, const char *topic);

#endif
