#include "engine/oncall_span.h"
#include "engine/oncall.h"

static bool has_somebody(const struct tcn_directory *d, const struct tcn_shift *shift)
{
    const struct tcn_contact *persons[TCN_ROTATION_CONTACTS_MAX];

    return tcn_oncall_persons(d, shift->contacts, shift->n_contacts, persons) > 0;
}

/* Adds the rotation to those that have somebody at the span's start, and ends the span where that changes. */
static void look_at_rotation(const struct tcn_oncall_spans *i, const char *rotation,
                             struct tcn_oncall_span *span)
{
    const struct tcn_roster *roster = tcn_directory_roster(i->directory, rotation);
    struct tcn_shift shift;
    int64_t change_ms;

    if (!roster || !tcn_roster_shift(roster, span->start_ms, &shift))
        return;
    change_ms = shift.start_ms <= span->start_ms ? shift.end_ms : shift.start_ms;
    if (change_ms < span->end_ms)
        span->end_ms = change_ms;
    if (shift.start_ms <= span->start_ms && has_somebody(i->directory, &shift))
        span->rotations[span->n_rotations++] = rotation;
}

static struct tcn_oncall_span look(const struct tcn_oncall_spans *i, int64_t at_ms)
{
    struct tcn_oncall_span span = {.start_ms = at_ms, .end_ms = i->until_ms};

    for (size_t n = 0; n < i->schedule->n_rotations; n++)
        look_at_rotation(i, i->schedule->rotations[n], &span);
    return span;
}

static bool are_alike(const struct tcn_oncall_span *a, const struct tcn_oncall_span *b)
{
    return a->n_rotations == b->n_rotations &&
           memcmp(a->rotations, b->rotations, a->n_rotations * sizeof *a->rotations) == 0;
}

bool tcn_oncall_spans_next(struct tcn_oncall_spans *i, struct tcn_oncall_span *ret_span)
{
    struct tcn_oncall_span next;

    if (i->from_ms >= i->until_ms)
        return false;
    *ret_span = look(i, i->from_ms);
    while (ret_span->end_ms < i->until_ms) {
        next = look(i, ret_span->end_ms);
        if (!are_alike(ret_span, &next))
            break;
        ret_span->end_ms = next.end_ms;
    }
    i->from_ms = ret_span->end_ms;
    return true;
}
