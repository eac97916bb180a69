/* Formats by name and by pattern. */
#include "mapping/moment.h"
#include "base/datetime.h"
#include "base/nearest.h"

#include <math.h>
#include <stdio.h>

enum { MAX_TEXT = 64 };
#define MAX_MS 8.0e15 /* far beyond year 9999, exact in a double */

struct tcn_moment_type {
    const char *name;
    int (*parse)(struct tcn_str text, const char *pattern, int64_t *ret_ms);
    bool has_zone; /* the text carries its own offset */
    /* Writes at most MAX_TEXT bytes; is_number values are written as JSON numbers. */
    bool (*format)(int64_t unix_ms, int64_t offset_ms, const char *pattern, char text[MAX_TEXT]);
    double number_ms; /* milliseconds a unit of an epoch, 0 for texts */
};

static int parse_rfc3339(struct tcn_str text, const char *pattern, int64_t *ret_ms)
{
    (void)pattern;
    return tcn_time_rfc3339(text, ret_ms);
}

static int parse_basic_offset(struct tcn_str text, const char *pattern, int64_t *ret_ms)
{
    (void)pattern;
    return tcn_time_iso_basic_offset(text, ret_ms);
}

/* RFC 1123 section 5.2.14 as HTTP writes it: "Tue, 27 Jan 2026 08:55:00 GMT". The weekday is not looked at. */
static int parse_rfc1123(struct tcn_str text, const char *pattern, int64_t *ret_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char digits[MAX_TEXT];
    const char *at;
    int n;

    (void)pattern;
    if (text.len != 29 || text.ptr[3] != ',' || memcmp(text.ptr + 25, " GMT", 4) != 0)
        return TCN_ESYNTAX;
    for (at = months; *at && memcmp(at, text.ptr + 8, 3) != 0; at += 3)
        ;
    if (!*at)
        return TCN_ESYNTAX;
    n = snprintf(digits, sizeof digits, "%.4s-%02d-%.2s %.8s", text.ptr + 12,
                 (int)((at - months) / 3) + 1, text.ptr + 5, text.ptr + 17);
    return tcn_time_parse((struct tcn_str){digits, (size_t)n}, "%Y-%m-%d %H:%M:%S", ret_ms);
}

static bool format_rfc3339(int64_t unix_ms, int64_t offset_ms, const char *pattern,
                           char text[MAX_TEXT])
{
    (void)offset_ms;
    (void)pattern;
    tcn_time_text(unix_ms, text);
    return true;
}

/* 2026-08-02T17:04:46.100+0000, as Jira and CloudWatch write it; always in UTC. */
static bool format_basic_offset(int64_t unix_ms, int64_t offset_ms, const char *pattern,
                                char text[MAX_TEXT])
{
    (void)offset_ms;
    (void)pattern;
    tcn_time_text(unix_ms, text);
    memcpy(text + TCN_TIME_TEXT - 2, "+0000", sizeof "+0000");
    return true;
}

static bool format_pattern(int64_t unix_ms, int64_t offset_ms, const char *pattern,
                           char text[MAX_TEXT])
{
    return tcn_time_format(unix_ms + offset_ms, pattern, text, MAX_TEXT) == 0;
}

static const struct tcn_moment_type types[] = {
    {"rfc3339", parse_rfc3339, true, format_rfc3339, 0},
    {"iso_basic_offset", parse_basic_offset, true, format_basic_offset, 0},
    {"rfc1123", parse_rfc1123, true, NULL, 0},
    {"epoch_ms", NULL, true, NULL, 1},
    {"epoch_s", NULL, true, NULL, 1000},
};
static const char *const names[] = {"rfc3339",  "iso_basic_offset", "rfc1123",
                                    "epoch_ms", "epoch_s",          NULL};
static const char *const written[] = {"rfc3339", "iso_basic_offset", "epoch_ms", "epoch_s", NULL};
static const struct tcn_moment_type pattern_type = {"pattern", tcn_time_parse, false,
                                                    format_pattern, 0};

static int compile_format(const struct tcn_node *n, bool is_out, struct tcn_moment_format *ret)
{
    const char *text = json_string_value(n->json), *nearest;
    char scratch[MAX_TEXT];
    int64_t ms;

    if (!text)
        return tcn_node_problem(n, "must be the name of a format or a pattern like "
                                   "\"%%Y-%%m-%%d %%H:%%M:%%S\"");
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], text) == 0 && (!is_out || types[i].format || types[i].number_ms > 0)) {
            ret->type = &types[i];
            return 0;
        }
    }
    if (!strchr(text, '%')) {
        nearest = tcn_nearest(text, is_out ? written : names);
        return tcn_node_problem(
            n,
            "\"%s\" is no time format%s; %s%s%suse rfc3339, iso_basic_offset, %s"
            "epoch_ms, epoch_s or a pattern like \"%%Y-%%m-%%d %%H:%%M:%%S\"",
            text, is_out ? " for writing" : "", nearest ? "did you mean \"" : "",
            nearest ? nearest : "", nearest ? "\"? Else " : "", is_out ? "" : "rfc1123, ");
    }
    *ret = (struct tcn_moment_format){&pattern_type, text};
    if (is_out && tcn_time_format(0, text, scratch, sizeof scratch) < 0)
        return tcn_node_problem(n, "a pattern for writing knows %%Y %%m %%d %%H %%M %%S and %%%%, "
                                   "and makes at most 63 bytes");
    if (!is_out && tcn_time_parse(TCN_STR(""), text, &ms) == TCN_EINVALID)
        return tcn_node_problem(n,
                                "a pattern needs %%Y, %%m and %%d, and knows %%H %%M %%S %%f %%z "
                                "and %%%% besides");
    return 0;
}

