#include "connect/written.h"

#include <stdio.h>
#include <string.h>

#define VALUES_MAX 50

static const char *const classes[] = {"OPEN", "ACKED", "RESOLVED"};

json_t *tcn_written_env(int impact, const char *status)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:{}, s:[], s:{s:s, s:s}}",
                     "id", "0195f0a0-1111-7222-9333-444455556666", "short_id", "aghk5mbq", "title",
                     "web-cpu-high", "summary", "web is down", "url", "https://tocsin.example/i/1",
                     "started_at", "2026-03-01T10:00:00.000Z", "impact", impact, "status", status,
                     "account_id", "123456789012", "tags", "related", "resolution", "code",
                     "alarm_ok", "notes", "Alarm is OK");
}

const char *tcn_written_word(json_t *value, char buffer[TCN_WRITTEN_WORD])
{
    static const char *const names[] = {"name", "value", "id"};

    for (size_t i = 0; json_is_object(value) && i < sizeof names / sizeof *names; i++)
        if (json_object_get(value, names[i]))
            value = json_object_get(value, names[i]);
    if (json_is_string(value))
        return json_string_value(value);
    if (!json_is_integer(value))
        return NULL;
    snprintf(buffer, TCN_WRITTEN_WORD, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return buffer;
}

static void add(json_t *to, const char *name, json_t *value, const char *of)
{
    json_t *list = json_object_get(to, name), *item;
    size_t i;

    if (!list)
        json_object_set_new(to, name, list = json_array());
    if (!value || json_is_null(value) || json_array_size(list) == VALUES_MAX)
        return;
    json_array_foreach(list, i, item)
    {
        if (json_equal(json_object_get(item, "value"), value))
            return;
    }
    json_array_append_new(list, json_pack("{s:O, s:s}", "value", value, "of", of));
}

static void add_all(json_t *to, json_t *values, const char *of)
{
    const char *name;
    json_t *value;

    json_object_foreach(values, name, value) add(to, name, value, of);
    json_decref(values);
}

static bool is_written(const struct tcn_mapping_field *f)
{
    return f->direction == TCN_DIRECTION_OUT || f->direction == TCN_DIRECTION_BOTH;
}

/* A field that only a change of status brings gives nothing of an open incident, and is no member of a new record. */
static void add_record(json_t *to, const struct tcn_mapping *m, int impact, json_t *settings)
{
    json_t *incident = tcn_written_env(impact, "OPEN");
    struct tcn_mapping_env e = {.env = incident, .settings = settings};
    char of[16];

    json_object_del(incident, "resolution");
    snprintf(of, sizeof of, "impact %d", impact);
    add_all(to, tcn_mapping_create(m, &e), "every record");
    for (size_t i = 0; i < tcn_mapping_field_count(m); i++) {
        const struct tcn_mapping_field *f = tcn_mapping_field(m, i);

        if (is_written(f) && strcmp(f->name, "resolution") != 0)
            add_all(to, tcn_mapping_out(m, i, &e),
                    strcmp(f->name, "impact") == 0 ? of : "every record");
    }
    json_decref(incident);
}

static void add_status(json_t *to, const struct tcn_mapping *m, const char *class, json_t *settings)
{
    json_t *incident = tcn_written_env(3, class), *payload;
    struct tcn_mapping_env e = {.env = incident, .settings = settings};
    char of[24];

    if (strcmp(class, "RESOLVED") != 0)
        json_object_del(incident, "resolution");
    snprintf(of, sizeof of, "status %s", class);
    payload = tcn_mapping_status_payload(m, class, &e);
    if (tcn_mapping_status_remote(m))
        add(to, tcn_mapping_status_remote(m), json_object_get(payload, "value"), of);
    add_all(to, json_incref(json_object_get(payload, "with")), of);
    json_decref(payload);
    json_decref(incident);
}

json_t *tcn_written(const struct tcn_mapping *m, json_t *settings)
{
    json_t *create = json_object(), *later = json_object();
    enum tcn_direction status = tcn_mapping_status_direction(m);

    for (int impact = 1; impact <= 5; impact++)
        add_record(create, m, impact, settings);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (tcn_mapping_has_status(m) &&
            (status == TCN_DIRECTION_OUT || status == TCN_DIRECTION_BOTH))
            add_status(later, m, classes[i], settings);
    return json_pack("{s:o, s:o}", "create", create, "later", later);
}
