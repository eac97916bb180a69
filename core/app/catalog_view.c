#include "app/catalog_view.h"

#include "app/config_channels.h"
#include "app/section.h"
#include "base/text.h"
#include "base/vec.h"
#include "store/resources.h"

#include <stdio.h>
#include <stdlib.h>

#define VIEW_ARENA (256u << 20) /* of every list at its cap */
#define ROWS 500                /* read at a time */

/* A list while it grows. */
struct growing {
    const struct tcn_section *section;
    json_t *list;  /* borrowed from the lists */
    json_t *taken; /* the names that the file has */
};

struct reading {
    struct tcn_store *s;
    const struct tcn_directory *declared;
    const struct tcn_change *change;
    struct tcn_view *view;
    size_t changed_at; /* its element in the list of its kind; SIZE_MAX: it is in none */
    struct tcn_arena rows;
};

/* -- elements ----------------------------------------------------------------------------------------------------- */

static bool is_changed(const struct reading *x, enum tcn_resource_kind kind, const char *name)
{
    return x->change && x->change->kind == kind && strcmp(x->change->name, name) == 0;
}

static void append(struct reading *x, struct growing *g, json_t *element, struct tcn_id id)
{
    char text[TCN_ID_TEXT];

    tcn_id_text(id, text);
    if (g->section->has_id && !json_object_get(element, "Id"))
        json_object_set_new(element, "Id", json_string(text));
    json_array_append_new(g->list, element);
    x->view->n_made++;
}

static bool is_full(const struct growing *g)
{
    return json_array_size(g->list) >= g->section->max;
}

/* The first TCN_VIEW_LEFT_OUT of a view are told by name. */
static void leave_out(struct reading *x, const struct growing *g, const char *name)
{
    struct tcn_view *v = x->view;

    if (v->n_left_out < TCN_VIEW_LEFT_OUT)
        v->left_out[v->n_left_out++] = (struct tcn_flaw){
            .kind = g->section->kind,
            .name = tcn_arena_strdup(&v->arena, name),
            .field = "",
            .what = tcn_arena_fmt(&v->arena,
                                  "is left out: there are %zu already, those of the "
                                  "file first; take some away",
                                  g->section->max),
            .is_own = is_changed(x, g->section->kind, name),
        };
}

/* In the place of the one that it replaces, else behind the others. */
static void append_change(struct reading *x, struct growing *g)
{
    if (!x->change || x->change->kind != g->section->kind || !x->change->body ||
        x->changed_at != SIZE_MAX)
        return;
    if (is_full(g)) {
        leave_out(x, g, x->change->name);
        return;
    }
    x->changed_at = json_array_size(g->list);
    append(x, g, json_deep_copy(x->change->body), x->change->id);
}

static void take_row(struct reading *x, struct growing *g, const struct tcn_resource *row)
{
    json_t *element;

    if (is_changed(x, row->kind, row->name)) {
        append_change(x, g);
        return;
    }
    if (json_object_get(g->taken, row->name))
        return;
    if (is_full(g)) {
        leave_out(x, g, row->name);
        return;
    }
    element = json_loads(row->body, 0, NULL);
    if (json_is_object(element))
        append(x, g, element, row->id);
    else
        json_decref(element);
}

typedef TCN_VEC(struct tcn_resource) rows_vec;

static int read_rows(struct reading *x, enum tcn_resource_kind kind, rows_vec *ret,
                     struct tcn_err *err)
{
    const char *after = "";
    struct tcn_resource *rows = NULL;
    size_t n = ROWS;
    int r = 0;

    while (n == ROWS) {
        if ((r = tcn_store_resource_list(x->s, kind, after, ROWS, &x->rows, &rows, &n, err)) < 0)
            return r;
        for (size_t i = 0; i < n; i++)
            *TCN_VEC_PUSH(&x->rows, ret) = rows[i];
        if (n > 0)
            after = rows[n - 1].name;
    }
    return 0;
}

