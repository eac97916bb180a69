/* The schema of a connector is data: rows become typed members of its state, mistakes become lines for people. */
#include "connect/option.h"
#include "connect/registry.h"
#include "connect/url.h"

#include <assert.h>
#include <inttypes.h>

#define OPTION_NAME_MAX 40
#define INT_MAX_ABS INT64_C(1000000000000)

static size_t kind_size(uint32_t kind)
{
    switch ((enum tocsin_kind)kind) {
    case TOCSIN_STR:
    case TOCSIN_URL:
        return sizeof(const char *);
    case TOCSIN_INT:
    case TOCSIN_MSEC:
        return sizeof(int64_t);
    case TOCSIN_BOOL:
        return sizeof(int);
    case TOCSIN_SECRET:
        return 0;
    default:
        return SIZE_MAX;
    }
}

static bool parse_int(const char *text, int64_t *ret)
{
    bool negative = text[0] == '-';
    uint64_t value;

    if (tcn_str_u64(tcn_str(text + (negative ? 1 : 0)), (uint64_t)INT_MAX_ABS, &value) < 0)
        return false;
    *ret = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool parse_number(const struct tocsin_option *o, const char *text, int64_t *ret)
{
    if (o->kind == TOCSIN_MSEC)
        return tcn_str_duration(tcn_str(text), ret) == 0;
    if (o->kind == TOCSIN_INT)
        return parse_int(text, ret);
    *ret = strcmp(text, "true") == 0;
    return *ret || strcmp(text, "false") == 0;
}

static bool is_number(const struct tocsin_option *o)
{
    return o->kind == TOCSIN_INT || o->kind == TOCSIN_MSEC || o->kind == TOCSIN_BOOL;
}

int64_t tcn_option_default(const struct tocsin_option *option)
{
    int64_t value = 0;

    if (option->def && is_number(option))
        (void)parse_number(option, option->def, &value);
    return value;
}

static const char *default_fault(const struct tocsin_option *o)
{
    int64_t value;
    struct tcn_err err;

    if (!o->def)
        return NULL;
    if (o->kind == TOCSIN_SECRET)
        return "is a secret with a default";
    if ((o->flags & TOCSIN_REQUIRED) != 0)
        return "is required and has a default";
    if (is_number(o) && !parse_number(o, o->def, &value))
        return "has a default that is not of its kind";
    if (o->kind == TOCSIN_URL && tcn_url_check(o->def, &err) < 0)
        return "has a default that is no usable URL";
    return NULL;
}

static bool option_name_ok(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return n > 0 && n <= OPTION_NAME_MAX && name[n] == 0 && name[0] >= 'a' && name[0] <= 'z';
}

/* Members of an instance's configuration that belong to the host or to the application. */
static bool is_reserved(const char *name)
{
    static const char *const names[] = {"connector", "mapping", "allow", "ca_file"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static const char *row_fault(const struct tocsin_option *o, size_t state_size)
{
    size_t size = kind_size(o->kind);

    if (!option_name_ok(o->name))
        return "has an illegal name (a-z, 0-9, _)";
    if (is_reserved(o->name))
        return "has a name that the host uses itself";
    if (size == SIZE_MAX)
        return "is of an unknown kind";
    if ((o->flags & ~(TOCSIN_REQUIRED | TOCSIN_PAIRED | TOCSIN_INSTEAD)) != 0)
        return "has unknown flags";
    if (!o->help)
        return "has no help text";
    if (size > state_size || o->offset > state_size - size)
        return "lies outside of the state";
    return default_fault(o);
}

const struct tocsin_option *tcn_option_find(const struct tocsin_option *options, const char *name)
{
    for (const struct tocsin_option *o = options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

/* o is of that table. */
static bool pair_ok(const struct tocsin_option *options, const struct tocsin_option *o)
{
    return (o->flags & TOCSIN_PAIRED) == 0 ||
           (o->kind == TOCSIN_SECRET && o != options && o[-1].kind == TOCSIN_STR);
}

/* Likewise. */
static bool instead_ok(const struct tocsin_option *options, const struct tocsin_option *o)
{
    return (o->flags & TOCSIN_INSTEAD) == 0 ||
           (o->kind == TOCSIN_SECRET && o->flags == TOCSIN_INSTEAD && o != options &&
            o[-1].kind == TOCSIN_URL && o[-1].flags == 0 && !o[-1].def);
}

int tcn_option_table_check(const char *connector, const struct tocsin_option *options,
                           size_t state_size, struct tcn_err *err)
{
    size_t n = 0;

    for (const struct tocsin_option *o = options; o && o->name; o++) {
        const char *fault = row_fault(o, state_size);

        if (!fault && tcn_option_find(options, o->name) != o)
            fault = "is there twice";
        if (!fault && !pair_ok(options, o))
            fault = "is paired, but no secret behind a text";
        if (!fault && !instead_ok(options, o))
            fault = "is given instead of another, but no secret behind a URL that may be absent";
        if (fault)
            return tcn_fail(err, TCN_EINVALID, "option %s of connector %s %s", o->name, connector,
                            fault);
        if (++n > TCN_OPTIONS_MAX)
            return tcn_fail(err, TCN_EINVALID, "connector %s has more than %d options", connector,
                            TCN_OPTIONS_MAX);
    }
    return 0;
}

static int missing(const struct tocsin_option *o, const struct tcn_node *config)
{
    struct tcn_node member = tcn_node_member(config, o->name);

    return tcn_node_problem(&member, "option \"%s\" is missing; add it: %s", o->name, o->help);
}

static int fill_text(const struct tocsin_option *o, const struct tcn_node *config,
                     struct tcn_arena *arena, char *at)
{
    const char *text = NULL;
    struct tcn_err err;
    struct tcn_node member = tcn_node_member(config, o->name);
    int r = tcn_node_text(config, o->name, TCN_OPTIONAL, &text);

    if (r < 0)
        return r;
    if (!text && (o->flags & TOCSIN_REQUIRED) != 0)
        return missing(o, config);
    if (text && o->kind == TOCSIN_URL && tcn_url_check(text, &err) < 0)
        return tcn_node_problem(&member, "%s", err.msg);
    text = tcn_arena_strdup(arena, text ? text : o->def);
    memcpy(at, &text, sizeof text);
    return 0;
}

static int fill_number(const struct tocsin_option *o, const struct tcn_node *config, char *at)
{
    int64_t value = tcn_option_default(o);
    bool flag = value != 0;
    int as_int, r;

    if (!tcn_node_member(config, o->name).json && (o->flags & TOCSIN_REQUIRED) != 0)
        return missing(o, config);
    if (o->kind == TOCSIN_BOOL) {
        if ((r = tcn_node_bool(config, o->name, TCN_OPTIONAL, &flag)) < 0)
            return r;
        as_int = flag;
        memcpy(at, &as_int, sizeof as_int);
        return 0;
    }
    if (o->kind == TOCSIN_MSEC)
        r = tcn_node_duration(config, o->name, TCN_OPTIONAL, &value);
    else
        r = tcn_node_int(config, o->name, TCN_OPTIONAL, -INT_MAX_ABS, INT_MAX_ABS, &value);
    memcpy(at, &value, sizeof value);
    return r;
}

int tcn_option_fill(const struct tocsin_option *options, const struct tcn_node *config,
                    struct tcn_arena *arena, void *state)
{
    int worst = 0;

    for (const struct tocsin_option *o = options; o && o->name; o++) {
        char *at = (char *)state + o->offset;
        int r;

        if (o->kind == TOCSIN_SECRET)
            continue;
        r = is_number(o) ? fill_number(o, config, at) : fill_text(o, config, arena, at);
        worst = r < 0 ? r : worst;
    }
    return worst;
}
