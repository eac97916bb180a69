/* Topics: names of SNS by which an incident tells whoever listens. */
#ifndef TCN_MODEL_TOPIC_H
#define TCN_MODEL_TOPIC_H

#include <stddef.h>

#define TCN_TARGET_TOPICS_MAX 10 /* ssm-incidents: NotificationTargetSet */
#define TCN_CHAT_TOPICS_MAX 5    /* ssm-incidents: ChatbotSnsConfigurationSet */

/* ARNs, in the order in which they were given. */
struct tcn_topics {
    const char *const *arns;
    size_t n;
};

#endif
