/* Plain text as an Atlassian document (ADF version 1). A blank line ends a paragraph, a line end is a hardBreak, an
 * http or https address is a link. Nothing else is markup: a note says what somebody typed. */
#include "jira.h"

#include <stdlib.h>

#define TEXT_MAX 32767 /* characters Jira takes in one comment */
#define NODES_MAX 4000

struct writer {
    json_t *blocks,
        *line; /* line: content of the paragraph being filled, NULL between paragraphs; borrowed */
    size_t nodes;
};

static void append(struct writer *w, json_t *node)
{
    if (!w->line) {
        w->line = json_array();
        json_array_append_new(w->blocks,
                              json_pack("{s:s, s:o}", "type", "paragraph", "content", w->line));
    }
    w->nodes++;
    json_array_append_new(w->line, node);
}

static void add_text(struct writer *w, const char *text, size_t len)
{
    if (len > 0)
        append(w, json_pack("{s:s, s:s%}", "type", "text", "text", text, len));
}

static void add_link(struct writer *w, const char *url, size_t len)
{
    append(w, json_pack("{s:s, s:s%, s:[{s:s, s:{s:s%}}]}", "type", "text", "text", url, len,
                        "marks", "type", "link", "attrs", "href", url, len));
}

/* Length of the address at text, 0 if there is none; punctuation at its end belongs to the sentence. */
static size_t url_len(const char *text, size_t len)
{
    size_t head = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;
    size_t n = 0;

    if (head == 0 || len <= head)
        return 0;
    while (n < len && (unsigned char)text[n] > 0x20 && !strchr("<>\"`|\\^{}", text[n]))
        n++;
    while (n > head && strchr(".,;:!?)]'*_", text[n - 1]))
        n--;
    return n > head ? n : 0;
}

static void add_line(struct writer *w, const char *text, size_t len)
{
    size_t from = 0, at = 0;

    while (at < len) {
        size_t n = text[at] == 'h' && w->nodes < NODES_MAX ? url_len(text + at, len - at) : 0;

        if (n == 0) {
            at++;
            continue;
        }
        add_text(w, text + from, at - from);
        add_link(w, text + at, n);
        from = at += n;
    }
    add_text(w, text + from, len - from);
}

json_t *tcn_jira_adf(const char *text)
{
    struct writer w = {.blocks = json_array()};
    size_t len = tcn_reply_points(text, TEXT_MAX);

    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - text) - at : len - at;
        size_t kept = n > 0 && text[at + n - 1] == '\r' ? n - 1 : n;

        if (kept == 0) {
            w.line = NULL;
        } else {
            if (w.line && w.nodes < NODES_MAX)
                append(&w, json_pack("{s:s}", "type", "hardBreak"));
            add_line(&w, text + at, kept);
        }
        at += n + 1;
    }
    return json_pack("{s:s, s:i, s:o}", "type", "doc", "version", 1, "content", w.blocks);
}

static int is_document(json_t *value)
{
    return strcmp(tcn_reply_text(value, "type"), "doc") == 0 &&
           json_is_array(json_object_get(value, "content"));
}

static json_t *text_of(json_t *document)
{
    char *text = tcn_jira_adf_text(document);
    json_t *value = json_string(text ? text : "");

    free(text);
    return value;
}

static json_t *cut(const char *text)
{
    return json_stringn(text, tcn_reply_points(text, TEXT_MAX));
}

json_t *tcn_jira_body(const struct tcn_jira *j, json_t *value)
{
    if (json_is_string(value))
        return j->is_datacenter ? cut(json_string_value(value))
                                : tcn_jira_adf(json_string_value(value));
    return j->is_datacenter && is_document(value) ? text_of(value) : json_incref(value);
}

json_t *tcn_jira_fields(const struct tcn_jira *j, json_t *fields)
{
    json_t *copy = json_copy(fields), *value;
    const char *name;

    if (j->is_datacenter)
        json_object_foreach(fields, name, value) if (is_document(value))
            json_object_set_new(copy, name, text_of(value));
    return copy;
}
