/* An Atlassian document as the markdown that adf.c would write it from. What has no such markdown is told as text: mentions
 * as "@name", files as "[attachment]"; panels and quotes are their contents. */
#include "base/datetime.h"
#include "mapping/markdown.h"

enum { DEPTH_MAX = 24, NODE_STEPS = 16, MARKS_MAX = 16, APART = 2 };
#define TIMESTAMP_MAX UINT64_C(253402300799999) /* the last millisecond of 9999 */

struct level {
    struct tcn_value node;
    struct tcn_str type;
    size_t next; /* child to be read */
};

struct reader {
    struct tcn_work *work;
    struct tcn_text text;
    size_t depth;
    bool is_fresh; /* an item or a cell has just begun: nothing is between its mark and its text */
    bool is_strong, is_em;
    struct level levels[DEPTH_MAX];
};

static bool is(struct tcn_str type, const char *name)
{
    return tcn_str_eq(type, tcn_str(name));
}

static struct tcn_str text_of(const struct tcn_value *v)
{
    return v->kind == TCN_V_STR ? v->s : TCN_STR("");
}

static struct tcn_str member(const struct tcn_value *v, const char *key)
{
    struct tcn_value found = tcn_value_member(v, tcn_str(key));

    return text_of(&found);
}

static struct tcn_value attributes(const struct tcn_value *node)
{
    return tcn_value_member(node, TCN_STR("attrs"));
}

static struct tcn_str attribute(const struct tcn_value *node, const char *key)
{
    struct tcn_value attrs = attributes(node);

    return member(&attrs, key);
}

static int64_t number(const struct tcn_value *node, const char *key, int64_t otherwise)
{
    struct tcn_value attrs = attributes(node), v = tcn_value_member(&attrs, tcn_str(key));

    return v.kind == TCN_V_INT && v.i >= 0 && v.i < INT32_MAX ? v.i : otherwise;
}

static void say(struct reader *r, const char *z)
{
    tcn_text_str(&r->text, tcn_str(z));
}

static bool is_list(struct tcn_str type)
{
    return is(type, "bulletList") || is(type, "orderedList") || is(type, "taskList") ||
           is(type, "decisionList");
}

static bool is_item(struct tcn_str type)
{
    return is(type, "listItem") || is(type, "taskItem") || is(type, "decisionItem");
}

static bool is_cell(struct tcn_str type)
{
    return is(type, "tableCell") || is(type, "tableHeader");
}

/* Items and cells have one line. */
static bool in_line(const struct reader *r)
{
    for (size_t i = 0; i < r->depth; i++)
        if (is_item(r->levels[i].type) || is_cell(r->levels[i].type))
            return true;
    return false;
}

static size_t lists(const struct reader *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->depth; i++)
        n += is_list(r->levels[i].type);
    return n;
}

static void new_line(struct reader *r, size_t ends)
{
    for (size_t i = 0; i < ends && r->text.len > 0; i++)
        tcn_text_char(&r->text, '\n');
}

/* ---- inside a line ---- */

struct marks {
    bool is_strong, is_em, is_code;
    struct tcn_str href;
};

static struct marks marks_of(const struct tcn_value *node)
{
    struct tcn_value all = tcn_value_member(node, TCN_STR("marks"));
    struct marks m = {.href = TCN_STR("")};

    for (size_t i = 0; i < tcn_value_count(&all) && i < MARKS_MAX; i++) {
        struct tcn_value mark = tcn_value_item(&all, i);
        struct tcn_str type = member(&mark, "type");

        m.is_strong = m.is_strong || is(type, "strong");
        m.is_em = m.is_em || is(type, "em");
        m.is_code = m.is_code || is(type, "code");
        if (is(type, "link"))
            m.href = attribute(&mark, "href");
    }
    return m;
}

static void set_marks(struct reader *r, bool is_strong, bool is_em)
{
    if (r->is_em && !is_em)
        say(r, "*");
    if (r->is_strong != is_strong)
        say(r, "**");
    if (!r->is_em && is_em)
        say(r, "*");
    r->is_strong = is_strong;
    r->is_em = is_em;
}

