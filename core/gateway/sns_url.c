/* Addresses of SNS: the host follows from the topic, never from the message. */
#include "base/text.h"
#include "gateway/sns.h"

#define PREFIX "/SimpleNotificationService-"
#define NAME_MAX_LEN 256 /* of a topic, CreateTopic */
#define ACCOUNT_LEN 12
#define SUBSCRIPTION_MAX 512

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_' || c == '.';
}

static bool all(struct tcn_str s, bool (*is)(char c))
{
    for (size_t i = 0; i < s.len; i++)
        if (!is(s.ptr[i]))
            return false;
    return true;
}

/* Words of letters, then a number: us-east-1, us-gov-west-1. "s3-us-east-1" is none: below such a name of S3, a bucket
 * called sns would have the host of SNS. */
static bool is_region(struct tcn_str region)
{
    struct tcn_str word;
    int words = 0;

    if (region.len > 40)
        return false;
    for (; tcn_str_cut(&region, '-', &word); words++)
        if (word.len < 2 || !all(word, is_lower))
            return false;
    return words >= 2 && region.len >= 1 && region.len <= 2 && all(region, is_digit);
}

struct arn {
    struct tcn_str partition, region, account, name;
};

static bool read_arn(struct tcn_str text, struct arn *ret)
{
    struct tcn_str scheme, service;

    if (!tcn_str_cut(&text, ':', &scheme) || !tcn_str_cut(&text, ':', &ret->partition) ||
        !tcn_str_cut(&text, ':', &service) || !tcn_str_cut(&text, ':', &ret->region) ||
        !tcn_str_cut(&text, ':', &ret->account))
        return false;
    ret->name = text;
    return tcn_str_eq(scheme, TCN_STR("arn")) && tcn_str_eq(service, TCN_STR("sns")) &&
           is_region(ret->region) && ret->account.len == ACCOUNT_LEN &&
           all(ret->account, is_digit) && ret->name.len <= NAME_MAX_LEN &&
           all(ret->name, is_name_char);
}

/* A partition holds the regions with its own prefix; what is left is in the first. */
static const struct partition {
    const char *name, *region_prefix, *host_end;
    const char *signer; /* name in the certificates of its older regions, or NULL */
} partitions[] = {
    {"aws", "", ".amazonaws.com", "sns.amazonaws.com"},
    {"aws-us-gov", "us-gov-", ".amazonaws.com", "sns-us-gov-west-1.amazonaws.com"},
    {"aws-cn", "cn-", ".amazonaws.com.cn", NULL},
};

static const struct partition *partition_of_region(struct tcn_str region)
{
    size_t n = sizeof partitions / sizeof *partitions;

    for (size_t i = 1; i < n; i++)
        if (tcn_str_starts(region, tcn_str(partitions[i].region_prefix)))
            return &partitions[i];
    return &partitions[0];
}

static const struct partition *partition_of(const struct arn *arn)
{
    const struct partition *p = partition_of_region(arn->region);

    return tcn_str_eq(arn->partition, tcn_str(p->name)) ? p : NULL;
}

bool tcn_sns_is_topic_pattern(struct tcn_str pattern)
{
    bool is_open = tcn_str_ends(pattern, TCN_STR("*"));
    struct arn arn;

    pattern.len -= is_open;
    return read_arn(pattern, &arn) && partition_of(&arn) && (is_open || arn.name.len > 0);
}

bool tcn_sns_topic_matches(struct tcn_str topic, struct tcn_str pattern)
{
    if (!tcn_str_ends(pattern, TCN_STR("*")))
        return tcn_str_eq(topic, pattern);
    pattern.len--;
    return tcn_str_starts(topic, pattern);
}

int tcn_sns_host(struct tcn_str topic, struct tcn_buf *ret)
{
    const struct partition *p;
    struct arn arn;

    if (!read_arn(topic, &arn) || arn.name.len == 0 || !(p = partition_of(&arn)))
        return TCN_EINVALID;
    tcn_buf_z(ret, "sns.");
    tcn_buf_str(ret, arn.region);
    tcn_buf_z(ret, p->host_end);
    return tcn_buf_ok(ret) ? 0 : TCN_EINVALID;
}

/* Removes a prefix from *s; false leaves it alone. */
static bool skip(struct tcn_str *s, struct tcn_str prefix)
{
    if (!tcn_str_starts(*s, prefix))
        return false;
    s->ptr += prefix.len;
    s->len -= prefix.len;
    return true;
}

bool tcn_sns_is_cert_url(struct tcn_str url, struct tcn_str host)
{
    if (host.len == 0 || url.len > TCN_SNS_URL_MAX || !skip(&url, TCN_STR("https://")) ||
        !skip(&url, host) || !skip(&url, TCN_STR(PREFIX)) || url.len != 32 + 4)
        return false;
    for (size_t i = 0; i < 32; i++)
        if (!is_digit(url.ptr[i]) && (url.ptr[i] < 'a' || url.ptr[i] > 'f'))
            return false;
    return memcmp(url.ptr + 32, ".pem", 4) == 0;
}

int tcn_sns_confirm_url(const struct tcn_sns_message *m, struct tcn_buf *ret)
{
    /* Of another type, Token is not signed or means another thing. */
    if (m->type != TCN_SNS_SUBSCRIPTION)
        return TCN_EINVALID;
    tcn_buf_z(ret, "https://");
    if (tcn_sns_host(m->topic, ret) < 0)
        return TCN_EINVALID;
    tcn_buf_z(ret, "/?Action=ConfirmSubscription&Version=2010-03-31&TopicArn=");
    tcn_buf_percent(ret, m->topic);
    tcn_buf_z(ret, "&Token=");
    tcn_buf_percent(ret, m->token);
    return tcn_buf_ok(ret) ? 0 : TCN_ELIMIT;
}

static bool is_arn_char(char c)
{
    return is_name_char(c) || c == ':';
}

bool tcn_sns_subscription_arn(struct tcn_str xml, struct tcn_str *ret)
{
    static const char open_tag[] = "<SubscriptionArn>", close_tag[] = "</SubscriptionArn>";
    const char *start = xml.len ? memmem(xml.ptr, xml.len, open_tag, sizeof open_tag - 1) : NULL;
    const char *end;
    struct tcn_str arn;

    if (!start)
        return false;
    start += sizeof open_tag - 1;
    end = memmem(start, xml.len - (size_t)(start - xml.ptr), close_tag, sizeof close_tag - 1);
    if (!end || end - start > SUBSCRIPTION_MAX)
        return false;
    arn = (struct tcn_str){start, (size_t)(end - start)};
    if (!tcn_str_starts(arn, TCN_STR("arn:")) || !all(arn, is_arn_char))
        return false;
    *ret = arn;
    return true;
}

/* Of two forms since regions have certificates of their own; before, one name served all of a partition. Names as in
 * the certificate check of the AWS SDK for Java 2 (sns-message-manager). */
bool tcn_sns_cert_name(struct tcn_str url, size_t i, struct tcn_buf *ret)
{
    static const char *const before_region[] = {"sns.", "sns-signing.", "sns-"};
    const struct partition *p;
    struct tcn_str region;

    if (i > 3 || !skip(&url, TCN_STR("https://sns.")) || !tcn_str_cut(&url, '.', &region))
        return false;
    p = partition_of_region(region);
    if (i == 3) {
        tcn_buf_z(ret, p->signer ? p->signer : "");
        return p->signer != NULL;
    }
    tcn_buf_z(ret, before_region[i]);
    tcn_buf_str(ret, region);
    tcn_buf_z(ret, p->host_end);
    return tcn_buf_ok(ret);
}
