/* Field merge: who changed decides; when both did, the field's policy does. */
#include "engine/merge.h"

const char *tcn_winner_name(enum tcn_winner w)
{
    static const char *const names[TCN_WINNERS] = {"local", "remote", "both", "none"};

    return names[w];
}

void tcn_merge_compare(struct tcn_merge_input *in)
{
    in->local_is_remote = in->local == in->remote || json_equal(in->local, in->remote);
    in->remote_is_base =
        in->has_base && (in->remote == in->base || json_equal(in->remote, in->base));
    in->local_is_base = in->has_base && (in->local == in->base || json_equal(in->local, in->base));
}

void tcn_merge_done(struct tcn_merge *m)
{
    json_decref(m->value);
    m->value = NULL;
}

static bool goes_out(const struct tcn_merge_input *in)
{
    return in->direction == TCN_DIRECTION_OUT || in->direction == TCN_DIRECTION_BOTH;
}

static bool comes_in(const struct tcn_merge_input *in)
{
    return in->direction == TCN_DIRECTION_IN || in->direction == TCN_DIRECTION_BOTH;
}

static void set(struct tcn_merge *m, enum tcn_verdict verdict, const json_t *value)
{
    m->verdict = verdict;
    m->value = value ? json_deep_copy(value) : NULL;
}

/* Ours wins: write it, if that is allowed; an absent value is nothing to write. */
static void push(const struct tcn_merge_input *in, struct tcn_merge *ret)
{
    if (goes_out(in) && in->local)
        set(ret, TCN_MERGE_PUSH, in->local);
    else
        set(ret, TCN_MERGE_KEEP, NULL);
}

/* Theirs wins: take it; a field that only goes out is written over when it is enforced. */
static void take(const struct tcn_merge_input *in, struct tcn_merge *ret)
{
    if (comes_in(in) && in->remote)
        set(ret, TCN_MERGE_TAKE, in->remote);
    else if (in->enforce)
        push(in, ret);
    else
        set(ret, TCN_MERGE_KEEP, NULL);
}

static bool contains(const json_t *list, const json_t *item)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_equal(json_array_get(list, i), item))
            return true;
    return false;
}

/* Appends the items of from that are not there yet and that neither side has removed since base. */
static void add_kept(json_t *to, const json_t *from, const struct tcn_merge_input *in)
{
    for (size_t i = 0; i < json_array_size(from); i++) {
        json_t *item = json_array_get(from, i);
        bool was_removed = in->has_base && contains(in->base, item) &&
                           (!contains(in->local, item) || !contains(in->remote, item));

        if (!was_removed && !contains(to, item))
            json_array_append(to, item);
    }
}

/* base + what either side added - what either side removed. Not lists: ours. */
static void unite(const struct tcn_merge_input *in, struct tcn_merge *ret)
{
    json_t *all;

    if ((in->local && !json_is_array(in->local)) || (in->remote && !json_is_array(in->remote))) {
        push(in, ret);
        return;
    }
    all = json_array();
    add_kept(all, in->local, in);
    add_kept(all, in->remote, in);
    if (goes_out(in) && comes_in(in))
        set(ret, TCN_MERGE_BOTH, all);
    else
        set(ret,
            goes_out(in)   ? TCN_MERGE_PUSH
            : comes_in(in) ? TCN_MERGE_TAKE
                           : TCN_MERGE_KEEP,
            all);
    json_decref(all);
}

static void by_time(const struct tcn_merge_input *in, struct tcn_merge *ret)
{
    /* Ties and unknown clocks: ours. */
    if (in->remote_ms > 0 && in->local_ms > 0 && in->remote_ms > in->local_ms)
        take(in, ret);
    else
        push(in, ret);
}

/* MAX is the more severe impact, and 1 is the most severe. Not numbers: ours. */
static void by_size(const struct tcn_merge_input *in, struct tcn_merge *ret)
{
    json_int_t l = json_integer_value(in->local), r = json_integer_value(in->remote);
    bool both = json_is_integer(in->local) && json_is_integer(in->remote);
    bool remote_wins = both && (in->conflict == TCN_CONFLICT_MAX ? r < l : r > l);

    if (remote_wins)
        take(in, ret);
    else
        push(in, ret);
}

static void decide(const struct tcn_merge_input *in, struct tcn_merge *ret)
{
    switch (in->conflict) {
    case TCN_CONFLICT_REMOTE:
        take(in, ret);
        break;
    case TCN_CONFLICT_NEWEST:
        by_time(in, ret);
        break;
    case TCN_CONFLICT_MAX:
    case TCN_CONFLICT_MIN:
        by_size(in, ret);
        break;
    case TCN_CONFLICT_UNION:
        unite(in, ret);
        break;
    case TCN_CONFLICT_HOLD:
        set(ret, TCN_MERGE_HOLD, NULL);
        break;
    case TCN_CONFLICT_UNSET:
    case TCN_CONFLICT_LOCAL:
    default:
        push(in, ret);
        break;
    }
}

void tcn_merge_field(const struct tcn_merge_input *in, struct tcn_merge *ret)
{
    *ret = (struct tcn_merge){.verdict = TCN_MERGE_UNSET};
    if (in->direction == TCN_DIRECTION_OFF) {
        ret->verdict = TCN_MERGE_KEEP;
    } else if (in->local_is_remote) {
        ret->verdict = TCN_MERGE_AGREE;
    } else if (in->remote_is_base) {
        push(in, ret);
    } else if (in->local_is_base || (!in->has_base && !in->local)) {
        take(in, ret);
    } else if (!goes_out(in)) { /* one direction only: there is nothing to fight about */
        take(in, ret);
    } else if (!comes_in(in) && in->conflict != TCN_CONFLICT_HOLD &&
               in->conflict != TCN_CONFLICT_UNION) {
        push(in, ret);
        ret->is_conflict = in->has_base;
    } else {
        decide(in, ret);
        ret->is_conflict = in->has_base;
    }
}
