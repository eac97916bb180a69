/* The overrides of a rotation, laid over each other. For the files of rotations. */
#ifndef TCN_ENGINE_ROTATION_OVERRIDE_H
#define TCN_ENGINE_ROTATION_OVERRIDE_H

#include "engine/rotation.h"

/* A time in which the same contacts replace those whose turn it is. */
struct tcn_override_piece {
    int64_t start_ms, end_ms;
    const struct tcn_rotation_override *by; /* one that names them; borrowed */
};

struct tcn_override_pieces {
    const struct tcn_override_piece *items; /* ascending, apart from each other or different */
    size_t n;
};

void tcn_overrides_prepare(const struct tcn_rotation *r, struct tcn_arena *arena,
                           struct tcn_override_pieces *ret);
/* The first piece that ends after the instant; n when there is none. */
size_t tcn_override_piece_at(const struct tcn_override_pieces *p, int64_t at_ms);

#endif
