/* Lists inside a row, as JSON texts: nothing queries their members. An empty list is an empty buffer and a NULL
 * column. Packing fails with TCN_ELIMIT, unpacking (of our own text) with TCN_EIO. */
#ifndef TCN_STORE_PACK_H
#define TCN_STORE_PACK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/alarm.h"
#include "model/contact.h"
#include "model/mute.h"
#include "model/topic.h"

/* The buffers are initialized by the call and the caller's to tcn_buf_done, whatever the result. */
int tcn_pack_tags(const struct tcn_tag *tags, size_t n, struct tcn_buf *ret, struct tcn_err *err);
int tcn_pack_related(const struct tcn_related *related, size_t n, struct tcn_buf *ret,
                     struct tcn_err *err);
int tcn_pack_items(const struct tcn_item *items, size_t n, struct tcn_buf *ret,
                   struct tcn_err *err);
int tcn_pack_times(const int64_t *times, size_t n, struct tcn_buf *ret, struct tcn_err *err);
int tcn_pack_match(const struct tcn_match *match, struct tcn_buf *ret, struct tcn_err *err);
int tcn_pack_topics(const struct tcn_topics *topics, struct tcn_buf *ret, struct tcn_err *err);
int tcn_pack_plan(const struct tcn_plan *plan, struct tcn_buf *ret, struct tcn_err *err);

/* text.ptr NULL is the empty list. */
int tcn_unpack_tags(struct tcn_str text, struct tcn_arena *a, struct tcn_tag **ret, size_t *ret_n,
                    struct tcn_err *err);
int tcn_unpack_related(struct tcn_str text, struct tcn_arena *a, struct tcn_related **ret,
                       size_t *ret_n, struct tcn_err *err);
int tcn_unpack_items(struct tcn_str text, struct tcn_arena *a, struct tcn_item **ret, size_t *ret_n,
                     struct tcn_err *err);
int tcn_unpack_times(struct tcn_str text, int64_t *ret_times, size_t n, struct tcn_err *err);
int tcn_unpack_match(struct tcn_str text, struct tcn_arena *a, struct tcn_match *ret,
                     struct tcn_err *err);
int tcn_unpack_topics(struct tcn_str text, struct tcn_arena *a, struct tcn_topics *ret,
                      struct tcn_err *err);
int tcn_unpack_plan(struct tcn_str text, struct tcn_arena *a, struct tcn_plan *ret,
                    struct tcn_err *err);

#endif
