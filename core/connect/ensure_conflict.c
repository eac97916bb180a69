/* Conflicts: what both sides have changed, kept with all three values. Each once: a lane meets the same one again as long as
 * neither side gives way, and whenever a write has to be repeated. */
#include "connect/ensure.h"
#include "connect/ring.h"

#include <stdio.h>
#include <stdlib.h>

#define VALUE_POINTS 80u
#define VALUE_TEXT (VALUE_POINTS * 4 + 1)
#define ELLIPSIS "\xe2\x80\xa6"

static void mark_of(const char *field, char ret[TCN_ENSURE_MARK])
{
    snprintf(ret, TCN_ENSURE_MARK, "!%s", field);
}

/* -- values ----------------------------------------------------------------------------------------------------- */

/* Bytes of a code point that has n in a JSON text. */
static size_t written(uint32_t point, size_t n)
{
    if (point == '"' || point == '\\' || (point >= '\b' && point <= '\r' && point != '\v'))
        return 2;
    return point < ' ' ? sizeof "\\u0000" - 1 : n;
}

/* As much of text as a JSON string of TCN_ENSURE_VALUE_MAX bytes holds. */
static struct tcn_str beginning(const char *text)
{
    struct tcn_str all = tcn_str(text), rest = all, before = all;
    size_t n = sizeof "\"" ELLIPSIS "\"" - 1;
    uint32_t point;

    while (tcn_utf8_next(&rest, &point)) {
        n += written(point, before.len - rest.len);
        if (n > TCN_ENSURE_VALUE_MAX)
            break;
        before = rest;
    }
    return (struct tcn_str){all.ptr, all.len - before.len};
}

static const char *dump(json_t *value, struct tcn_arena *arena)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
    const char *copy = tcn_arena_strdup(arena, text);

    free(text);
    return copy;
}

/* NULL for an absent value. A long one is a string with its beginning. */
static const char *value_text(json_t *value, struct tcn_arena *arena)
{
    const char *text = value ? dump(value, arena) : NULL;
    struct tcn_str cut;
    json_t *shorter;

    if (!text || strlen(text) <= TCN_ENSURE_VALUE_MAX)
        return text;
    cut = beginning(json_is_string(value) ? json_string_value(value) : text);
    shorter = json_sprintf("%.*s" ELLIPSIS, (int)cut.len, cut.ptr);
    text = dump(shorter, arena);
    json_decref(shorter);
    return text;
}

/* -- once --------------------------------------------------------------------------------------------------------- */

/* Of what was not taken it is the same conflict, whether it could be written or not. */
static bool is_known(struct tcn_ensure *e, const struct tcn_clash *clash)
{
    json_t *all = json_pack("[O?, O?, O?, b]", clash->base, clash->local, clash->remote,
                            clash->winner == TCN_WINNER_REMOTE);
    char mark[TCN_ENSURE_MARK], hash[TCN_RING_HASH];
    bool is_same;

    mark_of(clash->field, mark);
    tcn_ring_hash(all, hash);
    json_decref(all);
    is_same = tcn_ring_count(e->link, mark, hash, 0) > 0;
    if (!is_same) {
        tcn_ring_drop(e->link, mark, e->arena);
        tcn_ring_add(e->link, mark, hash, e->now_ms, e->arena);
    }
    return is_same;
}

bool tcn_ensure_conflict(struct tcn_ensure *e, const struct tcn_clash *clash)
{
    struct tcn_effects *fx = e->effects;

    if (fx->n_conflicts == TCN_ENSURE_CONFLICTS_MAX || is_known(e, clash))
        return false;
    fx->conflicts[fx->n_conflicts++] = (struct tcn_ensure_conflict){
        .field = tcn_arena_strdup(e->arena, clash->field),
        .base = value_text(clash->base, e->arena),
        .local = value_text(clash->local, e->arena),
        .remote = value_text(clash->remote, e->arena),
        .winner = clash->winner,
    };
    return true;
}

void tcn_ensure_no_conflict(struct tcn_ensure *e, const char *field)
{
    char mark[TCN_ENSURE_MARK];

    mark_of(field, mark);
    if (e->link->pushed && strstr(e->link->pushed, "\"!"))
        tcn_ring_drop(e->link, mark, e->arena);
}

/* -- for people --------------------------------------------------------------------------------------------------- */

/* A value as people read it, not all of a long one. */
static void write_value(const json_t *value, char ret[VALUE_TEXT])
{
    char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    struct tcn_str cut =
        tcn_utf8_cut(tcn_str(text ? text : json_string_value(value)), VALUE_POINTS);

    snprintf(ret, VALUE_TEXT, "%.*s", (int)cut.len, cut.ptr);
    free(text);
}

void tcn_ensure_say_conflict(struct tcn_ensure *e, const struct tcn_clash *clash)
{
    static const char *const ends[TCN_WINNERS] = {
        "ours was written. Lost is: ", "theirs was taken. Lost is: ", "both changes were made",
        "both stay as they are"};
    char lost[VALUE_TEXT] = "";

    if (clash->winner == TCN_WINNER_LOCAL || clash->winner == TCN_WINNER_REMOTE)
        write_value(clash->winner == TCN_WINNER_LOCAL ? clash->remote : clash->local, lost);
    tcn_ensure_say(e, false, "%s and this incident both changed %s: %s%s", e->link->connector,
                   clash->field, ends[clash->winner], lost);
}
