#include "api/ack.h"
#include "base/text.h"
#include "sys/hmac.h"

#include <assert.h>

#define PROOF 16

static void prove(const uint8_t key[TCN_ACK_KEY], struct tcn_id page, uint8_t ret[PROOF])
{
    char message[4 + sizeof page.b] = "ack:";
    uint8_t mac[32];

    memcpy(message + 4, page.b, sizeof page.b);
    tcn_hmac_sha256((struct tcn_str){(const char *)key, TCN_ACK_KEY},
                    (struct tcn_str){message, sizeof message}, mac);
    memcpy(ret, mac, PROOF);
}

void tcn_ack_token(const uint8_t key[TCN_ACK_KEY], struct tcn_id page, char ret[TCN_ACK_TEXT])
{
    uint8_t bytes[sizeof page.b + PROOF];
    struct tcn_buf text;

    memcpy(bytes, page.b, sizeof page.b);
    prove(key, page, bytes + sizeof page.b);
    tcn_buf_init(&text, TCN_ACK_TEXT);
    tcn_base64url(&text, bytes, sizeof bytes);
    assert(tcn_buf_ok(&text) && text.len == TCN_ACK_TEXT - 1);
    memcpy(ret, text.ptr, TCN_ACK_TEXT);
    tcn_buf_done(&text);
}

static int check(const uint8_t key[TCN_ACK_KEY], struct tcn_str bytes, struct tcn_id *ret_page)
{
    uint8_t proof[PROOF];
    struct tcn_id page;

    if (bytes.len != sizeof page.b + PROOF)
        return TCN_EAUTH;
    memcpy(page.b, bytes.ptr, sizeof page.b);
    prove(key, page, proof);
    if (!tcn_equal_ct(proof, bytes.ptr + sizeof page.b, PROOF))
        return TCN_EAUTH;
    *ret_page = page;
    return 0;
}

int tcn_ack_read(const uint8_t key[TCN_ACK_KEY], struct tcn_str token, struct tcn_id *ret_page)
{
    struct tcn_buf bytes;
    int r = TCN_EAUTH;

    tcn_buf_init(&bytes, TCN_ACK_TEXT);
    if (token.len == TCN_ACK_TEXT - 1 && tcn_unbase64url(token, &bytes) == 0)
        r = check(key, tcn_buf_view(&bytes), ret_page);
    tcn_buf_done(&bytes);
    return r;
}
