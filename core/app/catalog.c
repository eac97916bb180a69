#include "app/catalog.h"

#include "app/catalog_view.h"
#include "app/resource_override.h"
#include "app/section.h"
#include "base/xalloc.h"
#include "store/resources.h"
#include "sys/log.h"

#include <stdio.h>
#include <stdlib.h>

#define FLAWS_TOLD 20 /* at once; all of them are with their resources: GET /v1/resources */

/* Kept with the store that it was read from, for the next job. */
struct catalog {
    uint64_t serial; /* of the file's reading; 0: none yet */
    uint64_t version;
    struct tcn_view view, tried; /* tried: as after a change; empty when none was */
};

static void release(void *kept)
{
    struct catalog *c = kept;

    tcn_view_done(&c->view);
    tcn_view_done(&c->tried);
    free(c);
}

static struct catalog *catalog_of(struct tcn_store *s)
{
    struct catalog *c = tcn_store_kept(s);

    if (!c) {
        c = tcn_xcalloc(1, sizeof *c);
        tcn_store_keep(s, c, release);
    }
    return c;
}

/* Whoever reads the log has no need of people's addresses: such a flaw begins with the one that is wrong, in quotes. */
static const char *without_address(const struct tcn_flaw *f)
{
    bool is_quoted = f->kind == TCN_RESOURCE_CHANNEL && *f->what == '"' &&
                     strcmp(f->field, "DeliveryAddress.SimpleAddress") == 0;
    const char *end = is_quoted ? strrchr(f->what, '"') + 1 : f->what;

    return is_quoted ? end + strspn(end, ": ") : f->what;
}

static void tell_flaw(const struct tcn_flaw *f)
{
    tcn_log(TCN_LOG_WARN, "app", "a resource that a command made does not fit the file", "kind",
            f->kind ? tcn_section_of(f->kind)->list : "", "name", f->name ? f->name : "", "field",
            f->field, "why", without_address(f), NULL);
}

static bool is_same(const struct tcn_flaw *a, const struct tcn_flaw *b)
{
    return a->kind == b->kind && strcmp(a->name ? a->name : "", b->name ? b->name : "") == 0 &&
           strcmp(a->field, b->field) == 0;
}

static bool has(const struct tcn_view *v, const struct tcn_flaw *flaw)
{
    for (size_t i = 0; i < v->n_flaws; i++)
        if (is_same(&v->flaws[i], flaw))
            return true;
    return false;
}

/* Those that were not there before. */
static void tell_flaws(const struct tcn_view *now, const struct tcn_view *before)
{
    size_t n = 0;

    for (size_t i = 0; i < now->n_flaws && n < FLAWS_TOLD; i++)
        if (!has(before, &now->flaws[i])) {
            tell_flaw(&now->flaws[i]);
            n++;
        }
}

static int read_again(struct catalog *c, struct tcn_store *s, const struct tcn_directory *declared,
                      uint64_t version, struct tcn_err *err)
{
    struct tcn_view view;
    int r = tcn_view_read(s, declared, NULL, &view, err);

    if (r < 0)
        return r;
    tell_flaws(&view, &c->view);
    tcn_view_done(&c->view);
    c->serial = declared->declared->serial;
    c->version = version;
    c->view = view;
    return 0;
}

static int refresh(struct tcn_store *s, const struct tcn_directory *declared, int64_t now_ms,
                   struct catalog **ret, struct tcn_err *err)
{
    struct catalog *c = *ret = catalog_of(s);
    uint64_t version = 0;
    int r = tcn_store_resources_version(s, now_ms, &version, err);

    if (r < 0)
        return r;
    return c->version == version && c->serial == declared->declared->serial
               ? 0
               : read_again(c, s, declared, version, err);
}

int tcn_catalog_of(struct tcn_store *s, const struct tcn_directory *declared, int64_t now_ms,
                   const struct tcn_directory **ret, struct tcn_err *err)
{
    struct catalog *c;
    int r;

    *ret = declared;
    if (!declared->declared)
        return 0;
    if ((r = refresh(s, declared, now_ms, &c, err)) == 0 && c->view.n_made > 0)
        *ret = &c->view.directory;
    return r;
}

int tcn_catalog_fresh(struct tcn_store *s, const struct tcn_directory *declared, int64_t now_ms,
                      const struct tcn_directory **ret, struct tcn_err *err)
{
    if (tcn_store_is_shared(s))
        tcn_store_resources_forget(s);
    return tcn_catalog_of(s, declared, now_ms, ret, err);
}

int tcn_catalog_view(struct tcn_store *s, const struct tcn_directory *declared, int64_t now_ms,
                     const struct tcn_view **ret, struct tcn_err *err)
{
    struct catalog *c;
    int r = refresh(s, declared, now_ms, &c, err);

    *ret = r < 0 ? NULL : &c->view;
    return r;
}

/* -- changes ------------------------------------------------------------------------------------------------------ */

/* Who had a turn once may go from the rotation. */
static bool is_of_the_past(const struct tcn_view *v, const struct tcn_flaw *flaw, int64_t now_ms)
{
    const json_t *list = json_object_get(v->lists, "rotation_overrides");

    for (size_t i = 0; flaw->kind == TCN_RESOURCE_OVERRIDE && i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        const char *id = json_string_value(json_object_get(element, "Id"));

        if (id && flaw->name && strcmp(id, flaw->name) == 0)
            return tcn_override_is_over(element, now_ms);
    }
    return false;
}

static const struct tcn_flaw *first_new(const struct tcn_view *then, const struct tcn_view *now,
                                        int64_t now_ms)
{
    if (then->n_flaws > 0 && then->flaws[0].is_own)
        return &then->flaws[0];
    for (size_t i = 0; i < then->n_flaws; i++)
        if (!has(now, &then->flaws[i]) && !is_of_the_past(then, &then->flaws[i], now_ms))
            return &then->flaws[i];
    return NULL;
}

static const struct tcn_flaw *copy(const struct tcn_flaw *flaw, struct tcn_arena *arena)
{
    struct tcn_flaw *kept = TCN_NEW(arena, struct tcn_flaw);

    kept->kind = flaw->kind;
    kept->name = flaw->name ? tcn_arena_strdup(arena, flaw->name) : NULL;
    kept->field = tcn_arena_strdup(arena, flaw->field);
    kept->what = tcn_arena_strdup(arena, flaw->what);
    kept->is_own = flaw->is_own;
    return kept;
}

int tcn_catalog_try(struct tcn_store *s, const struct tcn_directory *declared,
                    const struct tcn_change *change, int64_t now_ms, struct tcn_arena *arena,
                    const struct tcn_flaw **ret_flaw, struct tcn_err *err)
{
    const struct tcn_flaw *flaw;
    struct catalog *c;
    int r;

    *ret_flaw = NULL;
    if ((r = refresh(s, declared, now_ms, &c, err)) < 0)
        return r;
    tcn_view_done(&c->tried);
    if ((r = tcn_view_read(s, declared, change, &c->tried, err)) < 0)
        return r;
    if ((flaw = first_new(&c->tried, &c->view, now_ms)) != NULL)
        *ret_flaw = copy(flaw, arena);
    return 0;
}

int tcn_catalog_take(struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct catalog *c = catalog_of(s);
    int r = tcn_store_resources_version(s, now_ms, &c->version, err);

    tcn_view_done(&c->view);
    c->view = c->tried;
    c->tried = (struct tcn_view){0};
    if (r < 0)
        c->version = 0; /* read it anew */
    return r;
}
