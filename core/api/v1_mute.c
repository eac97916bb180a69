/* Mutes and maintenance windows, and what they hold back. */
#include "api/json.h"
#include "api/v1_query.h"
#include "base/datetime.h"
#include "engine/match_read.h"
#include "engine/mute.h"

#define OWNER_MAX 255

/* -- requests --------------------------------------------------------------------------------------------------- */

static int read_match(struct tcn_api_call *call)
{
    const char *name = NULL;
    const char *why = tcn_match_read(json_object_get(call->body, "match"), call->arena,
                                     &call->command.mute.match, &name);

    if (!why)
        return 0;
    return tcn_v1_refuse(call, "match",
                         tcn_arena_fmt(call->arena, "\"match\"%s%.64s%s %s", name ? ": \"" : "",
                                       name ? name : "", name ? "\"" : "", why));
}

static int read_time(struct tcn_api_call *call, const char *name, int64_t *ret_ms)
{
    const char *text = NULL;

    if (tcn_v1_text(call, name, false, TCN_TIME_TEXT * 2, &text) < 0)
        return -1;
    if (text && tcn_time_rfc3339(tcn_str(text), ret_ms) < 0)
        return tcn_v1_refuse(call, name, "is no time; write it as 2026-08-02T09:00:00+02:00");
    return 0;
}

static int read_end(struct tcn_api_call *call)
{
    struct tcn_command *c = &call->command;
    const char *duration = NULL;

    if (read_time(call, "starts_at", &c->mute.start_ms) < 0 ||
        read_time(call, "ends_at", &c->mute.end_ms) < 0 ||
        tcn_v1_text(call, "duration", false, 32, &duration) < 0)
        return -1;
    if (!duration == (c->mute.end_ms == 0))
        return tcn_v1_refuse(call, "ends_at",
                             "give either \"ends_at\", a time, or \"duration\", as 2h: "
                             "no mute is for ever");
    if (!duration)
        return 0;
    if (tcn_str_duration(tcn_str(duration), &c->duration_ms) < 0 || c->duration_ms <= 0 ||
        c->duration_ms > TCN_MUTE_MAX_MS)
        return tcn_v1_refuse(call, "duration", "write \"duration\" as 30m, 2h or 7d, at most 366d");
    return 0;
}

int tcn_v1_mute(struct tcn_api_call *call)
{
    static const char *const names[] = {"match",   "owner",    "comment", "starts_at",
                                        "ends_at", "duration", NULL};
    struct tcn_mute *mute = &call->command.mute;

    call->command.kind = TCN_COMMAND_MUTE;
    call->command.actor = call->actor;
    *mute = (struct tcn_mute){.owner = call->actor, .created_by = call->actor};
    if (tcn_v1_only(call, names) < 0 || read_match(call) < 0 ||
        tcn_v1_text(call, "owner", false, OWNER_MAX, &mute->owner) < 0 ||
        tcn_v1_text(call, "comment", true, TCN_MUTE_TEXT_MAX, &mute->comment) < 0)
        return -1;
    return read_end(call);
}

int tcn_v1_mute_end(struct tcn_api_call *call)
{
    static const char *const names[] = {NULL};

    call->command.kind = TCN_COMMAND_MUTE_END;
    call->command.actor = call->actor;
    return tcn_v1_only(call, names) < 0 ? -1 : tcn_api_id(call, &call->command.mute.id);
}

/* -- answers ---------------------------------------------------------------------------------------------------- */

static void set(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, value);
}

json_t *tcn_json_mute(const struct tcn_mute *mute, int64_t now_ms)
{
    json_t *object = json_object();
    const char *state = now_ms < mute->start_ms ? "PENDING"
                        : now_ms < mute->end_ms ? "ACTIVE"
                                                : "ENDED";

    set(object, "id", tcn_json_id(mute->id));
    set(object, "state", json_string(state));
    set(object, "match", tcn_match_json(&mute->match));
    set(object, "owner", tcn_json_text(mute->owner));
    set(object, "comment", tcn_json_text(mute->comment));
    set(object, "starts_at", tcn_json_time(mute->start_ms));
    set(object, "ends_at", tcn_json_time(mute->end_ms));
    set(object, "created_by", tcn_json_text(mute->created_by));
    set(object, "created_at", tcn_json_time(mute->created_ms));
    return object;
}

static json_t *window_json(const struct tcn_window *w, int64_t now_ms)
{
    json_t *object = json_object();
    struct tcn_window_span span = {0};
    bool is_there = tcn_window_span(w, now_ms, &span);
    const char *state = !is_there ? "ENDED" : span.start_ms <= now_ms ? "ACTIVE" : "PENDING";

    set(object, "name", tcn_json_text(w->name));
    set(object, "state", json_string(state));
    set(object, "match", tcn_match_json(&w->match));
    set(object, "owner", tcn_json_text(w->owner));
    set(object, "comment", tcn_json_text(w->comment));
    set(object, "starts_at", is_there ? tcn_json_time(span.start_ms) : json_null());
    set(object, "ends_at", is_there ? tcn_json_time(span.end_ms) : json_null());
    set(object, "until", tcn_json_time(w->until_ms));
    return object;
}

int tcn_v1_mutes(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    json_t *items = json_array(), *windows = json_array();
    struct tcn_mute *rows = NULL;
    size_t n = 0;
    int r = tcn_store_mute_list(s, call->now_ms, TCN_MUTES_MAX, call->arena, &rows, &n, err);

    for (size_t i = 0; r == 0 && i < n; i++)
        json_array_append_new(items, tcn_json_mute(&rows[i], call->now_ms));
    for (size_t i = 0; i < call->directory->n_windows; i++)
        json_array_append_new(windows, window_json(&call->directory->windows[i], call->now_ms));
    if (r == 0)
        return tcn_v1_answer(
            call, json_pack("{s:o,s:o}", "items", items, "maintenance_windows", windows));
    json_decref(items);
    json_decref(windows);
    return r;
}

static json_t *muted_json(const struct tcn_waiting *w)
{
    json_t *object = json_object();

    set(object, "key", tcn_json_text(w->dedupe_key));
    set(object, "source", tcn_json_text(w->source));
    set(object, "title", tcn_json_text(w->told.title));
    set(object, "summary", tcn_json_text(w->told.summary));
    set(object, "impact", json_integer(w->told.impact));
    set(object, "muted", tcn_json_text(w->why));
    set(object, "since", tcn_json_time(w->since_ms));
    return object;
}

int tcn_v1_muted(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    const char *next = tcn_api_query(call, "next");
    struct tcn_waiting *rows = NULL;
    json_t *items, *token;
    size_t n = 0, limit = 0;
    int r;

    if (tcn_v1_limit(call, &limit) < 0)
        return 0;
    r = tcn_store_waiting_list(s, TCN_WAITING_MUTED, next ? next : "", limit + 1, call->arena,
                               &rows, &n, err);
    if (r < 0)
        return r;
    token = n > limit ? tcn_json_text(rows[limit - 1].dedupe_key) : json_null();
    items = json_array();
    for (size_t i = 0; i < n && i < limit; i++)
        json_array_append_new(items, muted_json(&rows[i]));
    return tcn_v1_answer(call, json_pack("{s:o,s:o}", "items", items, "next", token));
}
