/* Topics, as a configuration has them. */
#ifndef TCN_APP_TOPICS_H
#define TCN_APP_TOPICS_H

#include <stddef.h>

#define TCN_TOPICS_MAX 200
#define TCN_TOPIC_CONNECTORS_MAX 8

/* A named fan-out: $.topics.ARN. */
struct tcn_topic {
    const char *arn;
    const char *connectors[TCN_TOPIC_CONNECTORS_MAX]; /* instances that tell it */
    size_t n_connectors;
};
struct tcn_topic_list {
    const struct tcn_topic *items;
    size_t n;
};

/* NULL: there is none of that name. topics may be NULL. */
const struct tcn_topic *tcn_topic_named(const struct tcn_topic_list *topics, const char *arn);

#endif
