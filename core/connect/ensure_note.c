/* Notes: which events are joined in the next one, when it is written, and which is the last that a record gets. */
#include "base/text.h"
#include "connect/ensure.h"
#include "connect/ring.h"

#include <inttypes.h>
#include <stdio.h>

#define KEY_POINTS 60u
#define MARK_MAX 200u /* bytes of the line that finds a note again */

/* -- as many as a record takes ---------------------------------------------------------------------------------- */

static bool is_full(const struct tcn_ensure *e)
{
    return e->wanted->notes_max > 0 && e->link->notes_written >= e->wanted->notes_max;
}

static void say_full(struct tcn_ensure *e)
{
    const struct tcn_link *link = e->link;
    const char *key = link->remote_key && link->remote_key[0] ? link->remote_key : "The record";
    char max[24], text[500];

    snprintf(max, sizeof max, "%" PRId64, e->wanted->notes_max);
    snprintf(text, sizeof text,
             "%.*s of %s has %" PRId64 " notes of this incident, and no more are written: what "
             "follows is on this timeline only",
             (int)tcn_utf8_cut(tcn_str(key), KEY_POINTS).len, key, link->connector,
             link->notes_written);
    tcn_ensure_say_once(e, "#full", max, false, text);
}

void tcn_ensure_count_note(struct tcn_ensure *e)
{
    e->link->notes_written++;
    if (is_full(e))
        say_full(e);
}

/* Before the texts, because a mark in the last line must stay there. */
static void add_last_word(const struct tcn_ensure *e, struct tcn_buf *out)
{
    const char *url = e->wanted->url;

    if (e->link->notes_written + 1 != e->wanted->notes_max)
        return;
    tcn_buf_fmt(out, "(Note %" PRId64 ", the last one here. What follows is ",
                e->wanted->notes_max);
    if (url)
        tcn_buf_fmt(out, "at %s)\n\n", url);
    else
        tcn_buf_z(out, "on the incident's timeline)\n\n");
}

/* -- a note ----------------------------------------------------------------------------------------------------- */

/* Notes of wanted that are written already, by this very run. */
static size_t notes_done(const struct tcn_ensure *e)
{
    size_t n = 0;

    while (n < e->wanted->n_notes && e->wanted->notes[n].seq <= e->link->notes_seq)
        n++;
    return n;
}

/* With its line feed; empty when there is none or it is too long for a mark. */
static struct tcn_str last_line(struct tcn_str note)
{
    size_t n = note.len;

    while (n > 0 && note.len - n < MARK_MAX && note.ptr[n - 1] != '\n')
        n--;
    if (n == 0 || note.ptr[n - 1] != '\n')
        return (struct tcn_str){0};
    return (struct tcn_str){note.ptr + n - 1, note.len - n + 1};
}

/* The last line stays: a mark there finds the note again after a lost answer. */
static void add_note(struct tcn_buf *out, struct tcn_str note)
{
    static const char cut[] = "...\n(cut: the incident's timeline has all of it)";
    struct tcn_str last = last_line(note);
    size_t room = TCN_ENSURE_NOTE_MAX - out->len;

    if (note.len <= room) {
        tcn_buf_str(out, note);
        return;
    }
    tcn_buf_str(out, tcn_utf8_cut_bytes(note, room - sizeof cut - last.len));
    tcn_buf_z(out, cut);
    tcn_buf_str(out, last);
}

static void plan_note(struct tcn_ensure *e, struct tcn_step *s, size_t first)
{
    struct tcn_link *link = e->link;
    const struct tcn_wanted *w = e->wanted;
    struct tcn_buf text;
    size_t n = first;

    tcn_buf_init(&text, 2 * TCN_ENSURE_NOTE_BYTES);
    add_last_word(e, &text);
    while (n < w->n_notes &&
           (n == first || text.len + strlen(w->notes[n].text) < TCN_ENSURE_NOTE_BYTES)) {
        if (n > first)
            tcn_buf_z(&text, "\n\n");
        add_note(&text, tcn_str(w->notes[n++].text));
    }
    s->note_seq = w->notes[n - 1].seq;
    s->payload = json_pack("{s:s s:s}", "text", text.ptr, "event_id", w->notes[n - 1].event_id);
    tcn_buf_done(&text);
    link->pending_note_seq = s->note_seq;
    tcn_ensure_call(e, s, TOCSIN_NOTE, "note", s->note_seq);
    tcn_ensure_note_doubted(e);
}

void tcn_ensure_note_doubted(struct tcn_ensure *e)
{
    tcn_ring_drop(e->link, "#note", e->arena);
    tcn_ring_add(e->link, "#note", NULL, e->now_ms, e->arena);
}

/* What is on its way arrives after a look, too: only what is missing in the end is written again. */
bool tcn_ensure_note_missing(struct tcn_ensure *e, const struct tcn_step *step)
{
    int64_t last_ms = tcn_ring_last(e->link, "#note");
    int64_t sure_ms = last_ms + TCN_ENSURE_NOTE_DOUBT_MS;
    bool was_set_back = last_ms > e->now_ms; /* the clock */

    if (step->started_ms < sure_ms && !was_set_back)
        return tcn_ensure_rest_until(e, sure_ms);
    e->link->pending_note_seq = 0;
    return true;
}

/* A note may have been written: look for it first. True when a call was planned. */
static bool plan_pending(struct tcn_ensure *e, struct tcn_step *s)
{
    struct tcn_link *link = e->link;

    if (link->pending_note_seq == 0)
        return false;
    if (!tcn_ensure_can(e, TOCSIN_NOTE_FIND) || !e->wanted->pending_event_id) {
        link->pending_note_seq = 0; /* at least once is the best that can be had */
        tcn_ensure_count_note(e);
        return false;
    }
    s->note_seq = link->pending_note_seq;
    s->payload = json_pack("{s:s}", "event_id", e->wanted->pending_event_id);
    tcn_ensure_call(e, s, TOCSIN_NOTE_FIND, "note_find", s->note_seq);
    return true;
}

bool tcn_ensure_plan_notes(struct tcn_ensure *e, struct tcn_step *s)
{
    struct tcn_link *link = e->link;
    int64_t next_ms = tcn_ring_last(link, "#note") + TCN_ENSURE_NOTE_GAP_MS;
    size_t first = notes_done(e);

    if (!tcn_ensure_can(e, TOCSIN_NOTE))
        return false;
    if (plan_pending(e, s))
        return true;
    if (first == e->wanted->n_notes) {
        if (e->wanted->last_seq > link->notes_seq)
            link->notes_seq = e->wanted->last_seq;
        return false;
    }
    if (is_full(e)) {
        say_full(e);
        return false;
    }
    if (next_ms > e->now_ms && next_ms <= e->now_ms + TCN_ENSURE_NOTE_GAP_MS) {
        tcn_ensure_rest(e, s, TCN_STEP_WAIT, next_ms);
        return true;
    }
    plan_note(e, s, first);
    return true;
}