static int by_creation(const void *left, const void *right)
{
    const struct tcn_resource *a = left, *b = right;

    if (a->created_ms != b->created_ms)
        return a->created_ms < b->created_ms ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Of overrides the one that was created last decides, whatever its id is. */
static int take_rows(struct reading *x, struct growing *g, struct tcn_err *err)
{
    rows_vec rows = {0};
    int r = read_rows(x, g->section->kind, &rows, err);

    if (r < 0)
        return r;
    if (g->section->kind == TCN_RESOURCE_OVERRIDE && rows.n > 0)
        qsort(rows.items, rows.n, sizeof *rows.items, by_creation);
    for (size_t i = 0; i < rows.n; i++)
        take_row(x, g, &rows.items[i]);
    return 0;
}

static void note_names(struct reading *x, const struct growing *g)
{
    for (size_t i = 0; i < json_array_size(g->list); i++) {
        const char *name = tcn_section_name(g->section, json_array_get(g->list, i), &x->rows);

        if (name)
            json_object_set_new(g->taken, name, json_true());
    }
}

static int read_list(struct reading *x, const struct tcn_section *section, struct tcn_err *err)
{
    json_t *declared = json_object_get(x->declared->declared->resources, section->list);
    struct growing g = {section, json_is_array(declared) ? json_copy(declared) : json_array(),
                        json_object()};
    int r;

    json_object_set_new(x->view->lists, section->list, g.list);
    note_names(x, &g);
    r = take_rows(x, &g, err);
    append_change(x, &g);
    json_decref(g.taken);
    tcn_arena_reset(&x->rows);
    return r;
}

/* -- flaws -------------------------------------------------------------------------------------------------------- */

/* Where a path ends: at the first ": " that is in no quoted name. */
static struct tcn_str cut_path(struct tcn_str *rest)
{
    bool is_quoted = false;
    size_t i = 0;

    for (; i < rest->len; i++) {
        if (rest->ptr[i] == '"')
            is_quoted = !is_quoted;
        else if (rest->ptr[i] == ':' && !is_quoted)
            break;
    }
    return (struct tcn_str){rest->ptr, i};
}

static void name_flaw(const struct reading *x, struct tcn_str path, struct tcn_flaw *ret)
{
    const struct tcn_section *section;
    struct tcn_str list;
    json_t *element;
    size_t i;
    char *end;

    if (!tcn_str_cut(&path, '[', &list) ||
        !(section = tcn_section_named(tcn_arena_str(&x->view->arena, list).ptr)))
        return;
    i = strtoul(path.ptr, &end, 10);
    element = json_array_get(json_object_get(x->view->lists, section->list), i);
    ret->kind = section->kind;
    ret->name = tcn_section_name(section, element, &x->view->arena);
    end += *end == ']';
    end += *end == '.';
    ret->field = tcn_arena_strndup(&x->view->arena, end, (size_t)(path.ptr + path.len - end));
    ret->is_own = x->change && x->change->kind == section->kind && x->changed_at == i;
}

/* Of ":LINE: $.resources.LIST[N].FIELD: WHAT". */
static struct tcn_flaw read_flaw(const struct reading *x, struct tcn_str line)
{
    static const char root[] = "$.resources.";
    struct tcn_flaw flaw = {.field = ""};
    struct tcn_str number, path;

    tcn_str_cut(&line, ' ', &number);
    path = cut_path(&line);
    if (tcn_str_starts(path, tcn_str(root)))
        name_flaw(x, (struct tcn_str){path.ptr + strlen(root), path.len - strlen(root)}, &flaw);
    path.len = path.len + 2 < line.len ? path.len + 2 : line.len;
    flaw.what = tcn_arena_strndup(&x->view->arena, line.ptr + path.len, line.len - path.len);
    return flaw;
}

/* Those of the changed element, or the others. */
static void add_flaws(const struct reading *x, const struct tcn_problems *problems, bool are_own,
                      struct tcn_flaw *ret)
{
    struct tcn_view *v = x->view;
    struct tcn_str rest = tcn_buf_view(&problems->text), line;

    for (size_t i = 0; i < v->n_left_out; i++)
        if (v->left_out[i].is_own == are_own)
            ret[v->n_flaws++] = v->left_out[i];
    while (tcn_str_cut(&rest, '\n', &line)) {
        struct tcn_flaw flaw = read_flaw(x, line);

        if (flaw.is_own == are_own)
            ret[v->n_flaws++] = flaw;
    }
}

static void keep_flaws(const struct reading *x, const struct tcn_problems *problems)
{
    struct tcn_view *v = x->view;
    struct tcn_flaw *flaws =
        TCN_NEW_N(&v->arena, struct tcn_flaw, problems->lines + v->n_left_out + 1);

    add_flaws(x, problems, true, flaws);
    add_flaws(x, problems, false, flaws);
    v->flaws = flaws;
}

/* -- states of channels ------------------------------------------------------------------------------------------- */

static struct tcn_channel *channel_of(struct tcn_directory *d,
                                      const struct tcn_channel_state *state)
{
    const struct tcn_contact *c = tcn_directory_contact(d, state->contact);

    for (size_t i = 0; c && i < c->n_channels; i++)
        if (strcmp(c->channels[i].name, state->channel) == 0)
            return &c->channels[i];
    return NULL;
}

struct tcn_id tcn_catalog_address_hash(const char *address)
{
    uint8_t digest[32];
    struct tcn_id hash;

    tcn_sha256(address, strlen(address), digest);
    memcpy(hash.b, digest, sizeof hash.b);
    return hash;
}

/* What was confirmed is an address: another one is to be confirmed itself. */
static int apply_states(struct reading *x, struct tcn_err *err)
{
    struct tcn_channel_state *states = NULL;
    size_t n = 0;
    int r = tcn_store_channel_state_list(x->s, &x->rows, &states, &n, err);

    for (size_t i = 0; r == 0 && i < n; i++) {
        struct tcn_channel *channel = channel_of(&x->view->directory, &states[i]);

        if (channel && states[i].is_activated &&
            tcn_id_eq(states[i].address_hash, tcn_catalog_address_hash(channel->address)))
            channel->is_activated = true;
    }
    x->view->n_made += n;
    return r;
}

/* -- all of it ---------------------------------------------------------------------------------------------------- */

static int read_lists(struct reading *x, struct tcn_err *err)
{
    json_t *windows = json_object_get(x->declared->declared->resources, "maintenance_windows");
    int r = 0;

    x->view->lists = json_object();
    if (windows)
        json_object_set(x->view->lists, "maintenance_windows", windows);
    for (size_t i = 0; i < TCN_SECTIONS && r == 0; i++)
        r = read_list(x, &tcn_sections[i], err);
    return r;
}

static void read_directory(struct reading *x)
{
    struct tcn_problems problems;
    struct tcn_doc doc = {.file = "", .text = TCN_STR("{}"), .problems = &problems};
    struct tcn_node root, node, channels;
    struct tcn_directory *d = &x->view->directory;

    tcn_problems_init(&problems);
    doc.root = json_pack("{s:O}", "resources", x->view->lists);
    root = tcn_node_root(&doc);
    node = tcn_node_member(&root, "resources");
    d->declared = x->declared->declared;
    d->account_id = tcn_arena_strdup(&x->view->arena, x->declared->account_id);
    d->region = tcn_arena_strdup(&x->view->arena, x->declared->region);
    memcpy(d->budgets, x->declared->budgets, sizeof d->budgets);
    tcn_resources_read(&node, &x->declared->declared->connectors, &x->view->arena, d);
    channels = tcn_node_member(&node, "contact_channels");
    if (d->declared->config)
        tcn_config_judge_channels(&channels, d->declared->config);
    keep_flaws(x, &problems);
    tcn_doc_done(&doc);
    tcn_problems_done(&problems);
}

int tcn_view_read(struct tcn_store *s, const struct tcn_directory *declared,
                  const struct tcn_change *change, struct tcn_view *ret, struct tcn_err *err)
{
    struct reading x = {s, declared, change, ret, SIZE_MAX, {0}};
    int r;

    *ret = (struct tcn_view){0};
    tcn_arena_init(&ret->arena, VIEW_ARENA);
    tcn_arena_init(&x.rows, VIEW_ARENA);
    if ((r = read_lists(&x, err)) == 0) {
        read_directory(&x);
        r = apply_states(&x, err);
    }
    tcn_arena_done(&x.rows);
    if (r < 0)
        tcn_view_done(ret);
    return r;
}

void tcn_view_done(struct tcn_view *view)
{
    json_decref(view->lists);
    tcn_arena_done(&view->arena);
    *view = (struct tcn_view){0};
}
