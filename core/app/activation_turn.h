/* Codes that prove the address of a contact channel: sent, told, void. */
#ifndef TCN_APP_ACTIVATION_TURN_H
#define TCN_APP_ACTIVATION_TURN_H

#include "app/commands.h"
#include "app/config.h"
#include "connect/sends.h"

/* See tcn_command_execute: SendActivationCode, ActivateContactChannel and DeactivateContactChannel (engine/activation.h) on a
 * channel of the file or of a command. What the file calls activated stays so. */
int tcn_activation_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                           struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                           struct tcn_err *err);

/* Whether the row is such a code on its way. */
bool tcn_activation_is_send(const struct tcn_send_row *row);
/* What became of it: of no incident's concern, a line of the log when it is lost. */
void tcn_activation_told(const struct tcn_send_row *row, const struct tcn_send_report *report);
/* Inside a job: the message "activation" of the channel's connector, with the code that is out now. */
int tcn_activation_message(const struct tcn_config *config, struct tcn_store *s,
                           const struct tcn_send_row *row, int64_t now_ms, struct tcn_arena *arena,
                           struct tcn_send_message *ret, struct tcn_err *err);

#endif
