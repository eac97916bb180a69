#include "engine/related_change.h"
#include "base/text.h"
#include "engine/arn.h"
#include "engine/incident.h"

#include <stdio.h>

#define SHOWN 100 /* code points of a value in a sentence */

/* -- what may be added -------------------------------------------------------------------------------------------- */

static const char *const types[] = {"ANALYSIS",   "INCIDENT",          "METRIC",
                                    "PARENT",     "ATTACHMENT",        "OTHER",
                                    "AUTOMATION", "INVOLVED_RESOURCE", "TASK"};
static const struct {
    const char *kind;
    size_t max;
} kinds[] = {{"arn", TCN_RELATED_URL_MAX},
             {"url", TCN_RELATED_URL_MAX},
             {"metricDefinition", TCN_RELATED_METRIC_MAX},
             {TCN_RELATED_DETAIL, TCN_RELATED_DETAIL_MAX}};

static bool is_type(const char *type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

/* 0: there is no such kind. */
static size_t max_of(const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return kinds[i].max;
    return 0;
}

static int check_text(const char *text, const char *name, size_t max, struct tcn_err *err)
{
    if (!tcn_utf8_ok(tcn_str(text)))
        return tcn_fail(err, TCN_EINVALID, "%s is not UTF-8", name);
    if (tcn_utf8_count(tcn_str(text)) > max)
        return tcn_fail(err, TCN_EINVALID, "%s is longer than %zu characters", name, max);
    return 0;
}

int tcn_related_check(const struct tcn_related_item *item, const char **ret_field,
                      struct tcn_err *err)
{
    size_t max = max_of(item->value_kind);
    int r;

    *ret_field = "type";
    if (!is_type(item->type))
        return tcn_fail(err, TCN_EINVALID,
                        "type is none of ANALYSIS INCIDENT METRIC PARENT ATTACHMENT OTHER "
                        "AUTOMATION INVOLVED_RESOURCE TASK");
    *ret_field = "value_kind";
    if (max == 0)
        return tcn_fail(err, TCN_EINVALID, "the kind of the value is not known");
    *ret_field = "value";
    if (!item->value[0])
        return tcn_fail(err, TCN_EINVALID, "%s is empty", item->value_kind);
    if ((r = check_text(item->value, item->value_kind, max, err)) < 0)
        return r;
    if (strcmp(item->value_kind, "arn") == 0 && !tcn_is_arn(item->value))
        return tcn_fail(err, TCN_EINVALID, "arn is not " TCN_ARN_FORM);
    *ret_field = "title";
    return item->title ? check_text(item->title, "title", TCN_RELATED_TITLE_MAX, err) : 0;
}

void tcn_related_make_id(struct tcn_related_item *item)
{
    const char *const parts[] = {item->type, " ", item->value_kind, " ", item->value};
    struct tcn_hash d;
    uint8_t digest[32];
    char hex[33];

    tcn_hash_begin(&d);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        tcn_hash_add(&d, parts[i], strlen(parts[i]));
    tcn_hash_end(&d, digest);
    tcn_hex(digest, 16, hex);
    for (char *c = hex; *c; c++)
        if (*c >= 'a' && *c <= 'f')
            *c = (char)(*c - 'a' + 'A');
    (void)snprintf(item->generated_id, sizeof item->generated_id, "related-item/%s/%s", item->type,
                   hex);
}

/* -- decisions ---------------------------------------------------------------------------------------------------- */

static const struct tcn_related_item *find(const struct tcn_related_turn *t, const char *id)
{
    for (size_t i = 0; i < t->n_known; i++)
        if (strcmp(t->known[i].generated_id, id) == 0)
            return &t->known[i];
    return NULL;
}

static int check_room(const struct tcn_related_turn *t, const struct tcn_related_item *known,
                      struct tcn_err *err)
{
    if (!known && t->n_known >= TCN_RELATED_MAX)
        return tcn_fail(err, TCN_ELIMIT, "the incident has %d related items already",
                        TCN_RELATED_MAX);
    if (t->aggregate->incident.event_seq >= TCN_EVENTS_MAX)
        return tcn_fail(err, TCN_ELIMIT, "the timeline has %d events already", TCN_EVENTS_MAX);
    return 0;
}

/* "token:ann added the related item Dashboard" */
static struct tcn_event *tell(const struct tcn_step *s, const char *actor, const char *what,
                              const struct tcn_related_item *item, const char *change)
{
    const struct tcn_attribute changed = {"relatedItems", change};
    const char *shown = item->title && item->title[0] ? item->title : item->value;
    const char *who = actor ? actor : "somebody";

    return tcn_incident_modified(s, &changed, 1, who,
                                 tcn_arena_fmt(s->d->arena, "%s %s the related item %s", who, what,
                                               tcn_step_cut(s, shown, SHOWN)));
}

static struct tcn_related_item copy(const struct tcn_related_item *item,
                                    const struct tcn_related_item *known, struct tcn_arena *arena)
{
    const char *title = item->title ? item->title : known ? known->title : NULL;
    struct tcn_related_item ret = *item;

    ret.type = tcn_arena_strdup(arena, item->type);
    ret.value_kind = tcn_arena_strdup(arena, item->value_kind);
    ret.value = tcn_arena_strdup(arena, item->value);
    ret.title = tcn_arena_strdup(arena, title);
    ret.seq = 0;
    return ret;
}

/* One quota for all of them, whoever added them. */
static void keep_count(const struct tcn_related_turn *t, size_t n)
{
    t->aggregate->incident.related_seq = n < TCN_RELATED_MAX ? (int64_t)n : TCN_RELATED_MAX;
}

static bool has_title(const struct tcn_related_item *known, const char *title)
{
    return !title || strcmp(title, known->title ? known->title : "") == 0;
}

int tcn_engine_related_add(const struct tcn_related_turn *turn, const struct tcn_related_item *item,
                           int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(turn->aggregate, ret->directory, 0, now_ms, ret);
    const struct tcn_related_item *known = find(turn, item->generated_id);
    struct tcn_related_item added;
    const char *field;
    int r;

    if (!turn->aggregate->incident.exists)
        return tcn_fail(err, TCN_ENOTFOUND, "no such incident");
    if ((r = tcn_related_check(item, &field, err)) < 0)
        return r;
    if (!known || !has_title(known, item->title)) {
        if ((r = check_room(turn, known, err)) < 0)
            return r;
        added = copy(item, known, ret->arena);
        *TCN_VEC_PUSH(ret->arena, &ret->related) = added;
        keep_count(turn, turn->n_known + !known);
        tell(&s, turn->actor, known ? "renamed" : "added", &added, tcn_event_item_added(&s, &added))
            ->references = tcn_event_ref_related(&s, &added);
    }
    tcn_step_end(&s);
    return 0;
}

/* However full the timeline is: what can be removed was added before. */
int tcn_engine_related_remove(const struct tcn_related_turn *turn, const char *generated_id,
                              const char *owner, int64_t now_ms, struct tcn_decision *ret,
                              struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(turn->aggregate, ret->directory, 0, now_ms, ret);
    const struct tcn_related_item *known = find(turn, generated_id);

    if (!turn->aggregate->incident.exists)
        return tcn_fail(err, TCN_ENOTFOUND, "no such incident");
    if (known && owner)
        return tcn_fail(err, TCN_ECONFLICT,
                        "this is the ticket of the incident in %s; it stays as long as they are "
                        "linked",
                        owner);
    if (known) {
        *TCN_VEC_PUSH(ret->arena, &ret->unrelated) = known->generated_id;
        keep_count(turn, turn->n_known - 1);
        tell(&s, turn->actor, "removed", known, tcn_event_item_removed(&s, known));
    }
    tcn_step_end(&s);
    return 0;
}
