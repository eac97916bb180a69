/* Page budgets of the reference store, and the sends that they hold back. */
#include "reference.h"

#include <string.h>

#define IN_FLIGHT_DROPPED 6

static bool is_send(const void *row, const void *id)
{
    return tcn_id_eq(((const struct tcn_send_row *)row)->id, *(const struct tcn_id *)id);
}

int ref_send_pay(struct ref *r, struct tcn_id id, int64_t held_ms)
{
    struct tcn_send_row *send = ref_find(&r->t[REF_SENDS], is_send, &id);

    if (!send)
        return 0;
    send->is_paid = true;
    if (send->held_ms == 0)
        send->held_ms = held_ms;
    return 0;
}

int ref_send_hold(struct ref *r, struct tcn_id id, const struct tcn_send_wait *wait)
{
    struct tcn_send_row *send = ref_find(&r->t[REF_SENDS], is_send, &id);

    if (!send)
        return 0;
    if ((int)send->state != IN_FLIGHT_DROPPED)
        send->note = wait->note;
    send->state = (int)send->state == IN_FLIGHT_DROPPED ? TCN_SEND_DROPPED : TCN_SEND_PENDING;
    send->due_ms = wait->due_ms;
    send->attempt--;
    send->is_paid = false;
    if (send->held_ms == 0)
        send->held_ms = wait->since_ms;
    return 0;
}

static bool is_with(const struct tcn_send_row *send, const struct tcn_send_row *with)
{
    return send->held_ms > 0 && strcmp(send->contact, with->contact) == 0 &&
           strcmp(send->channel, with->channel) == 0;
}

static bool is_waiting(const void *row, const void *with)
{
    const struct tcn_send_row *send = row;

    return send->state == TCN_SEND_PENDING && send->due_ms > 0 && is_with(send, with);
}

static int first_wait(const void *left, const void *right)
{
    const struct tcn_send_row *a = left, *b = right;
    int order = ref_compare(a->held_ms, b->held_ms);

    return order ? order : ref_compare_ids(a->id, b->id);
}

int ref_send_gather(struct ref *r, const struct tcn_send_row *with, size_t limit,
                    struct tcn_arena *a, struct tcn_send_row **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_SENDS], is_waiting, with, first_wait, limit, a, &rows);
    for (size_t i = 0; i < *ret_n; i++) {
        struct tcn_send_row *send = rows[i];

        send->state = TCN_SEND_IN_FLIGHT;
        send->epoch = r->epoch;
        send->attempt++;
    }
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

int ref_send_next(struct ref *r, const struct tcn_send_row *with, int64_t now_ms, int64_t due_ms,
                  bool *ret)
{
    const struct tcn_send_row *sends = (const void *)r->t[REF_SENDS].rows;

    *ret = false;
    for (size_t i = 0; i < r->t[REF_SENDS].n; i++)
        *ret |= sends[i].state == TCN_SEND_PENDING && is_with(&sends[i], with) &&
                sends[i].due_ms > now_ms && sends[i].due_ms <= due_ms;
    return 0;
}

int ref_send_defer(struct ref *r, const struct tcn_send_row *with, int64_t now_ms, int64_t due_ms)
{
    struct tcn_send_row *sends = (void *)r->t[REF_SENDS].rows;

    for (size_t i = 0; i < r->t[REF_SENDS].n; i++)
        if (is_waiting(&sends[i], with) && sends[i].due_ms <= now_ms)
            sends[i].due_ms = due_ms;
    return 0;
}

int ref_send_hurry(struct ref *r, struct tcn_id incident, int64_t now_ms)
{
    struct tcn_send_row *sends = (void *)r->t[REF_SENDS].rows;

    for (size_t i = 0; i < r->t[REF_SENDS].n; i++) {
        if (sends[i].state != TCN_SEND_PENDING || sends[i].held_ms == 0 ||
            sends[i].due_ms <= now_ms || !tcn_id_eq(sends[i].incident, incident))
            continue;
        sends[i].due_ms = now_ms;
        sends[i].held_ms = 0;
    }
    return 0;
}

int ref_send_flying(struct ref *r, const struct tcn_send_row *with, int64_t *ret_n)
{
    const struct tcn_send_row *sends = (const void *)r->t[REF_SENDS].rows;

    *ret_n = 0;
    for (size_t i = 0; i < r->t[REF_SENDS].n; i++)
        *ret_n +=
            sends[i].state == TCN_SEND_IN_FLIGHT && sends[i].is_paid && is_with(&sends[i], with);
    return 0;
}

static bool is_not_over(const void *row, const void *incident)
{
    const struct tcn_send_row *send = row;

    return (send->state == TCN_SEND_PENDING || send->state == TCN_SEND_IN_FLIGHT) &&
           tcn_id_eq(send->incident, *(const struct tcn_id *)incident);
}

static int first_due(const void *left, const void *right)
{
    const struct tcn_send_row *a = left, *b = right;
    int order = ref_compare(a->due_ms, b->due_ms);

    return order ? order : ref_compare_ids(a->id, b->id);
}

int ref_send_list(struct ref *r, struct tcn_id incident, size_t limit, struct tcn_arena *a,
                  struct tcn_send_row **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_SENDS], is_not_over, &incident, first_due, limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

static bool is_budget(const void *row, const void *query)
{
    const struct ref_budget *a = row, *b = query;

    return strcmp(a->contact, b->contact) == 0 && strcmp(a->channel, b->channel) == 0;
}

int ref_budget_get(struct ref *r, const char *contact, const char *channel, int64_t *ret_full_ms)
{
    const struct ref_budget query = {contact, channel, 0};
    const struct ref_budget *row = ref_find(&r->t[REF_BUDGETS], is_budget, &query);

    *ret_full_ms = row ? row->full_ms : 0;
    return 0;
}

int ref_budget_put(struct ref *r, const char *contact, const char *channel, int64_t full_ms)
{
    const struct ref_budget query = {contact, channel, full_ms};

    *(struct ref_budget *)ref_find_or_add(&r->t[REF_BUDGETS], is_budget, &query) = query;
    return 0;
}
