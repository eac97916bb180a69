#include "app/topics.h"

#include <string.h>

const struct tcn_topic *tcn_topic_named(const struct tcn_topic_list *topics, const char *arn)
{
    for (size_t i = 0; topics && i < topics->n; i++)
        if (strcmp(topics->items[i].arn, arn) == 0)
            return &topics->items[i];
    return NULL;
}
