#include "engine/published.h"

#include <string.h>

static const char *const told[] = {TCN_EVENT_TRIGGER, TCN_EVENT_START, TCN_EVENT_UPDATE,
                                   TCN_EVENT_PAGE,    TCN_EVENT_ACK,   TCN_EVENT_NOTE,
                                   TCN_EVENT_CUSTOM};

/* As tcn_event_data_trigger and tcn_event_data_note begin. */
#define FOLDED "{\"createdIncident\":false"
#define BY_SOMEBODY "{\"author\":"

static bool begins(const struct tcn_event *e, const char *with)
{
    return e->data && strncmp(e->data, with, strlen(with)) == 0;
}

bool tcn_event_is_published(const struct tcn_event *e)
{
    /* An answer that is to no page: ssm-incidents has no event for it. */
    if (strcmp(e->type, TCN_EVENT_TOCSIN) == 0)
        return begins(e, BY_SOMEBODY);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (strcmp(e->type, told[i]) == 0)
            return strcmp(e->type, TCN_EVENT_TRIGGER) != 0 || !begins(e, FOLDED);
    return false;
}

static size_t add(const struct tcn_topics *topics, const char *ret[], size_t n)
{
    for (size_t i = 0; i < topics->n && n < TCN_TOPICS_OF_INCIDENT_MAX; i++) {
        size_t k = 0;

        while (k < n && strcmp(ret[k], topics->arns[i]) != 0)
            k++;
        if (k == n)
            ret[n++] = topics->arns[i];
    }
    return n;
}

size_t tcn_incident_topics(const struct tcn_incident *incident, const char *ret[])
{
    return add(&incident->chat_channel, ret, add(&incident->notification_targets, ret, 0));
}

bool tcn_incident_has_topic(const struct tcn_incident *incident, const char *topic)
{
    const char *arns[TCN_TOPICS_OF_INCIDENT_MAX];
    size_t n = tcn_incident_topics(incident, arns);

    for (size_t i = 0; i < n; i++)
        if (strcmp(arns[i], topic) == 0)
            return true;
    return false;
}
