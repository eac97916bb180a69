/* The table of refusals as arrays. */
#include "gateway/http1_refusal.h"

#include <assert.h>
#include <stddef.h>

static const struct {
    int status;
    const char *label, *sentence;
} rows[TCN_REFUSALS_N] = {{0, "none", "nothing is wrong"},
#define X(name, status, label, sentence) {status, label, sentence},
                          TCN_REFUSALS(X)
#undef X
};

int tcn_refusal_status(enum tcn_refusal r)
{
    assert(r < TCN_REFUSALS_N);
    return rows[r].status;
}

const char *tcn_refusal_label(enum tcn_refusal r)
{
    assert(r < TCN_REFUSALS_N);
    return rows[r].label;
}

const char *tcn_refusal_sentence(enum tcn_refusal r)
{
    assert(r < TCN_REFUSALS_N);
    return rows[r].sentence;
}
