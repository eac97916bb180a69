/* Splitting markdown into blocks and lines into runs. Every call consumes at least a byte, so both end. */
#include "mapping/markdown.h"

enum { MAX_LOOK = 1024 };

static struct tcn_str without_cr(struct tcn_str line)
{
    if (tcn_str_ends(line, TCN_STR("\r")))
        line.len--;
    return line;
}

static struct tcn_str peek_line(struct tcn_str rest)
{
    const char *end = rest.len ? memchr(rest.ptr, '\n', rest.len) : NULL;

    return without_cr((struct tcn_str){rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len});
}

static void skip_line(struct tcn_str *rest)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    size_t n = end ? (size_t)(end - rest->ptr) + 1 : rest->len;

    *rest = (struct tcn_str){rest->ptr + n, rest->len - n};
}

static struct tcn_str after(struct tcn_str s, size_t n)
{
    return (struct tcn_str){s.ptr + n, s.len - n};
}

/* "## text": the number of signs, or 0. */
static int heading_level(struct tcn_str line)
{
    int n = 0;

    while ((size_t)n < line.len && line.ptr[n] == '#')
        n++;
    return n <= 6 && (size_t)n < line.len && line.ptr[n] == ' ' ? n : 0;
}

/* "- ", "* ", "+ ": the length of the mark with its blanks, or 0. */
static size_t bullet_length(struct tcn_str line)
{
    size_t n = 0;

    while (n < line.len && line.ptr[n] == ' ')
        n++;
    if (n + 1 < line.len && strchr("-*+", line.ptr[n]) && line.ptr[n + 1] == ' ')
        return n + 2;
    return 0;
}

/* "12. ". */
static size_t number_length(struct tcn_str line)
{
    size_t n = 0;

    while (n < line.len && n < 9 && line.ptr[n] >= '0' && line.ptr[n] <= '9')
        n++;
    return n && n + 1 < line.len && line.ptr[n] == '.' && line.ptr[n + 1] == ' ' ? n + 2 : 0;
}

static bool is_row(struct tcn_str line)
{
    line = tcn_str_trim(line);
    return line.len >= 2 && line.ptr[0] == '|' && line.ptr[line.len - 1] == '|';
}

static bool is_fence(struct tcn_str line)
{
    return tcn_str_starts(line, TCN_STR("```"));
}

static bool starts_block(struct tcn_str line)
{
    return heading_level(line) || bullet_length(line) || number_length(line) || is_row(line) ||
           is_fence(line);
}

static struct tcn_block take_code(struct tcn_blocks *b, struct tcn_str fence)
{
    struct tcn_block block = {.kind = TCN_BLOCK_CODE, .word = tcn_str_trim(after(fence, 3))};

    skip_line(&b->rest);
    block.text.ptr = b->rest.ptr;
    while (b->rest.len && !is_fence(peek_line(b->rest))) {
        skip_line(&b->rest);
        block.text.len = (size_t)(b->rest.ptr - block.text.ptr);
    }
    skip_line(&b->rest);
    if (tcn_str_ends(block.text, TCN_STR("\n")))
        block.text.len--;
    block.text = without_cr(block.text);
    return block;
}

static struct tcn_block take_paragraph(struct tcn_blocks *b)
{
    struct tcn_block block = {.kind = TCN_BLOCK_PARAGRAPH, .text = {b->rest.ptr, 0}};
    struct tcn_str line = peek_line(b->rest);

    do {
        block.text.len = (size_t)(line.ptr - block.text.ptr) + line.len;
        skip_line(&b->rest);
        line = peek_line(b->rest);
    } while (tcn_str_trim(line).len && !starts_block(line));
    return block;
}

/* |---|:--:| */
static bool is_rule(struct tcn_str row)
{
    for (size_t i = 0; i < row.len; i++)
        if (!strchr("|-: ", row.ptr[i]))
            return false;
    return true;
}

static struct tcn_block take_row(struct tcn_blocks *b, struct tcn_str line)
{
    struct tcn_str row = tcn_str_trim(line);
    struct tcn_block block = {.kind = TCN_BLOCK_ROW, .text = {row.ptr + 1, row.len - 2}};

    skip_line(&b->rest);
    line = peek_line(b->rest);
    if (is_row(line) && is_rule(line))
        skip_line(&b->rest);
    return block;
}

struct tcn_block tcn_block_next(struct tcn_blocks *b)
{
    struct tcn_str line;
    size_t n;

