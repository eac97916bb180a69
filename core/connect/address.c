/* Writes what stands in the head of a mail; the body is encoded by libcurl's MIME functions. */
#include "connect/address.h"
#include "base/datetime.h"
#include "base/text.h"

#define ADDRESS_MAX 254
#define LINE_MAX_CHARS 78 /* RFC 5322 section 2.1.1 */
#define WORD_HEAD "=?UTF-8?B?"
#define WORD_TAIL "?="
#define WORD_LINE_MAX 76u /* RFC 2047 section 2: a line that has an encoded word */

struct tcn_str tcn_address_spec(const char *mailbox)
{
    const char *open = strrchr(mailbox, '<');
    struct tcn_str spec = tcn_str(open ? open + 1 : mailbox);

    if (open && spec.len > 0)
        spec.len--;
    return tcn_str_trim(spec);
}

struct tcn_str tcn_address_name(const char *mailbox)
{
    const char *open = strrchr(mailbox, '<');
    struct tcn_str name = {mailbox, open ? (size_t)(open - mailbox) : 0};

    name = tcn_str_trim(name);
    if (name.len >= 2 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"')
        name = (struct tcn_str){name.ptr + 1, name.len - 2};
    return name;
}

static bool spec_ok(struct tcn_str spec)
{
    size_t at = 0;

    for (size_t i = 0; i < spec.len; i++) {
        unsigned char c = (unsigned char)spec.ptr[i];

        if (c <= ' ' || c >= 0x7f || strchr("<>()[],;:\\\"", c))
            return false;
        at += c == '@';
    }
    return at == 1 && spec.len <= ADDRESS_MAX && spec.ptr[0] != '@' &&
           spec.ptr[spec.len - 1] != '@';
}

int tcn_address_check(const char *mailbox, struct tcn_err *err)
{
    size_t n = mailbox ? strlen(mailbox) : 0;
    struct tcn_str name;

    if (n == 0 || n > 2 * ADDRESS_MAX)
        return tcn_fail(err, TCN_EINVALID, "a mail address is missing or too long");
    for (const unsigned char *p = (const unsigned char *)mailbox; *p; p++)
        if (*p < ' ' || *p == 0x7f)
            return tcn_fail(err, TCN_EINVALID, "a mail address has control characters");
    if (strchr(mailbox, '<') && mailbox[n - 1] != '>')
        return tcn_fail(err, TCN_EINVALID, "mail address \"%.100s\" must end with >", mailbox);
    name = tcn_address_name(mailbox);
    if (memchr(name.ptr, '<', name.len) || memchr(name.ptr, '"', name.len) ||
        memchr(name.ptr, '\\', name.len) || !tcn_utf8_ok(name) ||
        !spec_ok(tcn_address_spec(mailbox)))
        return tcn_fail(err, TCN_EINVALID, "\"%.100s\" is not one mail address", mailbox);
    return 0;
}

static bool is_plain(struct tcn_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < ' ' || text.ptr[i] >= 0x7f)
            return false;
    /* What looks like an encoded word would be decoded. */
    return text.len < 2 || !memmem(text.ptr, text.len, "=?", 2);
}

/* How many bytes an encoded word on a line that has used characters may carry. */
static size_t word_bytes(size_t used)
{
    size_t around = sizeof WORD_HEAD + sizeof WORD_TAIL - 2;

    return used + around + 8 > WORD_LINE_MAX ? 6 : (WORD_LINE_MAX - used - around) / 4 * 3;
}

void tcn_header_text(struct tcn_buf *out, struct tcn_str text, size_t used)
{
    if (is_plain(text) && used + text.len <= LINE_MAX_CHARS) {
        tcn_buf_str(out, text);
        return;
    }
    while (text.len > 0) {
        struct tcn_str word = tcn_utf8_cut_bytes(text, word_bytes(used));

        if (word.len == 0) /* no UTF-8: only stray continuation bytes are left */
            break;
        tcn_buf_z(out, WORD_HEAD);
        tcn_base64(out, word.ptr, word.len);
        tcn_buf_z(out, WORD_TAIL);
        text.ptr += word.len;
        text.len -= word.len;
        if (text.len > 0)
            tcn_buf_z(out, "\r\n ");
        used = 1;
    }
}

void tcn_header_mailbox(struct tcn_buf *out, const char *mailbox, size_t used)
{
    struct tcn_str name = tcn_address_name(mailbox);

    if (name.len == 0) {
        tcn_buf_str(out, tcn_address_spec(mailbox));
        return;
    }
    if (is_plain(name) && used + name.len + 2 <= LINE_MAX_CHARS) {
        tcn_buf_char(out, '"');
        tcn_buf_str(out, name);
        tcn_buf_char(out, '"');
    } else {
        tcn_header_text(out, name, used);
    }
    tcn_buf_z(out, "\r\n <");
    tcn_buf_str(out, tcn_address_spec(mailbox));
    tcn_buf_char(out, '>');
}

void tcn_header_date(struct tcn_buf *out, int64_t unix_ms)
{
    static const char days[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tcn_civil c;
    int64_t day;

    tcn_civil_of(unix_ms, &c);
    day = tcn_days_from_civil(c.year, c.month, c.day); /* 1970-01-01 was a Thursday */
    tcn_buf_fmt(out, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[((day % 7) + 7) % 7], c.day,
                months[c.month - 1], c.year, c.hour, c.minute, c.second);
}

static bool is_dot_atom(struct tcn_str s)
{
    static const char legal[] = "!#$%&'*+-/=?^_`{|}~.0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    for (size_t i = 0; i < s.len; i++)
        if (!s.ptr[i] || !strchr(legal, s.ptr[i]))
            return false;
    return s.len > 0 && s.len <= 200;
}

bool tcn_message_id_ok(const char *id)
{
    struct tcn_str right = tcn_str(id), left = right;

    if (!id)
        return false;
    return tcn_str_cut(&right, '@', &left) ? is_dot_atom(left) && is_dot_atom(right)
                                           : is_dot_atom(tcn_str(id));
}

void tcn_header_message_id(struct tcn_buf *out, const char *id)
{
    tcn_buf_fmt(out, "<%s%s>", id, strchr(id, '@') ? "" : "@tocsin");
}
