/* The decision. Every secret of a kind is compared, so that the time does not tell which one was near. */
#include "gateway/cred.h"
#include "base/text.h"
#include "sys/hmac.h"

#define CREDENTIALS_MAX 4096

/* Digests have one length, so that the comparison does not tell the secret's. */
static bool has_digest(const struct tcn_cred *a, const uint8_t theirs[32])
{
    uint8_t ours[32];
    bool found = false;

    for (size_t i = 0; i < a->n_secrets; i++) {
        tcn_sha256(a->secrets[i].ptr, a->secrets[i].len, ours);
        found |= tcn_equal_ct(theirs, ours, sizeof ours);
    }
    return found;
}

static bool is_secret(const struct tcn_cred *a, struct tcn_str given)
{
    uint8_t theirs[32];

    tcn_sha256(given.ptr, given.len, theirs);
    return has_digest(a, theirs);
}

bool tcn_cred_knows(const struct tcn_cred_list *list, const uint8_t sha256[32])
{
    bool found = false;

    for (size_t i = 0; i < list->n; i++) {
        const struct tcn_cred *a = &list->items[i];

        found |= has_digest(a, sha256) || (a->second && has_digest(a->second, sha256));
    }
    return found;
}

/* The credentials after the scheme; false when the header is of another scheme. */
static bool after_scheme(const char *header, struct tcn_str scheme, struct tcn_str *ret)
{
    struct tcn_str rest = tcn_str(header), word;

    if (!tcn_str_cut(&rest, ' ', &word) || !tcn_str_case_eq(word, scheme))
        return false;
    *ret = tcn_str_trim(rest);
    return true;
}

/* OK when it is there, once. */
static enum tcn_cred_verdict find_header(const struct tcn_cred *a,
                                         const struct tcn_cred_request *rq, const char **ret)
{
    size_t n = rq->header(rq->ctx, tcn_cred_header(a), ret);

    return n == 0 ? TCN_CRED_MISSING : n == 1 ? TCN_CRED_OK : TCN_CRED_REPEATED;
}

static enum tcn_cred_verdict check_bearer(const struct tcn_cred *a,
                                          const struct tcn_cred_request *rq)
{
    const char *header = NULL;
    enum tcn_cred_verdict v = find_header(a, rq, &header);
    struct tcn_str token;

    if (v != TCN_CRED_OK)
        return v;
    if (!after_scheme(header, TCN_STR("Bearer"), &token))
        return TCN_CRED_MISSING;
    return is_secret(a, token) ? TCN_CRED_OK : TCN_CRED_WRONG;
}

static enum tcn_cred_verdict check_pair(const struct tcn_cred *a, struct tcn_str pair)
{
    uint8_t theirs[32], ours[32];
    struct tcn_str user;
    bool is_user, is_password;

    if (!tcn_str_cut(&pair, ':', &user))
        return TCN_CRED_MALFORMED;
    tcn_sha256(user.ptr, user.len, theirs);
    tcn_sha256(a->user, strlen(a->user), ours);
    is_user = tcn_equal_ct(theirs, ours, sizeof ours);
    is_password = is_secret(a, pair);
    return is_user && is_password ? TCN_CRED_OK : TCN_CRED_WRONG;
}

static enum tcn_cred_verdict check_basic(const struct tcn_cred *a,
                                         const struct tcn_cred_request *rq)
{
    const char *header = NULL;
    enum tcn_cred_verdict v = find_header(a, rq, &header);
    struct tcn_str coded;
    struct tcn_buf pair;

    if (v != TCN_CRED_OK)
        return v;
    if (!after_scheme(header, TCN_STR("Basic"), &coded))
        return TCN_CRED_MISSING;
    tcn_buf_init(&pair, CREDENTIALS_MAX);
    v = TCN_CRED_MALFORMED;
    if (tcn_unbase64(coded, &pair) == 0 && tcn_buf_ok(&pair))
        v = check_pair(a, tcn_buf_view(&pair));
    tcn_buf_done(&pair);
    return v;
}

