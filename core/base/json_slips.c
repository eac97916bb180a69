#include "base/json_slips.h"

void tcn_slips_add(const struct tcn_node *n, const char *meant)
{
    struct tcn_slips *slips = n->doc->slips;

    if (slips && slips->n < TCN_MAX_PROBLEMS)
        slips->items[slips->n++] = (struct tcn_slip){n->parent->json, n->key, meant};
}

const char *tcn_slips_find(const struct tcn_node *object, const char *meant)
{
    const struct tcn_slips *slips = object->doc->slips;

    for (size_t i = 0; object->json && slips && i < slips->n; i++)
        if (slips->items[i].object == object->json && strcmp(slips->items[i].meant, meant) == 0)
            return slips->items[i].written;
    return NULL;
}

bool tcn_slips_has(const struct tcn_node *n)
{
    const struct tcn_slips *slips = n->doc->slips;

    for (size_t i = 0; n->key && slips && i < slips->n; i++)
        if (slips->items[i].object == n->parent->json &&
            strcmp(slips->items[i].written, n->key) == 0)
            return true;
    return false;
}
