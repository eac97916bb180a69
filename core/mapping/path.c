/* Parsing and walking paths. */
#include "mapping/path.h"

enum { PICK_STEPS = 6 };

struct parse {
    struct tcn_str rest;
    struct tcn_arena *arena;
    struct tcn_step steps[TCN_PATH_STEPS_MAX];
    size_t n;
    struct tcn_err *err;
};

static char peek(const struct parse *p)
{
    return p->rest.len ? p->rest.ptr[0] : '\0';
}

static void skip(struct parse *p, size_t n)
{
    p->rest.ptr += n;
    p->rest.len -= n;
}

static bool at_end(const struct parse *p)
{
    return p->rest.len == 0 || peek(p) == '|' || tcn_str_starts(p->rest, TCN_STR("}}"));
}

static int push(struct parse *p, struct tcn_step step)
{
    if (p->n == TCN_PATH_STEPS_MAX)
        return tcn_fail(p->err, TCN_ESYNTAX, "a path of more than %d steps", TCN_PATH_STEPS_MAX);
    p->steps[p->n++] = step;
    return 0;
}

/* "..." with \" and \\ inside; p is on the opening quote. */
static int take_quoted(struct parse *p, struct tcn_str *ret)
{
    char *text = tcn_arena_alloc(p->arena, p->rest.len + 1);
    size_t len = 0;

    skip(p, 1);
    while (p->rest.len && peek(p) != '"') {
        if (peek(p) == '\\' && p->rest.len > 1)
            skip(p, 1);
        text[len++] = peek(p);
        skip(p, 1);
    }
    if (!p->rest.len)
        return tcn_fail(p->err, TCN_ESYNTAX, "a quote is not closed");
    skip(p, 1);
    *ret = (struct tcn_str){text, len};
    return 0;
}

/* Up to one of stops; blanks at the ends go. */
static struct tcn_str take_until(struct parse *p, const char *stops)
{
    size_t n = 0;
    struct tcn_str s;

    while (n < p->rest.len && !strchr(stops, p->rest.ptr[n]))
        n++;
    s = tcn_str_trim((struct tcn_str){p->rest.ptr, n});
    skip(p, n);
    return (struct tcn_str){tcn_arena_strndup(p->arena, s.ptr, s.len), s.len};
}

static int take_word(struct parse *p, const char *stops, struct tcn_str *ret)
{
    if (peek(p) == '"')
        return take_quoted(p, ret);
    *ret = take_until(p, stops);
    return 0;
}

/* After "[?". */
static int take_pick(struct parse *p)
{
    struct tcn_step step = {.kind = TCN_STEP_PICK};

    if (take_word(p, "=]", &step.key) < 0)
        return TCN_ESYNTAX;
    if (step.key.len == 0 || peek(p) != '=')
        return tcn_fail(p->err, TCN_ESYNTAX, "write [?key=value]");
    skip(p, 1);
    if (take_word(p, "]", &step.value) < 0)
        return TCN_ESYNTAX;
    return push(p, step);
}

static int take_index(struct parse *p)
{
    struct tcn_str digits = take_until(p, "]");
    uint64_t index;

    if (tcn_str_u64(digits, UINT32_MAX, &index) < 0)
        return tcn_fail(p->err, TCN_ESYNTAX,
                        "\"[%.*s]\" is no index; write [0], [*] or [?key=value]",
                        (int)(digits.len < 40 ? digits.len : 40), digits.ptr);
    return push(p, (struct tcn_step){.kind = TCN_STEP_INDEX, .index = (size_t)index});
}

/* On "[". */
static int take_bracket(struct parse *p)
{
    int r;

    skip(p, 1);
    if (peek(p) == '*') {
        skip(p, 1);
        r = push(p, (struct tcn_step){.kind = TCN_STEP_ALL});
    } else if (peek(p) == '?') {
        skip(p, 1);
        r = take_pick(p);
    } else {
        r = take_index(p);
    }
    if (r < 0)
        return r;
    if (peek(p) != ']')
        return tcn_fail(p->err, TCN_ESYNTAX, "a \"[\" is not closed");
    skip(p, 1);
    return 0;
}

