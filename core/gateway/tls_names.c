/* What a client certificate calls its owner. Only names that can be compared byte by byte count: a NUL inside a name, a
 * blank or a line break has fooled others (CVE-2009-2408). */
#include "gateway/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

static bool is_visible(struct tcn_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~')
            return false;
    return s.len > 0;
}

/* A URI has a colon after its scheme and the name of a host has none, so that neither is ever taken for the other. */
static void add_name(const ASN1_STRING *value, bool is_uri, struct tcn_buf *out)
{
    int len = ASN1_STRING_length(value);
    struct tcn_str s = {(const char *)ASN1_STRING_get0_data(value), len > 0 ? (size_t)len : 0};

    if (!is_visible(s) || (memchr(s.ptr, ':', s.len) != NULL) != is_uri)
        return;
    tcn_buf_str(out, s);
    tcn_buf_char(out, '\n');
}

static void add_alternatives(const GENERAL_NAMES *names, struct tcn_buf *out)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

        if (type == GEN_DNS || type == GEN_URI)
            add_name(value, type == GEN_URI, out);
    }
}

/* The last one is the most specific (RFC 6125 section 2.3.1). */
static void add_common_name(const X509 *cert, struct tcn_buf *out)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = -1;

    for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;)
        at = i;
    if (at >= 0)
        add_name(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), false, out);
}

/* RFC 6125 section 6.4.4: a certificate that has other names is not known by its common one. */
static void add_names(const X509 *cert, struct tcn_buf *out)
{
    enum { ABSENT = -1 };
    int found = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &found, NULL);

    if (names)
        add_alternatives(names, out);
    else if (found == ABSENT)
        add_common_name(cert, out);
    GENERAL_NAMES_free(names);
}

bool tcn_tls_client_names(const SSL *ssl, struct tcn_buf *out)
{
    const X509 *cert = SSL_get0_peer_certificate(ssl);

    if (!cert || SSL_get_verify_result(ssl) != X509_V_OK)
        return false;
    add_names(cert, out);
    ERR_clear_error(); /* of an extension that cannot be read */
    if (!tcn_buf_ok(out))
        tcn_buf_clear(out);
    return true;
}
