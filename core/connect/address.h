/* Mail addresses and header texts (RFC 5321, 5322, 2047). Pure. */
#ifndef TCN_CONNECT_ADDRESS_H
#define TCN_CONNECT_ADDRESS_H

#include "base/buf.h"
#include "base/err.h"

/* One mailbox: "a@b.example" or "Display Name <a@b.example>". No lists, no control characters, an address of
 * printable ASCII of at most 254 characters with one @ (RFC 5321 section 4.5.3.1.3). TCN_EINVALID. */
int tcn_address_check(const char *mailbox, struct tcn_err *err);
/* The address alone, "a@b.example"; the display name, "" when there is none. Only after tcn_address_check(). */
struct tcn_str tcn_address_spec(const char *mailbox);
struct tcn_str tcn_address_name(const char *mailbox);

/* Text of a header: as it is when it is printable ASCII and short, else as encoded words of RFC 2047 (base64,
 * UTF-8, each at most 75 characters, cut between code points), folded. used is what stands on the line already. */
void tcn_header_text(struct tcn_buf *out, struct tcn_str text, size_t used);
/* "Display" <a@b.example> with the name encoded as it needs. */
void tcn_header_mailbox(struct tcn_buf *out, const char *mailbox, size_t used);
/* "Sun, 02 Aug 2026 17:04:40 +0000" (RFC 5322 section 3.3). */
void tcn_header_date(struct tcn_buf *out, int64_t unix_ms);

/* left@right of RFC 5322 dot-atoms, or a left part alone. */
bool tcn_message_id_ok(const char *id);
/* <id>, with "@tocsin" when it has no right part. */
void tcn_header_message_id(struct tcn_buf *out, const char *id);

#endif