static int take_name(struct parse *p)
{
    struct tcn_step step = {.kind = TCN_STEP_KEY};

    if (take_word(p, ".[]|{}\"", &step.key) < 0)
        return TCN_ESYNTAX;
    if (step.key.len == 0)
        return tcn_fail(p->err, TCN_ESYNTAX, "a name is missing in the path");
    return push(p, step);
}

static int take_dotted(struct parse *p)
{
    int r = take_name(p);

    while (r == 0 && !at_end(p)) {
        if (peek(p) == '.') {
            skip(p, 1);
            r = take_name(p);
        } else if (peek(p) == '[') {
            r = take_bracket(p);
        } else if (peek(p) == ' ') {
            skip(p, 1);
        } else {
            r = tcn_fail(p->err, TCN_ESYNTAX, "\"%c\" is not expected in a path; quote odd names",
                         peek(p));
        }
    }
    return r;
}

/* RFC 6901 section 4: ~1 is '/', ~0 is '~'. */
static int take_token(struct parse *p)
{
    struct tcn_str raw = take_until(p, "/|}");
    char *text = tcn_arena_alloc(p->arena, raw.len + 1);
    struct tcn_step step = {.kind = TCN_STEP_POINTER, .index = SIZE_MAX};
    uint64_t index;
    size_t len = 0;

    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];

        if (c == '~') {
            i++;
            if (i == raw.len || (raw.ptr[i] != '0' && raw.ptr[i] != '1'))
                return tcn_fail(p->err, TCN_ESYNTAX, "~ must be ~0 or ~1 in a JSON Pointer");
            c = raw.ptr[i] == '0' ? '~' : '/';
        }
        text[len++] = c;
    }
    step.key = (struct tcn_str){text, len};
    if (tcn_str_u64(step.key, UINT32_MAX, &index) == 0)
        step.index = (size_t)index;
    return push(p, step);
}

static int take_pointer(struct parse *p)
{
    int r = 0;

    while (r == 0 && peek(p) == '/') {
        skip(p, 1);
        r = take_token(p);
    }
    if (r == 0 && !at_end(p))
        return tcn_fail(p->err, TCN_ESYNTAX, "\"%c\" is not expected in a JSON Pointer", peek(p));
    return r;
}

int tcn_path_parse(struct tcn_str *text, struct tcn_arena *arena, struct tcn_steps *ret,
                   struct tcn_err *err)
{
    struct parse p = {.rest = *text, .arena = arena, .err = err};
    int r;

    while (peek(&p) == ' ')
        skip(&p, 1);
    r = peek(&p) == '/' ? take_pointer(&p) : take_dotted(&p);
    if (r < 0)
        return r;
    *text = p.rest;
    *ret = (struct tcn_steps){tcn_arena_memdup(arena, p.steps, p.n * sizeof p.steps[0]), p.n};
    return 0;
}

static bool picks(struct tcn_work *w, const struct tcn_value *element, const struct tcn_step *step)
{
    struct tcn_value v = tcn_value_member(element, step->key);
    struct tcn_str text;

    if (tcn_value_is_absent(&v) || tcn_value_is_list(&v) || tcn_value_is_map(&v))
        return false;
    text = tcn_value_text(w, &v);
    return text.ptr && tcn_str_eq(text, step->value);
}

static struct tcn_value pick(struct tcn_work *w, const struct tcn_value *v,
                             const struct tcn_step *step)
{
    struct tcn_value_iter it = tcn_value_iter(v);

    if (tcn_value_is_map(v))
        return picks(w, v, step) ? *v : TCN_ABSENT;
    while (tcn_value_next(&it) && tcn_work_spend(w, PICK_STEPS))
        if (picks(w, &it.value, step))
            return it.value;
    return TCN_ABSENT;
}

