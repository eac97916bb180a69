#include "app/resources_window.h"

#include "app/config_heartbeats.h"
#include "app/resources_zone.h"
#include "base/datetime.h"
#include "gateway/source.h"

#include <stdio.h>

#define DURATION_MIN_MS INT64_C(60000)

static const char *const day_names[] = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN", NULL};

static int read_day(const struct tcn_node *item, struct tcn_window *ret)
{
    const char *name = json_string_value(item->json);

    for (size_t i = 0; name && day_names[i]; i++)
        if (strcmp(day_names[i], name) == 0) {
            ret->days[i] = true;
            return 0;
        }
    return name ? tcn_node_no_such(item, name, "no day", day_names)
                : tcn_node_problem(item, "must be a day: MON, TUE, WED, THU, FRI, SAT or SUN");
}

/* Without days it is every day. */
static int read_days(const struct tcn_node *at, struct tcn_window *ret)
{
    struct tcn_node list;
    int r = tcn_node_array(at, "days", TCN_OPTIONAL, &list);
    size_t n = json_array_size(list.json);

    for (size_t i = 0; r == 0 && !list.json && i < 7; i++)
        ret->days[i] = true;
    if (r == 0 && list.json && (n == 0 || n > 7))
        return tcn_node_problem(&list, "name 1 to 7 days; leave it out for every day");
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= read_day(&item, ret);
    }
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_start(const struct tcn_node *at, struct tcn_clock_time *ret)
{
    struct tcn_node node = tcn_node_member(at, "start");
    const char *text = NULL;
    int r = tcn_node_text(at, "start", TCN_NEED, &text), end = 0;

    if (r < 0 || !text)
        return r;
    if (sscanf(text, "%2d:%2d%n", &ret->hour, &ret->minute, &end) != 2 || end != 5 || text[end] ||
        ret->hour < 0 || ret->hour > 23 || ret->minute < 0 || ret->minute > 59)
        return tcn_node_problem(&node, "\"%.16s\" is no time of day; write it as 02:00", text);
    return 0;
}

static int read_duration(const struct tcn_node *at, int64_t *ret_ms)
{
    struct tcn_node node = tcn_node_member(at, "duration");
    int r = tcn_node_duration(at, "duration", TCN_NEED, ret_ms);

    if (r == 0 && (*ret_ms < DURATION_MIN_MS || *ret_ms > TCN_WINDOW_MAX_MS))
        return tcn_node_problem(&node, "is out of range; use 1m to 7d");
    return r;
}

static int read_until(const struct tcn_node *at, int64_t *ret_ms)
{
    struct tcn_node node = tcn_node_member(at, "until");
    const char *text = NULL;
    int r = tcn_node_text(at, "until", TCN_NEED, &text);

    if (r < 0 || !text)
        return r;
    if (tcn_time_rfc3339(tcn_str(text), ret_ms) < 0)
        return tcn_node_problem(&node, "\"%.40s\" is no time; write it as 2027-08-02T00:00:00Z",
                                text);
    return 0;
}

static int read_window(const struct tcn_node *at, struct tcn_zones_read *zones,
                       struct tcn_arena *arena, struct tcn_window *ret)
{
    static const char *const names[] = {"name", "owner", "comment",  "match", "time_zone",
                                        "days", "start", "duration", "until", NULL};
    struct tcn_node name = tcn_node_member(at, "name");
    int r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "name", TCN_NEED, &ret->name);
    r |= tcn_node_text(at, "owner", TCN_NEED, &ret->owner);
    r |= tcn_node_text(at, "comment", TCN_OPTIONAL, &ret->comment);
    r |= tcn_config_match(at, "match", arena, &ret->match);
    r |= tcn_resources_zone(at, "time_zone", zones, arena, &ret->zone);
    r |= read_days(at, ret);
    r |= read_start(at, &ret->start);
    r |= read_duration(at, &ret->duration_ms);
    r |= read_until(at, &ret->until_ms);
    if (ret->name && !tcn_source_is_name(ret->name))
        r |= tcn_node_problem(&name, "name a window with 1-64 of a-z 0-9 -");
    return (r | tcn_node_unique(at, "name")) < 0 ? TCN_EINVALID : 0;
}

int tcn_resources_windows(const struct tcn_node *resources, struct tcn_arena *arena,
                          struct tcn_directory *ret)
{
    struct tcn_zones_read zones = {0};
    struct tcn_window *items;
    struct tcn_node list;
    int r = tcn_node_array(resources, "maintenance_windows", TCN_OPTIONAL, &list);
    size_t n = json_array_size(list.json);

    if (r < 0)
        return r;
    if (n > TCN_WINDOWS_MAX)
        return tcn_node_problem(&list, "%zu windows; at most %d", n, TCN_WINDOWS_MAX);
    ret->windows = items = TCN_NEW_N(arena, struct tcn_window, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= read_window(&item, &zones, arena, &items[i]);
    }
    ret->n_windows = r < 0 ? 0 : n;
    return r < 0 ? TCN_EINVALID : 0;
}
