/* What a source allows, and the verdict over a message. */
#include "gateway/sns.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "sys/file.h"

#include <stdlib.h>

#define CANONICAL_MAX (4u << 20)
#define SIGNATURE_MAX 4096

static int read_topics(const struct tcn_node *at, struct tcn_sns_policy *p)
{
    struct tcn_node list;
    size_t n;

    if (tcn_node_array(at, "topics", TCN_NEED, &list) < 0)
        return TCN_EINVALID;
    n = json_array_size(list.json);
    if (n == 0 || n > TCN_SNS_TOPICS_MAX)
        return tcn_node_problem(&list,
                                "name 1 to %d topics, for example "
                                "\"arn:aws:sns:us-east-1:123456789012:alarms-*\"; anyone can "
                                "make SNS sign a message of their own topic",
                                TCN_SNS_TOPICS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);
        const char *topic = json_string_value(item.json);

        if (!topic || !tcn_sns_is_topic_pattern(tcn_str(topic)))
            return tcn_node_problem(&item, "write the ARN of a topic with its region and account; "
                                           "a * may stand for the end of the name");
        p->topics[p->n_topics++] = topic;
    }
    return 0;
}

static int read_versions(const struct tcn_node *at, struct tcn_sns_policy *p)
{
    struct tcn_node list;

    if (tcn_node_array(at, "signature_versions", TCN_OPTIONAL, &list) < 0)
        return TCN_EINVALID;
    if (list.json && json_array_size(list.json) == 0)
        return tcn_node_problem(&list, "write [\"2\"] or [\"1\", \"2\"]");
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i);
        const char *version = json_string_value(item.json);

        if (!version || (strcmp(version, "1") != 0 && strcmp(version, "2") != 0))
            return tcn_node_problem(&item, "write \"1\" or \"2\"");
        p->allows_v1 |= version[0] == '1';
    }
    return 0;
}

static int read_pinned(const struct tcn_node *at, struct tcn_sns_policy *p)
{
    struct tcn_node node = tcn_node_member(at, "cert_file");
    const char *path = NULL;
    struct tcn_buf pem;
    struct tcn_err err;
    int r = tcn_node_text(at, "cert_file", TCN_OPTIONAL, &path);

    if (r < 0 || !path)
        return r;
    tcn_buf_init(&pem, TCN_CERT_PEM_MAX);
    if (tcn_file_read(path, &pem, &err) < 0 ||
        tcn_cert_parse(tcn_buf_view(&pem), &p->pinned, &err) < 0)
        r = tcn_node_problem(&node, "%s", err.msg);
    tcn_buf_done(&pem);
    return r;
}

int tcn_sns_policy_read(const struct tcn_node *at, struct tcn_sns_policy **ret)
{
    static const char *const names[] = {"kind",         "topics",  "signature_versions",
                                        "cert_file",    "confirm", "replay_window",
                                        TCN_SNS_SECOND, NULL};
    static const char *const confirms[] = {"auto", "manual", "never", NULL};
    static const char *const windows[] = {"on", "off", NULL};
    struct tcn_sns_policy *p = tcn_xcalloc(1, sizeof *p);
    int confirm = TCN_SNS_AUTO, window = 0, r = tcn_node_only(at, names);

    *ret = p;
    r |= read_topics(at, p);
    r |= read_versions(at, p);
    r |= read_pinned(at, p);
    r |= tcn_node_choice(at, "confirm", TCN_OPTIONAL, confirms, &confirm);
    r |= tcn_node_choice(at, "replay_window", TCN_OPTIONAL, windows, &window);
    p->confirm = (enum tcn_sns_confirm)confirm;
    p->has_window = window == 0;
    return r < 0 ? TCN_EINVALID : 0;
}

void tcn_sns_policy_free(struct tcn_sns_policy *p)
{
    if (!p)
        return;
    tcn_cert_free(p->pinned);
    free(p);
}

bool tcn_sns_allows_topic(const struct tcn_sns_policy *p, struct tcn_str topic)
{
    for (size_t i = 0; i < p->n_topics; i++)
        if (tcn_sns_topic_matches(topic, tcn_str(p->topics[i])))
            return true;
    return false;
}

/* With a pinned certificate the address is not used, but the topic must still be one. */
static int admit_address(const struct tcn_sns_policy *p, const struct tcn_sns_message *m,
                         struct tcn_err *err)
{
    struct tcn_buf host;
    int r;

    tcn_buf_init(&host, 128);
    r = tcn_sns_host(m->topic, &host);
    if (r < 0)
        r = tcn_fail(err, TCN_EAUTH, "TopicArn names no topic in a region of SNS");
    else if (!p->pinned && !tcn_sns_is_cert_url(m->cert_url, tcn_buf_view(&host)))
        r = tcn_fail(err, TCN_EAUTH, "SigningCertURL is not one of https://%s", host.ptr);
    tcn_buf_done(&host);
    return r;
}

int tcn_sns_admit(const struct tcn_sns_policy *p, const struct tcn_sns_message *m, int64_t now_ms,
                  struct tcn_err *err)
{
    if (!tcn_sns_allows_topic(p, m->topic))
        return tcn_fail(err, TCN_EAUTH, "topic %.*s is not among the topics of this source",
                        (int)(m->topic.len > 300 ? 300 : m->topic.len), m->topic.ptr);
    if (m->version == 1 && !p->allows_v1)
        return tcn_fail(
            err, TCN_EAUTH,
            "the topic uses SignatureVersion 1 (SHA-1); switch it: aws sns "
            "set-topic-attributes --attribute-name SignatureVersion --attribute-value 2");
    if (p->has_window &&
        (m->time_ms < now_ms - TCN_SNS_PAST_MS || m->time_ms > now_ms + TCN_SNS_FUTURE_MS))
        return tcn_fail(err, TCN_EAUTH,
                        "Timestamp %.*s is more than 1 h ago or 5 min ahead; is the "
                        "clock of this machine right?",
                        (int)(m->timestamp.len > 40 ? 40 : m->timestamp.len), m->timestamp.ptr);
    if (p->pinned && tcn_cert_is_current(p->pinned, now_ms, err) < 0)
        return TCN_EAUTH;
    return admit_address(p, m, err);
}

int tcn_sns_verify(const struct tcn_sns_message *m, const struct tcn_cert *cert,
                   struct tcn_err *err)
{
    struct tcn_buf canonical, signature;
    int r;

    tcn_buf_init(&canonical, CANONICAL_MAX);
    tcn_buf_init(&signature, SIGNATURE_MAX);
    tcn_sns_canonical(m, &canonical);
    if (tcn_unbase64(m->signature, &signature) < 0 || !tcn_buf_ok(&signature) ||
        !tcn_buf_ok(&canonical))
        r = tcn_fail(err, TCN_EAUTH, "Signature is no base64");
    else
        r = tcn_cert_verify(cert, m->version == 1 ? TCN_SHA1 : TCN_SHA256, tcn_buf_view(&canonical),
                            tcn_buf_view(&signature), err);
    tcn_buf_done(&canonical);
    tcn_buf_done(&signature);
    return r;
}
