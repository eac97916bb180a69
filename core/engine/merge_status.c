/* Status merge: classes, gates and who may close what (the conflict table of the sync algorithm). */
#include "engine/merge.h"

#include <string.h>

static const char *const class_names[] = {NULL, "OPEN", "ACKED", "RESOLVED"};

const char *tcn_class_name(enum tcn_class c)
{
    return class_names[c];
}

enum tcn_class tcn_class_parse(const char *name)
{
    for (int c = TCN_CLASS_OPEN; name && c <= TCN_CLASS_RESOLVED; c++)
        if (strcmp(class_names[c], name) == 0)
            return (enum tcn_class)c;
    return TCN_CLASS_UNSET;
}

static bool goes_out(const struct tcn_status_input *in)
{
    return in->direction == TCN_DIRECTION_OUT || in->direction == TCN_DIRECTION_BOTH;
}

static bool comes_in(const struct tcn_status_input *in)
{
    return in->direction == TCN_DIRECTION_IN || in->direction == TCN_DIRECTION_BOTH;
}

static void keep(struct tcn_status_merge *ret, enum tcn_status_note note)
{
    ret->verdict = TCN_MERGE_KEEP;
    ret->note = note;
}

/* The alarm ended: does the record follow? */
static bool may_auto_resolve(const struct tcn_status_input *in)
{
    if (!in->by_alarm || in->auto_resolve == TCN_RESOLVE_ALWAYS)
        return true;
    return in->auto_resolve == TCN_RESOLVE_UNLESS_ACKED && in->remote == TCN_CLASS_OPEN;
}

static void push(const struct tcn_status_input *in, struct tcn_status_merge *ret)
{
    if (!goes_out(in)) {
        keep(ret, TCN_NOTE_NONE);
    } else if (in->is_terminal) {
        keep(ret, TCN_NOTE_TERMINAL);
    } else if (in->local == TCN_CLASS_RESOLVED && !may_auto_resolve(in)) {
        keep(ret, TCN_NOTE_ALARM_OK);
    } else {
        ret->verdict = TCN_MERGE_PUSH;
        ret->value = in->local;
    }
}

/* Nobody works on a record that only shows a step of ours. */
static void go_on(const struct tcn_status_input *in, struct tcn_status_merge *ret)
{
    struct tcn_status_input as_open = *in;

    as_open.remote = TCN_CLASS_OPEN;
    push(&as_open, ret);
}

/* Somebody resolved the record while the alarm fires. */
static void resolved_while_firing(const struct tcn_status_input *in, struct tcn_status_merge *ret)
{
    if (in->while_firing == TCN_FIRING_REOPEN) {
        push(in, ret);
    } else if (in->while_firing == TCN_FIRING_FOLLOW) {
        ret->verdict = TCN_MERGE_TAKE;
        ret->value = TCN_CLASS_RESOLVED;
    } else {
        keep(ret, TCN_NOTE_STILL_FIRING);
    }
}

static void take(const struct tcn_status_input *in, struct tcn_status_merge *ret)
{
    if (!comes_in(in) || in->remote == TCN_CLASS_UNSET) {
        keep(ret, TCN_NOTE_NONE);
    } else if (in->remote == TCN_CLASS_OPEN && in->local == TCN_CLASS_ACKED) {
        keep(ret, TCN_NOTE_STAYS_ACKED);
    } else if (in->remote == TCN_CLASS_RESOLVED && in->is_firing) {
        resolved_while_firing(in, ret);
    } else {
        ret->verdict = TCN_MERGE_TAKE;
        ret->value = in->remote;
    }
}

/* Both changed, or they meet for the first time: what has gone further wins, OPEN < ACKED < RESOLVED. A value that
 * the mapping does not know is left to the people who chose it, unless we are done. */
static void fight(const struct tcn_status_input *in, struct tcn_status_merge *ret)
{
    ret->is_conflict = in->base != TCN_CLASS_UNSET;
    if (in->local > in->remote &&
        (in->remote != TCN_CLASS_UNSET || in->local == TCN_CLASS_RESOLVED))
        push(in, ret);
    else
        take(in, ret);
}

void tcn_merge_status(const struct tcn_status_input *in, struct tcn_status_merge *ret)
{
    *ret = (struct tcn_status_merge){.verdict = TCN_MERGE_UNSET};
    if (in->local == TCN_CLASS_UNSET || in->direction == TCN_DIRECTION_OFF)
        keep(ret, TCN_NOTE_NONE);
    else if (in->accepts || in->local == in->remote)
        ret->verdict = TCN_MERGE_AGREE;
    else if (in->is_halfway)
        go_on(in, ret);
    else if (in->base != TCN_CLASS_UNSET && in->remote == in->base)
        push(in, ret);
    else if (in->base != TCN_CLASS_UNSET && in->local == in->base)
        take(in, ret);
    else
        fight(in, ret);
}
