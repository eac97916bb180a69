/* The lists of `resources` in the configuration, by what they hold. */
#ifndef TCN_APP_SECTION_H
#define TCN_APP_SECTION_H

#include "base/arena.h"
#include "model/resource.h"
#include <jansson.h>

#define TCN_SECTIONS 5

struct tcn_section {
    enum tcn_resource_kind kind;
    const char *list; /* "contacts" */
    const char *word; /* "contact" */
    size_t max;       /* elements, the file's and those that commands made */
    bool has_id;      /* its elements may have an "Id", with which their ARN ends */
};

extern const struct tcn_section tcn_sections[TCN_SECTIONS];

const struct tcn_section *tcn_section_of(enum tcn_resource_kind kind);
const struct tcn_section *tcn_section_named(const char *list); /* NULL: there is none */

/* What the element is referred to by: of a channel "CONTACT:CHANNEL", of an override its Id. In the arena; NULL when it has
 * none. */
const char *tcn_section_name(const struct tcn_section *section, const json_t *element,
                             struct tcn_arena *arena);

#endif