static enum tcn_cred_verdict check_header(const struct tcn_cred *a,
                                          const struct tcn_cred_request *rq)
{
    const char *value = NULL;
    enum tcn_cred_verdict v = find_header(a, rq, &value);

    if (v != TCN_CRED_OK)
        return v;
    return is_secret(a, tcn_str(value)) ? TCN_CRED_OK : TCN_CRED_WRONG;
}

/* 32 bytes of one signature as the source writes them. */
static bool decode_mac(const struct tcn_cred *a, struct tcn_str text, uint8_t ret[32])
{
    struct tcn_buf bytes;
    bool is_good;

    if (!a->is_base64)
        return text.len == 64 && tcn_unhex(text, ret, 32) == 0;
    tcn_buf_init(&bytes, 64);
    is_good = text.len == 44 && tcn_unbase64(text, &bytes) == 0 && bytes.len == 32;
    if (is_good)
        memcpy(ret, bytes.ptr, 32);
    tcn_buf_done(&bytes);
    return is_good;
}

static bool is_signed(const struct tcn_cred *a, struct tcn_str message, const uint8_t theirs[32])
{
    uint8_t ours[32];
    bool found = false;

    for (size_t i = 0; i < a->n_secrets; i++) {
        tcn_hmac_sha256(tcn_secret_view(&a->secrets[i]), message, ours);
        found |= tcn_equal_ct(theirs, ours, sizeof ours);
    }
    return found;
}

/* What one header says: signatures of our scheme, and a time when the scheme has one. */
struct claims {
    uint8_t macs[TCN_CRED_SIGNATURES][32];
    size_t n;
    struct tcn_str time; /* digits as sent, "" without one */
};

static void read_part(const struct tcn_cred *a, struct tcn_str part, struct claims *ret)
{
    struct tcn_str prefix = tcn_str(a->prefix);

    part = tcn_str_trim(part);
    if (a->has_time && tcn_str_starts(part, TCN_STR("t="))) {
        ret->time = (struct tcn_str){part.ptr + 2, part.len - 2};
        return;
    }
    if (!tcn_str_starts(part, prefix) || ret->n == TCN_CRED_SIGNATURES)
        return;
    part = (struct tcn_str){part.ptr + prefix.len, part.len - prefix.len};
    if (decode_mac(a, part, ret->macs[ret->n]))
        ret->n++;
}

static void read_claims(const struct tcn_cred *a, const char *header, struct claims *ret)
{
    struct tcn_str rest = tcn_str(header), part;

    while (rest.len > 0) {
        if (!tcn_str_cut(&rest, ',', &part)) {
            part = rest;
            rest = (struct tcn_str){0};
        }
        read_part(a, part, ret);
    }
}

static bool is_recent(const struct tcn_cred *a, const struct tcn_cred_request *rq, uint64_t seconds)
{
    int64_t age_ms = rq->now_ms - (int64_t)seconds * 1000;

    return age_ms <= a->max_age_ms && age_ms >= -a->max_age_ms;
}

static bool any_signed(const struct tcn_cred *a, const struct claims *c, struct tcn_str message)
{
    bool found = false;

    for (size_t i = 0; i < c->n; i++)
        found |= is_signed(a, message, c->macs[i]);
    return found;
}

/* Of an old time nothing more is said: whether its signature was right is nobody's business. */
static enum tcn_cred_verdict check_timed(const struct tcn_cred *a,
                                         const struct tcn_cred_request *rq, const struct claims *c)
{
    struct tcn_buf timed;
    uint64_t seconds;
    bool is_good;

    if (tcn_str_u64(c->time, INT64_MAX / 1000, &seconds) < 0)
        return TCN_CRED_MALFORMED;
    if (!is_recent(a, rq, seconds))
        return TCN_CRED_STALE;
    tcn_buf_init(&timed, rq->body.len + c->time.len + 2);
    tcn_buf_str(&timed, c->time);
    tcn_buf_char(&timed, '.');
    tcn_buf_str(&timed, rq->body);
    is_good = any_signed(a, c, tcn_buf_view(&timed));
    tcn_buf_done(&timed);
    return is_good ? TCN_CRED_OK : TCN_CRED_WRONG;
}

