/* A shift is what turn, coverage and overrides have in common around an instant. */
#include "engine/rotation.h"
#include "engine/rotation_cover.h"
#include "engine/rotation_override.h"
#include "engine/rotation_turn.h"

/* What every question needs is here, and near: of thousands of rotations few are in the processor's caches. */
struct tcn_roster {
    const char *const *contacts; /* of the rotation */
    size_t n_contacts, n_on_calls;
    const struct tcn_rotation *rotation; /* borrowed */
    struct tcn_turns turns;
    struct tcn_cover cover;
    struct tcn_override_pieces overrides;
};

const struct tcn_roster *tcn_roster_prepare(const struct tcn_rotation *r, struct tcn_arena *arena)
{
    struct tcn_roster *roster = TCN_NEW(arena, struct tcn_roster);

    roster->contacts = r->contacts;
    roster->n_contacts = r->n_contacts;
    roster->n_on_calls = (size_t)r->recurrence.number_of_on_calls;
    roster->rotation = r;
    tcn_turns_prepare(r, arena, &roster->turns);
    tcn_cover_prepare(r, arena, &roster->cover);
    tcn_overrides_prepare(r, arena, &roster->overrides);
    return roster;
}

const struct tcn_rotation *tcn_roster_rotation(const struct tcn_roster *roster)
{
    return roster->rotation;
}

/* Returns how many. */
static size_t people_of_turn(const struct tcn_roster *r, int64_t number, const char **ret)
{
    size_t at = (size_t)number % r->n_contacts * r->n_on_calls % r->n_contacts;

    for (size_t i = 0; i < r->n_on_calls; i++) {
        ret[i] = r->contacts[at];
        at = at + 1 < r->n_contacts ? at + 1 : 0;
    }
    return r->n_on_calls;
}

static size_t people_of_override(const struct tcn_rotation_override *o, const char **ret)
{
    for (size_t i = 0; i < o->n_contacts; i++)
        ret[i] = o->contacts[i];
    return o->n_contacts;
}

/* Cuts the shift to the piece of an override that contains the instant, or to what lies between pieces. */
static void cut(const struct tcn_override_pieces *p, int64_t at_ms, struct tcn_shift *shift,
                const struct tcn_rotation_override **ret_by)
{
    size_t i = tcn_override_piece_at(p, at_ms);
    bool is_in = i < p->n && p->items[i].start_ms <= at_ms;
    int64_t start_ms = is_in ? p->items[i].start_ms : i > 0 ? p->items[i - 1].end_ms : INT64_MIN;
    int64_t end_ms = is_in ? p->items[i].end_ms : i < p->n ? p->items[i].start_ms : INT64_MAX;

    if (start_ms > shift->start_ms)
        shift->start_ms = start_ms;
    if (end_ms < shift->end_ms)
        shift->end_ms = end_ms;
    *ret_by = is_in ? p->items[i].by : NULL;
}

bool tcn_roster_shift(const struct tcn_roster *roster, int64_t at_ms, struct tcn_shift *ret_shift)
{
    const struct tcn_rotation_override *by;
    struct tcn_turn turn;

    if (at_ms < roster->turns.start_ms)
        at_ms = roster->turns.start_ms;
    if (at_ms < TCN_ROTATION_END_MS)
        at_ms = tcn_cover_from(&roster->cover, at_ms);
    if (at_ms >= TCN_ROTATION_END_MS)
        return false;
    turn = tcn_turn_at(&roster->turns, at_ms);
    ret_shift->start_ms = tcn_cover_since(&roster->cover, at_ms, turn.start_ms);
    ret_shift->end_ms = tcn_cover_until(&roster->cover, at_ms, turn.end_ms);
    cut(&roster->overrides, at_ms, ret_shift, &by);
    ret_shift->type = by ? TCN_SHIFT_OVERRIDDEN : TCN_SHIFT_REGULAR;
    ret_shift->n_contacts = people_of_turn(roster, turn.number, ret_shift->contacts);
    ret_shift->n_overridden = 0;
    if (by) {
        ret_shift->n_overridden = people_of_turn(roster, turn.number, ret_shift->overridden);
        ret_shift->n_contacts = people_of_override(by, ret_shift->contacts);
    }
    return true;
}

bool tcn_shifts_next(struct tcn_shifts *i, struct tcn_shift *ret_shift)
{
    if (i->from_ms >= i->until_ms || !tcn_roster_shift(i->roster, i->from_ms, ret_shift) ||
        ret_shift->start_ms >= i->until_ms)
        return false;
    i->from_ms = ret_shift->end_ms;
    return true;
}
