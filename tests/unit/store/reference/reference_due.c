/* What is due in the reference store: sends, timers and links. */
#include "reference.h"

#include <string.h>

/* A send that was dropped while it was in flight. */
#define IN_FLIGHT_DROPPED 6

/* -- sends -------------------------------------------------------------------------------------------------- */

static bool is_send(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_send_row *)row)->id, *(const struct tcn_id *)query);
}

int ref_send_add(struct ref *r, const struct tcn_send_row *row)
{
    struct tcn_send_row *added;

    if (ref_find(&r->t[REF_SENDS], is_send, &row->id))
        return 0;
    added = ref_add(&r->t[REF_SENDS]);
    *added = *row;
    added->epoch = r->epoch;
    if (row->state == TCN_SEND_UNSET)
        added->state = TCN_SEND_PENDING;
    return 0;
}

static bool is_due_send(const void *row, const void *now_ms)
{
    const struct tcn_send_row *send = row;

    return send->state == TCN_SEND_PENDING && send->due_ms > 0 &&
           send->due_ms <= *(const int64_t *)now_ms;
}

static int first_send(const void *left, const void *right)
{
    const struct tcn_send_row *a = left, *b = right;
    int order = ref_compare(a->due_ms, b->due_ms);

    return order ? order : ref_compare_ids(a->id, b->id);
}

int ref_send_claim(struct ref *r, int64_t now_ms, size_t limit, struct tcn_arena *a,
                   struct tcn_send_row **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_SENDS], is_due_send, &now_ms, first_send, limit, a, &rows);
    for (size_t i = 0; i < *ret_n; i++) {
        struct tcn_send_row *send = rows[i];

        send->state = TCN_SEND_IN_FLIGHT;
        send->epoch = r->epoch;
        send->attempt++;
    }
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

int ref_send_finish(struct ref *r, struct tcn_id id, enum tcn_send_state state, int64_t due_ms,
                    const char *note)
{
    struct tcn_send_row *send = ref_find(&r->t[REF_SENDS], is_send, &id);
    bool is_retry = state == TCN_SEND_PENDING;

    if (!send)
        return TCN_ENOTFOUND;
    if (is_retry)
        send->due_ms = due_ms;
    if (is_retry && (int)send->state == IN_FLIGHT_DROPPED) {
        send->state = TCN_SEND_DROPPED;
        send->is_paid = false;
        return 0;
    }
    send->state = state;
    send->note = note;
    send->is_paid = false;
    return 0;
}

int ref_send_again(struct ref *r, struct tcn_id id, int64_t due_ms, int64_t attempts,
                   const char *note)
{
    struct tcn_send_row *send = ref_find(&r->t[REF_SENDS], is_send, &id);
    bool is_dropped = send && (int)send->state == IN_FLIGHT_DROPPED;

    if (!send)
        return TCN_ENOTFOUND;
    send->state = is_dropped ? TCN_SEND_DROPPED : TCN_SEND_PENDING;
    send->note = is_dropped ? send->note : note;
    send->due_ms = due_ms;
    send->attempt = attempts;
    send->is_paid = false;
    return 0;
}

bool ref_is_in_flight(struct ref *r, struct tcn_id id)
{
    const struct tcn_send_row *send = ref_find(&r->t[REF_SENDS], is_send, &id);

    return send && (send->state == TCN_SEND_IN_FLIGHT || (int)send->state == IN_FLIGHT_DROPPED);
}

int ref_send_is_there(struct ref *r, struct tcn_id id, bool *ret)
{
    *ret = ref_find(&r->t[REF_SENDS], is_send, &id) != NULL;
    return 0;
}

static void drop(struct tcn_send_row *send, const char *note)
{
    if (send->state == TCN_SEND_PENDING)
        send->state = TCN_SEND_DROPPED;
    else if (send->state == TCN_SEND_IN_FLIGHT)
        send->state = (enum tcn_send_state)IN_FLIGHT_DROPPED;
    else
        return;
    send->note = note;
}

int ref_send_drop(struct ref *r, struct tcn_id incident, struct tcn_id page, const char *note)
{
    struct ref_table *t = &r->t[REF_SENDS];
    struct tcn_send_row *sends = (void *)t->rows;

    for (size_t i = 0; i < t->n; i++)
        if (tcn_id_eq(sends[i].incident, incident) &&
            (tcn_id_is_zero(page) || tcn_id_eq(sends[i].page, page)))
            drop(&sends[i], note);
    return 0;
}

/* -- timers ------------------------------------------------------------------------------------------------- */

static bool is_timer(const void *row, const void *query)
{
    return tcn_id_eq(((const struct ref_timer *)row)->incident, *(const struct tcn_id *)query);
}

int ref_timer_set(struct ref *r, struct tcn_id incident, int64_t due_ms)
{
    struct ref_timer *timer;

    if (due_ms == 0) {
        ref_remove(&r->t[REF_TIMERS], is_timer, &incident);
        return 0;
    }
    timer = ref_find_or_add(&r->t[REF_TIMERS], is_timer, &incident);
    *timer = (struct ref_timer){incident, due_ms};
    return 0;
}

