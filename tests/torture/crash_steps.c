#include "crash_steps.h"

#include <stdio.h>

#define NOW ((int64_t)1785690280989)

static struct tcn_id id_of(int no, int what)
{
    struct tcn_id id = {{0xA0}};

    id.b[13] = (uint8_t)no;
    id.b[15] = (uint8_t)what;
    return id;
}

/* -- an alarm ----------------------------------------------------------------------------------------------- */

#define ALARM_ROWS 7

static int write_alarm(struct tcn_store *s, int no)
{
    char key[32];
    struct tcn_inbox inbox = {.id = id_of(no, 1),
                              .source = "s",
                              .delivery_id = key,
                              .received_ms = NOW,
                              .state = TCN_INBOX_QUARANTINED,
                              .body = {key, 0}};
    struct tcn_lane lane = {.dedupe_key = key, .source = "s", .incident = id_of(no, 2)};
    struct tcn_incident incident = {
        .id = id_of(no, 2), .dedupe_string = key, .title = key, .status = TCN_STATUS_OPEN};
    struct tcn_link link = {.id = id_of(no, 3), .incident = id_of(no, 2), .connector = "c"};
    int r;

    snprintf(key, sizeof key, "key-%d", no);
    inbox.body = tcn_str(key);
    if ((r = tcn_store_inbox_add(s, &inbox, NULL)) < 0 ||
        (r = tcn_store_lane_put(s, &lane, NULL)) < 0 ||
        (r = tcn_store_incident_put(s, &incident, NULL)) < 0 ||
        (r = tcn_store_link_put(s, &link, NULL)) < 0 ||
        (r = tcn_store_timer_set(s, id_of(no, 2), NOW + no, NULL)) < 0)
        return r;
    for (int seq = 1; r == 0 && seq <= 2; seq++) {
        struct tcn_event e = {
            .id = id_of(no, 10 + seq), .seq = seq, .type = TCN_EVENT_NOTE, .data = key};

        r = tcn_store_event_add(s, id_of(no, 2), &e, NULL);
    }
    return r;
}

static bool has_timer(struct tcn_store *s, struct tcn_id id)
{
    struct tcn_id ids[64];
    size_t n = 0;

    if (tcn_store_timer_due(s, NOW + STEPS, 64, ids, &n, NULL) < 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (tcn_id_eq(ids[i], id))
            return true;
    return false;
}

static bool has_inbox(struct tcn_store *s, const char *key, struct tcn_arena *a)
{
    struct tcn_inbox *rows = NULL;
    size_t n = 0;

    if (tcn_store_inbox_list(s, TCN_INBOX_QUARANTINED, 0, 100, a, &rows, &n, NULL) < 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].delivery_id, key) == 0 && tcn_str_eq(rows[i].body, tcn_str(key)))
            return true;
    return false;
}

static int found_alarm(struct tcn_store *s, int no, struct tcn_arena *a)
{
    struct tcn_incident incident;
    struct tcn_event *events;
    struct tcn_lane lane;
    struct tcn_link link;
    char key[32];
    size_t n = 0;
    int rows = 0;

    snprintf(key, sizeof key, "key-%d", no);
    rows += has_inbox(s, key, a);
    rows += tcn_store_lane_get(s, key, NULL, a, &lane, NULL, NULL) == 0 && lane.exists &&
            tcn_id_eq(lane.incident, id_of(no, 2));
    rows += tcn_store_incident_get(s, id_of(no, 2), a, &incident, NULL) == 0 &&
            strcmp(incident.title, key) == 0;
    rows += tcn_store_link_get(s, id_of(no, 3), a, &link, NULL) == 0;
    rows += has_timer(s, id_of(no, 2));
    if (tcn_store_event_list(s, id_of(no, 2), 0, 9, a, &events, &n, NULL) == 0)
        rows += (int)n;
    return rows * STEP_WHOLE / ALARM_ROWS;
}

/* -- paging ------------------------------------------------------------------------------------------------- */

#define PAGING_ROWS 4

