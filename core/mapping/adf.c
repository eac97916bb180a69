/* Markdown as an Atlassian Document Format tree. Node names and nesting are those of the ADF schema: text nodes are
 * never empty, code takes no other mark than link, list items and cells hold paragraphs. */
#include "mapping/markdown.h"

enum { BLOCK_STEPS = 8, RUN_STEPS = 16, FIRST_LIST = 8 };

struct growing {
    struct tcn_value *items;
    size_t n, size;
};

static void push(struct tcn_work *w, struct growing *g, struct tcn_value v)
{
    struct tcn_value *items;
    size_t size = g->size ? g->size * 2 : FIRST_LIST;

    if (g->n == g->size) {
        if (!(items = tcn_work_array(w, size, sizeof *items)))
            return;
        if (g->n)
            memcpy(items, g->items, g->n * sizeof *items);
        g->items = items;
        g->size = size;
    }
    g->items[g->n++] = v;
}

static struct tcn_value list_of(const struct growing *g)
{
    return (struct tcn_value){.kind = TCN_V_LIST, .list = {g->items, g->n}};
}

static struct tcn_value map_of(struct tcn_work *w, size_t n, const struct tcn_member members[])
{
    struct tcn_member *copy = tcn_work_array(w, n, sizeof *copy);

    if (!copy)
        return TCN_ABSENT;
    memcpy(copy, members, n * sizeof *copy);
    return (struct tcn_value){.kind = TCN_V_MAP, .map = {copy, n}};
}

static struct tcn_value word(const char *z)
{
    return tcn_value_str(tcn_str(z));
}

static struct tcn_value one(struct tcn_work *w, struct tcn_value v)
{
    struct growing g = {0};

    push(w, &g, v);
    return list_of(&g);
}

static struct tcn_value node(struct tcn_work *w, const char *type, struct tcn_value content)
{
    return map_of(
        w, 2, (struct tcn_member[]){{TCN_STR("type"), word(type)}, {TCN_STR("content"), content}});
}

static struct tcn_value node_with(struct tcn_work *w, const char *type, struct tcn_value attributes,
                                  struct tcn_value content)
{
    return map_of(w, 3,
                  (struct tcn_member[]){{TCN_STR("type"), word(type)},
                                        {TCN_STR("attrs"), attributes},
                                        {TCN_STR("content"), content}});
}

static struct tcn_value attribute(struct tcn_work *w, struct tcn_str name, struct tcn_value v)
{
    return map_of(w, 1, (struct tcn_member[]){{name, v}});
}

static void push_mark(struct tcn_work *w, struct growing *marks, const char *type)
{
    push(w, marks, attribute(w, TCN_STR("type"), word(type)));
}

static struct tcn_value marks_of(struct tcn_work *w, const struct tcn_run *run)
{
    struct growing marks = {0};

    if (run->is_code)
        push_mark(w, &marks, "code");
    if (run->is_strong && !run->is_code)
        push_mark(w, &marks, "strong");
    if (run->is_em && !run->is_code)
        push_mark(w, &marks, "em");
    if (run->url.ptr)
        push(w, &marks,
             map_of(w, 2,
                    (struct tcn_member[]){{TCN_STR("type"), word("link")},
                                          {TCN_STR("attrs"), attribute(w, TCN_STR("href"),
                                                                       tcn_value_str(run->url))}}));
    return marks.n ? list_of(&marks) : TCN_ABSENT;
}

static struct tcn_value text_node(struct tcn_work *w, const struct tcn_run *run)
{
    struct tcn_value marks = marks_of(w, run);

    return map_of(w, marks.kind == TCN_V_ABSENT ? 2 : 3,
                  (struct tcn_member[]){{TCN_STR("type"), word("text")},
                                        {TCN_STR("text"), tcn_value_str(run->text)},
                                        {TCN_STR("marks"), marks}});
}

static void push_line(struct tcn_work *w, struct growing *g, struct tcn_str line)
{
    struct tcn_runs runs = {.rest = line};
    struct tcn_run run;

    while (tcn_work_spend(w, RUN_STEPS) && tcn_run_next(&runs, &run))
        push(w, g, text_node(w, &run));
}

