/* The next step of a lane. What travels in a step is built in ensure_write.c and ensure_note.c, what a call brought is taken in
 * by ensure_apply.c. */
#include "connect/ensure.h"
#include "base/datetime.h"
#include "base/text.h"
#include "connect/ring.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void tcn_progress_done(struct tcn_progress *p)
{
    json_decref(p->record);
    *p = (struct tcn_progress){0};
}

void tcn_step_done(struct tcn_step *s)
{
    json_decref(s->payload);
    json_decref(s->sent);
    json_decref(s->taken);
    *s = (struct tcn_step){0};
}

void tcn_ensure_say(struct tcn_ensure *e, bool to_tickets, const char *fmt, ...)
{
    char text[600];
    va_list args;

    if (e->effects->n_say == TCN_ENSURE_SAY_MAX)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    /* A long key of the remote may have been cut within a code point. */
    text[tcn_utf8_prefix(tcn_str(text))] = '\0';
    e->effects->say_to_tickets[e->effects->n_say] = to_tickets;
    e->effects->say[e->effects->n_say++] = tcn_arena_strdup(e->arena, text);
}

void tcn_ensure_say_once(struct tcn_ensure *e, const char *mark, const char *hash, bool to_tickets,
                         const char *text)
{
    if (tcn_ring_count(e->link, mark, hash, 0) > 0)
        return;
    tcn_ring_add(e->link, mark, hash, e->now_ms, e->arena);
    tcn_ensure_say(e, to_tickets, "%s", text);
}

bool tcn_ensure_can(const struct tcn_ensure *e, enum tocsin_verb verb)
{
    return (e->wanted->caps & TOCSIN_CAN(verb)) != 0;
}

static bool has_record(const struct tcn_link *link)
{
    return link->remote_id && link->remote_id[0];
}

static const char *op_id(struct tcn_ensure *e, const char *what, int64_t n)
{
    char id[TCN_ID_TEXT];

    tcn_id_text(e->link->id, id);
    return tcn_arena_fmt(e->arena, "%s.%s.%" PRId64, id, what, n);
}

void tcn_ensure_call(struct tcn_ensure *e, struct tcn_step *s, enum tocsin_verb verb,
                     const char *what, int64_t n)
{
    s->kind = TCN_STEP_CALL;
    s->verb = verb;
    s->op_id = op_id(e, what, n);
    s->started_ms = e->now_ms;
    s->revision = e->wanted->revision;
    e->link->is_in_flight = true;
    e->link->due_ms = e->now_ms; /* a restart finds it due */
}

void tcn_ensure_rest(struct tcn_ensure *e, struct tcn_step *s, enum tcn_step_kind kind,
                     int64_t due_ms)
{
    s->kind = kind;
    s->until_ms = due_ms;
    e->link->is_in_flight = false;
    e->link->due_ms = due_ms;
}

static void finish(struct tcn_ensure *e, struct tcn_step *s)
{
    struct tcn_link *link = e->link;

    tcn_ensure_rest(e, s, TCN_STEP_DONE, 0);
    link->done_revision = e->wanted->revision;
    if (e->progress->gave_up_write || tcn_ring_last(link, TCN_RING_REFUSED) > 0)
        return;
    link->fail_count = 0;
    link->first_fail_ms = 0;
    link->blocked_reason = NULL;
}

/* It was over before anybody had to know. */
static bool is_too_short(const struct tcn_ensure *e)
{
    const struct tcn_wanted *w = e->wanted;

    return w->status == TCN_CLASS_RESOLVED && w->short_lived == TCN_SHORT_SKIP &&
           e->link->create_attempts == 0 && !e->link->is_uncertain &&
           w->resolved_ms - w->created_ms < TCN_ENSURE_SHORT_MS;
}

/* Resolved after its record was lost, and nobody has asked for another one yet. */
static bool is_not_missed(const struct tcn_ensure *e)
{
    return e->wanted->status == TCN_CLASS_RESOLVED && e->link->recreated > 0 &&
           e->link->create_attempts == 0;
}

