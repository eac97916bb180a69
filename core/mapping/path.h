/* Paths: where in the input a value lies. Parsed once, walked null-safely: every missing hop is absent.
 *
 *   a.b  a."odd key".b  a[0]  a[*]  a[?key=value]  /a/b/0 (RFC 6901, from the body)
 *
 * The first name is a root (in hdr env old var settings event remote now), a name bound by "as", or a member of
 * the body. */
#ifndef TCN_MAPPING_PATH_H
#define TCN_MAPPING_PATH_H

#include "base/err.h"
#include "mapping/value.h"

#define TCN_PATH_STEPS_MAX 32

enum tcn_step_kind {
    TCN_STEP_KEY,
    TCN_STEP_INDEX,
    TCN_STEP_ALL,    /* [*] */
    TCN_STEP_PICK,   /* [?key=value] */
    TCN_STEP_POINTER /* a token of a JSON Pointer: key of an object, index of an array */
};

struct tcn_step {
    enum tcn_step_kind kind;
    struct tcn_str key;
    struct tcn_str value; /* PICK */
    size_t index;         /* INDEX; of a POINTER token that is a number, else SIZE_MAX */
};

struct tcn_steps {
    const struct tcn_step *steps;
    size_t n;
};

/* Reads a path at the front of *text, up to '|', "}}" or the end, into arena memory. TCN_ESYNTAX. */
int tcn_path_parse(struct tcn_str *text, struct tcn_arena *arena, struct tcn_steps *ret,
                   struct tcn_err *err);
/* null at the end counts as absent. With [*] the result is a list of what is there. A value on the way that is there
 * but has no members or elements to step to goes to *ret_misfit; NULL: nobody asks. */
struct tcn_value tcn_path_walk(struct tcn_work *w, struct tcn_value from, struct tcn_steps steps,
                               struct tcn_value *ret_misfit);

#endif
