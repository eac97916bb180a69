/* What lanes ask of the application, as app/outbound.c does it; and what is seen of it. */
#include "program.h"

#include "app/hear_turn.h"
#include "app/remark.h"
#include "app/take_turn.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_POINTS 100

static int on_note(void *ctx, struct tcn_store *s, struct tcn_id incident, const char *text,
                   const char *actor, bool to_tickets, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_remark remark = {.text = text, .actor = actor, .to_tickets = to_tickets};

    (void)ctx;
    tell("timeline: %s: %s", actor, text);
    return tcn_remark_write(s, &program_directory, incident, &remark, now_ms, err);
}

static int on_linked(void *ctx, struct tcn_store *s, const struct tcn_link *link, const char *text,
                     int64_t now_ms, struct tcn_err *err)
{
    const char *url = link->remote_url && link->remote_url[0] ? link->remote_url : NULL;
    struct tcn_str key =
        tcn_utf8_cut(tcn_str(link->remote_key ? link->remote_key : ""), KEY_POINTS);
    char title[4 * KEY_POINTS + 100], actor[160];
    struct tcn_relation relation = {.url = url, .title = title, .text = text, .actor = actor};

    (void)ctx;
    snprintf(title, sizeof title, "%.64s %.*s", link->connector, (int)key.len, key.ptr);
    snprintf(actor, sizeof actor, "connector:%.120s", link->connector);
    return tcn_relation_write(s, &program_directory, link->incident, &relation, now_ms, err);
}

static void tell_take(const struct tcn_link *link, const struct tcn_taken *taken)
{
    char *fields = json_dumps(taken->fields, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    const char *class = tcn_class_name(taken->status);

    tell("taken from %s: %s %s", link->connector, fields ? fields : "", class ? class : "");
    free(fields);
}

static int on_take(void *ctx, struct tcn_store *s, const struct tcn_link *link,
                   const struct tcn_taken *taken, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_incident was, is;
    struct tcn_arena a;
    int r;

    (void)ctx;
    tcn_arena_init(&a, 4u << 20);
    if (options.traces)
        tell_take(link, taken);
    watch_read(s, link->incident, &a, &was);
    r = tcn_take_turn(s, &program_directory, link, taken, now_ms, err);
    watch_read(s, link->incident, &a, &is);
    if (r == 0)
        watch_note(&was, &is, system_named(link->connector));
    tcn_arena_done(&a);
    return r;
}

static int on_hear(void *ctx, struct tcn_store *s, const struct tcn_link *link,
                   const struct tcn_heard *heard, size_t n, int64_t now_ms, struct tcn_err *err)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        tell("heard from %s: \"%s\" by %s", link->connector, heard[i].text, heard[i].by);
    return tcn_hear_turn(s, &program_directory, link, heard, n, now_ms, err);
}

static const char *on_url(void *ctx, struct tcn_id incident, struct tcn_arena *arena)
{
    char id[TCN_ID_TEXT];

    (void)ctx;
    tcn_id_text(incident, id);
    return tcn_arena_fmt(arena, "https://tocsin.example/i/%s", id);
}

static void on_changed(void *ctx)
{
    (void)ctx;
    program_look();
}

const struct tcn_lanes_app program_tickets = {.note = on_note,
                                              .linked = on_linked,
                                              .take = on_take,
                                              .hear = on_hear,
                                              .url = on_url,
                                              .changed = on_changed};
