/* One function a filter, and their parser. */
#include "mapping/filter.h"
#include "base/nearest.h"
#include "base/text.h"
#include "mapping/markdown.h"

enum argument { ARG_NONE, ARG_TEXT, ARG_CHAR, ARG_NUMBER, ARG_ARN_PART };
enum { MAX_CUT = 1000000, BYTES_A_STEP = 128 };

struct tcn_filter_type {
    const char *name;
    enum argument argument;
    bool takes_absent;
    struct tcn_value (*apply)(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v);
};

static struct tcn_value use_default(struct tcn_work *w, const struct tcn_filter *f,
                                    struct tcn_value v)
{
    (void)w;
    return tcn_value_is_absent(&v) || (v.kind == TCN_V_STR && v.s.len == 0) ? tcn_value_str(f->text)
                                                                            : v;
}

static struct tcn_value trim(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    (void)f;
    return tcn_value_str(tcn_str_trim(tcn_value_text(w, &v)));
}

static struct tcn_value change_case(struct tcn_work *w, struct tcn_value v, char first, char last)
{
    struct tcn_text t = {.work = w};
    struct tcn_str s;

    tcn_text_str(&t, tcn_value_text(w, &v));
    s = tcn_text_done(&t);
    for (size_t i = 0; i < s.len; i++)
        if (t.ptr[i] >= first && t.ptr[i] <= last)
            t.ptr[i] = (char)(t.ptr[i] ^ 0x20);
    return tcn_value_built(s);
}

static struct tcn_value lower(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    (void)f;
    return change_case(w, v, 'A', 'Z');
}

static struct tcn_value upper(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    (void)f;
    return change_case(w, v, 'a', 'z');
}

/* At most f->number code points, the last of which is the ellipsis when something was cut. */
static struct tcn_value cut(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    struct tcn_str s = tcn_value_text(w, &v);
    struct tcn_text t = {.work = w};

    if (s.len <= (size_t)f->number || !tcn_work_spend(w, s.len / BYTES_A_STEP) ||
        tcn_utf8_cut(s, (size_t)f->number).len == s.len)
        return v.kind == TCN_V_STR ? v : tcn_value_str(s);
    tcn_text_str(&t, tcn_utf8_cut(s, (size_t)f->number - 1));
    tcn_text_str(&t, TCN_STR("\xe2\x80\xa6"));
    return tcn_value_built(tcn_text_done(&t));
}

/* The last f->number code points, without an ellipsis: the end of an id. */
static struct tcn_value tail(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    struct tcn_str s = tcn_value_text(w, &v);
    int64_t left = f->number;
    size_t at = s.len;

    while (at > 0 && left > 0) {
        at--;
        left -= ((unsigned char)s.ptr[at] & 0xc0) != 0x80;
    }
    return tcn_value_str((struct tcn_str){s.ptr + at, s.len - at});
}