static int compile_formats(const struct tcn_node *form, struct tcn_moment_rule *rule)
{
    struct tcn_node list;
    int r = tcn_node_array(form, "formats", TCN_OPTIONAL, &list);

    if (r < 0)
        return r;
    if (json_array_size(list.json) > TCN_FORMATS_MAX)
        return tcn_node_problem(&list, "has more than %d formats", TCN_FORMATS_MAX);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        if (compile_format(&item, false, &rule->formats[rule->n_formats++]) < 0)
            r = TCN_EINVALID;
    }
    if (rule->n_formats == 0)
        rule->formats[rule->n_formats++].type = &types[0];
    return r;
}

static int compile_zeros(const struct tcn_node *form, struct tcn_moment_rule *rule)
{
    struct tcn_node list;

    if (tcn_node_array(form, "zero", TCN_OPTIONAL, &list) < 0)
        return TCN_EINVALID;
    if (json_array_size(list.json) > TCN_ZEROS_MAX)
        return tcn_node_problem(&list, "has more than %d texts", TCN_ZEROS_MAX);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        if (!json_is_string(item.json))
            return tcn_node_problem(&item, "must be text, as the sender writes it");
        rule->zeros[rule->n_zeros++] = tcn_str(json_string_value(item.json));
    }
    return 0;
}

int tcn_moment_compile(const struct tcn_node *n, struct tcn_zones *zones,
                       struct tcn_moment_rule *ret)
{
    struct tcn_node out = tcn_node_member(n, "out");
    int r = compile_formats(n, ret);

    if (compile_zeros(n, ret) < 0 || tcn_zones_read(zones, n, &ret->zone) < 0)
        r = TCN_EINVALID;
    if (out.json && compile_format(&out, true, &ret->out) < 0)
        r = TCN_EINVALID;
    return r;
}

static bool from_number(const struct tcn_moment_rule *rule, const struct tcn_value *v,
                        int64_t *ret_ms)
{
    double number;

    for (size_t i = 0; i < rule->n_formats; i++) {
        double unit = rule->formats[i].type->number_ms;

        if (unit <= 0 || !tcn_value_number(v, &number))
            continue;
        number *= unit;
        if (!(fabs(number) < MAX_MS))
            return false;
        *ret_ms = (int64_t)floor(number + 0.5);
        return true;
    }
    return false;
}

static bool from_text(const struct tcn_moment_rule *rule, struct tcn_str text, int64_t *ret_ms)
{
    for (size_t i = 0; i < rule->n_formats; i++) {
        const struct tcn_moment_format *f = &rule->formats[i];

        if (!f->type->parse || f->type->parse(text, f->pattern, ret_ms) < 0)
            continue;
        if (rule->zone && !f->type->has_zone && !strstr(f->pattern, "%z"))
            *ret_ms = tcn_zone_unix_ms(rule->zone, *ret_ms);
        return true;
    }
    return false;
}

static bool is_zero(const struct tcn_moment_rule *rule, struct tcn_str text)
{
    for (size_t i = 0; i < rule->n_zeros; i++)
        if (tcn_str_eq(rule->zeros[i], text))
            return true;
    return false;
}

static bool read_moment(const struct tcn_moment_rule *rule, const struct tcn_value *v,
                        int64_t *ret_ms)
{
    if (v->kind == TCN_V_TIME) {
        *ret_ms = v->i;
        return true;
    }
    if (v->kind == TCN_V_STR && (is_zero(rule, v->s) || from_text(rule, v->s, ret_ms)))
        return !is_zero(rule, v->s);
    return from_number(rule, v, ret_ms);
}

static struct tcn_value write_moment(struct tcn_work *w, const struct tcn_moment_rule *rule,
                                     int64_t ms)
{
    const struct tcn_moment_type *type = rule->out.type;
    int64_t offset_ms = rule->zone ? tcn_zone_offset_ms(rule->zone, ms) : 0;
    char text[MAX_TEXT];
    struct tcn_text t = {.work = w};

    if (type->number_ms > 0)
        return tcn_value_int(ms / (int64_t)type->number_ms);
    if (!type->format(ms, offset_ms, rule->out.pattern, text))
        return TCN_ABSENT;
    tcn_text_str(&t, tcn_str(text));
    return tcn_value_built(tcn_text_done(&t));
}

struct tcn_value tcn_moment_of(struct tcn_work *w, const struct tcn_moment_rule *rule,
                               struct tcn_value v)
{
    int64_t ms;

    if (!tcn_work_spend(w, rule->n_formats) || !read_moment(rule, &v, &ms))
        return TCN_ABSENT;
    return rule->out.type ? write_moment(w, rule, ms) : tcn_value_time(ms);
}

bool tcn_moment_is_zero(const struct tcn_moment_rule *rule, const struct tcn_value *v)
{
    return tcn_value_is_empty(v) || (v->kind == TCN_V_STR && is_zero(rule, v->s));
}