static int write_paging(struct tcn_store *s, int no)
{
    struct tcn_run run = {.no = 1, .contact = "alice"};
    struct tcn_page page = {.id = id_of(no, 4), .no = 1, .run_no = 1, .contact = "alice"};
    struct tcn_engagement e = {.id = id_of(no, 5),
                               .no = 1,
                               .contact = "alice",
                               .runs = &run,
                               .n_runs = 1,
                               .pages = &page,
                               .n_pages = 1};
    struct tcn_receipt receipt = {.page = id_of(no, 4), .type = TCN_SENT, .time_ms = NOW};
    struct tcn_send_row send = {
        .id = id_of(no, 6), .page = id_of(no, 4), .incident = id_of(no, 2), .due_ms = NOW};
    int r;

    if ((r = tcn_store_engagement_put(s, id_of(no, 2), &e, NULL)) < 0 ||
        (r = tcn_store_receipt_add(s, &receipt, NULL)) < 0 ||
        (r = tcn_store_send_add(s, &send, NULL)) < 0)
        return r;
    return tcn_store_send_finish(s, send.id, TCN_SEND_DONE, 0, "sent", NULL);
}

static int found_paging(struct tcn_store *s, int no, struct tcn_arena *a)
{
    struct tcn_engagement *list = NULL;
    struct tcn_receipt *receipts;
    size_t n = 0, n_receipts = 0;
    int rows = 0;

    if (tcn_store_engagement_list(s, id_of(no, 2), a, &list, &n, NULL) == 0 && n == 1)
        rows += 1 + (list[0].n_runs == 1 && list[0].n_pages == 1);
    if (tcn_store_receipt_list(s, id_of(no, 4), a, &receipts, &n_receipts, NULL) == 0)
        rows += (int)n_receipts;
    /* Finishing answers TCN_ENOTFOUND when there is no such row; it is rolled back by the caller. */
    rows += tcn_store_send_finish(s, id_of(no, 6), TCN_SEND_DONE, 0, NULL, NULL) == 0;
    return rows * STEP_WHOLE / PAGING_ROWS;
}

/* -- a large change of many pages --------------------------------------------------------------------------- */

#define BULK_ROWS 100

static int write_bulk(struct tcn_store *s, int no)
{
    char name[32], value[200];
    int r = 0;

    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    for (int i = 0; r == 0 && i < BULK_ROWS; i++) {
        snprintf(name, sizeof name, "bulk-%d-%d", no, i);
        r = tcn_store_meta_put(s, name, value, NULL);
    }
    return r;
}

static int found_bulk(struct tcn_store *s, int no, struct tcn_arena *a)
{
    const char *value;
    char name[32];
    int rows = 0;

    for (int i = 0; i < BULK_ROWS; i++) {
        snprintf(name, sizeof name, "bulk-%d-%d", no, i);
        rows += tcn_store_meta_get(s, name, a, &value, NULL) == 0 && value != NULL;
    }
    return rows * STEP_WHOLE / BULK_ROWS;
}

int step_write(struct tcn_store *s, int no, bool *ret_unsynced)
{
    static int (*const kinds[])(struct tcn_store *, int) = {write_alarm, write_paging, write_bulk};
    int r;

    *ret_unsynced = false;
    if ((r = tcn_store_begin(s, NULL)) < 0)
        return r;
    if ((r = kinds[no % 3](s, no)) < 0) {
        tcn_store_rollback(s);
        return r;
    }
    return no % 4 == 0 ? tcn_store_commit(s, NULL)
                       : tcn_store_commit_unsynced(s, ret_unsynced, NULL);
}

int step_found(struct tcn_store *s, int no, struct tcn_arena *a)
{
    static int (*const kinds[])(struct tcn_store *, int,
                                struct tcn_arena *) = {found_alarm, found_paging, found_bulk};
    int r;

    if ((r = tcn_store_begin(s, NULL)) < 0)
        return r;
    r = kinds[no % 3](s, no, a);
    tcn_store_rollback(s);
    return r;
}
