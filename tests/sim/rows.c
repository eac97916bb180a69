/* The rows of the world: which incident has an id, which is open with a dedupe string, and which lanes it has. */
#include "world.h"

static size_t slot_of(const struct world *w, struct tcn_id id)
{
    uint64_t word;
    size_t at;

    memcpy(&word, id.b + 8, sizeof word);
    for (at = (size_t)word % ROW_SLOTS; w->slots[at] != 0; at = (at + 1) % ROW_SLOTS)
        if (tcn_id_eq(w->incidents[w->slots[at] - 1].incident.id, id))
            break;
    return at;
}

struct incident_row *row_find(struct world *w, struct tcn_id id)
{
    size_t slot = tcn_id_is_zero(id) ? 0 : w->slots[slot_of(w, id)];

    return slot == 0 ? NULL : &w->incidents[slot - 1];
}

struct incident_row *row_add(struct world *w, struct tcn_id id)
{
    struct incident_row *row;

    if (w->n_incidents == MAX_INCIDENTS)
        fail(w, "too many incidents for the simulator");
    row = &w->incidents[w->n_incidents++];
    *row = (struct incident_row){.incident.id = id};
    w->slots[slot_of(w, id)] = (uint16_t)w->n_incidents;
    return row;
}

/* FNV-1a, never 0. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash | 1;
}

void row_note_open(struct world *w, const struct incident_row *row)
{
    w->open[row - w->incidents] =
        row->incident.status == TCN_STATUS_OPEN ? hash_of(row->incident.dedupe_string) : 0;
}

struct incident_row *row_open_of(struct world *w, const char *dedupe_string)
{
    uint64_t hash = hash_of(dedupe_string);

    for (size_t i = w->n_incidents; i > 0; i--)
        if (w->open[i - 1] == hash &&
            strcmp(w->incidents[i - 1].incident.dedupe_string, dedupe_string) == 0)
            return &w->incidents[i - 1];
    return NULL;
}

/* -- lanes ------------------------------------------------------------------------------------------------------- */

static void leave(struct key_row *key)
{
    struct key_row **at = &key->incident->lanes;

    while (*at != key)
        at = &(*at)->next;
    *at = key->next;
    key->incident = NULL;
}

void row_join(struct key_row *key, struct incident_row *row)
{
    if (key->incident == row)
        return;
    if (key->incident)
        leave(key);
    if (!row)
        return;
    key->incident = row;
    key->next = row->lanes;
    row->lanes = key;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 ? b : b == 0 ? a : a < b ? a : b;
}

void row_others(const struct incident_row *row, const struct key_row *own, struct tcn_aggregate *a)
{
    a->others_hold = false;
    a->others_due_ms = a->others_echo_ms = 0;
    for (const struct key_row *k = row->lanes; k; k = k->next) {
        if (k == own)
            continue;
        a->others_hold |= k->lane.is_firing || k->lane.resolve_due_ms != 0;
        a->others_due_ms = earlier(a->others_due_ms, tcn_engine_lane_due(&k->lane, true));
        a->others_echo_ms = earlier(a->others_echo_ms, k->lane.echo_due_ms);
    }
}

struct key_row *row_lane(const struct incident_row *row)
{
    bool is_open = row->incident.status == TCN_STATUS_OPEN;
    struct key_row *best = NULL, *firing = NULL;
    int64_t best_due = 0;

    for (struct key_row *k = row->lanes; k; k = k->next) {
        int64_t due = tcn_engine_lane_due(&k->lane, is_open);

        if (due != 0 && (!best || due < best_due)) {
            best = k;
            best_due = due;
        }
        if (k->lane.is_firing)
            firing = k;
    }
    return best ? best : firing;
}

void row_set_due(struct world *w, struct incident_row *row)
{
    struct tcn_aggregate a = {.incident = row->incident,
                              .engagements = row->engagements,
                              .n_engagements = row->n_engagements};
    const struct key_row *lane = row_lane(row);

    row_others(row, lane, &a);
    if (lane)
        a.lane = lane->lane;
    timer_set(w, row, tcn_engine_next_due(&a));
}
