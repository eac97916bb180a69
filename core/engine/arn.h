/* ARNs as the model of ssm-incidents has them. */
#ifndef TCN_ENGINE_ARN_H
#define TCN_ENGINE_ARN_H

#include "base/str.h"

/* ^arn:aws(-cn|-us-gov)?:[a-z0-9-]*:[a-z0-9-]*:([0-9]{12})?:.+$, at most 1000 code points of UTF-8. */
bool tcn_is_arn(const char *text);
/* For people: what tcn_is_arn asks for. */
#define TCN_ARN_FORM "an ARN, as arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE"

/* Of a topic of SNS: ^arn:aws(-cn|-us-gov)?:sns:[a-z0-9-]+:[0-9]{12}:NAME$, NAME 1-256 of A-Z a-z 0-9 - _, behind which .fifo
 * may be. */
bool tcn_is_topic_arn(const char *text);
#define TCN_TOPIC_ARN_FORM "the ARN of a topic, as arn:aws:sns:REGION:ACCOUNT:NAME"

#endif
