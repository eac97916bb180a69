/* GLib reads the files of the database; which names there are is told by its list. */
#include "sys/zone.h"
#include "base/datetime.h"
#include "base/nearest.h"
#include "sys/file.h"
#include "sys/zone_rule.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const char folder[] = "/usr/share/zoneinfo/";
static const char list_path[] = "/usr/share/zoneinfo/tzdata.zi";

enum {
    LIST_BYTES = 1 << 20,
    FILE_BYTES = 1 << 18,
    PATH_BYTES = 120,
    NAMES_MAX = 2000, /* there are 600 */
    NAMES_ARENA = 1 << 20,
    FIRST_YEAR = 1970,
    LAST_YEAR_TOLD = 2037, /* change by change in Debian's files; later by the rule at their end */
    LAST_YEAR = 2100,
    TOLD_BYTES = 60 /* of a name in a message */
};

/* ---- names ---- */

struct names {
    const char **all;     /* ended by NULL */
    const char **targets; /* of a name that stands for another: that one; else NULL */
    size_t n;
    struct tcn_arena *arena; /* borrowed */
};

static struct tcn_str take_word(struct tcn_str *line)
{
    struct tcn_str word = *line;

    if (!tcn_str_cut(line, ' ', &word))
        *line = TCN_STR("");
    return word;
}

static void add_name(struct names *names, struct tcn_str name, struct tcn_str target)
{
    if (names->n == NAMES_MAX)
        return;
    names->targets[names->n] = target.len ? tcn_arena_str(names->arena, target).ptr : NULL;
    names->all[names->n++] = tcn_arena_str(names->arena, name).ptr;
}

/* "Z NAME offset ..." begins a zone, "L TARGET NAME" is a link: zic(8), with the words cut to a letter. */
static void read_line(struct names *names, struct tcn_str line)
{
    struct tcn_str kind = take_word(&line), first = take_word(&line);

    if (tcn_str_eq(kind, TCN_STR("Z")))
        add_name(names, first, TCN_STR(""));
    else if (tcn_str_eq(kind, TCN_STR("L")))
        add_name(names, take_word(&line), first);
}

static int read_names(struct names *names, struct tcn_err *err)
{
    struct tcn_buf text;
    struct tcn_str rest, line;
    struct tcn_err why;
    int r;

    names->all = TCN_NEW_N(names->arena, const char *, NAMES_MAX + 1);
    names->targets = TCN_NEW_N(names->arena, const char *, NAMES_MAX + 1);
    tcn_buf_init(&text, LIST_BYTES);
    r = tcn_file_read(list_path, &text, &why);
    if (r < 0)
        r = tcn_fail(err, r == TCN_ENOTFOUND ? TCN_EIO : r,
                     "the list of time zones: %.300s; install the package tzdata", why.msg);
    rest = tcn_buf_view(&text);
    while (tcn_str_cut(&rest, '\n', &line))
        read_line(names, line);
    tcn_buf_done(&text);
    return r;
}

static const char *place_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : NULL;
}

/* Of those with an area: the nearest; of a word without one the name whose place is nearest. NULL: none is near. */
static const char *nearest(const struct names *names, const char *word)
{
    const char **full = TCN_NEW_N(names->arena, const char *, names->n + 1);
    const char **compared = TCN_NEW_N(names->arena, const char *, names->n + 1);
    const char *found;
    size_t n = 0;

    for (size_t i = 0; i < names->n; i++) {
        const char *place = place_of(names->all[i]);

        if (!place)
            continue;
        full[n] = names->all[i];
        compared[n++] = strchr(word, '/') ? names->all[i] : place;
    }
    found = tcn_nearest(word, compared);
    for (size_t i = 0; found && i < n; i++)
        if (compared[i] == found)
            return full[i];
    return NULL;
}

/* What clocks show for a part of the year, often in more than one part of the world: no zone, and its letters are near to
 * others' by chance. Each with a place that people mean by it. */
