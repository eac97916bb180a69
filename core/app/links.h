/* Links: those that wait for a person tried again, and records read when a person asks. */
#ifndef TCN_APP_LINKS_H
#define TCN_APP_LINKS_H

#include "app/commands.h"

/* As tcn_command_execute, for TCN_COMMAND_LINK_RETRY. */
int tcn_link_retry(struct tcn_api_call *call, const struct tcn_command_world *world,
                   struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                   struct tcn_err *err);
/* The same for TCN_COMMAND_LINK_READ: its lane reads the record next, and takes what people have changed there. */
int tcn_link_read(struct tcn_api_call *call, struct tcn_store *s, int64_t now_ms,
                  struct tcn_command_result *ret, struct tcn_err *err);

/* 404: there is no link with the id of the path. Returns 0. */
int tcn_link_unknown(struct tcn_api_call *call);
/* As tcn_command_execute, for TCN_COMMAND_SWEEP: the records of a connector are compared with what is known of them, soon. */
int tcn_sweep(struct tcn_api_call *call, const struct tcn_command_world *world, struct tcn_store *s,
              int64_t now_ms, struct tcn_command_result *ret, struct tcn_err *err);

#endif
