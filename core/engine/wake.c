#include "engine/wake.h"

struct tcn_alarm tcn_waiting_alarm(const struct tcn_waiting *waiting)
{
    const struct tcn_told_alarm *told = &waiting->told;

    return (struct tcn_alarm){
        .source = waiting->source,
        .dedupe_key = waiting->dedupe_key,
        .action = TCN_ACTION_FIRE,
        .title = told->title,
        .summary = told->summary,
        .impact = told->impact,
        .trigger_arn = told->trigger_arn,
        .tags = told->tags,
        .n_tags = told->n_tags,
        .related = told->related,
        .n_related = told->n_related,
    };
}

void tcn_waiting_end(struct tcn_decision *d, const struct tcn_waiting *waiting)
{
    if (d->waiting_changed)
        return;
    d->waiting = (struct tcn_waiting){.dedupe_key = waiting->dedupe_key};
    d->waiting_changed = true;
}