static const struct {
    const char *name, *place;
} abbreviations[] = {
    {"CEST", "Europe/Berlin"},     {"WEST", "Europe/Lisbon"},      {"EEST", "Europe/Athens"},
    {"BST", "Europe/London"},      {"MSK", "Europe/Moscow"},       {"IST", "Asia/Kolkata"},
    {"JST", "Asia/Tokyo"},         {"KST", "Asia/Seoul"},          {"SGT", "Asia/Singapore"},
    {"HKT", "Asia/Hong_Kong"},     {"ET", "America/New_York"},     {"EDT", "America/New_York"},
    {"CST", "America/Chicago"},    {"CDT", "America/Chicago"},     {"MDT", "America/Denver"},
    {"PT", "America/Los_Angeles"}, {"PST", "America/Los_Angeles"}, {"PDT", "America/Los_Angeles"},
    {"BRT", "America/Sao_Paulo"},  {"AEST", "Australia/Sydney"},   {"AEDT", "Australia/Sydney"},
    {"AWST", "Australia/Perth"},   {"NZST", "Pacific/Auckland"},   {"NZDT", "Pacific/Auckland"},
};

static const char *place_of_abbreviation(const char *name)
{
    for (size_t i = 0; i < sizeof abbreviations / sizeof *abbreviations; i++)
        if (strcasecmp(abbreviations[i].name, name) == 0)
            return abbreviations[i].place;
    return NULL;
}

static int no_such_zone(const struct names *names, const char *name, struct tcn_err *err)
{
    const char *place = place_of_abbreviation(name), *near = nearest(names, name);

    if (place)
        return tcn_fail(err, TCN_ENOTFOUND,
                        "\"%s\" is an abbreviation and no time zone; write the place's, such as "
                        "\"%s\"",
                        name, place);
    if (near)
        return tcn_fail(err, TCN_ENOTFOUND, "there is no time zone \"%.*s\"; did you mean \"%s\"?",
                        TOLD_BYTES, name, near);
    return tcn_fail(err, TCN_ENOTFOUND,
                    "there is no time zone \"%.*s\"; write a name of the IANA database such as "
                    "\"Europe/Berlin\", or an offset such as \"+02:00\"",
                    TOLD_BYTES, name);
}

/* A name without an area is read as something else by others: CET is Berlin's rules to some, +01:00 all year to some. Only
 * UTC is what it says to everybody. */
static int check_area(const char *name, const char *target, struct tcn_err *err)
{
    if (place_of(name) || strcmp(name, "UTC") == 0)
        return 0;
    if (target && place_of(target))
        return tcn_fail(err, TCN_EINVALID, "\"%s\" is an old name of a time zone; write \"%s\"",
                        name, target);
    return tcn_fail(err, TCN_EINVALID,
                    "\"%s\" is an abbreviation and no time zone of a place; write one such as "
                    "\"Europe/Berlin\", or an offset such as \"+02:00\"",
                    name);
}

static int check_name(const char *name, struct tcn_err *err)
{
    struct names names = {0};
    struct tcn_arena arena;
    size_t i = 0;
    int r;

    tcn_arena_init(&arena, NAMES_ARENA);
    names.arena = &arena;
    if ((r = read_names(&names, err)) == 0) {
        while (i < names.n && strcmp(names.all[i], name) != 0)
            i++;
        r = i < names.n ? check_area(name, names.targets[i], err) : no_such_zone(&names, name, err);
    }
    tcn_arena_done(&arena);
    return r;
}

/* ---- changes ---- */

static int64_t first_second(int year)
{
    return tcn_days_from_civil(year, 1, 1) * 86400;
}

/* GLib numbers the intervals between changes in their order. */
static int interval_at(GTimeZone *tz, int64_t at_s)
{
    return g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, at_s);
}

/* The first second of the interval after that of from_s; until_s when it begins later. */
static int64_t next_interval(GTimeZone *tz, int64_t from_s, int64_t until_s)
{
    int here = interval_at(tz, from_s);

    if (interval_at(tz, until_s) == here)
        return until_s;
    while (until_s - from_s > 1) {
        int64_t middle = from_s + (until_s - from_s) / 2;

        if (interval_at(tz, middle) == here)
            from_s = middle;
        else
            until_s = middle;
    }
    return until_s;
}

