/* Whether a contact channel's address is its person's: SendActivationCode, ActivateContactChannel and DeactivateContactChannel
 * of ssm-contacts. What AWS leaves open is of spec incidents-contacts 3.3: a code lives 24 hours, the next one takes its place,
 * five wrong answers make it void, and an hour has five of them. */
#ifndef TCN_ENGINE_ACTIVATION_H
#define TCN_ENGINE_ACTIVATION_H

#include "base/err.h"
#include "model/resource.h"

#define TCN_ACTIVATION_CODE 6 /* digits of one that is sent; ssm-contacts takes 6 to 10 */
#define TCN_ACTIVATION_LIFE_MS (INT64_C(24) * 3600000)
#define TCN_ACTIVATION_TRIES 5
#define TCN_ACTIVATION_SENDS 5 /* in TCN_ACTIVATION_SENDS_MS */
#define TCN_ACTIVATION_SENDS_MS INT64_C(3600000)

/* code is on its way to the address, of which the hash is known. Borrowed by the state. TCN_ELIMIT: too many were. */
int tcn_activation_send(struct tcn_channel_state *state, struct tcn_id address_hash,
                        const char *code, int64_t now_ms, struct tcn_err *err);
/* 0: the address is proven, as the state says from now on. TCN_EAUTH: it is not that code; the state has counted the try, and is
 * to be written, too. TCN_EINVALID: no code is out, or it is no code at all; the state is as it was. */
int tcn_activation_confirm(struct tcn_channel_state *state, struct tcn_id address_hash,
                           const char *code, int64_t now_ms, struct tcn_err *err);
/* Whether a code is out that may prove that address. */
bool tcn_activation_is_out(const struct tcn_channel_state *state, struct tcn_id address_hash,
                           int64_t now_ms);
/* Nothing is proven any more, and no code is out. */
void tcn_activation_end(struct tcn_channel_state *state, int64_t now_ms);
/* Whether that address is proven. */
bool tcn_activation_is(const struct tcn_channel_state *state, struct tcn_id address_hash);

#endif
