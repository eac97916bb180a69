/* Whatever a message says, an address that we would fetch is one of SNS in the topic's own region. The judge is another
 * parser of addresses: the one of libcurl, which is also the one that would fetch.
 *
 * Input: a topic, an address and a token, each ended by a line feed; then an answer to ConfirmSubscription. */
#include "gateway/sns.h"

#include <curl/curl.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static struct tcn_str next_line(struct tcn_str *text)
{
    struct tcn_str line;

    if (!tcn_str_cut(text, '\n', &line)) {
        line = *text;
        text->len = 0;
    }
    return line;
}

static bool only(struct tcn_str s, const char *allowed)
{
    for (size_t i = 0; i < s.len; i++)
        if (!s.ptr[i] || !strchr(allowed, s.ptr[i]))
            return false;
    return true;
}

/* "sns.", one label, and a domain of Amazon. */
static void check_host(struct tcn_str host)
{
    struct tcn_str sns, region, rest = host;

    must(only(host, "abcdefghijklmnopqrstuvwxyz0123456789-."));
    must(tcn_str_cut(&rest, '.', &sns) && tcn_str_eq(sns, TCN_STR("sns")));
    must(tcn_str_cut(&rest, '.', &region) && region.len >= 6);
    must(!tcn_str_starts(region, TCN_STR("s3")));
    must(tcn_str_eq(rest, TCN_STR("amazonaws.com")) ||
         tcn_str_eq(rest, TCN_STR("amazonaws.com.cn")));
}

static void check_part(CURLU *u, CURLUPart part, CURLUcode absent, const char *want)
{
    char *text = NULL;
    CURLUcode r = curl_url_get(u, part, &text, 0);

    must(want ? r == CURLUE_OK && strcmp(text, want) == 0 : r == absent);
    curl_free(text);
}

/* As libcurl reads it: https, that host, nothing that leads elsewhere. */
static CURLU *check_address(const char *url, const char *host)
{
    CURLU *u = curl_url();

    must(u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK);
    check_part(u, CURLUPART_SCHEME, CURLUE_OK, "https");
    check_part(u, CURLUPART_HOST, CURLUE_OK, host);
    check_part(u, CURLUPART_USER, CURLUE_NO_USER, NULL);
    check_part(u, CURLUPART_PASSWORD, CURLUE_NO_PASSWORD, NULL);
    check_part(u, CURLUPART_PORT, CURLUE_NO_PORT, NULL);
    check_part(u, CURLUPART_FRAGMENT, CURLUE_NO_FRAGMENT, NULL);
    return u;
}

static void check_cert_url(struct tcn_str url, const char *host)
{
    struct tcn_buf text;
    CURLU *u;

    must(url.len == strlen("https:///SimpleNotificationService-.pem") + strlen(host) + 32);
    must(!memchr(url.ptr, 0, url.len));
    tcn_buf_init(&text, TCN_SNS_URL_MAX);
    tcn_buf_str(&text, url);
    u = check_address(text.ptr, host);
    check_part(u, CURLUPART_QUERY, CURLUE_NO_QUERY, NULL);
    curl_url_cleanup(u);
    tcn_buf_done(&text);
}

static void check_confirm_url(struct tcn_str topic, struct tcn_str token, const char *host)
{
    struct tcn_sns_message m = {.type = TCN_SNS_SUBSCRIPTION, .topic = topic, .token = token};
    struct tcn_buf url;
    size_t marks = 0;
    CURLU *u;

    tcn_buf_init(&url, 8192);
    if (tcn_sns_confirm_url(&m, &url) == 0) {
        u = check_address(url.ptr, host);
        check_part(u, CURLUPART_PATH, CURLUE_OK, "/");
        curl_url_cleanup(u);
        for (size_t i = 0; i < url.len; i++)
            marks += url.ptr[i] == '&';
        must(marks == 3);
    }
    tcn_buf_done(&url);
}

/* A pattern lets in topics of its own account alone. */
static void check_pattern(struct tcn_str pattern, struct tcn_str topic)
{
    struct tcn_str a = pattern, b = topic, part_a, part_b;

    if (!tcn_sns_is_topic_pattern(pattern) || !tcn_sns_topic_matches(topic, pattern))
        return;
    for (int i = 0; i < 5; i++)
        must(tcn_str_cut(&a, ':', &part_a) && tcn_str_cut(&b, ':', &part_b) &&
             tcn_str_eq(part_a, part_b) && !memchr(part_a.ptr, '*', part_a.len));
}

static void check_names(struct tcn_str url)
{
    struct tcn_buf name;
    size_t i = 0;

    tcn_buf_init(&name, 200);
    for (; tcn_sns_cert_name(url, i, &name); i++)
        tcn_buf_clear(&name);
    must(i <= 4);
    tcn_buf_done(&name);
}

static void check_answer(struct tcn_str xml)
{
    struct tcn_str arn;

    if (!tcn_sns_subscription_arn(xml, &arn))
        return;
    must(arn.ptr > xml.ptr && arn.ptr + arn.len < xml.ptr + xml.len);
    must(tcn_str_starts(arn, TCN_STR("arn:")));
    must(!memchr(arn.ptr, '<', arn.len) && !memchr(arn.ptr, '\n', arn.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tcn_str rest = {(const char *)data, size};
    struct tcn_str topic = next_line(&rest), url = next_line(&rest), token = next_line(&rest);
    struct tcn_buf host;

    tcn_buf_init(&host, 128);
    if (tcn_sns_host(topic, &host) == 0) {
        check_host(tcn_buf_view(&host));
        if (tcn_sns_is_cert_url(url, tcn_buf_view(&host)))
            check_cert_url(url, host.ptr);
        check_confirm_url(topic, token, host.ptr);
    }
    check_pattern(url, topic);
    check_pattern(topic, url);
    check_names(url);
    check_answer(rest);
    tcn_buf_done(&host);
    return 0;
}
