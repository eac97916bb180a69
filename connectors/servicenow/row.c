/* Values of the Table API. Everything is text there: numbers, truth values, times; an empty field is "". */
#include "servicenow.h"

#include <stdio.h>

#define CUT_LEN                                                                                    \
    40 /* a field that kept at least so much of a longer text was cut at its maximum length */

static json_t *flat_value(json_t *cell)
{
    json_t *value = json_object_get(cell, "value");
    json_t *display = json_object_get(cell, "display_value");

    if (!json_is_object(cell))
        return json_is_null(cell) ? json_string("") : json_incref(cell);
    if (!value)
        return json_incref(cell);
    if (!json_object_get(cell, "link"))
        return json_is_null(value) ? json_string("") : json_incref(value);
    return display ? json_pack("{s:O, s:O}", "value", value, "display_value", display)
                   : json_pack("{s:O}", "value", value);
}

json_t *tcn_sn_flatten(json_t *row)
{
    json_t *flat = json_object(), *cell;
    const char *name;

    json_object_foreach(row, name, cell) json_object_set_new(flat, name, flat_value(cell));
    return flat;
}

/* A list field (glide_list) is its values joined by commas. */
static json_t *join(const json_t *list)
{
    char text[4000] = "";
    size_t len = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *item = json_string_value(json_array_get(list, i));
        int n = snprintf(text + len, sizeof text - len, "%s%s", len ? "," : "", item ? item : "");

        if (!item || n < 0 || (size_t)n >= sizeof text - len)
            return NULL;
        len += (size_t)n;
    }
    return json_string(text);
}

static json_t *wire_value(json_t *value)
{
    char text[40];
    json_t *joined;

    switch (json_typeof(value)) {
    case JSON_TRUE:
    case JSON_FALSE:
        return json_string(json_is_true(value) ? "true" : "false");
    case JSON_NULL:
        return json_string("");
    case JSON_INTEGER:
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return json_string(text);
    case JSON_REAL:
        snprintf(text, sizeof text, "%.15g", json_real_value(value));
        return json_string(text);
    case JSON_ARRAY:
        joined = join(value);
        return joined ? joined : json_incref(value);
    case JSON_STRING:
    case JSON_OBJECT:
    default:
        return json_incref(value);
    }
}

static void add_all(json_t *body, json_t *fields)
{
    const char *name;
    json_t *value;

    json_object_foreach(fields, name, value) json_object_set_new(body, name, wire_value(value));
}

json_t *tcn_sn_body(const struct tcn_sn *s, const struct tocsin_op *op)
{
    json_t *body = json_object(), *status = json_object_get(op->payload, "status");
    json_t *value = json_object_get(status, "value");

    add_all(body, json_object_get(op->payload, "fields"));
    if (op->verb == TOCSIN_CREATE)
        json_object_set_new(body, s->marker_field, json_string(op->marker));
    if (value && !json_is_null(value))
        json_object_set_new(body, s->status_field, wire_value(value));
    add_all(body, json_object_get(status, "with"));
    return body;
}

static size_t trimmed(const char *text)
{
    size_t n = strlen(text);

    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    return n;
}

/* Equal but for line ends and blanks at the end. *ret_cut: how much of sent was compared when kept ended first. */
static int same_text(const char *sent, const char *kept, size_t *ret_cut)
{
    const char *s = sent, *k = kept, *s_end = sent + trimmed(sent), *k_end = kept + trimmed(kept);

    while (s < s_end && k < k_end) {
        if (*s == '\r' && s + 1 < s_end && s[1] == '\n')
            s++;
        if (*k == '\r' && k + 1 < k_end && k[1] == '\n')
            k++;
        if (*s++ != *k++)
            return 0;
    }
    *ret_cut = k == k_end ? (size_t)(k_end - kept) : 0;
    return s == s_end && k == k_end;
}

static int kept_text(const char *sent, const char *kept)
{
    size_t cut = 0;

    return same_text(sent, kept, &cut) || cut >= CUT_LEN;
}

int tcn_sn_applied(const struct tcn_sn *s, const char *name, json_t *sent, const json_t *flat)
{
    json_t *kept = json_object_get(flat, name);
    const char *text = json_string_value(sent);

    if (strcmp(name, s->note_field) == 0 || strcmp(name, "work_notes") == 0 ||
        strcmp(name, "comments") == 0)
        return 1;
    if (!text) /* an object or a list: no field of a row can hold it */
        return 0;
    if (json_is_string(kept))
        return kept_text(text, json_string_value(kept));
    return json_is_object(kept) && (kept_text(text, tcn_reply_text(kept, "value")) ||
                                    strcmp(text, tcn_reply_text(kept, "display_value")) == 0);
}
