/* The message as JSON and the string that was signed. */
#include "base/datetime.h"
#include "gateway/sns.h"

#define MESSAGE_MAX (1u << 20) /* SNS: 256 KiB */

const struct tcn_json_limits tcn_sns_json = {1024 * 1024, 2000, 8};

/* A required text of 1 to max bytes. */
static int text(json_t *body, const char *name, size_t max, struct tcn_str *ret,
                struct tcn_err *err)
{
    json_t *value = json_object_get(body, name);

    if (!json_is_string(value))
        return tcn_fail(err, TCN_EINVALID, "%s is missing or no text", name);
    *ret = (struct tcn_str){json_string_value(value), json_string_length(value)};
    if (ret->len > max || ret->len == 0)
        return tcn_fail(err, TCN_EINVALID, "%s is empty or too long", name);
    return 0;
}

static int refuse_controls(struct tcn_str value, const char *name, struct tcn_err *err)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] < 0x20 || value.ptr[i] == 0x7f)
            return tcn_fail(err, TCN_EINVALID, "%s has a control character", name);
    return 0;
}

/* The same in one line. */
static int line(json_t *body, const char *name, size_t max, struct tcn_str *ret,
                struct tcn_err *err)
{
    int r = text(body, name, max, ret, err);

    return r < 0 ? r : refuse_controls(*ret, name, err);
}

/* May be empty or absent; copies made by other tools write an absent one as null. */
static int read_subject(json_t *body, struct tcn_sns_message *m, struct tcn_err *err)
{
    json_t *value = json_object_get(body, "Subject");

    m->has_subject = value && !json_is_null(value);
    if (!m->has_subject)
        return 0;
    if (json_is_string(value) && json_string_length(value) == 0) {
        m->subject = (struct tcn_str){"", 0};
        return 0;
    }
    return line(body, "Subject", 1024, &m->subject, err);
}

static int read_type(json_t *body, enum tcn_sns_type *ret, struct tcn_err *err)
{
    static const struct tcn_str names[] = {TCN_STR_INIT("Notification"),
                                           TCN_STR_INIT("SubscriptionConfirmation"),
                                           TCN_STR_INIT("UnsubscribeConfirmation")};
    struct tcn_str type = {0};
    int r = text(body, "Type", 100, &type, err);

    if (r < 0)
        return r;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (tcn_str_eq(type, names[i])) {
            *ret = (enum tcn_sns_type)(TCN_SNS_NOTIFICATION + i);
            return 0;
        }
    }
    return tcn_fail(err, TCN_EINVALID,
                    "Type is none of Notification, SubscriptionConfirmation and "
                    "UnsubscribeConfirmation");
}

static int read_version(json_t *body, int *ret, struct tcn_err *err)
{
    struct tcn_str version = {0};
    int r = text(body, "SignatureVersion", 100, &version, err);

    if (r < 0)
        return r;
    if (!tcn_str_eq(version, TCN_STR("1")) && !tcn_str_eq(version, TCN_STR("2")))
        return tcn_fail(err, TCN_EINVALID, "SignatureVersion is neither 1 nor 2");
    *ret = tcn_str_eq(version, TCN_STR("1")) ? 1 : 2;
    return 0;
}

/* What only the two confirmations sign. */
static int read_control(json_t *body, struct tcn_sns_message *m, struct tcn_err *err)
{
    int r = line(body, "Token", 2048, &m->token, err);

    return r < 0 ? r : line(body, "SubscribeURL", 4096, &m->subscribe_url, err);
}

/* SNS refuses to publish an empty Message. */
static int read_members(json_t *body, struct tcn_sns_message *m, struct tcn_err *err)
{
    int r;

    if ((r = line(body, "MessageId", TCN_SNS_ID_MAX, &m->id, err)) < 0 ||
        (r = line(body, "TopicArn", 400, &m->topic, err)) < 0 ||
        (r = text(body, "Message", MESSAGE_MAX, &m->message, err)) < 0 ||
        (r = line(body, "Timestamp", 40, &m->timestamp, err)) < 0 ||
        (r = line(body, "Signature", 4096, &m->signature, err)) < 0 ||
        (r = line(body, "SigningCertURL", TCN_SNS_URL_MAX, &m->cert_url, err)) < 0)
        return r;
    return m->type == TCN_SNS_NOTIFICATION ? read_subject(body, m, err)
                                           : read_control(body, m, err);
}

int tcn_sns_parse(json_t *body, struct tcn_sns_message *ret, struct tcn_err *err)
{
    struct tcn_sns_message m = {0};
    int r;

    if (!json_is_object(body))
        return tcn_fail(err, TCN_EINVALID, "an SNS message is a JSON object");
    if ((r = read_type(body, &m.type, err)) < 0 || (r = read_members(body, &m, err)) < 0 ||
        (r = read_version(body, &m.version, err)) < 0)
        return r;
    if (tcn_time_rfc3339(m.timestamp, &m.time_ms) < 0)
        return tcn_fail(err, TCN_EINVALID, "Timestamp is no RFC 3339 time");
    *ret = m;
    return 0;
}

static void add(struct tcn_buf *out, const char *name, struct tcn_str value)
{
    tcn_buf_z(out, name);
    tcn_buf_char(out, '\n');
    tcn_buf_str(out, value);
    tcn_buf_char(out, '\n');
}

void tcn_sns_canonical(const struct tcn_sns_message *m, struct tcn_buf *ret)
{
    static const char *const types[] = {"", "Notification", "SubscriptionConfirmation",
                                        "UnsubscribeConfirmation"};
    bool is_control = m->type != TCN_SNS_NOTIFICATION;

    add(ret, "Message", m->message);
    add(ret, "MessageId", m->id);
    if (!is_control && m->has_subject)
        add(ret, "Subject", m->subject);
    if (is_control)
        add(ret, "SubscribeURL", m->subscribe_url);
    add(ret, "Timestamp", m->timestamp);
    if (is_control)
        add(ret, "Token", m->token);
    add(ret, "TopicArn", m->topic);
    add(ret, "Type", tcn_str(types[m->type]));
}
