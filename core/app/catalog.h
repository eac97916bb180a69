/* What is in force: the resources of the configuration file, and those that commands made (store/resources.h). The file wins: what
 * a command made under a name that the file has, too, waits until the file has it no more. On the store's thread, inside a job. */
#ifndef TCN_APP_CATALOG_H
#define TCN_APP_CATALOG_H

#include "app/resources.h"
#include "model/resource.h"
#include "store/store.h"

/* The directory to decide by. declared: that of the configuration; one that was read from no file is in force as it is.
 * *ret is borrowed until the job ends, changes a resource or asks for what is fresh. What other nodes change is known within a
 * second. */
int tcn_catalog_of(struct tcn_store *s, const struct tcn_directory *declared, int64_t now_ms,
                   const struct tcn_directory **ret, struct tcn_err *err);

/* The same for what somebody asked for now: it knows what another node has answered before, and costs a question more. */
int tcn_catalog_fresh(struct tcn_store *s, const struct tcn_directory *declared, int64_t now_ms,
                      const struct tcn_directory **ret, struct tcn_err *err);

/* By what the state of a channel (store/resources.h) says which address was confirmed: 16 bytes of its SHA-256. */
struct tcn_id tcn_catalog_address_hash(const char *address);

/* What is wrong with an element of the lists. */
struct tcn_flaw {
    enum tcn_resource_kind kind; /* UNSET: of a list, not of an element */
    const char *name;            /* of the element */
    const char *field; /* as "Plan.Stages[0].DurationInMinutes"; "" = the element itself */
    const char *what;
    bool is_own; /* of the changed element */
};

/* A resource that would be put in place of what has its kind and name, or dropped. */
struct tcn_change {
    enum tcn_resource_kind kind;
    const char *name;
    struct tcn_id id; /* of its ARN */
    json_t *body;     /* borrowed; NULL: it is dropped */
};

/* What is in force, as the lists of the configuration: of each kind those of the file first. Borrowed like the directory. */
struct tcn_view;
int tcn_catalog_view(struct tcn_store *s, const struct tcn_directory *declared, int64_t now_ms,
                     const struct tcn_view **ret, struct tcn_err *err);

/* Whether what is in force after the change would have a flaw that it does not have now: *ret_flaw, in the arena; NULL: none.
 * Those of the changed element itself come first. */
int tcn_catalog_try(struct tcn_store *s, const struct tcn_directory *declared,
                    const struct tcn_change *change, int64_t now_ms, struct tcn_arena *arena,
                    const struct tcn_flaw **ret_flaw, struct tcn_err *err);
/* After the change that was tried last has been written, by the same job: what was tried is in force, and is not read anew. */
int tcn_catalog_take(struct tcn_store *s, int64_t now_ms, struct tcn_err *err);

#endif
