/* What a person did who wrote a file that is no JSON: the bytes around the fault tell. */
#include "base/json_policy.h"

/* Where the token that was not expected begins; the parser stands behind it. */
static size_t token_start(struct tcn_str text, const struct tcn_json_fault *fault)
{
    const char *near = strstr(fault->what, " near '");
    struct tcn_str token = tcn_str(near ? near + strlen(" near '") : "");
    size_t end = fault->offset < text.len ? fault->offset : text.len;

    if (token.len > 0 && token.ptr[token.len - 1] == '\'')
        token.len--;
    while (end > 0 && token.len > 0 && end >= token.len) {
        if (memcmp(text.ptr + end - token.len, token.ptr, token.len) == 0)
            return end - token.len;
        end--;
    }
    return fault->offset < text.len ? fault->offset : text.len;
}

/* The last byte before at that is no space; 0 when there is none. */
static char before(struct tcn_str text, size_t at)
{
    while (at > 0 && strchr(" \t\r\n", text.ptr[at - 1]))
        at--;
    return at > 0 ? text.ptr[at - 1] : '\0';
}

static const char *hint_of_token(char c, char last)
{
    if (last == '\0')
        return "; the file is JSON and begins with {";
    if (c == '/' || c == '#')
        return "; JSON has no comments: take it out";
    if (c == '\'')
        return "; write double quotes";
    if (strchr("]}", c) && last == ',')
        return "; take out the comma before it";
    if (strchr(",]}", c) && last == ':')
        return "; a value is missing before it";
    if (c == ',')
        return "; there is a comma too many";
    if (c == '=')
        return "; write a colon between a name and its value";
    if (c == '"' && !strchr("{[,:", last))
        return "; a comma is missing before it";
    if (c >= '0' && c <= '9')
        return "; a number has no leading zero";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
               ? "; names and text stand in double quotes; true, false and null are written small"
               : "";
}

/* By what the parser says, where that is plain enough. */
static const struct {
    const char *said, *hint;
} hints[] = {
    {"duplicate object key", "; the name stands twice in this object: keep one"},
    {"unable to decode", "; save the file as UTF-8"},
    {"NUL byte", "; save the file as UTF-8"},
    {"unexpected newline", "; a closing double quote is missing on this line"},
    {"premature end of input", "; a closing double quote is missing"},
    {"invalid escape", "; a backslash in text is written twice"},
    {"control character", "; write it as an escape, such as \\t"},
    {"end of file expected", "; the file is one object: take out what follows it"},
    {"too big", "; no number here needs so many digits"},
    {"overflow", "; no number here is that large"},
    {"near end of file", "; a closing } or ] is missing"},
};

const char *tcn_json_hint(struct tcn_str text, const struct tcn_json_fault *fault)
{
    size_t at;

    if (tcn_str_trim(text).len == 0)
        return "; write at least {}";
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (strstr(fault->what, hints[i].said))
            return hints[i].hint;
    at = token_start(text, fault);
    return at < text.len ? hint_of_token(text.ptr[at], before(text, at)) : "";
}
