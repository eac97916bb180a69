/* STD offset DST offset ,start,end: the form of POSIX's TZ (IEEE Std 1003.1, section 8.3). */
#include "sys/zone_rule.h"

#include <stdio.h>

static struct tcn_str take(struct tcn_str *s, size_t len)
{
    struct tcn_str head = {s->ptr, len};

    *s = (struct tcn_str){s->ptr + len, s->len - len};
    return head;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* GMT, or what is no word of letters in brackets: <+0330>. */
static struct tcn_str take_name(struct tcn_str *s)
{
    const char *end = s->len && s->ptr[0] == '<' ? memchr(s->ptr, '>', s->len) : NULL;
    size_t len = 0;

    if (end)
        return take(s, (size_t)(end - s->ptr) + 1);
    while (len < s->len && is_letter(s->ptr[len]))
        len++;
    return take(s, len);
}

static struct tcn_str take_offset(struct tcn_str *s)
{
    size_t len = 0;

    while (len < s->len && strchr("+-:0123456789", s->ptr[len]))
        len++;
    return take(s, len);
}

bool tcn_zone_rule_turned(struct tcn_str rule, char ret[TCN_ZONE_RULE_MAX])
{
    struct tcn_str std, std_offset, dst, dst_offset, start;

    if (rule.len >= TCN_ZONE_RULE_MAX)
        return false;
    std = take_name(&rule);
    std_offset = take_offset(&rule);
    dst = take_name(&rule);
    dst_offset = take_offset(&rule);
    if (!std.len || !dst.len || !tcn_str_eq(dst_offset, TCN_STR("0")) ||
        !tcn_str_starts(rule, TCN_STR(",")))
        return false;
    take(&rule, 1);
    if (!tcn_str_cut(&rule, ',', &start))
        return false;
    snprintf(ret, TCN_ZONE_RULE_MAX, "%.*s0%.*s%.*s,%.*s,%.*s", (int)dst.len, dst.ptr, (int)std.len,
             std.ptr, (int)std_offset.len, std_offset.ptr, (int)rule.len, rule.ptr, (int)start.len,
             start.ptr);
    return true;
}

struct tcn_str tcn_zone_rule_of_file(struct tcn_str file)
{
    const char *before;

    if (!tcn_str_ends(file, TCN_STR("\n")))
        return TCN_STR("");
    file.len--;
    before = memrchr(file.ptr, '\n', file.len);
    return before ? (struct tcn_str){before + 1, file.len - (size_t)(before + 1 - file.ptr)}
                  : TCN_STR("");
}
