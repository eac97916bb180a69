/* Client certificates as credentials: whose names a source takes. */
#include "gateway/cred.h"

static bool is_one_of(const struct tcn_cred *a, struct tcn_str name)
{
    bool is_uri = name.len && memchr(name.ptr, ':', name.len);

    for (size_t i = 0; i < a->n_names; i++) {
        struct tcn_str ours = tcn_str(a->names[i]);

        /* the names of hosts have no case (RFC 4343) */
        if (is_uri ? tcn_str_eq(ours, name) : tcn_str_case_eq(ours, name))
            return true;
    }
    return false;
}

bool tcn_cred_is_named(const struct tcn_cred *a, const char *client_names)
{
    struct tcn_str rest = tcn_str(client_names), name;

    while (tcn_str_cut(&rest, '\n', &name))
        if (is_one_of(a, name))
            return true;
    return false;
}
