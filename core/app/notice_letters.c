#include "app/notice_letters.h"

#include "app/notice_news.h"
#include "base/vec.h"
#include "engine/published.h"
#include "store/notices.h"
#include "store/store.h"

#include <string.h>

#define EVENTS 20 /* looked at together */
#define ROWS_ARENA (64u << 20)

/* From the letter on: what is to be told again. */
struct search {
    const struct tcn_deadletter *letter;
    struct tcn_store *s;
    const struct tcn_notice *known; /* of the incident */
    size_t n_known;
    const struct tcn_notice *notice; /* the letter's; NULL: not found yet */
    int64_t seq;                     /* of the letter's event */
    int64_t looked_seq;              /* so far */
    bool is_whole;                   /* each published event since then has its letter */
    TCN_VEC(struct tcn_id) letters;
    struct tcn_arena *arena, rows; /* of the call; of what is looked at */
};

bool tcn_notice_is_letter(const struct tcn_deadletter *letter)
{
    return strcmp(letter->operation, TCN_OPERATION_NOTIFY) == 0;
}

static struct tcn_id letter_id(const struct tcn_notice *notice, const struct tcn_event *event)
{
    return tcn_notice_id(event->id, notice->topic, notice->connector);
}

/* -- the search --------------------------------------------------------------------------------------------------- */

static const struct tcn_notice *notice_of(const struct search *x, const struct tcn_event *event)
{
    for (size_t i = 0; i < x->n_known; i++)
        if (strcmp(x->known[i].connector, x->letter->connector) == 0 &&
            tcn_id_eq(letter_id(&x->known[i], event), x->letter->id))
            return &x->known[i];
    return NULL;
}

static int take(struct search *x, const struct tcn_event *event, struct tcn_err *err)
{
    struct tcn_id id = letter_id(x->notice, event);
    struct tcn_deadletter other;
    int r = tcn_store_deadletter_get(x->s, id, &x->rows, &other, err);

    if (r == 0)
        *TCN_VEC_PUSH(x->arena, &x->letters) = id;
    x->is_whole &= r == 0;
    return r == TCN_ENOTFOUND ? 0 : r;
}

static int look_at(struct search *x, const struct tcn_event *event, struct tcn_err *err)
{
    if (!tcn_event_is_published(event))
        return 0;
    if (!x->notice && (x->notice = notice_of(x, event)) != NULL)
        x->seq = event->seq;
    return x->notice && event->seq <= x->notice->told_seq ? take(x, event, err) : 0;
}

static int look(struct search *x, size_t *ret_n, struct tcn_err *err)
{
    struct tcn_event *events = NULL;
    int r;

    tcn_arena_reset(&x->rows);
    r = tcn_store_event_list(x->s, x->letter->incident, x->looked_seq, EVENTS, &x->rows, &events,
                             ret_n, err);
    for (size_t i = 0; r == 0 && x->is_whole && i < *ret_n; i++) {
        x->looked_seq = events[i].seq;
        r = look_at(x, &events[i], err);
    }
    return r;
}

static int search(struct search *x, struct tcn_err *err)
{
    size_t n = EVENTS;
    int r = 0;

    tcn_arena_init(&x->rows, ROWS_ARENA);
    while (r == 0 && x->is_whole && n == EVENTS)
        r = look(x, &n, err);
    tcn_arena_done(&x->rows);
    return r;
}

/* -- the answer --------------------------------------------------------------------------------------------------- */

static int refuse(struct tcn_api_call *call, const char *why)
{
    return tcn_api_refuse(call, 409, "not_waiting", "id", "%s", why);
}

static int refuse_over(struct tcn_api_call *call, const struct tcn_deadletter *letter,
                       const char *why)
{
    return refuse(call,
                  tcn_arena_fmt(call->arena,
                                "its topic is not told by %s any more: %s; drop the dead letter",
                                letter->connector, why));
}

static int tell_again(struct tcn_api_call *call, const struct search *x, int64_t now_ms,
                      struct tcn_err *err)
{
    bool is_back = false;
    int r = tcn_store_notice_back(x->s, x->notice, x->seq - 1, now_ms, &is_back, err);

    if (r < 0)
        return r;
    if (!is_back)
        return refuse(call,
                      "a later event is on its way to its topic just now; try again when that "
                      "is answered");
    for (size_t i = 0; i < x->letters.n && r == 0; i++)
        r = tcn_store_deadletter_drop(x->s, x->letters.items[i], err);
    call->status = 200;
    call->reply =
        json_pack("{s:s, s:s}", "status", "retrying", "message",
                  tcn_arena_fmt(call->arena, "events told again, in order: %zu", x->letters.n));
    return r;
}

static int answer(struct tcn_api_call *call, const struct tcn_command_world *world,
                  const struct tcn_incident *incident, const struct search *x, int64_t now_ms,
                  struct tcn_err *err)
{
    const char *over =
        x->notice ? tcn_notice_why_over(world->declared, incident, x->notice) : "that has ended";

    if (over)
        return refuse_over(call, x->letter, over);
    if (!x->is_whole)
        return refuse(call,
                      "its topic was told what came later, or that was given up for good, and "
                      "order is kept; drop the dead letter, what happened is on the timeline");
    return tell_again(call, x, now_ms, err);
}

int tcn_notice_retry(struct tcn_api_call *call, const struct tcn_command_world *world,
                     const struct tcn_deadletter *letter, struct tcn_store *s, int64_t now_ms,
                     struct tcn_err *err)
{
    struct tcn_incident incident;
    struct tcn_notice *known = NULL;
    struct search x = {.letter = letter, .s = s, .is_whole = true, .arena = call->arena};
    int r = tcn_store_incident_get(s, letter->incident, call->arena, &incident, err);

    if (r == TCN_ENOTFOUND)
        return refuse_over(call, letter, "its incident is no more");
    if (r < 0 ||
        (r = tcn_store_notice_list(s, letter->incident, call->arena, &known, &x.n_known, err)) < 0)
        return r;
    x.known = known;
    r = search(&x, err);
    return r < 0 ? r : answer(call, world, &incident, &x, now_ms, err);
}
