/* ARNs as the model of ssm-incidents has them. */
#ifndef TCN_ENGINE_ARN_H
#define TCN_ENGINE_ARN_H

#include "base/str.h"

/* ^arn:aws(-cn|-us-gov)?:[a-z0-9-]*:[a-z0-9-]*:([0-9]{12})?:.+$, at most 1000 code points of UTF-8. */
bool tcn_is_arn(const char *text);
/* For people: what tcn_is_arn asks for. */
#define TCN_ARN_FORM "an ARN, as arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE"

#endif
