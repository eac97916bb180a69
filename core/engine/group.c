#include "engine/group.h"

#include <assert.h>
#include <stdlib.h>

#define FUTURE_MS 60000              /* an end up to this far ahead is as good as now */
#define HOLD_MAX_MS INT64_C(3600000) /* clocks an hour apart are wrong, and waiting heals nothing */

/* Items being merged: sorted by key. There is room for as many as can come, TCN_ITEMS_MAX at most. */
struct merge {
    struct tcn_item *items;
    size_t n;
    int64_t echo_window_ms, now_ms;
    struct tcn_arena *arena;
    struct tcn_group_change change;
};

static int by_key(const void *a, const void *b)
{
    const struct tcn_item *x = a, *y = b;

    return strcmp(x->key, y->key);
}

/* The index of the key, or where it belongs. */
static size_t find(const struct merge *m, const char *key, bool *ret_found)
{
    size_t low = 0, high = m->n;

    *ret_found = false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(m->items[mid].key, key);

        if (order == 0) {
            *ret_found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void load(struct merge *m, const struct tcn_lane *lane, size_t n_news)
{
    size_t most = lane->n_items + n_news + 1; /* and what is hidden */
    bool is_sorted = true;

    m->items = TCN_NEW_N(m->arena, struct tcn_item, most < TCN_ITEMS_MAX ? most : TCN_ITEMS_MAX);
    m->n = lane->n_items < TCN_ITEMS_MAX ? lane->n_items : TCN_ITEMS_MAX;
    if (m->n > 0)
        memcpy(m->items, lane->items, m->n * sizeof *m->items);
    for (size_t i = 1; i < m->n && is_sorted; i++)
        is_sorted = strcmp(m->items[i - 1].key, m->items[i].key) < 0;
    if (!is_sorted)
        qsort(m->items, m->n, sizeof *m->items, by_key);
}

static void remove_at(struct merge *m, size_t at)
{
    memmove(&m->items[at], &m->items[at + 1], (m->n - at - 1) * sizeof *m->items);
    m->n--;
    m->change.is_changed = true;
}

/* The resolved item that was heard of longest ago makes room, unless it may fire yet. */
static bool make_room(struct merge *m)
{
    size_t oldest = m->n;

    if (m->n < TCN_ITEMS_MAX)
        return true;
    for (size_t i = 0; i < m->n; i++)
        if (m->items[i].status != TCN_ITEM_FIRING && m->items[i].echo_ms == 0 &&
            (oldest == m->n || m->items[i].seen_ms < m->items[oldest].seen_ms))
            oldest = i;
    if (oldest == m->n)
        return false;
    remove_at(m, oldest);
    return true;
}

static void count(struct merge *m, enum tcn_item_status before, enum tcn_item_status after)
{
    if (after == TCN_ITEM_FIRING)
        m->change.fired++;
    else if (before == TCN_ITEM_FIRING)
        m->change.resolved++;
    m->change.is_changed = true;
}

static bool is_ahead(const struct tcn_item *item, int64_t now_ms)
{
    return item->status == TCN_ITEM_RESOLVED && item->ended_ms > now_ms + FUTURE_MS;
}

static void note_ahead(struct merge *m, const struct tcn_item *item)
{
    int64_t ahead_ms = item->ended_ms - m->now_ms;

    if (!is_ahead(item, m->now_ms))
        return;
    m->change.ahead++;
    if (ahead_ms > m->change.ahead_ms)
        m->change.ahead_ms = ahead_ms;
}

static void insert(struct merge *m, const struct tcn_item *item)
{
    bool found;
    size_t at;

    if (!make_room(m)) {
        m->change.dropped += item->status == TCN_ITEM_FIRING;
        return;
    }
    at = find(m, item->key, &found);
    assert(!found);
    memmove(&m->items[at + 1], &m->items[at], (m->n - at) * sizeof *m->items);
    m->n++;
    m->items[at] = *item;
    m->items[at].seen_ms = m->now_ms;
    count(m, TCN_ITEM_UNSET, item->status);
    note_ahead(m, item);
}

static void replace(struct merge *m, struct tcn_item *known, const struct tcn_item *item)
{
    enum tcn_item_status before = known->status;

    *known = *item;
    known->seen_ms = m->now_ms;
    count(m, before, item->status);
    if (before == TCN_ITEM_FIRING)
        note_ahead(m, item);
}

/* An end before the start is no end. 0 = not told. */
static bool is_end_believed(const struct tcn_item *item)
{
    return item->ended_ms == 0 || item->ended_ms >= item->since_ms;
}

static void withdraw(struct merge *m, struct tcn_item *known)
{
    m->change.withdrawn += known->echo_ms != 0;
    known->echo_ms = 0;
}

static void hold(struct merge *m, struct tcn_item *known)
{
    if (known->echo_ms != 0)
        return;
    known->echo_ms = m->now_ms;
    m->change.held++;
}

/* The same episode: resolved beats firing; firing after resolved is the echo of another peer until the echo window
 * has passed, and withdrawn by another word of the end. */
static void same_episode(struct merge *m, struct tcn_item *known, const struct tcn_item *item)
{
    bool is_echo = m->echo_window_ms > 0 && m->now_ms < known->seen_ms + m->echo_window_ms;

    if (item->status == known->status)
        withdraw(m, known);
    else if (item->status == TCN_ITEM_FIRING && known->status == TCN_ITEM_RESOLVED && is_echo)
        hold(m, known);
    else
        replace(m, known, item);
}

/* Alertmanager takes the earliest start of alerts that overlap (types.Alert.Merge), so that the start of one that goes on
 * moves back: when a second Prometheus joins in, when the one that began later has ended. What ended after the known start is
 * this episode's end, and what fires may be going on; what ended before it is old, and an end that is still to come is not
 * believed of two episodes. The known start stays, or the echo of another peer would be a new episode. */
static void began_earlier(struct merge *m, struct tcn_item *known, const struct tcn_item *item)
{
    struct tcn_item now = *item;

    if (item->status == TCN_ITEM_RESOLVED &&
        (item->ended_ms <= known->since_ms || is_ahead(item, m->now_ms)))
        return;
    now.since_ms = known->since_ms;
    same_episode(m, known, &now);
}

static void merge_item(struct merge *m, const struct tcn_item *item)
{
    bool found;
    size_t at = find(m, item->key, &found);

    if (item->status == TCN_ITEM_RESOLVED && !is_end_believed(item))
        m->change.unbelieved++;
    else if (!found)
        insert(m, item);
    else if (item->since_ms == 0 || item->since_ms == m->items[at].since_ms)
        same_episode(m, &m->items[at], item);
    else if (item->since_ms > m->items[at].since_ms)
        replace(m, &m->items[at], item);
    else
        began_earlier(m, &m->items[at], item);
}

/* A group's item without a state of its own follows the delivery. */
static struct tcn_item complete(const struct tcn_item *item, enum tcn_action action)
{
    struct tcn_item whole = *item;

    if (whole.status == TCN_ITEM_UNSET)
        whole.status = action == TCN_ACTION_RESOLVE ? TCN_ITEM_RESOLVED : TCN_ITEM_FIRING;
    return whole;
}

static size_t count_firing(const struct tcn_item *items, size_t n)
{
    size_t firing = 0;

    for (size_t i = 0; i < n; i++)
        firing += items[i].status == TCN_ITEM_FIRING;
    return firing;
}

/* When the latest of the ends in the list was heard of first: a repeat of a delivery is as old as that. 0 = we know
 * better, something in the list fires or has begun anew since. */
static int64_t told_ms(const struct merge *m, const struct tcn_alarm *alarm)
{
    int64_t told = alarm->n_items > 0 ? 0 : m->now_ms;

    for (size_t i = 0; i < alarm->n_items; i++) {
        bool found;
        size_t at = find(m, alarm->items[i].key, &found);
        const struct tcn_item *known = &m->items[at];
        int64_t since_ms = alarm->items[i].since_ms;

        if (found && (known->status == TCN_ITEM_FIRING || (since_ms && known->since_ms > since_ms)))
            return 0;
        if (!found || known->seen_ms > told)
            told = found ? known->seen_ms : m->now_ms;
    }
    return told;
}

static void set_unknown(struct merge *m, struct tcn_item *item)
{
    if (item->status != TCN_ITEM_FIRING)
        return;
    item->status = TCN_ITEM_UNKNOWN;
    item->seen_ms = m->now_ms;
    count(m, TCN_ITEM_FIRING, TCN_ITEM_UNKNOWN);
}

/* A member that is silenced or inhibited at the sender ends without a word, and one beyond TCN_ITEMS_MAX may be one that
 * we follow. What began after the last end of the list, or was heard of after it, goes on. What was taken for an echo was
 * one. */
static void end_with_group(struct merge *m, const struct tcn_alarm *alarm)
{
    int64_t told = told_ms(m, alarm);

    for (size_t i = 0; i < m->n; i++) {
        struct tcn_item *item = &m->items[i];
        bool is_younger = alarm->clock_ms && item->since_ms > alarm->clock_ms;

        if (item->echo_ms != 0 && item->echo_ms <= told)
            withdraw(m, item);
        if (item->status != TCN_ITEM_FIRING || item->seen_ms > told || is_younger ||
            strcmp(item->key, TCN_ITEM_HIDDEN) == 0)
            continue;
        set_unknown(m, item);
        m->change.untold++;
    }
}

/* The sender says that the group fires, and not one alarm of what was read of its list does: one that is hidden fires.
 * Unless the delivery is an old one, of a group that is over and of episodes before those that are known. */
static bool fires_by_hidden(const struct merge *m, const struct tcn_alarm *alarm)
{
    if (alarm->action == TCN_ACTION_RESOLVE || alarm->n_items == 0)
        return false;
    for (size_t i = 0; i < alarm->n_items; i++)
        if (complete(&alarm->items[i], alarm->action).status == TCN_ITEM_FIRING)
            return false;
    return m->change.is_changed || told_ms(m, alarm) != 0;
}

static void forget_hidden(struct merge *m)
{
    bool found;
    size_t at = find(m, TCN_ITEM_HIDDEN, &found);

    if (found)
        remove_at(m, at);
}

/* What is hidden in a cut list is taken to fire as long as the group does, or did until this delivery, and is no news of its
 * own then. */
static void mark_hidden(struct merge *m, const struct tcn_alarm *alarm)
{
    static const struct tcn_item hidden = {.key = TCN_ITEM_HIDDEN,
                                           .title =
                                               "alarms that are not in what was read of the list",
                                           .status = TCN_ITEM_FIRING};
    bool is_firing = m->change.was_firing || count_firing(m->items, m->n) > 0, found;
    size_t fired = m->change.fired, dropped = m->change.dropped;

    find(m, TCN_ITEM_HIDDEN, &found);
    if (!found && (is_firing || fires_by_hidden(m, alarm)))
        insert(m, &hidden);
    if (is_firing)
        m->change.fired = fired;
    m->change.dropped = dropped;
}

size_t tcn_group_forget(struct tcn_lane *lane, int64_t now_ms, struct tcn_arena *arena)
{
    struct merge m = {.now_ms = now_ms, .arena = arena};

    load(&m, lane, 0);
    forget_hidden(&m);
    for (size_t i = 0; i < m.n; i++)
        set_unknown(&m, &m.items[i]);
    lane->items = m.items;
    lane->n_items = m.n;
    return m.change.resolved;
}

/* From when it was over; our clock may have been set back since. */
static int64_t echo_due(const struct tcn_item *item, int64_t echo_window_ms)
{
    return (item->echo_ms < item->seen_ms ? item->echo_ms : item->seen_ms) + echo_window_ms;
}

int64_t tcn_group_echo_due(const struct tcn_lane *lane, int64_t echo_window_ms)
{
    int64_t first = 0;

    for (size_t i = 0; i < lane->n_items; i++) {
        int64_t due = echo_due(&lane->items[i], echo_window_ms);

        if (lane->items[i].echo_ms != 0 && (first == 0 || due < first))
            first = due;
    }
    return first;
}

size_t tcn_group_fire_echoes(struct tcn_lane *lane, int64_t echo_window_ms, int64_t now_ms,
                             struct tcn_arena *arena, struct tcn_item *ret_one)
{
    struct merge m = {.now_ms = now_ms, .arena = arena};

    load(&m, lane, 0);
    for (size_t i = 0; i < m.n; i++) {
        struct tcn_item *item = &m.items[i];

        if (item->echo_ms == 0 || echo_due(item, echo_window_ms) > now_ms)
            continue;
        *ret_one = *item;
        item->status = TCN_ITEM_FIRING;
        item->seen_ms = now_ms;
        item->ended_ms = item->echo_ms = 0;
        count(&m, TCN_ITEM_RESOLVED, TCN_ITEM_FIRING);
    }
    lane->items = m.items;
    lane->n_items = m.n;
    return m.change.fired;
}

bool tcn_group_is_firing(const struct tcn_lane *lane)
{
    return count_firing(lane->items, lane->n_items) > 0;
}

int64_t tcn_group_held_until(const struct tcn_lane *lane)
{
    int64_t latest = 0;

    for (size_t i = 0; i < lane->n_items; i++) {
        const struct tcn_item *item = &lane->items[i];
        int64_t most = item->seen_ms + HOLD_MAX_MS;
        int64_t until = item->ended_ms < most ? item->ended_ms : most;

        if (is_ahead(item, item->seen_ms) && until > latest)
            latest = until;
    }
    return latest;
}

struct tcn_group_change tcn_group_merge(struct tcn_lane *lane, const struct tcn_alarm *alarm,
                                        int64_t echo_window_ms, int64_t now_ms,
                                        struct tcn_arena *arena)
{
    struct merge m = {.echo_window_ms = echo_window_ms, .now_ms = now_ms, .arena = arena};

    load(&m, lane, alarm->n_items);
    m.change.was_firing = count_firing(m.items, m.n) > 0;
    for (size_t i = 0; i < alarm->n_items; i++) {
        struct tcn_item item = complete(&alarm->items[i], alarm->action);

        merge_item(&m, &item);
    }
    if (alarm->action == TCN_ACTION_RESOLVE && !alarm->is_truncated)
        end_with_group(&m, alarm);
    if (alarm->is_truncated)
        mark_hidden(&m, alarm);
    else
        forget_hidden(&m);
    m.change.dropped += alarm->n_items_unread;
    if (m.change.is_changed || m.change.held > 0 || m.change.withdrawn > 0) {
        lane->items = m.items;
        lane->n_items = m.n;
    }
    m.change.firing = count_firing(lane->items, lane->n_items);
    m.change.total = lane->n_items;
    return m.change;
}
