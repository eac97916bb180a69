/* Names are found by the caller's finder: the database lies outside the pure layers. */
#include "mapping/zones.h"
#include "base/datetime.h"

#include <stdio.h>

enum { MAX_TEXT = 64 };

static const struct tcn_named_zone *find_named(struct tcn_zones *zones, const char *name)
{
    struct tcn_named_zone *z;
    struct tcn_err err;

    for (size_t i = 0; i < zones->n; i++)
        if (strcmp(zones->named[i].name, name) == 0)
            return &zones->named[i];
    if (zones->n == TCN_ZONES_MAX)
        return NULL;
    z = &zones->named[zones->n++];
    z->name = name;
    if (!zones->find)
        z->problem = "named time zones are not read here; write \"UTC\" or an offset like "
                     "\"+02:00\"";
    else if (zones->find(name, zones->arena, &z->zone, &err) < 0)
        z->problem = tcn_arena_strdup(zones->arena, err.msg);
    return z;
}

static int read_name(struct tcn_zones *zones, const struct tcn_node *n, const char *name,
                     const struct tcn_zone **ret)
{
    const struct tcn_named_zone *z = find_named(zones, name);

    if (!z)
        return tcn_node_problem(n, "the file names more than %d time zones", TCN_ZONES_MAX);
    if (z->problem)
        return tcn_node_problem(n, "%s", z->problem);
    *ret = z->zone;
    return 0;
}

static int read_offset(struct tcn_zones *zones, const struct tcn_node *n, const char *offset,
                       const struct tcn_zone **ret)
{
    struct tcn_zone *z = TCN_NEW(zones->arena, struct tcn_zone);
    char text[MAX_TEXT];
    int64_t ms;
    int len;

    len = snprintf(text, sizeof text, "1970-01-02T00:00:00%s", offset);
    if (len >= (int)sizeof text || tcn_time_rfc3339((struct tcn_str){text, (size_t)len}, &ms) < 0)
        return tcn_node_problem(n, "\"%.40s\" is no offset; write it like \"+02:00\"", offset);
    z->name = offset;
    z->first_offset_s = (int32_t)((INT64_C(86400000) - ms) / 1000);
    *ret = z;
    return 0;
}

static bool is_offset(const char *text)
{
    return *text == '+' || *text == '-' || (*text >= '0' && *text <= '9');
}

int tcn_zones_read(struct tcn_zones *zones, const struct tcn_node *form,
                   const struct tcn_zone **ret)
{
    struct tcn_node n = tcn_node_member(form, "tz");
    const char *text = NULL;

    if (tcn_node_text(form, "tz", TCN_OPTIONAL, &text) < 0)
        return TCN_EINVALID;
    if (!text || strcmp(text, "UTC") == 0 || strcmp(text, "Z") == 0)
        return 0;
    return is_offset(text) ? read_offset(zones, &n, text, ret) : read_name(zones, &n, text, ret);
}