/* Only what is markdown's link comes back as one; of others text and address are told. */
static void say_link(struct reader *r, struct tcn_str text, struct tcn_str href)
{
    bool is_web =
        tcn_str_starts(href, TCN_STR("http://")) || tcn_str_starts(href, TCN_STR("https://"));

    if (tcn_str_eq(text, href)) {
        tcn_text_str(&r->text, text);
        return;
    }
    tcn_text_str(&r->text, is_web ? TCN_STR("[") : TCN_STR(""));
    tcn_text_str(&r->text, text);
    tcn_text_str(&r->text, is_web ? TCN_STR("](") : TCN_STR(" ("));
    tcn_text_str(&r->text, href);
    say(r, ")");
}

/* Code has no other marks in markdown, so those around it go on. A mark must stand before a letter, not a blank. */
static void say_text(struct reader *r, const struct tcn_value *node)
{
    struct tcn_str text = member(node, "text");
    struct marks m = marks_of(node);
    bool opens = (m.is_strong && !r->is_strong) || (m.is_em && !r->is_em);

    if (m.is_code) {
        say(r, "`");
        tcn_text_str(&r->text, text);
        say(r, "`");
        return;
    }
    while (opens && text.len > 0 && text.ptr[0] == ' ') {
        tcn_text_char(&r->text, ' ');
        text = (struct tcn_str){text.ptr + 1, text.len - 1};
    }
    if (text.len == 0)
        return;
    set_marks(r, m.is_strong, m.is_em);
    if (m.href.len)
        say_link(r, text, m.href);
    else
        tcn_text_str(&r->text, text);
}

static void say_date(struct reader *r, const struct tcn_value *node)
{
    uint64_t ms;
    char date[16];

    if (tcn_str_u64(attribute(node, "timestamp"), TIMESTAMP_MAX, &ms) == 0 &&
        tcn_time_format((int64_t)ms, "%Y-%m-%d", date, sizeof date) == 0)
        say(r, date);
}

static void say_mention(struct reader *r, const struct tcn_value *node)
{
    struct tcn_str name = attribute(node, "text");

    if (!name.len)
        name = attribute(node, "id");
    if (!tcn_str_starts(name, TCN_STR("@")))
        say(r, "@");
    tcn_text_str(&r->text, name);
}

static void say_break(struct reader *r)
{
    set_marks(r, false, false);
    tcn_text_char(&r->text, in_line(r) ? ' ' : '\n');
}

