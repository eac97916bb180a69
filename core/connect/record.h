/* What is kept of an exchange for people: dead letters show it, so it must be short, readable and free of secrets. */
#ifndef TCN_CONNECT_RECORD_H
#define TCN_CONNECT_RECORD_H

#include "connect/instance.h"

#define TCN_RECORD_MAX 4096 /* bytes of a recorded request or response, as dead letters keep them */

/* Appends text without the instance's secrets, as valid UTF-8 without control characters other than line ends and
 * tabs, at most TCN_RECORD_MAX bytes; "..." ends what was cut. */
void tcn_record_text(const struct tcn_instance *i, struct tcn_str text, struct tcn_buf *ret);

/* The same as one line into a fixed array: for reasons. */
void tcn_record_line(const struct tcn_instance *i, const char *text, char *ret, size_t size);

#endif
