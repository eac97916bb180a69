#include "app/notice_news.h"

#include "app/remark.h"
#include "app/resources.h"
#include "base/datetime.h"
#include "engine/published.h"
#include "store/store.h"

#include <stdio.h>

#define TEXT 1600
#define EVENT_TEXT 200
#define EVENT_ARENA (4u << 20)

/* -- who is told -------------------------------------------------------------------------------------------------- */

static bool has_connector(const struct tcn_topic *topic, const char *connector)
{
    for (size_t i = 0; topic && i < topic->n_connectors; i++)
        if (strcmp(topic->connectors[i], connector) == 0)
            return true;
    return false;
}

const char *tcn_notice_why_over(const struct tcn_directory *declared,
                                const struct tcn_incident *incident,
                                const struct tcn_notice *notice)
{
    const struct tcn_topic_list *topics = declared->declared ? &declared->declared->topics : NULL;

    if (!tcn_incident_has_topic(incident, notice->topic))
        return "the incident does not name this topic any more";
    if (!has_connector(tcn_topic_named(topics, notice->topic), notice->connector))
        return "$.topics does not name this connector there any more";
    return NULL;
}

/* -- the line ----------------------------------------------------------------------------------------------------- */

/* "TYPE" of TIME; what a receiver would have seen, so that it can be looked for there. */
static int event_text(struct tcn_store *s, const struct tcn_notice_news *news, char ret[EVENT_TEXT],
                      struct tcn_err *err)
{
    struct tcn_arena arena;
    struct tcn_event *event = NULL;
    char time[TCN_TIME_TEXT];
    size_t n = 0;
    int r;

    tcn_arena_init(&arena, EVENT_ARENA);
    r = tcn_store_event_list(s, news->notice->incident, news->seq - 1, 1, &arena, &event, &n, err);
    if (r == 0 && n == 1) {
        tcn_time_text(event->event_ms, time);
        snprintf(ret, EVENT_TEXT, "\"%.100s\" of %s", event->type, time);
    }
    tcn_arena_done(&arena);
    return r;
}

static void write_text(const struct tcn_notice_news *news, const char *event, char ret[TEXT])
{
    const char *topic = news->notice->topic, *connector = news->notice->connector;

    if (news->kind == TCN_NOTICE_LATE)
        snprintf(ret, TEXT,
                 "%.400s is not told of %s by %.64s yet: %.300s; it is tried again by itself",
                 topic, event, connector, news->why);
    else if (news->kind == TCN_NOTICE_ENDED)
        snprintf(
            ret, TEXT,
            "%.400s is not told by %.64s any more, for %.300s: what happened from %s on is not "
            "told",
            topic, connector, news->why, event);
    else
        snprintf(ret, TEXT, "%.400s was not told of %s by %.64s: %.300s; see the dead letters",
                 topic, event, connector, news->why);
    ret[tcn_utf8_prefix(tcn_str(ret))] = '\0';
}

int tcn_notice_tell(const struct tcn_directory *declared, struct tcn_store *s,
                    const struct tcn_notice_news *news, int64_t now_ms, struct tcn_err *err)
{
    char text[TEXT], event[EVENT_TEXT] = "an event";
    struct tcn_remark remark = {.text = text, .actor = "tocsin"};
    int r = event_text(s, news, event, err);

    if (r < 0)
        return r;
    write_text(news, event, text);
    return tcn_remark_write(s, declared, news->notice->incident, &remark, now_ms, err);
}
