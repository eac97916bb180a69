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

#endif
