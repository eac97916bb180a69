/* Resources as the native API tells them. */
#ifndef TCN_APP_RESOURCE_JSON_H
#define TCN_APP_RESOURCE_JSON_H

#include "api/api.h"
#include "app/catalog_view.h"
#include "app/section.h"

/* The list that the call is about; NULL: there is none of that name, and the call is refused. */
const struct tcn_section *tcn_resource_section(struct tcn_api_call *call);

/* An element of a list of the view, by its name. */
struct tcn_element {
    const char *name;
    json_t *json;    /* borrowed from the view */
    bool is_of_file; /* else a command made it */
};

/* Those of the list that have a name, in the order of their names; in the arena. */
size_t tcn_elements(const struct tcn_view *view, const struct tcn_section *section,
                    struct tcn_arena *arena, struct tcn_element **ret);
/* NULL: there is none. */
const struct tcn_element *tcn_element_named(const struct tcn_element *elements, size_t n,
                                            const char *name);

/* {"name", "kind", "declared_in" (a file) or "created_at", "created_by", "modified_at", "modified_by", of a channel "activated",
 * "flaws": [{"field", "what"}], "resource"}. The caller's. TCN_EIO and the like. */
int tcn_resource_json(struct tcn_store *s, const struct tcn_view *view,
                      const struct tcn_section *section, const struct tcn_element *element,
                      struct tcn_arena *arena, json_t **ret, struct tcn_err *err);

#endif
