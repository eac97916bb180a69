/* One reading of the file's resources and of those that commands made, as one document. */
#ifndef TCN_APP_CATALOG_VIEW_H
#define TCN_APP_CATALOG_VIEW_H

#include "app/catalog.h"

#define TCN_VIEW_LEFT_OUT 20

/* Zeroed, it is none. */
struct tcn_view {
    struct tcn_arena arena;
    json_t *lists; /* owned: what the directory borrows its texts from */
    struct tcn_directory directory;
    const struct tcn_flaw *flaws; /* those of the changed element first */
    size_t n_flaws;
    size_t n_made; /* elements of the lists that commands made, and states of channels */
    struct tcn_flaw left_out[TCN_VIEW_LEFT_OUT];
    size_t n_left_out;
};

/* change: as if it were done; NULL: as the rows are. What makes a list too long is left out of it, and is a flaw. */
int tcn_view_read(struct tcn_store *s, const struct tcn_directory *declared,
                  const struct tcn_change *change, struct tcn_view *ret, struct tcn_err *err);
void tcn_view_done(struct tcn_view *view);

#endif