static void plan_create(struct tcn_ensure *e, struct tcn_step *s)
{
    struct tcn_link *link = e->link;

    link->state = TCN_LINK_CREATING;
    link->is_uncertain = true;
    link->create_attempts++;
    link->last_attempt_ms = e->now_ms;
    tcn_ensure_create_payload(e, s);
    tcn_ensure_try(e, s);
    tcn_ensure_call(e, s, TOCSIN_CREATE, "create", 1 + link->recreated);
}

/* When a search would see what the last create may have made. Of a clock that was set back since then nobody knows how long
 * ago that was: it counts from now. */
static int64_t visible_from(struct tcn_ensure *e)
{
    if (e->link->last_attempt_ms > e->now_ms)
        e->link->last_attempt_ms = e->now_ms;
    if (e->progress->found_none_ms > e->now_ms)
        e->progress->found_none_ms = e->link->last_attempt_ms;
    return e->link->last_attempt_ms + e->wanted->visibility_ms;
}

/* The next search: most remotes show a record long before the last moment (spec connectors C2). */
static int64_t next_look(const struct tcn_ensure *e, int64_t visible_ms)
{
    static const int64_t after_ms[] = {5000, 15000, 45000};

    for (size_t i = 0; i < sizeof after_ms / sizeof *after_ms; i++) {
        int64_t at_ms = e->link->last_attempt_ms + after_ms[i];

        if (at_ms > e->now_ms && at_ms < visible_ms)
            return at_ms;
    }
    return visible_ms;
}

/* The remote may have made the record, and its searches may not show it yet. */
static void say_unseen(struct tcn_ensure *e, int64_t visible_ms)
{
    const char *name = e->link->connector;
    char attempt[24], at[TCN_TIME_TEXT], text[500];

    if (visible_ms - e->now_ms < TCN_ENSURE_TOLD_MS)
        return;
    snprintf(attempt, sizeof attempt, "%" PRId64, e->link->last_attempt_ms);
    tcn_time_text(visible_ms, at);
    snprintf(text, sizeof text,
             "Not synced to %s yet: what became of the create is not known, and %s may show a new "
             "record late; it is looked for until %s, and then created if it is not there",
             name, name, at);
    tcn_ensure_say_once(e, "#unseen", attempt, false, text);
}

/* No record yet: look before creating whenever a create may have got through. */
static void plan_unlinked(struct tcn_ensure *e, struct tcn_step *s)
{
    struct tcn_link *link = e->link;
    struct tcn_progress *p = e->progress;
    bool must_look =
        (link->create_attempts > 0 || link->is_uncertain) && tcn_ensure_can(e, TOCSIN_FIND);
    int64_t visible_ms = visible_from(e);

    if (!e->wanted->is_wanted || is_too_short(e) || is_not_missed(e) ||
        !tcn_ensure_can(e, TOCSIN_CREATE)) {
        finish(e, s); /* a later change of the incident may want one */
    } else if (!must_look || (p->found_none && p->found_none_ms >= visible_ms)) {
        plan_create(e, s);
    } else if (p->found_none) {
        p->found_none = false;
        say_unseen(e, visible_ms);
        tcn_ensure_rest(e, s, TCN_STEP_WAIT, next_look(e, visible_ms));
    } else {
        tcn_ensure_call(e, s, TOCSIN_FIND, "find", link->create_attempts);
    }
}

/* Changes of texts wait a moment for more of them, and so does the end, which may be taken back. What begins does not. */
static bool must_settle(const struct tcn_ensure *e, int64_t *ret_until_ms)
{
    const struct tcn_wanted *w = e->wanted;
    enum tcn_class done = tcn_class_parse(e->link->base_status);

    *ret_until_ms = w->modified_ms + w->settle_ms;
    if (e->progress->record || (done != w->status && w->status != TCN_CLASS_RESOLVED))
        return false;
    return *ret_until_ms > e->now_ms && *ret_until_ms <= e->now_ms + w->settle_ms;
}

/* As of this run: what was read seconds ago may have been changed by a person since, and no remote compares before it writes. */
static bool knows_remote(const struct tcn_ensure *e)
{
    return e->progress->record || !tcn_ensure_can(e, TOCSIN_GET);
}

