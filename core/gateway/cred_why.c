/* What a sender is told who was not let in. Everything in it stands in the configuration but for secrets; a wrong secret
 * and a wrong signature are just wrong. */
#include "gateway/cred.h"

#define NAME_MAX_BYTES 255

const char *tcn_cred_header(const struct tcn_cred *a)
{
    if (a->kind == TCN_CRED_HEADER || a->kind == TCN_CRED_HMAC)
        return a->header;
    return a->kind == TCN_CRED_SNS || a->kind == TCN_CRED_MTLS ? NULL : "Authorization";
}

/* "bearer", "header X-Api-Key", "sns and basic", "mtls (a client certificate)" */
static void add_kind(const struct tcn_cred *a, struct tcn_buf *ret)
{
    tcn_buf_z(ret, tcn_cred_kind_name(a->kind));
    if (a->kind == TCN_CRED_HEADER || a->kind == TCN_CRED_HMAC)
        tcn_buf_fmt(ret, "%s %s", a->kind == TCN_CRED_HMAC ? " in" : "", a->header);
    if (a->kind == TCN_CRED_MTLS)
        tcn_buf_z(ret, " (a client certificate)");
    if (a->second) {
        tcn_buf_z(ret, " and ");
        tcn_buf_z(ret, tcn_cred_kind_name(a->second->kind));
        if (a->second->kind == TCN_CRED_HEADER)
            tcn_buf_fmt(ret, " %s", a->second->header);
    }
}

static void say_missing(const struct tcn_cred_list *list, struct tcn_buf *ret)
{
    tcn_buf_z(ret, "no credentials of a kind that this source takes");
    for (size_t i = 0; i < list->n; i++) {
        tcn_buf_z(ret, i ? ", " : ": ");
        add_kind(&list->items[i], ret);
    }
}

static void say_malformed(const struct tcn_cred *by, struct tcn_buf *ret)
{
    const char *mac = by->is_base64 ? "44 characters of base64" : "64 hex digits";

    tcn_buf_fmt(ret, "the %s credentials cannot be read: ", tcn_cred_kind_name(by->kind));
    if (by->kind == TCN_CRED_BASIC)
        tcn_buf_z(ret, "send base64 of USER:PASSWORD");
    else if (by->has_time)
        tcn_buf_fmt(ret, "%s is t=SECONDS,%s and %s, with the seconds since 1970", by->header,
                    by->prefix, mac);
    else
        tcn_buf_fmt(ret, "%s is %s%s%s", by->header, by->prefix, *by->prefix ? " and " : "", mac);
}

/* Its own names are no secret, and whoever configures the source needs one of them. */
static void say_wrong_names(const char *client_names, struct tcn_buf *ret)
{
    struct tcn_str rest = tcn_str(client_names), name;

    if (!tcn_str_cut(&rest, '\n', &name)) {
        tcn_buf_z(ret, "the client certificate has no DNS name and no URI to be known by");
        return;
    }
    tcn_buf_z(ret, "the client certificate is of ");
    tcn_buf_str(ret, tcn_utf8_cut_bytes(name, NAME_MAX_BYTES));
    tcn_buf_fmt(ret, "%s, and this source takes others", rest.len ? " and more names" : "");
}

static void say_wrong(const struct tcn_cred *by, const char *client_names, struct tcn_buf *ret)
{
    if (by->kind == TCN_CRED_MTLS)
        say_wrong_names(client_names, ret);
    else if (by->kind == TCN_CRED_HMAC)
        tcn_buf_fmt(ret, "the signature in %s does not fit the body and the secret of this source",
                    by->header);
    else
        tcn_buf_fmt(ret, "the %s credentials are not those of this source",
                    tcn_cred_kind_name(by->kind));
}

void tcn_cred_why(const struct tcn_cred_list *list, enum tcn_cred_verdict verdict,
                  const struct tcn_cred *by, const char *client_names, struct tcn_buf *ret)
{
    switch (verdict) {
    case TCN_CRED_WRONG:
        say_wrong(by, client_names, ret);
        break;
    case TCN_CRED_STALE:
        tcn_buf_fmt(ret,
                    "the time in %s is more than %lld s from the time here; sign anew, and look at "
                    "both clocks",
                    by->header, (long long)(by->max_age_ms / 1000));
        break;
    case TCN_CRED_MALFORMED:
        say_malformed(by, ret);
        break;
    case TCN_CRED_REPEATED:
        tcn_buf_fmt(ret, "the header %s is there more than once; send it once",
                    tcn_cred_header(by));
        break;
    case TCN_CRED_NO_VERDICT:
    case TCN_CRED_MISSING:
    case TCN_CRED_OK:
    case TCN_CRED_IS_SNS:
    default:
        say_missing(list, ret);
    }
}