/* The inline nodes of a text; its line ends become hardBreak. */
static struct tcn_value inline_nodes(struct tcn_work *w, struct tcn_str text)
{
    struct growing g = {0};
    struct tcn_str line;
    bool more;

    do {
        more = tcn_str_cut(&text, '\n', &line);
        if (!more)
            line = text;
        if (tcn_str_ends(line, TCN_STR("\r")))
            line.len--;
        push_line(w, &g, line);
        if (more)
            push(w, &g, attribute(w, TCN_STR("type"), word("hardBreak")));
    } while (more);
    return list_of(&g);
}

static struct tcn_value paragraph(struct tcn_work *w, struct tcn_str text)
{
    return node(w, "paragraph", inline_nodes(w, text));
}

static struct tcn_value heading(struct tcn_work *w, const struct tcn_block *b)
{
    return node_with(w, "heading", attribute(w, TCN_STR("level"), tcn_value_int(b->level)),
                     inline_nodes(w, b->text));
}

static struct tcn_value code(struct tcn_work *w, const struct tcn_block *b)
{
    struct tcn_run run = {.text = b->text};
    struct growing none = {0};
    struct tcn_value content = b->text.len ? one(w, text_node(w, &run)) : list_of(&none);

    if (!b->word.len)
        return node(w, "codeBlock", content);
    return node_with(w, "codeBlock", attribute(w, TCN_STR("language"), tcn_value_str(b->word)),
                     content);
}

static struct tcn_value row(struct tcn_work *w, struct tcn_str text, bool is_head)
{
    struct growing cells = {0};
    struct tcn_str cell;
    bool more;

    do {
        more = tcn_str_cut(&text, '|', &cell);
        if (!more)
            cell = text;
        push(w, &cells,
             node(w, is_head ? "tableHeader" : "tableCell",
                  one(w, paragraph(w, tcn_str_trim(cell)))));
    } while (more && tcn_work_spend(w, BLOCK_STEPS));
    return node(w, "tableRow", list_of(&cells));
}

static const char *container_of(enum tcn_block_kind kind)
{
    return kind == TCN_BLOCK_BULLET    ? "bulletList"
           : kind == TCN_BLOCK_ORDERED ? "orderedList"
           : kind == TCN_BLOCK_ROW     ? "table"
                                       : NULL;
}

/* The blocks of one list or table; *b is the first of them and becomes the one after the last. */
static struct tcn_value container(struct tcn_work *w, struct tcn_blocks *blocks,
                                  struct tcn_block *b)
{
    const enum tcn_block_kind kind = b->kind;
    struct growing g = {0};

    while (b->kind == kind && tcn_work_spend(w, BLOCK_STEPS)) {
        if (kind == TCN_BLOCK_ROW)
            push(w, &g, row(w, b->text, g.n == 0));
        else
            push(w, &g, node(w, "listItem", one(w, paragraph(w, b->text))));
        *b = tcn_block_next(blocks);
    }
    return node(w, container_of(kind), list_of(&g));
}

static struct tcn_value leaf(struct tcn_work *w, const struct tcn_block *b)
{
    if (b->kind == TCN_BLOCK_HEADING)
        return heading(w, b);
    if (b->kind == TCN_BLOCK_CODE)
        return code(w, b);
    return paragraph(w, b->text);
}

struct tcn_value tcn_markdown_adf(struct tcn_work *w, struct tcn_str text)
{
    struct tcn_blocks blocks = {.rest = text};
    struct tcn_block b = tcn_block_next(&blocks);
    struct growing content = {0};

    while (b.kind != TCN_BLOCK_END && tcn_work_spend(w, BLOCK_STEPS)) {
        if (container_of(b.kind)) {
            push(w, &content, container(w, &blocks, &b));
            continue;
        }
        push(w, &content, leaf(w, &b));
        b = tcn_block_next(&blocks);
    }
    return map_of(w, 3,
                  (struct tcn_member[]){{TCN_STR("type"), word("doc")},
                                        {TCN_STR("version"), tcn_value_int(1)},
                                        {TCN_STR("content"), list_of(&content)}});
}
