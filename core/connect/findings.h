/* What a probe found: the facts that a connector told of its instance, held against the mapping that is in force. Pure. */
#ifndef TCN_CONNECT_FINDINGS_H
#define TCN_CONNECT_FINDINGS_H

#include "mapping/mapping.h"

#define TCN_FINDINGS_MAX 200

enum tcn_finding_level { TCN_WRONG = 0, TCN_LOOK, TCN_FINE };

struct tcn_finding {
    enum tcn_finding_level level;
    char *
        text; /* owned; says where and what to do; may hold what the remote said: clean it before it is shown */
};

struct tcn_findings {
    struct tcn_finding items[TCN_FINDINGS_MAX];
    size_t n;
};

/* facts: [{"name", "value"}] as TOCSIN_PROBE tells them (connector.h); settings as configured, or NULL. ret is zeroed by the
 * caller and added to. What is past the cap is dropped: the last finding that there is room for says so. */
void tcn_findings_of(const struct tcn_mapping *m, json_t *settings, json_t *facts,
                     struct tcn_findings *ret);
void tcn_findings_add(struct tcn_findings *f, enum tcn_finding_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool tcn_findings_has(const struct tcn_findings *f, enum tcn_finding_level level);
void tcn_findings_done(struct tcn_findings *f);

/* The words of written that the values of a fact "choices" do not have; an array of texts, yours. written: tcn_written(). */
json_t *tcn_findings_absent(json_t *written, json_t *choices);
/* The labels of the values that have a record of which the mapping reads nothing; an array of texts, yours. */
json_t *tcn_findings_unread(const struct tcn_mapping *m, json_t *settings, json_t *choices);

#endif
