#include "engine/oncall_span.h"
#include "engine/oncall.h"

static bool has_somebody(const struct tcn_directory *d, const struct tcn_shift *shift)
{
    const struct tcn_contact *persons[TCN_ROTATION_CONTACTS_MAX];

    return tcn_oncall_persons(d, shift->contacts, shift->n_contacts, persons) > 0;
}

/* Who has the rotation at that instant, and until when that is so. */
static struct tcn_oncall_turn ask(const struct tcn_oncall_spans *i, const char *rotation,
                                  int64_t at_ms)
{
    const struct tcn_roster *roster = tcn_directory_roster(i->directory, rotation);
    struct tcn_oncall_turn turn = {.is_known = true, .until_ms = INT64_MAX};
    struct tcn_shift shift;

    if (!roster || !tcn_roster_shift(roster, at_ms, &shift))
        return turn;
    turn.until_ms = shift.start_ms <= at_ms ? shift.end_ms : shift.start_ms;
    turn.has_somebody = shift.start_ms <= at_ms && has_somebody(i->directory, &shift);
    return turn;
}

/* A rotation is asked anew only when what it said is over. */
static struct tcn_oncall_span look(struct tcn_oncall_spans *i, int64_t at_ms)
{
    struct tcn_oncall_span span = {.start_ms = at_ms, .end_ms = i->until_ms};

    for (size_t n = 0; n < i->schedule->n_rotations; n++) {
        struct tcn_oncall_turn *turn = &i->turns[n];

        if (!turn->is_known || turn->until_ms <= at_ms) {
            *turn = ask(i, i->schedule->rotations[n], at_ms);
            i->n_asked++;
        }
        if (turn->until_ms < span.end_ms)
            span.end_ms = turn->until_ms;
        if (turn->has_somebody)
            span.rotations[span.n_rotations++] = i->schedule->rotations[n];
    }
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

    if (i->from_ms >= i->until_ms || i->n_asked >= i->max_asked)
        return false;
    *ret_span = look(i, i->from_ms);
    while (ret_span->end_ms < i->until_ms && i->n_asked < i->max_asked) {
        next = look(i, ret_span->end_ms);
        if (!are_alike(ret_span, &next))
            break;
        ret_span->end_ms = next.end_ms;
    }
    i->from_ms = ret_span->end_ms;
    return true;
}
