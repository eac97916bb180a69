/* Nobody is let in whose header does not hold the secret, or what only its owner can compute from the body.
 *
 * Input: the value of the header that a kind looks at, a line feed, the body. */
#include "base/text.h"
#include "gateway/cred.h"
#include "sys/hmac.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST "first-secret-0123456789"
#define SECOND "second-secret-0123456789"
#define NOW INT64_C(1785690280000)
#define MAX_AGE_S 60

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char configuration[] =
    "[[{\"kind\":\"bearer\",\"secrets\":[{\"env\":\"FUZZ_1\"},{\"env\":\"FUZZ_2\"}]}],"
    "[{\"kind\":\"basic\",\"user\":\"sns\",\"secret\":{\"env\":\"FUZZ_1\"}}],"
    "[{\"kind\":\"header\",\"header\":\"Authorization\",\"secret\":{\"env\":\"FUZZ_2\"}}],"
    "[{\"kind\":\"hmac\",\"header\":\"Authorization\",\"prefix\":\"sha256=\","
    "\"secrets\":[{\"env\":\"FUZZ_1\"},{\"env\":\"FUZZ_2\"}]}],"
    "[{\"kind\":\"hmac\",\"header\":\"Authorization\",\"encoding\":\"base64\","
    "\"secret\":{\"env\":\"FUZZ_1\"}}],"
    "[{\"kind\":\"hmac\",\"header\":\"Authorization\",\"prefix\":\"v1=\",\"timestamp\":true,"
    "\"max_age\":60,\"secret\":{\"env\":\"FUZZ_1\"}}]]";

enum { BEARER, BASIC, HEADER, HEX, BASE64, TIMED, LISTS };

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Read once; the process ends with them. */
static const struct tcn_cred_list *lists(void)
{
    static struct tcn_cred_list all[LISTS];
    static struct tcn_problems problems;
    static struct tcn_doc doc;
    struct tcn_node root;

    if (all[0].n)
        return all;
    setenv("FUZZ_1", FIRST, 1);
    setenv("FUZZ_2", SECOND, 1);
    tcn_problems_init(&problems);
    must(tcn_doc_parse(&doc, "fuzz", tcn_str(configuration), &problems) == 0);
    root = tcn_node_root(&doc);
    for (size_t i = 0; i < LISTS; i++) {
        struct tcn_node item = tcn_node_item(&root, i);

        must(tcn_cred_read(&item, &all[i]) == 0);
    }
    return all;
}

static size_t header_of(void *ctx, const char *name, const char **ret_value)
{
    if (strcmp(name, "Authorization") != 0)
        return 0;
    *ret_value = ctx;
    return 1;
}

static bool has_mac(const char *header, const char *secret, struct tcn_str message, bool is_base64)
{
    uint8_t mac[32];
    struct tcn_buf text;
    char hex[65];
    bool found;

    tcn_hmac_sha256(tcn_str(secret), message, mac);
    tcn_hex(mac, 32, hex);
    tcn_buf_init(&text, 100);
    tcn_base64(&text, mac, 32);
    found = is_base64 ? strstr(header, text.ptr) != NULL : strcasestr(header, hex) != NULL;
    tcn_buf_done(&text);
    return found;
}

/* Any second within the age will do. */
static bool has_timed_mac(const char *header, struct tcn_str body)
{
    bool found = false;

    for (int64_t s = NOW / 1000 - MAX_AGE_S; s <= NOW / 1000 + MAX_AGE_S && !found; s++) {
        struct tcn_buf message;
        char digits[40];

        snprintf(digits, sizeof digits, "t=%lld", (long long)s);
        if (!strstr(header, digits))
            continue;
        tcn_buf_init(&message, body.len + 100);
        tcn_buf_fmt(&message, "%lld.", (long long)s);
        tcn_buf_str(&message, body);
        found = has_mac(header, FIRST, tcn_buf_view(&message), false);
        tcn_buf_done(&message);
    }
    return found;
}

static bool may_enter(int list, const char *header, struct tcn_str body)
{
    switch (list) {
    case BEARER:
        return strstr(header, FIRST) || strstr(header, SECOND);
    case BASIC: /* of sns:first-secret-0123456789 */
        return strstr(header, "c25zOmZpcnN0LXNlY3JldC0wMTIzNDU2Nzg5") != NULL;
    case HEADER:
        return strcmp(header, SECOND) == 0;
    case HEX:
        return has_mac(header, FIRST, body, false) || has_mac(header, SECOND, body, false);
    case BASE64:
        return has_mac(header, FIRST, body, true);
    default:
        return has_timed_mac(header, body);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tcn_str body = {(const char *)data, size}, value = {0};
    struct tcn_cred_request rq = {header_of, NULL, {0}, NOW, NULL};
    struct tcn_buf header;

    if (!tcn_str_cut(&body, '\n', &value))
        return 0;
    tcn_buf_init(&header, size + 1);
    tcn_buf_str(&header, value);
    rq.ctx = header.ptr;
    rq.body = body;
    for (int i = 0; i < LISTS; i++) {
        const struct tcn_cred *by = NULL;
        enum tcn_cred_verdict v = tcn_cred_check(&lists()[i], &rq, &by);

        must(by == &lists()[i].items[0] && v != TCN_CRED_NO_VERDICT && v != TCN_CRED_IS_SNS);
        if (v == TCN_CRED_OK)
            must(may_enter(i, header.ptr, body));
    }
    tcn_buf_done(&header);
    return 0;
}
