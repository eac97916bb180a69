/* The names that references to a section of the configuration are judged by. */
#ifndef TCN_APP_NAMES_H
#define TCN_APP_NAMES_H

#include "base/arena.h"
#include "base/id.h"
#include "base/json.h"

/* An element whose name could not be read is a mistake that is told; it is believed to be the first unknown one that
 * somebody refers to, so that this is no second mistake. */
struct tcn_names {
    const char **items; /* ended by NULL */
    size_t n, nameless;
};

/* Room for max elements. */
void tcn_names_init(struct tcn_names *names, size_t max, struct tcn_arena *arena);
/* NULL: an element without a name. One that is there already is the same. */
void tcn_names_add(struct tcn_names *names, const char *name);
/* The texts at key of the elements of the list. */
void tcn_names_of(struct tcn_names *names, const struct tcn_node *list, const char *key,
                  struct tcn_arena *arena);
bool tcn_names_know(struct tcn_names *names, const char *name);

/* The node refers by word to a resource that is not there: kind "contact", in the list "contacts" of the file. Resources that
 * commands made are in no file. Returns TCN_EINVALID. */
int tcn_names_no_such(const struct tcn_node *n, const char *word, const char *kind,
                      const char *list, const struct tcn_names *names);
/* The text at key of the element is for people: at most max code points, and no control characters. */
int tcn_names_plain(const struct tcn_node *element, const char *key, size_t max);
/* A UUID in any case, which is not all zeros. TCN_ESYNTAX. */
int tcn_names_uuid(const char *text, struct tcn_id *ret);
/* "Id" of an element: what its ARN ends with. Absent: *ret stays. */
int tcn_names_id(const struct tcn_node *element, struct tcn_id *ret);

#endif
