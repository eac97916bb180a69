/* What is known of a page, and what becomes of its messages. Private to core/engine. */
#ifndef TCN_ENGINE_PAGE_H
#define TCN_ENGINE_PAGE_H

#include "engine/step.h"

#define TCN_RECEIPT_MAX 2048 /* code points; ssm-contacts ReceiptInfo */

/* NULL when the aggregate has no such page. */
struct tcn_page *tcn_page_find(struct tcn_aggregate *a, struct tcn_id id,
                               struct tcn_engagement **ret_engagement);
/* note and channel are borrowed, and may be NULL. The receipt has the first TCN_RECEIPT_MAX characters of the note. */
void tcn_page_receipt(const struct tcn_step *s, const struct tcn_page *p,
                      enum tcn_receipt_type type, const char *channel, const char *note);

/* SENT, DELIVERED or ERROR happened to it; the receipt is the caller's. */
void tcn_page_record(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_page *p,
                     enum tcn_receipt_type type, const char *note);

/* One of its messages was taken by its provider. */
bool tcn_page_has_left(const struct tcn_page *p);
/* One of those to this person, in the engagements that go on. */
bool tcn_page_has_reached(const struct tcn_aggregate *a, const char *contact);
/* None was, as far as is known, but one may have been. */
bool tcn_page_is_doubtful(const struct tcn_page *p);
/* It is lost from at_ms on, unless something of it has left or it was lost before. */
void tcn_page_lose(struct tcn_engagement *e, struct tcn_page *p, int64_t at_ms);
/* "could not page ...: note", and what comes of it; note may be NULL. */
void tcn_page_say_failed(const struct tcn_step *s, const struct tcn_page *p, const char *note,
                         const char *outlook);

#endif
