#include "app/catalog.h"

#include "app/catalog_view.h"
#include "app/section.h"
#include "base/xalloc.h"
#include "store/resources.h"
#include "sys/log.h"

#include <stdio.h>
#include <stdlib.h>

/* Kept with the store that it was read from, for the next job. */
struct catalog {
    uint64_t serial; /* of the file's reading; 0: none yet */
    uint64_t version;
    struct tcn_view view, tried; /* tried: as after a change; empty when none was */
    char told[400];              /* which flaw was told last */
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

/* Once, until another one is the first. */
static void tell_flaws(struct catalog *c)
{
    const struct tcn_flaw *flaw = c->view.n_flaws > 0 ? &c->view.flaws[0] : NULL;
    char which[sizeof c->told] = "", n[TCN_LOG_NUM];

    if (flaw)
        snprintf(which, sizeof which, "%s %.200s %.100s",
                 flaw->kind ? tcn_section_of(flaw->kind)->word : "list",
                 flaw->name ? flaw->name : "", flaw->field);
    if (strcmp(which, c->told) == 0)
        return;
    memcpy(c->told, which, sizeof which);
    if (flaw)
        tcn_log(TCN_LOG_WARN, "app", "resources that commands made do not fit the file", "mistakes",
                tcn_log_num((int64_t)c->view.n_flaws, n), "first", which, "why", flaw->what, NULL);
}

static int read_again(struct catalog *c, struct tcn_store *s, const struct tcn_directory *declared,
                      uint64_t version, struct tcn_err *err)
{
    struct tcn_view view;
    int r = tcn_view_read(s, declared, NULL, &view, err);

    if (r < 0)
        return r;
    tcn_view_done(&c->view);
    c->serial = declared->declared->serial;
    c->version = version;
    c->view = view;
    tell_flaws(c);
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
    if ((r = refresh(s, declared, now_ms, &c, err)) == 0 && c->view.n_made > c->view.n_hidden)
        *ret = &c->view.directory;
    return r;
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

static const struct tcn_flaw *first_new(const struct tcn_view *then, const struct tcn_view *now)
{
    if (then->n_own > 0)
        return &then->flaws[0];
    for (size_t i = 0; i < then->n_flaws; i++)
        if (!has(now, &then->flaws[i]))
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
    if ((flaw = first_new(&c->tried, &c->view)) != NULL)
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
