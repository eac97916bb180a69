/* The markdown that summaries use, for systems that do not read it: as plain text, and as the Atlassian Document
 * Format. Understood are paragraphs, # headings, lists, ``` code, | tables |, and inside lines **strong**, *em*,
 * `code`, [text](url) and bare URLs. Everything else is text. */
#ifndef TCN_MAPPING_MARKDOWN_H
#define TCN_MAPPING_MARKDOWN_H

#include "mapping/value.h"

/* Marks go, list bullets stay, links become "text (url)"; CRLF becomes LF. */
struct tcn_value tcn_markdown_plain(struct tcn_work *w, struct tcn_str text);
/* {"type": "doc", "version": 1, "content": [...]},
 * https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/ */
struct tcn_value tcn_markdown_adf(struct tcn_work *w, struct tcn_str text);

/* The other way round: markdown that makes the same document, as far as markdown has what is in it; the rest as text. */
struct tcn_value tcn_adf_markdown(struct tcn_work *w, struct tcn_value document);

/* Blocks, one at a time. */
enum tcn_block_kind {
    TCN_BLOCK_PARAGRAPH,
    TCN_BLOCK_HEADING,
    TCN_BLOCK_BULLET, /* one item; items of one list follow each other */
    TCN_BLOCK_ORDERED,
    TCN_BLOCK_CODE,
    TCN_BLOCK_ROW, /* of a table, without the outer bars */
    TCN_BLOCK_END
};
struct tcn_block {
    enum tcn_block_kind kind;
    struct tcn_str text;
    int level;           /* HEADING */
    struct tcn_str word; /* CODE: language; ORDERED: the number */
};
struct tcn_blocks {
    struct tcn_str rest;
};
/* kind is END after the last one. */
struct tcn_block tcn_block_next(struct tcn_blocks *b);

/* Runs of a line. */
struct tcn_run {
    struct tcn_str text;
    struct tcn_str url; /* ptr NULL: no link */
    bool is_strong, is_em, is_code;
};
struct tcn_runs {
    struct tcn_str rest;
    bool is_strong, is_em;
};
bool tcn_run_next(struct tcn_runs *r, struct tcn_run *ret);

#endif
