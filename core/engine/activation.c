#include "engine/activation.h"

#include <string.h>

#define CODE_MIN 6 /* ssm-contacts: ActivationCode is 6-10 digits */
#define CODE_MAX 10

static void forget_code(struct tcn_channel_state *state)
{
    state->code = NULL;
    state->code_ms = state->tries = 0;
}

int tcn_activation_send(struct tcn_channel_state *state, struct tcn_id address_hash,
                        const char *code, int64_t now_ms, struct tcn_err *err)
{
    if (now_ms - state->sent_from_ms >= TCN_ACTIVATION_SENDS_MS || now_ms < state->sent_from_ms) {
        state->sent_from_ms = now_ms;
        state->sent = 0;
    }
    if (state->sent >= TCN_ACTIVATION_SENDS)
        return tcn_fail(err, TCN_ELIMIT, "%d codes were sent within an hour; wait for the next one",
                        TCN_ACTIVATION_SENDS);
    if (!tcn_id_eq(state->address_hash, address_hash))
        state->is_activated = false;
    state->address_hash = address_hash;
    state->code = code;
    state->code_ms = state->changed_ms = now_ms;
    state->tries = 0;
    state->sent++;
    return 0;
}

static bool is_code(const char *text)
{
    size_t n = text ? strspn(text, "0123456789") : 0;

    return n >= CODE_MIN && n <= CODE_MAX && text[n] == '\0';
}

/* As long for a wrong code as for the right one. */
static bool is_equal(const char *code, const char *told)
{
    size_t n = strlen(code);
    unsigned char differs = strlen(told) != n;

    for (size_t i = 0; i < n; i++)
        differs |= (unsigned char)(code[i] ^ told[i < CODE_MIN ? i : 0]);
    return differs == 0;
}

bool tcn_activation_is_out(const struct tcn_channel_state *state, struct tcn_id address_hash,
                           int64_t now_ms)
{
    return state->code && tcn_id_eq(state->address_hash, address_hash) &&
           now_ms - state->code_ms < TCN_ACTIVATION_LIFE_MS;
}

int tcn_activation_confirm(struct tcn_channel_state *state, struct tcn_id address_hash,
                           const char *code, int64_t now_ms, struct tcn_err *err)
{
    if (!is_code(code))
        return tcn_fail(err, TCN_EINVALID, "ActivationCode is not 6 to 10 digits");
    if (tcn_activation_is(state, address_hash))
        return 0;
    if (!tcn_activation_is_out(state, address_hash, now_ms))
        return tcn_fail(err, TCN_EINVALID,
                        "no code is out for this address, or its day is over; send another one");
    state->changed_ms = now_ms;
    if (!is_equal(state->code, code)) {
        if (++state->tries >= TCN_ACTIVATION_TRIES)
            forget_code(state);
        return tcn_fail(err, TCN_EAUTH, "it is not the code that was sent last%s",
                        state->code ? "" : "; this was the last try, send another one");
    }
    state->is_activated = true;
    forget_code(state);
    return 0;
}

void tcn_activation_end(struct tcn_channel_state *state, int64_t now_ms)
{
    forget_code(state);
    state->is_activated = false;
    state->changed_ms = now_ms;
}

bool tcn_activation_is(const struct tcn_channel_state *state, struct tcn_id address_hash)
{
    return state->is_activated && tcn_id_eq(state->address_hash, address_hash);
}
