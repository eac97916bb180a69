#include "app/names.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>

void tcn_names_init(struct tcn_names *names, size_t max, struct tcn_arena *arena)
{
    *names = (struct tcn_names){.items = TCN_NEW_N(arena, const char *, max + 1)};
}

static bool has(const struct tcn_names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

void tcn_names_add(struct tcn_names *names, const char *name)
{
    if (!name)
        names->nameless++;
    else if (!has(names, name))
        names->items[names->n++] = name;
}

void tcn_names_of(struct tcn_names *names, const struct tcn_node *list, const char *key,
                  struct tcn_arena *arena)
{
    tcn_names_init(names, json_array_size(list->json), arena);
    for (size_t i = 0; i < json_array_size(list->json); i++) {
        struct tcn_node item = tcn_node_item(list, i), node = tcn_node_member(&item, key);

        tcn_names_add(names, json_string_value(node.json));
    }
}

bool tcn_names_know(struct tcn_names *names, const char *name)
{
    if (has(names, name))
        return true;
    if (names->nameless == 0)
        return false;
    names->nameless--;
    tcn_names_add(names, name);
    return true;
}

int tcn_names_no_such(const struct tcn_node *n, const char *word, const char *kind,
                      const char *list, const struct tcn_names *names)
{
    char problem[100];

    snprintf(problem, sizeof problem, "no %s%s%s", kind,
             *n->doc->file ? " under $.resources." : " that is there", *n->doc->file ? list : "");
    return tcn_node_no_such(n, word, problem, names->items);
}

static bool has_controls(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

int tcn_names_plain(const struct tcn_node *element, const char *key, size_t max)
{
    struct tcn_node node = tcn_node_member(element, key);
    const char *text = json_string_value(node.json);

    if (text && has_controls(text))
        return tcn_node_problem(&node, "has control characters; write it in one line");
    return text && tcn_utf8_count(tcn_str(text)) > max
               ? tcn_node_problem(&node, "%s is longer than %zu characters", key, max)
               : 0;
}

int tcn_names_uuid(const char *text, struct tcn_id *ret)
{
    char lower[TCN_ID_TEXT] = "";
    struct tcn_id id;

    if (strlen(text) != sizeof lower - 1)
        return TCN_ESYNTAX;
    for (size_t i = 0; i < sizeof lower - 1; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    if (tcn_id_parse(tcn_str(lower), &id) < 0 || tcn_id_is_zero(id))
        return TCN_ESYNTAX;
    *ret = id;
    return 0;
}

int tcn_names_id(const struct tcn_node *element, struct tcn_id *ret)
{
    struct tcn_node node = tcn_node_member(element, "Id");
    const char *text = NULL;
    int r = tcn_node_text(element, "Id", TCN_OPTIONAL, &text);

    if (r < 0 || !text)
        return r;
    if (tcn_names_uuid(text, ret) < 0)
        return tcn_node_problem(
            &node, "\"%s\" is no UUID; write what its ARN ends with, or leave Id out", text);
    return tcn_node_unique(element, "Id");
}