static bool is_due_timer(const void *row, const void *now_ms)
{
    const struct ref_timer *timer = row;

    return timer->due_ms > 0 && timer->due_ms <= *(const int64_t *)now_ms;
}

static int first_timer(const void *left, const void *right)
{
    const struct ref_timer *a = left, *b = right;
    int order = ref_compare(a->due_ms, b->due_ms);

    return order ? order : ref_compare_ids(a->incident, b->incident);
}

int ref_timer_due(struct ref *r, int64_t now_ms, size_t limit, struct tcn_id *ret_ids,
                  size_t *ret_n)
{
    struct tcn_arena a;
    void **rows;

    tcn_arena_init(&a, (size_t)1 << 20);
    *ret_n = ref_select(&r->t[REF_TIMERS], is_due_timer, &now_ms, first_timer, limit, &a, &rows);
    for (size_t i = 0; i < *ret_n; i++)
        ret_ids[i] = ((const struct ref_timer *)rows[i])->incident;
    tcn_arena_done(&a);
    return 0;
}

static void earlier(int64_t *first, int64_t due_ms)
{
    if (due_ms > 0 && (*first == 0 || due_ms < *first))
        *first = due_ms;
}

int ref_next_due(struct ref *r, int64_t *ret_ms)
{
    const struct ref_timer *timers = (const void *)r->t[REF_TIMERS].rows;
    const struct tcn_send_row *sends = (const void *)r->t[REF_SENDS].rows;
    const struct tcn_link *links = (const void *)r->t[REF_LINKS].rows;

    *ret_ms = 0;
    for (size_t i = 0; i < r->t[REF_TIMERS].n; i++)
        earlier(ret_ms, timers[i].due_ms);
    for (size_t i = 0; i < r->t[REF_SENDS].n; i++)
        if (sends[i].state == TCN_SEND_PENDING)
            earlier(ret_ms, sends[i].due_ms);
    for (size_t i = 0; i < r->t[REF_LINKS].n; i++)
        if (!links[i].is_in_flight)
            earlier(ret_ms, links[i].due_ms);
    return 0;
}

int ref_timer_of(struct ref *r, struct tcn_id incident, int64_t *ret_ms)
{
    const struct ref_timer *timer = ref_find(&r->t[REF_TIMERS], is_timer, &incident);

    *ret_ms = timer ? timer->due_ms : 0;
    return 0;
}

static void count(int64_t due_ms, int64_t before_ms, int64_t *n, int64_t *first)
{
    if (due_ms > 0 && due_ms <= before_ms) {
        ++*n;
        earlier(first, due_ms);
    }
}

int ref_overdue(struct ref *r, int64_t before_ms, struct tcn_overdue *ret)
{
    const struct ref_timer *timers = (const void *)r->t[REF_TIMERS].rows;
    const struct tcn_send_row *sends = (const void *)r->t[REF_SENDS].rows;

    *ret = (struct tcn_overdue){0};
    for (size_t i = 0; i < r->t[REF_TIMERS].n; i++)
        count(timers[i].due_ms, before_ms, &ret->steps, &ret->first_step_ms);
    for (size_t i = 0; i < r->t[REF_SENDS].n; i++)
        if (sends[i].state == TCN_SEND_PENDING)
            count(sends[i].due_ms, before_ms, &ret->pages, &ret->first_page_ms);
    return 0;
}

/* -- links -------------------------------------------------------------------------------------------------- */

static bool is_link(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_link *)row)->id, *(const struct tcn_id *)query);
}

static bool is_place(const void *row, const void *query)
{
    const struct tcn_link *a = row, *b = query;

    return tcn_id_eq(a->incident, b->incident) && strcmp(a->connector, b->connector) == 0;
}

int ref_link_put(struct ref *r, const struct tcn_link *link)
{
    struct ref_table *t = &r->t[REF_LINKS];
    struct tcn_link *of_id = ref_find(t, is_link, &link->id),
                    *of_place = ref_find(t, is_place, link);

    if (of_id != of_place)
        return TCN_ECONFLICT;
    if (!of_id)
        of_id = ref_add(t);
    *of_id = *link;
    of_id->epoch = !link->is_in_flight ? 0 : link->epoch ? link->epoch : r->epoch;
    return 0;
}

int ref_link_get(struct ref *r, struct tcn_id id, struct tcn_arena *a, struct tcn_link *ret)
{
    const struct tcn_link *link = ref_find(&r->t[REF_LINKS], is_link, &id);

    (void)a;
    if (link)
        *ret = *link;
    return link ? 0 : TCN_ENOTFOUND;
}

static bool is_link_of(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_link *)row)->incident, *(const struct tcn_id *)query);
}

