#include "engine/content.h"
#include "base/text.h"
#include "engine/related.h"

static void mix_int(struct tcn_hash *d, int64_t value)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)value >> (8 * i));
    tcn_hash_add(d, bytes, sizeof bytes);
}

/* Each text has its length before it, so that no two lists of texts give the same bytes. An absent one is no empty one. */
static void mix(struct tcn_hash *d, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    mix_int(d, text ? (int64_t)len : -1);
    tcn_hash_add(d, text, len);
}

void tcn_content_hash(const struct tcn_alarm *alarm, char ret_hex[65])
{
    struct tcn_hash d;
    uint8_t digest[32];

    tcn_hash_begin(&d);
    mix(&d, alarm->title);
    mix(&d, alarm->summary);
    mix_int(&d, alarm->impact);
    mix(&d, alarm->mapping_error);
    if (alarm->action == TCN_ACTION_UPDATE) {
        mix(&d, alarm->state);
        mix_int(&d, alarm->clock_ms);
    }
    for (size_t i = 0; i < alarm->n_related && i < TCN_RELATED_MAX; i++)
        mix(&d, alarm->related[i].value);
    for (size_t i = 0; i < alarm->n_resources && i < TCN_RELATED_MAX; i++)
        if (tcn_related_is_resource(alarm->resources[i]))
            mix(&d, alarm->resources[i]);
    tcn_hash_end(&d, digest);
    tcn_hex(digest, sizeof digest, ret_hex);
}

/* 8-4-4-4-12 of half a SHA-256, as AWS prints the strings that it derives. */
static void add_derived(struct tcn_buf *ret, const char *plan, const char *kind, const char *name)
{
    const char *const parts[] = {plan, "\n", kind, "\n", name};
    struct tcn_hash d;
    struct tcn_id id;
    uint8_t digest[32];
    char text[TCN_ID_TEXT];

    tcn_hash_begin(&d);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        tcn_hash_add(&d, parts[i], strlen(parts[i]));
    tcn_hash_end(&d, digest);
    memcpy(id.b, digest, sizeof id.b);
    tcn_id_text(id, text);
    tcn_buf_z(ret, text);
}

static bool has_own(const struct tcn_response_plan *plan)
{
    return plan && plan->dedupe_string && plan->dedupe_string[0];
}

static const char *tag_value(const struct tcn_alarm *alarm, const char *key)
{
    for (size_t i = 0; i < alarm->n_tags; i++)
        if (strcmp(alarm->tags[i].key, key) == 0)
            return alarm->tags[i].value;
    return NULL;
}

int tcn_impact_alone(const struct tcn_alarm *alarm, const struct tcn_response_plan *plan)
{
    return alarm->impact || !plan ? alarm->impact : plan->impact;
}

/* Names the group within its plan; false when the alarm is in none. */
static bool hash_group(const struct tcn_alarm *alarm, const struct tcn_response_plan *plan,
                       const struct tcn_source_policy *policy, char ret_hex[65])
{
    bool has_any = false;
    struct tcn_hash d;
    uint8_t digest[32];

    if (!policy || policy->n_group_by == 0)
        return false;
    tcn_hash_begin(&d);
    mix_int(&d, tcn_impact_alone(alarm, plan));
    for (size_t i = 0; i < policy->n_group_by; i++) {
        const char *value = tag_value(alarm, policy->group_by[i]);

        mix(&d, policy->group_by[i]);
        mix(&d, value);
        has_any |= value != NULL;
    }
    tcn_hash_end(&d, digest);
    tcn_hex(digest, sizeof digest, ret_hex);
    return has_any;
}

void tcn_engine_dedupe_string(const struct tcn_alarm *alarm, const struct tcn_response_plan *plan,
                              const struct tcn_source_policy *policy, struct tcn_buf *ret)
{
    const char *name = plan ? plan->name : "";
    char group[65];

    if (has_own(plan))
        tcn_buf_z(ret, plan->dedupe_string);
    else if (hash_group(alarm, plan, policy, group))
        add_derived(ret, name, "group", group);
    else
        add_derived(ret, name, "alarm", alarm->dedupe_key);
}

void tcn_engine_start_dedupe_string(const struct tcn_start *start,
                                    const struct tcn_response_plan *plan, struct tcn_id new_id,
                                    struct tcn_buf *ret)
{
    char text[TCN_ID_TEXT];

    if (has_own(plan)) {
        tcn_buf_z(ret, plan->dedupe_string);
    } else if (start->trigger_arn) {
        add_derived(ret, start->response_plan, start->source ? start->source : "",
                    start->trigger_arn);
    } else {
        tcn_id_text(tcn_id_child(new_id, "dedupe", 0), text);
        tcn_buf_z(ret, text);
    }
}