static enum tcn_cred_verdict check_hmac(const struct tcn_cred *a, const struct tcn_cred_request *rq)
{
    const char *header = NULL;
    enum tcn_cred_verdict v = find_header(a, rq, &header);
    struct claims claims = {0};

    if (v != TCN_CRED_OK)
        return v;
    read_claims(a, header, &claims);
    if (claims.n == 0)
        return TCN_CRED_MALFORMED;
    if (a->has_time)
        return check_timed(a, rq, &claims);
    return any_signed(a, &claims, rq->body) ? TCN_CRED_OK : TCN_CRED_WRONG;
}

static enum tcn_cred_verdict check_mtls(const struct tcn_cred *a, const struct tcn_cred_request *rq)
{
    if (!rq->client_names)
        return TCN_CRED_MISSING;
    return tcn_cred_is_named(a, rq->client_names) ? TCN_CRED_OK : TCN_CRED_WRONG;
}

static enum tcn_cred_verdict check_kind(const struct tcn_cred *a, const struct tcn_cred_request *rq)
{
    switch (a->kind) {
    case TCN_CRED_BEARER:
        return check_bearer(a, rq);
    case TCN_CRED_BASIC:
        return check_basic(a, rq);
    case TCN_CRED_HEADER:
        return check_header(a, rq);
    case TCN_CRED_HMAC:
        return check_hmac(a, rq);
    case TCN_CRED_SNS:
        return TCN_CRED_IS_SNS;
    case TCN_CRED_MTLS:
        return check_mtls(a, rq);
    case TCN_CRED_UNSET:
    default:
        return TCN_CRED_WRONG;
    }
}

/* The second one is asked first: who lacks it costs no fetch of a certificate. *ret_by is the one that decided. */
static enum tcn_cred_verdict check_one(const struct tcn_cred *a, const struct tcn_cred_request *rq,
                                       const struct tcn_cred **ret_by)
{
    enum tcn_cred_verdict second = a->second ? check_kind(a->second, rq) : TCN_CRED_OK;

    *ret_by = second == TCN_CRED_OK ? a : a->second;
    return second == TCN_CRED_OK ? check_kind(a, rq) : second;
}

/* What tells the sender most: let in, then still to be verified, then wrong, unreadable, missing. */
static int weight(enum tcn_cred_verdict v)
{
    static const int weights[] = {
        [TCN_CRED_NO_VERDICT] = 0, [TCN_CRED_OK] = 5,       [TCN_CRED_MISSING] = 1,
        [TCN_CRED_MALFORMED] = 2,  [TCN_CRED_REPEATED] = 2, [TCN_CRED_WRONG] = 3,
        [TCN_CRED_STALE] = 3,      [TCN_CRED_IS_SNS] = 4};

    return weights[v];
}

enum tcn_cred_verdict tcn_cred_check(const struct tcn_cred_list *list,
                                     const struct tcn_cred_request *request,
                                     const struct tcn_cred **ret_by)
{
    enum tcn_cred_verdict best = TCN_CRED_NO_VERDICT;

    *ret_by = NULL;
    for (size_t i = 0; i < list->n; i++) {
        const struct tcn_cred *by;
        enum tcn_cred_verdict v = check_one(&list->items[i], request, &by);

        if (weight(v) > weight(best)) {
            best = v;
            *ret_by = by;
        }
    }
    return best;
}

bool tcn_cred_needs_certificate(const struct tcn_cred_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].kind == TCN_CRED_MTLS)
            return true;
    return false;
}

bool tcn_cred_has_scheme(const struct tcn_cred *a)
{
    return a->kind == TCN_CRED_BASIC || a->kind == TCN_CRED_BEARER;
}

const char *tcn_cred_challenge(const struct tcn_cred_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct tcn_cred *a = list->items[i].second ? list->items[i].second : &list->items[i];

        if (a->kind == TCN_CRED_BASIC)
            return "Basic realm=\"tocsin\", charset=\"UTF-8\"";
        if (a->kind == TCN_CRED_BEARER)
            return "Bearer realm=\"tocsin\"";
    }
    return NULL;
}
