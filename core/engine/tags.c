#include "engine/tags.h"
#include "engine/step.h"

#include <string.h>

#define OF_AWS "aws:"

static bool is_of_aws(const char *key)
{
    return strncmp(key, OF_AWS, sizeof OF_AWS - 1) == 0;
}

static bool has_only_allowed(const char *text)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             " _=@:+,-./")] == '\0';
}

int tcn_tag_check(const struct tcn_tag *tag, struct tcn_err *err)
{
    size_t n = strlen(tag->key);

    if (n < 1 || n > TCN_TAG_KEY_MAX || !has_only_allowed(tag->key))
        return tcn_fail(err, TCN_EINVALID,
                        "the key \"%.128s\" is not 1-%d letters, digits, blanks and _=@:+,-./",
                        tag->key, TCN_TAG_KEY_MAX);
    if (is_of_aws(tag->key))
        return tcn_fail(err, TCN_EINVALID, "keys that begin with " OF_AWS " are kept for AWS");
    if (strlen(tag->value) > TCN_TAG_VALUE_MAX || !has_only_allowed(tag->value))
        return tcn_fail(err, TCN_EINVALID,
                        "the value of \"%s\" is not up to %d letters, digits, blanks and _=@:+,-./",
                        tag->key, TCN_TAG_VALUE_MAX);
    return 0;
}

int tcn_tag_check_removed(const char *key, struct tcn_err *err)
{
    if (!key[0])
        return tcn_fail(err, TCN_EINVALID, "a key is empty");
    if (is_of_aws(key))
        return tcn_fail(err, TCN_EINVALID, "keys that begin with " OF_AWS " are kept for AWS");
    return 0;
}

static int check(const struct tcn_tag_change *change, struct tcn_err *err)
{
    int r = 0;

    if (change->n_set > TCN_TAGS_MAX || change->n_removed > TCN_TAGS_MAX)
        return tcn_fail(err, TCN_EINVALID, "more than %d tags at once", TCN_TAGS_MAX);
    for (size_t i = 0; i < change->n_set && r == 0; i++)
        r = tcn_tag_check(&change->set[i], err);
    for (size_t i = 0; i < change->n_removed && r == 0; i++)
        r = tcn_tag_check_removed(change->removed[i], err);
    return r;
}

/* As they become: room for all that there are, and all that are set. */
struct tags {
    struct tcn_tag items[2 * TCN_TAGS_MAX];
    size_t n;
    bool differ;
};

static size_t find(const struct tags *t, const char *key)
{
    size_t i = 0;

    while (i < t->n && strcmp(t->items[i].key, key) != 0)
        i++;
    return i;
}

static void set(struct tags *t, const struct tcn_tag *tag)
{
    size_t i = find(t, tag->key);

    if (i < t->n && strcmp(t->items[i].value, tag->value) == 0)
        return;
    t->items[i] = *tag;
    t->n += i == t->n;
    t->differ = true;
}

static void take_away(struct tags *t, const char *key)
{
    size_t i = find(t, key);

    if (i == t->n)
        return;
    t->n--;
    memmove(&t->items[i], &t->items[i + 1], (t->n - i) * sizeof t->items[0]);
    t->differ = true;
}

static void apply(struct tags *t, const struct tcn_incident *incident,
                  const struct tcn_tag_change *change)
{
    for (; t->n < incident->n_tags && t->n < TCN_TAGS_MAX; t->n++)
        t->items[t->n] = incident->tags[t->n];
    for (size_t i = 0; i < change->n_removed; i++)
        take_away(t, change->removed[i]);
    for (size_t i = 0; i < change->n_set; i++)
        set(t, &change->set[i]);
}

static void keep(const struct tcn_step *s, const struct tags *t)
{
    struct tcn_incident *i = &s->a->incident;

    i->tags = TCN_NEW_N(s->d->arena, struct tcn_tag, TCN_TAGS_MAX);
    for (i->n_tags = 0; i->n_tags < t->n; i->n_tags++)
        i->tags[i->n_tags] = t->items[i->n_tags];
    tcn_decision_tell_tickets(s->d, i);
}

int tcn_engine_tag(struct tcn_aggregate *aggregate, const struct tcn_tag_change *change,
                   int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    struct tags tags = {.n = 0};
    int r;

    if (!aggregate->incident.exists)
        return tcn_fail(err, TCN_ENOTFOUND, "no such incident");
    if ((r = check(change, err)) < 0)
        return r;
    apply(&tags, &aggregate->incident, change);
    if (tags.n > TCN_TAGS_MAX)
        return tcn_fail(err, TCN_ELIMIT, "the incident would have %zu tags; at most %d", tags.n,
                        TCN_TAGS_MAX);
    if (tags.differ)
        keep(&s, &tags);
    tcn_step_end(&s);
    return 0;
}