/* RFC 3986 section 2.3: unreserved characters stay. */
static struct tcn_value percent(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    static const char digits[] = "0123456789ABCDEF";
    struct tcn_str s = tcn_value_text(w, &v);
    struct tcn_text t = {.work = w};

    (void)f;
    for (size_t i = 0; i < s.len && tcn_work_spend(w, i % BYTES_A_STEP == 0); i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool stays = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~';

        if (stays)
            tcn_text_char(&t, (char)c);
        else
            tcn_text_add(&t, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
    }
    return tcn_value_built(tcn_text_done(&t));
}

static struct tcn_value html(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    static const char special[] = "&<>\"'";
    static const char *const entity[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    struct tcn_str s = tcn_value_text(w, &v);
    struct tcn_text t = {.work = w};

    (void)f;
    for (size_t i = 0; i < s.len && tcn_work_spend(w, i % BYTES_A_STEP == 0); i++) {
        const char *at = strchr(special, s.ptr[i]);

        if (at)
            tcn_text_str(&t, tcn_str(entity[at - special]));
        else
            tcn_text_char(&t, s.ptr[i]);
    }
    return tcn_value_built(tcn_text_done(&t));
}

/* One line: every run of blanks and control characters becomes one blank. */
struct tcn_value tcn_value_line(struct tcn_work *w, struct tcn_value v)
{
    struct tcn_str s = tcn_str_trim(tcn_value_text(w, &v));
    struct tcn_text t = {.work = w};
    bool is_gap = false;

    for (size_t i = 0; i < s.len && tcn_work_spend(w, i % BYTES_A_STEP == 0); i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c <= ' ' || c == 0x7f) {
            is_gap = t.len > 0;
            continue;
        }
        if (is_gap)
            tcn_text_char(&t, ' ');
        is_gap = false;
        tcn_text_char(&t, s.ptr[i]);
    }
    return tcn_value_built(tcn_text_done(&t));
}

static struct tcn_value line(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    (void)f;
    return tcn_value_line(w, v);
}

static struct tcn_value plain(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    (void)f;
    return tcn_markdown_plain(w, tcn_value_text(w, &v));
}

static const char *const arn_parts[] = {"arn",     "partition", "service", "region",
                                        "account", "resource",  NULL};

/* arn:partition:service:region:account-id:resource; the resource may hold colons. */
static bool is_arn(struct tcn_str text)
{
    size_t colons = 0;

    for (size_t i = 0; i < text.len && colons < 5; i++)
        colons += text.ptr[i] == ':';
    return colons == 5 && tcn_str_starts(text, TCN_STR("arn:"));
}

static struct tcn_value arn(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    struct tcn_str rest = tcn_value_text(w, &v), part = {0};
    size_t i = 0;

    if (!is_arn(rest))
        return TCN_ABSENT;
    for (; i < 5; i++) {
        (void)tcn_str_cut(&rest, ':', &part);
        if (tcn_str_eq(tcn_str(arn_parts[i]), f->text))
            break;
    }
    if (i == 5)
        part = rest;
    return part.len ? tcn_value_str(part) : TCN_ABSENT;
}

static struct tcn_value join(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    struct tcn_value_iter it = tcn_value_iter(&v);
    struct tcn_text t = {.work = w};
    bool is_first = true;

    if (!tcn_value_is_list(&v))
        return tcn_value_str(tcn_value_text(w, &v));
    while (tcn_value_next(&it) && tcn_work_spend(w, 1)) {
        if (tcn_value_is_absent(&it.value))
            continue;
        if (!is_first)
            tcn_text_str(&t, f->text);
        tcn_text_str(&t, tcn_value_text(w, &it.value));
        is_first = false;
    }
    return tcn_value_built(tcn_text_done(&t));
}

/* The pieces between a character, without the blanks around them; empty ones go. */
static struct tcn_value split(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    struct tcn_str rest = tcn_value_text(w, &v), piece;
    struct tcn_value *items;
    size_t n = 1, kept = 0;

    if (tcn_value_is_list(&v))
        return v;
    for (size_t i = 0; i < rest.len; i++)
        n += rest.ptr[i] == f->text.ptr[0];
    if (!tcn_work_spend(w, n + rest.len / BYTES_A_STEP) ||
        !(items = tcn_work_array(w, n, sizeof *items)))
        return TCN_ABSENT;
    while (n-- > 0) {
        if (n == 0 || !tcn_str_cut(&rest, f->text.ptr[0], &piece))
            piece = rest;
        piece = tcn_str_trim(piece);
        items[kept] = tcn_value_str(piece);
        kept += piece.len > 0;
    }
    return (struct tcn_value){.kind = TCN_V_LIST, .list = {items, kept}};
}

static struct tcn_value first(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    struct tcn_value item = tcn_value_item(&v, 0);

    (void)w;
    (void)f;
    if (!tcn_value_is_list(&v))
        return v;
    return tcn_value_is_absent(&item) ? TCN_ABSENT : item;
}

static struct tcn_value count(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    (void)w;
    (void)f;
    if (tcn_value_is_list(&v) || tcn_value_is_map(&v))
        return tcn_value_int((int64_t)tcn_value_count(&v));
    return tcn_value_int(!tcn_value_is_absent(&v));
}

struct tcn_value tcn_value_sha256(struct tcn_work *w, struct tcn_value v)
{
    bool is_tree = tcn_value_is_list(&v) || tcn_value_is_map(&v);
    struct tcn_str s = is_tree ? tcn_value_dump(w, &v, true) : tcn_value_text(w, &v);
    char *hex;

    if (!s.ptr || !tcn_work_spend(w, 4 + s.len / BYTES_A_STEP) || !(hex = tcn_work_alloc(w, 65)))
        return TCN_ABSENT;
    tcn_sha256_hex(s, hex);
    return tcn_value_built((struct tcn_str){hex, 64});
}

static struct tcn_value sha256(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    (void)f;
    return tcn_value_sha256(w, v);
}

static struct tcn_value json(struct tcn_work *w, const struct tcn_filter *f, struct tcn_value v)
{
    (void)f;
    return tcn_value_built(tcn_value_dump(w, &v, false));
}

static const struct tcn_filter_type types[] = {
    {"default", ARG_TEXT, true, use_default}, {"trim", ARG_NONE, false, trim},
    {"lower", ARG_NONE, false, lower},        {"upper", ARG_NONE, false, upper},
    {"cut", ARG_NUMBER, false, cut},          {"tail", ARG_NUMBER, false, tail},
    {"line", ARG_NONE, false, line},          {"url", ARG_NONE, false, percent},
    {"html", ARG_NONE, false, html},          {"md", ARG_NONE, false, plain},
    {"arn", ARG_ARN_PART, false, arn},        {"join", ARG_TEXT, false, join},
    {"first", ARG_NONE, false, first},        {"count", ARG_NONE, true, count},
    {"split", ARG_CHAR, false, split},        {"sha256", ARG_NONE, false, sha256},
    {"json", ARG_NONE, false, json},
};
enum { N_TYPES = sizeof types / sizeof types[0] };

struct tcn_value tcn_filter_apply(struct tcn_work *w, const struct tcn_filter *f,
                                  struct tcn_value v)
{
    if (!tcn_work_spend(w, 1) || (tcn_value_is_absent(&v) && !f->type->takes_absent))
        return TCN_ABSENT;
    return f->type->apply(w, f, v);
}

bool tcn_filter_is_misfit(struct tcn_work *w, const struct tcn_filter *f, const struct tcn_value *v)
{
    return f->type->apply == arn && !tcn_value_is_empty(v) && !is_arn(tcn_value_text(w, v));
}

static int find_type(struct tcn_str name, const struct tcn_filter_type **ret, struct tcn_err *err)
{
    const char *names[N_TYPES + 1] = {0}, *nearest;
    char word[40];

    for (size_t i = 0; i < N_TYPES; i++) {
        names[i] = types[i].name;
        if (tcn_str_eq(tcn_str(types[i].name), name)) {
            *ret = &types[i];
            return 0;
        }
    }
    name = tcn_utf8_cut(name, sizeof word / 4 - 1);
    memcpy(word, name.ptr, name.len);
    word[name.len] = '\0';
    if ((nearest = tcn_nearest(word, names)))
        return tcn_fail(err, TCN_ESYNTAX, "there is no filter \"%s\"; did you mean \"%s\"?", word,
                        nearest);
    return tcn_fail(
        err, TCN_ESYNTAX,
        "there is no filter \"%s\"; known are: default trim line lower upper cut tail url html md "
        "arn join split first count sha256 json",
        word);
}

/* A quoted argument may hold '|' and "}}". */
static int take_argument(struct tcn_str *text, struct tcn_arena *arena, struct tcn_str *ret,
                         struct tcn_err *err)
{
    bool is_quoted = text->len && text->ptr[0] == '"';
    size_t n = is_quoted, len = 0;
    char *copy = tcn_arena_alloc(arena, text->len + 1);

    for (; n < text->len; n++) {
        struct tcn_str rest = {text->ptr + n, text->len - n};

        if (is_quoted ? rest.ptr[0] == '"'
                      : rest.ptr[0] == '|' || tcn_str_starts(rest, TCN_STR("}}")))
            break;
        if (is_quoted && rest.ptr[0] == '\\' && rest.len > 1)
            n++;
        copy[len++] = text->ptr[n];
    }
    if (is_quoted && n == text->len)
        return tcn_fail(err, TCN_ESYNTAX, "a quote is not closed");
    n += is_quoted;
    *text = (struct tcn_str){text->ptr + n, text->len - n};
    *ret = (struct tcn_str){copy, len};
    return 0;
}

static int check_number(struct tcn_filter *f, struct tcn_err *err)
{
    uint64_t n = 0;

    if (tcn_str_u64(tcn_str_trim(f->text), MAX_CUT, &n) < 0 || n == 0)
        return tcn_fail(err, TCN_ESYNTAX, "%s needs a number of 1 to %d: write %s:160",
                        f->type->name, MAX_CUT, f->type->name);
    f->number = (int64_t)n;
    return 0;
}

static int check_argument(struct tcn_filter *f, bool is_given, struct tcn_err *err)
{
    const char *part;

    if (f->type->argument == ARG_NONE && is_given)
        return tcn_fail(err, TCN_ESYNTAX, "the filter %s takes no argument", f->type->name);
    if (f->type->argument == ARG_TEXT && !is_given)
        return tcn_fail(err, TCN_ESYNTAX, "the filter %s needs an argument: write %s:text",
                        f->type->name, f->type->name);
    if (f->type->argument == ARG_CHAR && (f->text.len != 1 || (unsigned char)f->text.ptr[0] > 0x7e))
        return tcn_fail(err, TCN_ESYNTAX, "%s needs one ASCII character: write %s:,", f->type->name,
                        f->type->name);
    if (f->type->argument == ARG_NUMBER)
        return check_number(f, err);
    if (f->type->argument != ARG_ARN_PART)
        return 0;
    for (size_t i = 1; arn_parts[i]; i++)
        if (tcn_str_eq(f->text, tcn_str(arn_parts[i])))
            return 0;
    part = f->text.len ? tcn_nearest(f->text.ptr, arn_parts + 1) : NULL;
    return tcn_fail(err, TCN_ESYNTAX,
                    "arn needs one of partition, service, region, account, resource%s%s%s",
                    part ? "; did you mean \"" : "", part ? part : "", part ? "\"?" : "");
}

static int take_filter(struct tcn_str *text, struct tcn_arena *arena, struct tcn_filter *f,
                       struct tcn_err *err)
{
    size_t n = 0;
    bool has_argument;
    int r;

    while (n < text->len && !strchr(":|}", text->ptr[n]))
        n++;
    r = find_type(tcn_str_trim((struct tcn_str){text->ptr, n}), &f->type, err);
    *text = (struct tcn_str){text->ptr + n, text->len - n};
    has_argument = text->len && text->ptr[0] == ':';
    if (has_argument)
        *text = (struct tcn_str){text->ptr + 1, text->len - 1};
    if (r == 0 && has_argument)
        r = take_argument(text, arena, &f->text, err);
    return r < 0 ? r : check_argument(f, has_argument, err);
}

int tcn_filters_parse(struct tcn_str *text, struct tcn_arena *arena, struct tcn_filter **ret,
                      size_t *ret_n, struct tcn_err *err)
{
    struct tcn_filter filters[TCN_FILTERS_MAX] = {{0}};
    size_t n = 0;
    int r;

    while (text->len && text->ptr[0] == '|') {
        if (n == TCN_FILTERS_MAX)
            return tcn_fail(err, TCN_ESYNTAX, "more than %d filters", TCN_FILTERS_MAX);
        *text = (struct tcn_str){text->ptr + 1, text->len - 1};
        if ((r = take_filter(text, arena, &filters[n++], err)) < 0)
            return r;
    }
    *ret = n ? tcn_arena_memdup(arena, filters, n * sizeof filters[0]) : NULL;
    *ret_n = n;
    return 0;
}
