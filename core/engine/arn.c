#include "engine/arn.h"
#include "base/text.h"

#define ARN_MAX 1000
#define TOPIC_NAME_MAX 256 /* SNS */
#define DIGITS "0123456789"
#define WORD "abcdefghijklmnopqrstuvwxyz" DIGITS "-"

/* Cuts what is before the next ':' off; it must be made of these bytes only. */
static bool take(struct tcn_str *rest, const char *bytes, struct tcn_str *ret)
{
    if (!tcn_str_cut(rest, ':', ret))
        return false;
    for (size_t i = 0; i < ret->len; i++)
        if (!memchr(bytes, ret->ptr[i], strlen(bytes)))
            return false;
    return true;
}

static bool is_partition(struct tcn_str part)
{
    return tcn_str_eq(part, TCN_STR("aws")) || tcn_str_eq(part, TCN_STR("aws-cn")) ||
           tcn_str_eq(part, TCN_STR("aws-us-gov"));
}

bool tcn_is_arn(const char *text)
{
    struct tcn_str rest = tcn_str(text), part;

    if (!tcn_utf8_ok(rest) || tcn_utf8_count(rest) > ARN_MAX)
        return false;
    if (!take(&rest, WORD, &part) || !tcn_str_eq(part, TCN_STR("arn")) ||
        !take(&rest, WORD, &part) || !is_partition(part) || !take(&rest, WORD, &part) ||
        !take(&rest, WORD, &part) || !take(&rest, DIGITS, &part))
        return false;
    return (part.len == 0 || part.len == 12) && rest.len > 0;
}

static bool is_topic_name(struct tcn_str name)
{
    static const char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_" WORD;

    if (tcn_str_ends(name, TCN_STR(".fifo")))
        name.len -= strlen(".fifo");
    for (size_t i = 0; i < name.len; i++)
        if (!memchr(legal, name.ptr[i], strlen(legal)))
            return false;
    return name.len > 0 && name.len <= TOPIC_NAME_MAX;
}

bool tcn_is_topic_arn(const char *text)
{
    struct tcn_str rest = tcn_str(text), part, service, region, account;

    if (!tcn_is_arn(text) || !take(&rest, WORD, &part) || !take(&rest, WORD, &part) ||
        !take(&rest, WORD, &service) || !take(&rest, WORD, &region) ||
        !take(&rest, DIGITS, &account))
        return false;
    return tcn_str_eq(service, TCN_STR("sns")) && region.len > 0 && account.len == 12 &&
           is_topic_name(rest);
}