/* The newest incident first, and within it by connector. */
static int newest_link(const void *left, const void *right)
{
    const struct tcn_link *a = left, *b = right;
    int order = ref_compare_ids(b->incident, a->incident);

    return order ? order : strcmp(a->connector, b->connector);
}

int ref_link_list(struct ref *r, struct tcn_id incident, size_t limit, struct tcn_arena *a,
                  struct tcn_link **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_LINKS], is_link_of, &incident, newest_link, limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

struct record {
    const char *connector, *remote_id;
};

static bool is_of_record(const void *row, const void *query)
{
    const struct record *record = query;
    const struct tcn_link *link = row;

    return link->remote_id && strcmp(link->remote_id, record->remote_id) == 0 &&
           strcmp(link->connector, record->connector) == 0;
}

int ref_links_of_record(struct ref *r, const char *connector, const char *remote_id,
                        struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n)
{
    const struct record record = {connector, remote_id};
    void **rows;

    *ret_n = ref_select(&r->t[REF_LINKS], is_of_record, &record, newest_link,
                        TCN_LINKS_OF_RECORD_MAX, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

struct listing {
    const char *connector;        /* NULL: any */
    const struct tcn_link *after; /* NULL: from the first */
};

static bool is_listed_link(const void *row, const void *query)
{
    const struct listing *listing = query;
    const struct tcn_link *link = row, *after = listing->after;

    if (listing->connector && strcmp(link->connector, listing->connector) != 0)
        return false;
    if (after && listing->connector)
        return ref_compare_ids(link->incident, after->incident) < 0;
    return !after || newest_link(after, link) < 0;
}

int ref_link_newest(struct ref *r, const char *connector, const struct tcn_link *after,
                    size_t limit, struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n)
{
    struct listing listing = {connector, after};
    void **rows;

    *ret_n = ref_select(&r->t[REF_LINKS], is_listed_link, &listing, newest_link, limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

int ref_link_wake(struct ref *r, struct tcn_id incident, int64_t due_ms)
{
    struct ref_table *t = &r->t[REF_LINKS];
    struct tcn_link *links = (void *)t->rows;

    for (size_t i = 0; i < t->n; i++)
        if (tcn_id_eq(links[i].incident, incident) && links[i].state != TCN_LINK_BLOCKED &&
            (links[i].due_ms == 0 || links[i].due_ms > due_ms))
            links[i].due_ms = due_ms;
    return 0;
}

struct claim {
    const char *connector;
    int64_t now_ms;
};

static bool is_due_link(const void *row, const void *query)
{
    const struct tcn_link *link = row;
    const struct claim *claim = query;

    return strcmp(link->connector, claim->connector) == 0 && !link->is_in_flight &&
           link->due_ms > 0 && link->due_ms <= claim->now_ms;
}

static int first_link(const void *left, const void *right)
{
    const struct tcn_link *a = left, *b = right;
    int order = ref_compare(a->due_ms, b->due_ms);

    return order ? order : ref_compare_ids(a->id, b->id);
}

int ref_link_claim(struct ref *r, const char *connector, int64_t now_ms, size_t limit,
                   struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n)
{
    struct claim claim = {connector, now_ms};
    void **rows;

    *ret_n = ref_select(&r->t[REF_LINKS], is_due_link, &claim, first_link, limit, a, &rows);
    for (size_t i = 0; i < *ret_n; i++) {
        ((struct tcn_link *)rows[i])->is_in_flight = true;
        ((struct tcn_link *)rows[i])->epoch = r->epoch;
    }
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

static bool is_waiting_link(const void *row, const void *query)
{
    const struct tcn_link *link = row;

    (void)query;
    return !link->is_in_flight && link->due_ms > 0;
}

static int by_connector(const void *left, const void *right)
{
    return strcmp(((const struct tcn_link *)left)->connector,
                  ((const struct tcn_link *)right)->connector);
}

void ref_waits(struct tcn_connector_waiting *w, int64_t since_ms)
{
    w->since_ms = w->n == 0 || since_ms < w->since_ms ? since_ms : w->since_ms;
    w->n++;
}

int ref_link_waiting(struct ref *r, size_t limit, struct tcn_arena *a,
                     struct tcn_connector_waiting **ret, size_t *ret_n)
{
    void **rows;
    size_t all =
        ref_select(&r->t[REF_LINKS], is_waiting_link, NULL, by_connector, SIZE_MAX, a, &rows);

    *ret = TCN_NEW_N(a, struct tcn_connector_waiting, all + 1);
    *ret_n = 0;
    for (size_t i = 0; i < all; i++) {
        const struct tcn_link *link = rows[i];

        if (i == 0 || by_connector(rows[i - 1], link) != 0)
            (*ret)[(*ret_n)++] = (struct tcn_connector_waiting){.connector = link->connector};
        ref_waits(&(*ret)[*ret_n - 1], link->due_ms);
    }
    *ret_n = *ret_n < limit ? *ret_n : limit;
    return 0;
}
