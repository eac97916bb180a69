#include "engine/oncall_cover.h"

static void count(struct tcn_oncall_cover *c, struct tcn_oncall_tally *t,
                  const struct tcn_oncall_span *span)
{
    if (++t->n <= TCN_COVER_SHOWN)
        c->shown[c->n_shown++] = *span;
    t->all_ms += span->end_ms - span->start_ms;
}

void tcn_oncall_cover(const struct tcn_directory *directory, const struct tcn_contact *schedule,
                      int64_t from_ms, int64_t until_ms, size_t max_asked,
                      struct tcn_oncall_cover *ret)
{
    struct tcn_oncall_spans spans = {.directory = directory,
                                     .schedule = schedule,
                                     .from_ms = from_ms,
                                     .until_ms = until_ms,
                                     .max_asked = max_asked};
    struct tcn_oncall_span span;

    *ret = (struct tcn_oncall_cover){.until_ms = from_ms};
    while (tcn_oncall_spans_next(&spans, &span)) {
        if (span.n_rotations == 0)
            count(ret, &ret->gaps, &span);
        else if (span.n_rotations > 1)
            count(ret, &ret->doubles, &span);
        ret->until_ms = span.end_ms;
    }
    ret->n_asked = spans.n_asked;
}

struct tcn_contact tcn_oncall_alone(const char *rotation)
{
    return (struct tcn_contact){
        .type = TCN_ONCALL_SCHEDULE, .rotations = {rotation}, .n_rotations = 1};
}

bool tcn_oncall_is_in(const struct tcn_contact *schedule, const char *rotation)
{
    for (size_t i = 0; i < schedule->n_rotations; i++)
        if (strcmp(schedule->rotations[i], rotation) == 0)
            return true;
    return false;
}

bool tcn_oncall_is_used(const struct tcn_directory *directory, const char *rotation)
{
    for (size_t i = 0; i < directory->n_contacts; i++)
        if (tcn_oncall_is_in(&directory->contacts[i], rotation))
            return true;
    return false;
}

bool tcn_clock_changes_next(struct tcn_clock_changes *i, struct tcn_clock_change *ret)
{
    struct tcn_zone_period p = tcn_zone_period(i->zone, i->from_ms);

    if (p.until_ms >= i->until_ms)
        return false;
    *ret = (struct tcn_clock_change){.at_ms = p.until_ms, .before_ms = p.offset_ms};
    ret->by_ms = tcn_zone_offset_ms(i->zone, p.until_ms) - p.offset_ms;
    i->from_ms = p.until_ms;
    return true;
}
