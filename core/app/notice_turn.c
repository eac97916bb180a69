#include "app/notice_turn.h"

#include "app/resources.h"
#include "engine/published.h"
#include "store/notices.h"

static const struct tcn_topic_list *topics_of(const struct tcn_decision *d)
{
    return d->directory && d->directory->declared ? &d->directory->declared->topics : NULL;
}

bool tcn_notice_is_due(const struct tcn_decision *d)
{
    const struct tcn_incident *i = &d->subject->incident;

    if (i->notification_targets.n + i->chat_channel.n == 0)
        return false;
    for (size_t k = 0; k < d->events.n; k++)
        if (tcn_event_is_published(&d->events.items[k]))
            return true;
    return false;
}

static int wake_topic(struct tcn_store *s, const struct tcn_decision *d,
                      const struct tcn_topic *topic, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_notice notice = {.incident = d->subject->incident.id,
                                .topic = topic->arn,
                                .told_seq = d->events.items[0].seq - 1,
                                .due_ms = now_ms};
    int r = 0;

    for (size_t i = 0; i < topic->n_connectors && r == 0; i++) {
        notice.connector = topic->connectors[i];
        notice.id = tcn_notice_id(notice.incident, notice.topic, notice.connector);
        r = tcn_store_notice_wake(s, &notice, err);
    }
    return r;
}

static int wake_all(struct tcn_store *s, const struct tcn_decision *d, int64_t now_ms,
                    struct tcn_err *err)
{
    const char *arns[TCN_TOPICS_OF_INCIDENT_MAX];
    size_t n = tcn_incident_topics(&d->subject->incident, arns);
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        const struct tcn_topic *topic = tcn_topic_named(topics_of(d), arns[i]);

        if (topic)
            r = wake_topic(s, d, topic, now_ms, err);
    }
    return r;
}

/* One that comes back later is told what happens from then on. What waits is left to its next claim, which tells people. */
static int drop_others(struct tcn_store *s, const struct tcn_decision *d, struct tcn_err *err)
{
    struct tcn_notice *known = NULL;
    size_t n = 0;
    int r = tcn_store_notice_list(s, d->subject->incident.id, d->arena, &known, &n, err);

    for (size_t i = 0; i < n && r == 0; i++)
        if (known[i].due_ms == 0 && !tcn_incident_has_topic(&d->subject->incident, known[i].topic))
            r = tcn_store_notice_drop(s, known[i].id, err);
    return r;
}

int tcn_notice_turn(struct tcn_store *s, const struct tcn_decision *d, int64_t now_ms,
                    struct tcn_err *err)
{
    int r = d->topics_changed ? drop_others(s, d, err) : 0;

    return r < 0 || !tcn_notice_is_due(d) ? r : wake_all(s, d, now_ms, err);
}