    while (b->rest.len && tcn_str_trim(peek_line(b->rest)).len == 0)
        skip_line(&b->rest);
    if (!b->rest.len)
        return (struct tcn_block){.kind = TCN_BLOCK_END};
    line = peek_line(b->rest);
    if (is_fence(line))
        return take_code(b, line);
    if (is_row(line))
        return take_row(b, line);
    n = (size_t)heading_level(line);
    if (!n && !bullet_length(line) && !number_length(line))
        return take_paragraph(b);
    skip_line(&b->rest);
    if (n)
        return (struct tcn_block){TCN_BLOCK_HEADING, tcn_str_trim(after(line, n)), (int)n, {0}};
    if ((n = bullet_length(line)))
        return (struct tcn_block){TCN_BLOCK_BULLET, tcn_str_trim(after(line, n)), 0, {0}};
    n = number_length(line);
    return (struct tcn_block){
        TCN_BLOCK_ORDERED, tcn_str_trim(after(line, n)), 0, {line.ptr, n - 2}};
}

/* The position of what in s from `from` on, or SIZE_MAX. Nobody writes a link text of a thousand bytes, and a
 * longer look would make hostile text expensive. */
static size_t find(struct tcn_str s, size_t from, struct tcn_str what)
{
    size_t end = s.len < from + MAX_LOOK ? s.len : from + MAX_LOOK;

    for (size_t i = from; i + what.len <= end; i++)
        if (memcmp(s.ptr + i, what.ptr, what.len) == 0)
            return i;
    return SIZE_MAX;
}

static size_t url_length(struct tcn_str s)
{
    size_t n = 0;

    if (!tcn_str_starts(s, TCN_STR("http://")) && !tcn_str_starts(s, TCN_STR("https://")))
        return 0;
    while (n < s.len && (unsigned char)s.ptr[n] > ' ' && !strchr("<>\"`)|", s.ptr[n]))
        n++;
    while (n && strchr(".,;:!?*_", s.ptr[n - 1]))
        n--;
    return n;
}

/* [text](url) at the front of s: its length, or 0. */
static size_t link_length(struct tcn_str s, struct tcn_run *ret)
{
    size_t middle = find(s, 1, TCN_STR("](")), end;
    struct tcn_str text, url;

    if (s.len == 0 || s.ptr[0] != '[' || middle == SIZE_MAX || middle == 1)
        return 0;
    if ((end = find(s, middle, TCN_STR(")"))) == SIZE_MAX)
        return 0;
    text = (struct tcn_str){s.ptr + 1, middle - 1};
    url = (struct tcn_str){s.ptr + middle + 2, end - middle - 2};
    /* javascript: and its like are text, never a link */
    if (url.len == 0 || url_length(url) != url.len || memchr(text.ptr, '\n', text.len))
        return 0;
    ret->text = text;
    ret->url = url;
    return end + 1;
}

static bool toggles(struct tcn_str rest, struct tcn_str mark, bool is_open)
{
    bool tight = rest.len > mark.len && rest.ptr[mark.len] != ' ';

    return tcn_str_starts(rest, mark) &&
           (is_open || (tight && find(rest, mark.len + 1, mark) != SIZE_MAX));
}

/* A mark, link, code span or URL at the front of r->rest, or 0. Marks give an empty run. */
static size_t take_special(struct tcn_runs *r, struct tcn_run *ret)
{
    struct tcn_str rest = r->rest;
    size_t n, end;

    if ((n = link_length(rest, ret)))
        return n;
    if ((n = url_length(rest))) {
        ret->text = ret->url = (struct tcn_str){rest.ptr, n};
        return n;
    }
    if (rest.ptr[0] == '`' && (end = find(rest, 1, TCN_STR("`"))) != SIZE_MAX && end > 1) {
        ret->text = (struct tcn_str){rest.ptr + 1, end - 1};
        ret->is_code = true;
        return end + 1;
    }
    if (toggles(rest, TCN_STR("**"), r->is_strong)) {
        r->is_strong = !r->is_strong;
        return 2;
    }
    if (rest.ptr[0] == '*' && !tcn_str_starts(rest, TCN_STR("**")) &&
        toggles(rest, TCN_STR("*"), r->is_em)) {
        r->is_em = !r->is_em;
        return 1;
    }
    return 0;
}

static bool may_be_special(struct tcn_str rest)
{
    return strchr("[*`", rest.ptr[0]) || (rest.ptr[0] == 'h' && url_length(rest));
}

bool tcn_run_next(struct tcn_runs *r, struct tcn_run *ret)
{
    *ret = (struct tcn_run){0};
    while (r->rest.len) {
        size_t n = take_special(r, ret);

        r->rest = after(r->rest, n);
        if (ret->text.len)
            break;
        if (n)
            continue;
        ret->text = (struct tcn_str){r->rest.ptr, 1};
        n = 1;
        while (n < r->rest.len && !may_be_special(after(r->rest, n)))
            n++;
        ret->text.len = n;
        r->rest = after(r->rest, n);
        break;
    }
    ret->is_strong = r->is_strong;
    ret->is_em = r->is_em;
    return ret->text.len != 0;
}