static int32_t offset_at(GTimeZone *tz, int64_t at_s)
{
    return g_time_zone_get_offset(tz, interval_at(tz, at_s));
}

static int check_offset(const struct tcn_zone *z, int32_t offset_s, struct tcn_err *err)
{
    if (abs(offset_s) <= TCN_ZONE_OFFSET_MAX_S)
        return 0;
    return tcn_fail(err, TCN_ELIMIT, "the time zone \"%s\" has an offset of %d s", z->name,
                    (int)offset_s);
}

static int add_change(struct tcn_zone *z, struct tcn_zone_change *changes, int64_t at_s,
                      int32_t offset_s, struct tcn_err *err)
{
    if (z->n_changes == TCN_ZONE_CHANGES_MAX)
        return tcn_fail(err, TCN_ELIMIT, "the time zone \"%s\" changes more than %d times", z->name,
                        TCN_ZONE_CHANGES_MAX);
    changes[z->n_changes++] = (struct tcn_zone_change){at_s, offset_s};
    return check_offset(z, offset_s, err);
}

/* Those of the years from first to last. An interval may differ from the one before by its abbreviation alone. */
static int read_years(GTimeZone *tz, int first, int last, struct tcn_zone *z,
                      struct tcn_zone_change *changes, struct tcn_err *err)
{
    const int64_t end_s = first_second(last + 1);
    int r = 0;

    for (int64_t at_s = first_second(first); r == 0 && at_s < end_s;
         at_s = next_interval(tz, at_s, end_s)) {
        int32_t before_s = z->n_changes ? changes[z->n_changes - 1].offset_s : z->first_offset_s;
        int32_t offset_s = offset_at(tz, at_s);

        if (offset_s != before_s)
            r = add_change(z, changes, at_s, offset_s, err);
    }
    return r;
}

/* The zone of its rule alone, when GLib misreads that in the file; NULL when it does not, or cannot be had. */
static GTimeZone *rule_of(const char *name)
{
    char path[PATH_BYTES], rule[TCN_ZONE_RULE_MAX];
    GTimeZone *tz = NULL;
    struct tcn_buf text;

    snprintf(path, sizeof path, "%s%s", folder, name);
    tcn_buf_init(&text, FILE_BYTES);
    if (tcn_file_read(path, &text, NULL) == 0 &&
        tcn_zone_rule_turned(tcn_zone_rule_of_file(tcn_buf_view(&text)), rule))
        tz = g_time_zone_new_identifier(rule);
    tcn_buf_done(&text);
    return tz;
}

static int read_changes(GTimeZone *tz, struct tcn_zone *z, struct tcn_arena *arena,
                        struct tcn_err *err)
{
    struct tcn_zone_change *changes =
        TCN_NEW_N(arena, struct tcn_zone_change, TCN_ZONE_CHANGES_MAX);
    GTimeZone *rule = rule_of(z->name);
    int r;

    z->first_offset_s = offset_at(tz, first_second(FIRST_YEAR));
    z->changes = changes;
    r = check_offset(z, z->first_offset_s, err);
    if (r == 0)
        r = read_years(tz, FIRST_YEAR, LAST_YEAR_TOLD, z, changes, err);
    if (r == 0)
        r = read_years(rule ? rule : tz, LAST_YEAR_TOLD + 1, LAST_YEAR, z, changes, err);
    if (rule)
        g_time_zone_unref(rule);
    return r;
}

int tcn_zone_load(const char *name, struct tcn_arena *arena, const struct tcn_zone **ret,
                  struct tcn_err *err)
{
    struct tcn_zone *z;
    GTimeZone *tz;
    int r;

    if ((r = check_name(name, err)) < 0)
        return r;
    if (!(tz = g_time_zone_new_identifier(name)))
        return tcn_fail(err, TCN_EIO,
                        "the time zone \"%s\" cannot be read; install the package tzdata", name);
    z = TCN_NEW(arena, struct tcn_zone);
    z->name = tcn_arena_strdup(arena, name);
    r = read_changes(tz, z, arena, err);
    g_time_zone_unref(tz);
    if (r == 0)
        *ret = z;
    return r;
}
