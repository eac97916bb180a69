/* What several nodes on one database need of it: locks for a transaction, and a lease on being alive. */
#include "store/internal.h"

#include <stdint.h>

bool tcn_store_is_shared(const struct tcn_store *s)
{
    return s->driver->lock != NULL;
}

/* The end of an id is random, or a digest. */
static int64_t key_of(struct tcn_id id)
{
    int64_t key;

    memcpy(&key, id.b + sizeof id.b - sizeof key, sizeof key);
    return key;
}

static int lock(struct tcn_store *s, struct tcn_id id, struct tcn_err *err)
{
    int r;

    if (!s->driver->lock)
        return 0;
    r = s->driver->lock(s->db, key_of(id), s->is_hurried, err);
    if (r < 0 && s->broken == 0)
        s->broken = r;
    return r;
}

int tcn_store_lock_incident(struct tcn_store *s, struct tcn_id incident, struct tcn_err *err)
{
    return lock(s, incident, err);
}

int tcn_store_lock_name(struct tcn_store *s, const char *kind, const char *name,
                        struct tcn_err *err)
{
    return tcn_store_is_shared(s) ? lock(s, tcn_store_hash(s, kind, name), err) : 0;
}

int64_t tcn_store_name_key(const struct tcn_store *s, const char *kind, const char *name)
{
    return key_of(tcn_store_hash(s, kind, name));
}

static int try_lock(struct tcn_store *s, struct tcn_id id, bool *ret_is_ours, struct tcn_err *err)
{
    int r;

    *ret_is_ours = true;
    if (!s->driver->try_lock)
        return 0;
    r = s->driver->try_lock(s->db, key_of(id), ret_is_ours, err);
    if (r < 0 && s->broken == 0)
        s->broken = r;
    return r;
}

int tcn_store_try_incident(struct tcn_store *s, struct tcn_id incident, bool *ret_is_ours,
                           struct tcn_err *err)
{
    return try_lock(s, incident, ret_is_ours, err);
}

int tcn_store_try_name(struct tcn_store *s, const char *kind, const char *name, bool *ret_is_ours,
                       struct tcn_err *err)
{
    return try_lock(s, tcn_store_hash(s, kind, name), ret_is_ours, err);
}

int tcn_store_beat(struct tcn_store *s, size_t *ret_n, struct tcn_err *err)
{
    int r;

    *ret_n = 0;
    if (!s->driver->beat)
        return 0;
    if ((r = s->driver->beat(s->db, ret_n, err)) == 0)
        tcn_store_follow(s, false);
    return r;
}

int64_t tcn_store_lease_until_us(struct tcn_store *s)
{
    return s->driver->lease_until_us ? s->driver->lease_until_us(s->db) : INT64_MAX;
}

uint64_t tcn_store_lock_timeouts(struct tcn_store *s)
{
    return s->driver->lock_timeouts ? s->driver->lock_timeouts(s->db) : 0;
}
