/* An Atlassian document (ADF version 1) as plain text, for people who read it elsewhere: blocks on lines of their own,
 * lists with their marks, links as "text (url)", mentions as "@name", files as "[attachment]". What a node of a kind that is
 * not known here holds is read, too. */
#include "jira.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_SIZE 32768 /* bytes, with the end */
#define DEPTH_MAX 24    /* what is nested deeper is left out */
#define NODES_MAX 20000
#define MARKS_MAX 16
#define GAP_MAX 3
#define TIMESTAMP_MAX 15 /* digits */

struct level {
    json_t *node;
    const char *type;
    json_t *content;
    size_t next;
};

struct reader {
    char *text;
    size_t used;
    int gap;      /* line ends owed before what comes next */
    int is_fresh; /* a list item or a cell has just begun: its first block stands on the same line */
    int is_cut;   /* something was left out */
    size_t nodes, depth;
    struct level levels[DEPTH_MAX];
};

static int is_one_of(const char *type, const char *const types[])
{
    for (size_t i = 0; types[i]; i++)
        if (strcmp(type, types[i]) == 0)
            return 1;
    return 0;
}

/* ---- writing ---- */

static char printable(char c)
{
    return ((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? ' ' : c;
}

/* What fits; control characters become blanks, and the CR of a line end goes. */
static void put(struct reader *r, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\r')
            continue;
        if (r->used == TEXT_SIZE - 1) {
            r->is_cut = 1;
            return;
        }
        r->text[r->used++] = printable(text[i]);
    }
}

static int list_depth(const struct reader *r)
{
    static const char *const lists[] = {"bulletList", "orderedList", "taskList", "decisionList",
                                        NULL};
    int n = 0;

    for (size_t i = 0; i < r->depth; i++)
        n += is_one_of(r->levels[i].type, lists);
    return n;
}

static void pay_gap(struct reader *r, int indent)
{
    int is_due = r->used > 0 && r->gap > 0;

    for (; is_due && r->gap > 0; r->gap--)
        put(r, "\n", 1);
    for (int i = 0; is_due && i < indent; i++)
        put(r, "  ", 2);
    r->gap = 0;
}

static void say(struct reader *r, const char *text)
{
    if (!text[0])
        return;
    if (r->gap > 0)
        pay_gap(r, list_depth(r));
    r->is_fresh = 0;
    put(r, text, strlen(text));
}

static void owe(struct reader *r, int gap)
{
    if (!r->is_fresh && r->gap < gap)
        r->gap = gap;
}

/* ---- nodes that end a line of text ---- */

static const char *attribute(json_t *node, const char *name)
{
    return tcn_reply_text(json_object_get(node, "attrs"), name);
}

static const char *href_of(json_t *node)
{
    json_t *mark;
    size_t i;

    json_array_foreach(json_object_get(node, "marks"), i, mark)
    {
        if (i < MARKS_MAX && strcmp(tcn_reply_text(mark, "type"), "link") == 0)
            return attribute(mark, "href");
    }
    return "";
}

static void say_text(struct reader *r, json_t *node)
{
    const char *text = tcn_reply_text(node, "text"), *href = href_of(node);

    say(r, text);
    if (!href[0] || strcmp(href, text) == 0)
        return;
    say(r, " (");
    say(r, href);
    say(r, ")");
}

static void say_mention(struct reader *r, json_t *node)
{
    const char *name = attribute(node, "text");

    if (!name[0])
        name = attribute(node, "id");
    if (name[0] != '@')
        say(r, "@");
    say(r, name);
}

/* A date's timestamp is Unix milliseconds of its midnight UTC, as text. */
static void say_date(struct reader *r, json_t *node)
{
    const char *timestamp = attribute(node, "timestamp");
    size_t n = strspn(timestamp, "0123456789");
    char date[TCN_REPLY_TIME_SIZE];

    if (n == 0 || n > TIMESTAMP_MAX || timestamp[n] != 0)
        return;
    tcn_reply_time_text(strtoll(timestamp, NULL, 10), date);
    date[strlen("2026-03-01")] = '\0';
    say(r, date);
}

static void say_emoji(struct reader *r, json_t *node)
{
    const char *text = attribute(node, "text");

    say(r, text[0] ? text : attribute(node, "shortName"));
}

static void say_card(struct reader *r, json_t *node)
{
    say(r, attribute(node, "url"));
}

static void say_media(struct reader *r, json_t *node)
{
    (void)node;
    say(r, "[attachment]");
}

static void say_rule(struct reader *r, json_t *node)
{
    (void)node;
    say(r, "---");
}

static void say_break(struct reader *r, json_t *node)
{
    (void)node;
    if (r->gap < GAP_MAX)
        r->gap++;
}

static const struct {
    const char *type;
    void (*say)(struct reader *, json_t *);
} leaves[] = {
    {"text", say_text},         {"hardBreak", say_break}, {"mention", say_mention},
    {"emoji", say_emoji},       {"date", say_date},       {"inlineCard", say_card},
    {"blockCard", say_card},    {"embedCard", say_card},  {"media", say_media},
    {"mediaInline", say_media}, {"rule", say_rule},
};

/* ---- nodes that hold others ---- */

static int64_t number_of(const struct level *list)
{
    json_t *order = json_object_get(json_object_get(list->node, "attrs"), "order");
    int64_t first = json_is_integer(order) ? json_integer_value(order) : 1;

    return (first >= 0 && first < INT32_MAX ? first : 1) + (int64_t)list->next - 1;
}

static void mark_item(struct reader *r, json_t *node, const char *type, const struct level *list)
{
    char mark[32];

    if (strcmp(type, "taskItem") == 0)
        snprintf(mark, sizeof mark, "- [%c] ",
                 strcmp(attribute(node, "state"), "DONE") ? ' ' : 'x');
    else if (strcmp(list->type, "orderedList") == 0)
        snprintf(mark, sizeof mark, "%" PRId64 ". ", number_of(list));
    else
        snprintf(mark, sizeof mark, "- ");
    pay_gap(r, list_depth(r) - 1);
    put(r, mark, strlen(mark));
}

/* Blocks of the document are set apart by an empty line, those within others by a line end. */
static void owe_block(struct reader *r)
{
    owe(r, strcmp(r->levels[r->depth - 1].type, "doc") == 0 ? 2 : 1);
}

static void enter_cell(struct reader *r, const struct level *row)
{
    if (row->next > 1)
        say(r, " | ");
    r->is_fresh = 1;
}

static void enter_item(struct reader *r, json_t *node, const char *type, const struct level *list)
{
    owe(r, 1);
    mark_item(r, node, type, list);
    r->is_fresh = 1;
}

static void enter_block(struct reader *r, json_t *node)
{
    owe_block(r);
    if (!attribute(node, "title")[0])
        return;
    say(r, attribute(node, "title"));
    owe(r, 1);
}

/* What stands before the content of a node: line ends, a mark, a title. */
static void enter(struct reader *r, json_t *node, const char *type)
{
    static const char *const items[] = {"listItem", "taskItem", "decisionItem", NULL};
    static const char *const cells[] = {"tableCell", "tableHeader", NULL};
    const struct level *parent = &r->levels[r->depth - 1];

    if (is_one_of(type, items))
        enter_item(r, node, type, parent);
    else if (is_one_of(type, cells))
        enter_cell(r, parent);
    else
        enter_block(r, node);
}

static void push(struct reader *r, json_t *node, const char *type)
{
    if (r->depth == DEPTH_MAX) {
        r->is_cut = 1;
        return;
    }
    r->levels[r->depth++] =
        (struct level){.node = node, .type = type, .content = json_object_get(node, "content")};
}

static void pop(struct reader *r)
{
    r->depth--;
    r->is_fresh = 0;
}

static int say_leaf(struct reader *r, json_t *node, const char *type)
{
    static const char *const blocks[] = {"rule", "blockCard", "embedCard", "media", NULL};

    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++)
        if (strcmp(type, leaves[i].type) == 0) {
            if (is_one_of(type, blocks))
                owe_block(r);
            leaves[i].say(r, node);
            return 1;
        }
    return 0;
}