static struct tcn_value hop(struct tcn_work *w, const struct tcn_value *v,
                            const struct tcn_step *step)
{
    switch (step->kind) {
    case TCN_STEP_KEY:
        return tcn_value_member(v, step->key);
    case TCN_STEP_INDEX:
        return tcn_value_item(v, step->index);
    case TCN_STEP_PICK:
        return pick(w, v, step);
    case TCN_STEP_POINTER:
        return tcn_value_is_list(v) ? tcn_value_item(v, step->index)
                                    : tcn_value_member(v, step->key);
    case TCN_STEP_ALL:
        break;
    }
    return *v;
}

/* A step asks for members or elements that a value of this kind cannot have. */
static bool is_misfit(const struct tcn_value *v, const struct tcn_step *step)
{
    bool is_list = tcn_value_is_list(v), is_map = tcn_value_is_map(v);

    if (tcn_value_is_absent(v))
        return false;
    if (step->kind == TCN_STEP_KEY)
        return !is_map;
    return step->kind == TCN_STEP_INDEX ? !is_list : !is_list && !is_map;
}

/* What [*] has spread so far; elements are walked one step at a time. */
struct spread {
    struct tcn_value *items;
    size_t n;
    struct tcn_value *misfit; /* or NULL */
};

static bool spread_all(struct tcn_work *w, struct spread *s)
{
    struct spread wide = {.misfit = s->misfit};
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        n += tcn_value_count(&s->items[i]);
    wide.items = tcn_work_array(w, n, sizeof *wide.items);
    if (!wide.items || !tcn_work_spend(w, n))
        return false;
    for (size_t i = 0; i < s->n; i++) {
        struct tcn_value_iter it = tcn_value_iter(&s->items[i]);

        while (tcn_value_next(&it))
            if (!tcn_value_is_absent(&it.value))
                wide.items[wide.n++] = it.value;
    }
    *s = wide;
    return true;
}

static void spread_hop(struct tcn_work *w, struct spread *s, const struct tcn_step *step)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n && tcn_work_spend(w, 1); i++) {
        struct tcn_value v = hop(w, &s->items[i], step);

        if (!tcn_value_is_absent(&v))
            s->items[kept++] = v;
        else if (s->misfit && is_misfit(&s->items[i], step))
            *s->misfit = s->items[i];
    }
    s->n = kept;
}

static struct tcn_value walk_spread(struct tcn_work *w, struct tcn_value *from,
                                    const struct tcn_step *steps, size_t n,
                                    struct tcn_value *ret_misfit)
{
    struct spread s = {from, 1, ret_misfit};

    for (size_t i = 0; i < n; i++) {
        if (steps[i].kind != TCN_STEP_ALL)
            spread_hop(w, &s, &steps[i]);
        else if (!spread_all(w, &s))
            return TCN_ABSENT;
    }
    return (struct tcn_value){.kind = TCN_V_LIST, .list = {s.items, s.n}};
}

struct tcn_value tcn_path_walk(struct tcn_work *w, struct tcn_value from, struct tcn_steps steps,
                               struct tcn_value *ret_misfit)
{
    if (!tcn_work_spend(w, 1 + steps.n / 4))
        return TCN_ABSENT;
    for (size_t i = 0; i < steps.n && from.kind != TCN_V_ABSENT; i++) {
        if (is_misfit(&from, &steps.steps[i])) {
            if (ret_misfit)
                *ret_misfit = from;
            return TCN_ABSENT;
        }
        if (steps.steps[i].kind == TCN_STEP_ALL)
            return walk_spread(w, &from, steps.steps + i, steps.n - i, ret_misfit);
        from = hop(w, &from, &steps.steps[i]);
    }
    return from.kind == TCN_V_NULL ? TCN_ABSENT : from;
}
