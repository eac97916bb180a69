#include "engine/related.h"
#include "base/buf.h"
#include "base/text.h"

#include <stdio.h>

#define IDENTIFIER_MAX 65536

/* RelatedItem types of ssm-incidents for the kinds of a mapping. */
static const struct {
    const char *kind, *type;
} kinds[] = {
    {"metric", "METRIC"}, {"url", "OTHER"}, {"arn", "INVOLVED_RESOURCE"},
    {"runbook", "OTHER"}, {"task", "TASK"},
};

static const char *type_of(const char *kind)
{
    for (size_t i = 0; kind && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return kinds[i].type;
    return "OTHER";
}

static const char *value_kind_of(const char *value)
{
    if (strncmp(value, "arn:", 4) == 0)
        return "arn";
    return strncmp(value, "http", 4) == 0 ? "url" : "metricDefinition";
}

/* related-item/<TYPE>/<32 upper-case hex>: half of the SHA-256 of the identifier. */
static bool make_id(struct tcn_related_item *item)
{
    char hex[65];
    struct tcn_buf b;
    bool is_ok;

    tcn_buf_init(&b, IDENTIFIER_MAX);
    tcn_buf_fmt(&b, "%s %s ", item->type, item->value_kind);
    tcn_buf_z(&b, item->value);
    is_ok = tcn_buf_ok(&b);
    tcn_sha256_hex(tcn_buf_view(&b), hex);
    tcn_buf_done(&b);
    for (char *c = hex; *c; c++)
        if (*c >= 'a' && *c <= 'f')
            *c = (char)(*c - 'a' + 'A');
    (void)snprintf(item->generated_id, sizeof item->generated_id, "related-item/%s/%.32s",
                   item->type, hex);
    return is_ok;
}

static void add(const struct tcn_step *s, const char *type, const char *title, const char *value)
{
    struct tcn_related_item item = {
        .type = type, .value_kind = value_kind_of(value), .value = value, .title = title};

    if (s->a->incident.related_seq >= TCN_RELATED_MAX || !make_id(&item))
        return;
    s->a->incident.related_seq++;
    s->d->incident_changed = true;
    *TCN_VEC_PUSH(s->d->arena, &s->d->related) = item;
}

void tcn_related_add(const struct tcn_step *s, const struct tcn_alarm *alarm)
{
    for (size_t i = 0; i < alarm->n_related; i++)
        if (alarm->related[i].value && alarm->related[i].value[0])
            add(s, type_of(alarm->related[i].kind), alarm->related[i].title,
                alarm->related[i].value);
    for (size_t i = 0; i < alarm->n_resources; i++)
        if (alarm->resources[i] && strncmp(alarm->resources[i], "arn:", 4) == 0)
            add(s, "INVOLVED_RESOURCE", NULL, alarm->resources[i]);
}
