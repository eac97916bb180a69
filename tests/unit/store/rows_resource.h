/* As rows.h, of what commands made. */
#ifndef TCN_TESTS_STORE_ROWS_RESOURCE_H
#define TCN_TESTS_STORE_ROWS_RESOURCE_H

#include "rows.h"
#include "store/resources.h"

#if defined(__x86_64__) && defined(__linux__)
_Static_assert(sizeof(struct tcn_resource) == 88, "struct tcn_resource has changed");
_Static_assert(sizeof(struct tcn_channel_state) == 88, "struct tcn_channel_state has changed");
#endif

static inline struct tcn_resource gen_resource(struct gen *g)
{
    struct tcn_resource r = {.kind = TCN_RESOURCE_ROTATION,
                             .name = g_text(g),
                             .id = g_id(g),
                             .body = g_text(g),
                             .created_by = g_text(g),
                             .modified_by = g_text(g),
                             .created_ms = g_int(g),
                             .modified_ms = g_int(g)};

    gen_tags(g, &r.tags, &r.n_tags);
    return r;
}

static inline struct tcn_channel_state gen_channel_state(struct gen *g)
{
    return (struct tcn_channel_state){.contact = g_text(g),
                                      .channel = g_text(g),
                                      .address_hash = g_id(g),
                                      .is_activated = true,
                                      .code = g_text(g),
                                      .code_ms = g_int(g),
                                      .tries = g_int(g),
                                      .sent = g_int(g),
                                      .sent_from_ms = g_int(g),
                                      .changed_ms = g_int(g)};
}

static inline void same_resource(const struct tcn_resource *a, const struct tcn_resource *b)
{
    SAME_INT(kind);
    SAME_TEXT(name);
    SAME_ID(id);
    SAME_TEXT(body);
    SAME_INT(n_tags);
    for (size_t i = 0; i < a->n_tags; i++) {
        SAME_TEXT(tags[i].key);
        SAME_TEXT(tags[i].value);
    }
    SAME_TEXT(created_by);
    SAME_TEXT(modified_by);
    SAME_INT(created_ms);
    SAME_INT(modified_ms);
}

static inline void same_channel_state(const struct tcn_channel_state *a,
                                      const struct tcn_channel_state *b)
{
    SAME_TEXT(contact);
    SAME_TEXT(channel);
    SAME_ID(address_hash);
    SAME_INT(is_activated);
    SAME_TEXT(code);
    SAME_INT(code_ms);
    SAME_INT(tries);
    SAME_INT(sent);
    SAME_INT(sent_from_ms);
    SAME_INT(changed_ms);
}

#endif