/* Something has said that the record changed after it was read. */
static bool is_hinted(const struct tcn_ensure *e)
{
    return e->link->hints > e->link->hints_seen && tcn_ensure_can(e, TOCSIN_GET);
}

/* What is written, to the record as it is. */
static void name_refusal(const struct tcn_ensure *e, struct tcn_step *s)
{
    json_t *what = json_pack("{s:O s:s}", "payload", s->payload, "version",
                             e->link->base_version ? e->link->base_version : "");

    tcn_ring_hash(what, s->refusal);
    json_decref(what);
}

/* The remote refused just that, and neither side has changed since: it would again, at every reading. */
static bool was_refused(const struct tcn_ensure *e, const struct tcn_step *s)
{
    return e->link->done_revision >= e->wanted->revision &&
           tcn_ring_count(e->link, TCN_RING_REFUSED, s->refusal, 0) > 0;
}

static void plan_write(struct tcn_ensure *e, struct tcn_step *s)
{
    tcn_ensure_try(e, s);
    e->link->last_read_ms = 0; /* from now on only a GET tells what the remote holds */
    tcn_ensure_call(e, s, TOCSIN_WRITE, "write", e->wanted->revision);
}

/* True when a step was planned. */
static bool plan_sync(struct tcn_ensure *e, struct tcn_step *s)
{
    int64_t until_ms;

    if (e->link->done_revision >= e->wanted->revision && !is_hinted(e) && !e->progress->is_new)
        return false;
    if (must_settle(e, &until_ms)) {
        tcn_ensure_rest(e, s, TCN_STEP_WAIT, until_ms);
        return true;
    }
    if (is_hinted(e) && tcn_ensure_plan_listen(e, s))
        return true;
    if (is_hinted(e) || !knows_remote(e)) {
        s->hints = e->link->hints;
        tcn_ensure_call(e, s, TOCSIN_GET, "get", e->wanted->revision);
        return true;
    }
    tcn_ensure_merge(e, s);
    if (s->kind == TCN_STEP_TAKE)
        return true; /* and merge again: what is taken may leave the incident's revision as it is */
    e->progress->is_new = false;
    if (!has_record(e->link)) {
        tcn_ensure_rest(e, s, TCN_STEP_WAIT, e->now_ms); /* for another one */
        return true;
    }
    if (e->link->state == TCN_LINK_BLOCKED) {
        tcn_ensure_rest(e, s, TCN_STEP_WAIT, 0);
        return true;
    }
    if (s->payload && tcn_ensure_can(e, TOCSIN_WRITE)) {
        name_refusal(e, s);
        if (!(e->progress->gave_up_write = was_refused(e, s))) {
            plan_write(e, s);
            return true;
        }
    } else {
        tcn_ring_drop(e->link, TCN_RING_REFUSED, e->arena);
    }
    tcn_step_done(s);
    e->link->done_revision = e->wanted->revision;
    return false;
}

void tcn_ensure_plan(struct tcn_ensure *e, struct tcn_step *ret)
{
    struct tcn_link *link = e->link;

    *ret = (struct tcn_step){.kind = TCN_STEP_UNSET};
    if (link->state == TCN_LINK_UNLINKED || link->state == TCN_LINK_BLOCKED)
        tcn_ensure_rest(e, ret, TCN_STEP_DONE, 0);
    else if (link->state == TCN_LINK_LOST)
        tcn_ensure_plan_lost(e, ret);
    else if (!has_record(link))
        plan_unlinked(e, ret);
    else if (!plan_sync(e, ret) && !tcn_ensure_plan_notes(e, ret))
        finish(e, ret);
    assert(ret->kind != TCN_STEP_UNSET);
}

void tcn_ensure_retry(struct tcn_link *link, int64_t now_ms)
{
    if (has_record(link))
        link->state = TCN_LINK_LINKED;
    else
        link->state = link->is_uncertain ? TCN_LINK_CREATING : TCN_LINK_NONE;
    if (has_record(link))
        link->hints++; /* it is read first: what is known of it is not what it held when it was blocked */
    link->done_revision = 0;
    link->fail_count = 0;
    link->first_fail_ms = 0;
    link->blocked_reason = NULL;
    link->due_ms = now_ms;
}
