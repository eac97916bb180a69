/* What the timeline of an incident says of its topics: what they were not told, and that they are told no more. */
#ifndef TCN_APP_NOTICE_NEWS_H
#define TCN_APP_NOTICE_NEWS_H

#include "connect/notices.h"
#include "engine/directory.h"

/* Why an incident's topic is not told by a connector any more; NULL: it is, as declared has the topics of the configuration. */
const char *tcn_notice_why_over(const struct tcn_directory *declared,
                                const struct tcn_incident *incident,
                                const struct tcn_notice *notice);

/* As struct tcn_notices_app wants it: one line. Inside a store job; an incident that is gone is no error. */
int tcn_notice_tell(const struct tcn_directory *declared, struct tcn_store *s,
                    const struct tcn_notice_news *news, int64_t now_ms, struct tcn_err *err);

#endif