/* Emoji and states have a text, cards an address. */
static void say_other(struct reader *r, const struct tcn_value *node)
{
    static const char *const names[] = {"text", "url", "shortName"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (attribute(node, names[i]).len) {
            tcn_text_str(&r->text, attribute(node, names[i]));
            return;
        }
}

static void say_leaf(struct reader *r, const struct tcn_value *node, struct tcn_str type)
{
    if (is(type, "text"))
        say_text(r, node);
    else if (is(type, "hardBreak"))
        say_break(r);
    else if (is(type, "mention"))
        say_mention(r, node);
    else if (is(type, "date"))
        say_date(r, node);
    else if (is(type, "media") || is(type, "mediaInline"))
        say(r, "[attachment]");
    else if (is(type, "rule"))
        say(r, "---");
    else
        say_other(r, node);
}

/* ---- blocks ---- */

static void begin_block(struct reader *r)
{
    if (!in_line(r))
        new_line(r, APART);
    else if (!r->is_fresh)
        say(r, " ");
    r->is_fresh = false;
}

static void begin_heading(struct reader *r, const struct tcn_value *node)
{
    int64_t level = number(node, "level", 1);

    for (int64_t i = 0; i < level && i < 6 && !in_line(r); i++)
        say(r, "#");
    say(r, in_line(r) ? "" : " ");
}

static void begin_item(struct reader *r, const struct tcn_value *node, struct tcn_str type)
{
    const struct level *list = &r->levels[r->depth - 1];
    size_t nested = lists(r);

    new_line(r, nested < 2 && list->next == 1 ? APART : 1);
    for (size_t i = 1; i < nested; i++)
        say(r, "  ");
    if (is(list->type, "orderedList")) {
        struct tcn_value n =
            tcn_value_int(number(&list->node, "order", 1) + (int64_t)list->next - 1);

        tcn_text_str(&r->text, tcn_value_text(r->work, &n));
        say(r, ". ");
    } else if (is(type, "taskItem")) {
        say(r, is(attribute(node, "state"), "DONE") ? "- [x] " : "- [ ] ");
    } else {
        say(r, "- ");
    }
    r->is_fresh = true;
}

static void begin_row(struct reader *r)
{
    new_line(r, r->levels[r->depth - 1].next == 1 ? APART : 1);
    say(r, "|");
}

static void begin_code(struct reader *r, const struct tcn_value *node)
{
    if (in_line(r))
        return;
    say(r, "```");
    tcn_text_str(&r->text, attribute(node, "language"));
    say(r, "\n");
}

/* Lists, panels and the like are what they hold. */
static bool only_holds(struct tcn_str type)
{
    static const char *const names[] = {"table",         "blockquote",   "panel",
                                        "expand",        "mediaGroup",   "mediaSingle",
                                        "layoutSection", "layoutColumn", "nestedExpand"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is(type, names[i]))
            return true;
    return is_list(type);
}

static void begin(struct reader *r, const struct tcn_value *node, struct tcn_str type)
{
    if (is_item(type)) {
        begin_item(r, node, type);
    } else if (is(type, "tableRow")) {
        begin_row(r);
    } else if (is_cell(type)) {
        say(r, " ");
        r->is_fresh = true;
    } else if (!only_holds(type)) {
        begin_block(r);
        if (is(type, "heading"))
            begin_heading(r, node);
        else if (is(type, "codeBlock"))
            begin_code(r, node);
    }
}

static size_t children(const struct level *level)
{
    struct tcn_value content = tcn_value_member(&level->node, TCN_STR("content"));

    return tcn_value_count(&content);
}

/* The first row of a table is its head. */
static void end_row(struct reader *r, const struct level *row)
{
    if (r->levels[r->depth - 1].next != 1)
        return;
    say(r, "\n|");
    for (size_t i = 0; i < children(row); i++)
        say(r, "---|");
}

static void end_code(struct reader *r, const struct level *code)
{
    if (!in_line(r))
        say(r, children(code) > 0 ? "\n```" : "```");
}

static void pop(struct reader *r)
{
    struct level level = r->levels[--r->depth];

    set_marks(r, false, false);
    if (is_cell(level.type))
        say(r, " |");
    else if (is(level.type, "tableRow"))
        end_row(r, &level);
    else if (is(level.type, "codeBlock"))
        end_code(r, &level);
}

static void push(struct reader *r, struct tcn_value node, struct tcn_str type)
{
    if (r->depth < DEPTH_MAX)
        r->levels[r->depth++] = (struct level){node, type, 0};
}

static void read_node(struct reader *r, struct tcn_value node)
{
    struct tcn_str type = member(&node, "type");
    struct tcn_value content = tcn_value_member(&node, TCN_STR("content"));

    if (tcn_value_is_list(&content)) {
        begin(r, &node, type);
        push(r, node, type);
        return;
    }
    if (is(type, "media") || is(type, "rule") || is(type, "blockCard") || is(type, "embedCard"))
        begin_block(r);
    say_leaf(r, &node, type);
}

struct tcn_value tcn_adf_markdown(struct tcn_work *w, struct tcn_value document)
{
    struct reader r = {.work = w, .text = {.work = w}};

    push(&r, document, TCN_STR("doc"));
    while (r.depth > 0 && tcn_work_spend(w, NODE_STEPS)) {
        struct level *top = &r.levels[r.depth - 1];
        struct tcn_value content = tcn_value_member(&top->node, TCN_STR("content"));

        if (top->next < tcn_value_count(&content))
            read_node(&r, tcn_value_item(&content, top->next++));
        else
            pop(&r);
    }
    return tcn_value_built(tcn_text_done(&r.text));
}
