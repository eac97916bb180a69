/* Markdown as plain text. */
#include "mapping/markdown.h"

enum { BLOCK_STEPS = 4, RUN_STEPS = 16 };

static void add_inline(struct tcn_work *w, struct tcn_text *t, struct tcn_str line)
{
    struct tcn_runs runs = {.rest = line};
    struct tcn_run run;

    while (tcn_work_spend(w, RUN_STEPS) && tcn_run_next(&runs, &run)) {
        tcn_text_str(t, run.text);
        if (run.url.ptr && !tcn_str_eq(run.url, run.text)) {
            tcn_text_add(t, " (", 2);
            tcn_text_str(t, run.url);
            tcn_text_char(t, ')');
        }
    }
}

/* A line end inside a paragraph stays one. */
static void add_lines(struct tcn_work *w, struct tcn_text *t, struct tcn_str text)
{
    struct tcn_str line;
    bool more;

    do {
        more = tcn_str_cut(&text, '\n', &line);
        if (!more)
            line = text;
        if (tcn_str_ends(line, TCN_STR("\r")))
            line.len--;
        add_inline(w, t, line);
        if (more)
            tcn_text_char(t, '\n');
    } while (more);
}

static bool is_tight(enum tcn_block_kind before, enum tcn_block_kind now)
{
    bool is_item = now == TCN_BLOCK_BULLET || now == TCN_BLOCK_ORDERED || now == TCN_BLOCK_ROW;

    return before == TCN_BLOCK_HEADING || (is_item && before == now);
}

static void add_block(struct tcn_work *w, struct tcn_text *t, const struct tcn_block *block)
{
    if (block->kind == TCN_BLOCK_CODE) {
        tcn_text_str(t, block->text);
        return;
    }
    if (block->kind == TCN_BLOCK_BULLET)
        tcn_text_add(t, "- ", 2);
    if (block->kind == TCN_BLOCK_ORDERED) {
        tcn_text_str(t, block->word);
        tcn_text_add(t, ". ", 2);
    }
    add_lines(w, t, block->kind == TCN_BLOCK_ROW ? tcn_str_trim(block->text) : block->text);
}

struct tcn_value tcn_markdown_plain(struct tcn_work *w, struct tcn_str text)
{
    struct tcn_blocks blocks = {.rest = text};
    struct tcn_text t = {.work = w};
    enum tcn_block_kind before = TCN_BLOCK_END;

    while (tcn_work_spend(w, BLOCK_STEPS)) {
        struct tcn_block block = tcn_block_next(&blocks);

        if (block.kind == TCN_BLOCK_END)
            break;
        if (before != TCN_BLOCK_END)
            tcn_text_add(&t, "\n\n", is_tight(before, block.kind) ? 1 : 2);
        add_block(w, &t, &block);
        before = block.kind;
    }
    return tcn_value_built(tcn_text_done(&t));
}