static void read_node(struct reader *r, json_t *node)
{
    const char *type = tcn_reply_text(node, "type");

    if (say_leaf(r, node, type))
        return;
    if (!json_is_array(json_object_get(node, "content"))) {
        say(r, attribute(node, "text"));
        return;
    }
    enter(r, node, type);
    push(r, node, type);
}

static void walk(struct reader *r, json_t *document)
{
    push(r, document, "doc");
    while (r->depth > 0 && r->used < TEXT_SIZE - 1 && r->nodes++ < NODES_MAX) {
        struct level *top = &r->levels[r->depth - 1];

        if (top->next < json_array_size(top->content))
            read_node(r, json_array_get(top->content, top->next++));
        else
            pop(r);
    }
    r->is_cut = r->is_cut || r->depth > 0;
}

/* A text that was cut says so, after a whole code point. */
static void finish(struct reader *r)
{
    static const char more[] = "\xe2\x80\xa6";
    size_t room = TEXT_SIZE - sizeof more;

    if (!r->is_cut)
        return;
    while (r->used > room || (r->used > 0 && ((unsigned char)r->text[r->used] & 0xc0) == 0x80))
        r->used--;
    memcpy(r->text + r->used, more, sizeof more);
}

char *tcn_jira_adf_text(json_t *body)
{
    struct reader r = {.text = calloc(1, TEXT_SIZE)};

    if (!r.text)
        return NULL;
    if (json_is_string(body))
        say(&r, json_string_value(body));
    else
        walk(&r, body);
    finish(&r);
    return r.text;
}
