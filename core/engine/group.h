/* The items of an alarm group: what a delivery changes in them (spec sources 4.6). Private to core/engine. */
#ifndef TCN_ENGINE_GROUP_H
#define TCN_ENGINE_GROUP_H

#include "engine/step.h"

/* Key of the item that stands for what the sender cut from a list: it fires until a delivery comes uncut, so a
 * truncated list never resolves a group. */
#define TCN_ITEM_HIDDEN "~truncated"

struct tcn_group_change {
    size_t fired;         /* items that began to fire, new episodes included */
    size_t resolved;      /* items that ended */
    size_t untold;        /* of those, not in the list: they ended with their group */
    size_t unbelieved;    /* "resolved" before it began */
    size_t ahead;         /* items that ended, by the sender's clock later than now by ours */
    int64_t ahead_ms;     /* the furthest of them */
    size_t dropped;       /* items beyond TCN_ITEMS_MAX, not followed */
    size_t held;          /* told to fire, and taken for an echo from now on */
    size_t withdrawn;     /* were taken for one, and told again to be over: they were */
    size_t firing, total; /* after the delivery */
    bool was_firing;
    bool is_changed; /* anything else: write the lane */
};

/* Merges the alarm's items into the lane's, in the arena; leaves the lane's array alone when nothing changed. A group that
 * resolves as a whole ends what it does not list too, since its sender forgets the group then; such an item is UNKNOWN,
 * and fires again without an echo window. With an echo window of 0 nothing is taken for an echo. */
struct tcn_group_change tcn_group_merge(struct tcn_lane *lane, const struct tcn_alarm *alarm,
                                        int64_t echo_window_ms, int64_t now_ms,
                                        struct tcn_arena *arena);
/* Nothing was heard of it: what fires is unknown from now on, what was hidden is forgotten. The number of the former. */
size_t tcn_group_forget(struct tcn_lane *lane, int64_t now_ms, struct tcn_arena *arena);
/* When the first of what is taken for an echo is to fire; 0 = nothing is. */
int64_t tcn_group_echo_due(const struct tcn_lane *lane, int64_t echo_window_ms);
/* What is due of that fires from now on. The number, and one of them as it was. */
size_t tcn_group_fire_echoes(struct tcn_lane *lane, int64_t echo_window_ms, int64_t now_ms,
                             struct tcn_arena *arena, struct tcn_item *ret_one);
bool tcn_group_is_firing(const struct tcn_lane *lane);
/* Until when a group that is OK holds its incident open, since an end was told that our clock has not reached; 0 = it does
 * not. An end in our future does not beat "firing" (4.6) before that instant. It is not thrown away either: Alertmanager
 * tells an end once and forgets the alarm, so the incident would stay open for ever. A sender that is more than an hour
 * ahead has its clock or its zone set wrong, and by its own clock the alarm is over: an hour is all that is waited, enough
 * for an alarm that goes on to be sent again. */
int64_t tcn_group_held_until(const struct tcn_lane *lane);

#endif
