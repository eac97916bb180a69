#include "engine/content.h"
#include "base/text.h"

#include <stdio.h>

/* Each part is hashed with its length before it, so that no two lists of parts give the same bytes. A hash of
 * hashes keeps memory flat for any size of text. */
static void mix(char hex[65], const char *text)
{
    char part[65], both[130];

    tcn_sha256_hex(tcn_str(text ? text : ""), part);
    (void)snprintf(both, sizeof both, "%s%s%c", hex, part, text ? '+' : '-');
    tcn_sha256_hex(tcn_str(both), hex);
}

void tcn_content_hash(const struct tcn_alarm *alarm, char ret_hex[65])
{
    char impact[12], clock[24];

    ret_hex[0] = '\0';
    (void)snprintf(impact, sizeof impact, "%d", alarm->impact);
    mix(ret_hex, alarm->title);
    mix(ret_hex, alarm->summary);
    mix(ret_hex, impact);
    mix(ret_hex, alarm->mapping_error);
    if (alarm->action == TCN_ACTION_UPDATE) {
        (void)snprintf(clock, sizeof clock, "%lld", (long long)alarm->clock_ms);
        mix(ret_hex, alarm->state);
        mix(ret_hex, clock);
    }
    for (size_t i = 0; i < alarm->n_related && i < TCN_RELATED_MAX; i++)
        mix(ret_hex, alarm->related[i].value);
}

/* 8-4-4-4-12 of half a SHA-256, as AWS prints the strings that it derives. */
static void add_uuid(struct tcn_buf *ret, struct tcn_str text)
{
    char hex[65];

    tcn_sha256_hex(text, hex);
    tcn_buf_fmt(ret, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static void add_derived(struct tcn_buf *ret, const char *plan, const char *kind, const char *name)
{
    struct tcn_buf b;

    tcn_buf_init(&b, 65536);
    tcn_buf_fmt(&b, "%s\n%s\n", plan, kind);
    tcn_buf_z(&b, name);
    add_uuid(ret, tcn_buf_view(&b));
    tcn_buf_done(&b);
}

static bool has_own(const struct tcn_response_plan *plan)
{
    return plan && plan->dedupe_string && plan->dedupe_string[0];
}

void tcn_engine_dedupe_string(const struct tcn_alarm *alarm, const struct tcn_response_plan *plan,
                              struct tcn_buf *ret)
{
    if (has_own(plan))
        tcn_buf_z(ret, plan->dedupe_string);
    else
        add_derived(ret, plan ? plan->name : "", "alarm", alarm->dedupe_key);
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
