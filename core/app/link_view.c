#include "app/link_view.h"
#include "api/json.h"
#include "api/v1_query.h"
#include "app/config.h"
#include "app/links.h"
#include "app/page_message.h"
#include "connect/ring.h"
#include "connect/want.h"
#include "store/feeds.h"

static const char *on_url(void *ctx, struct tcn_id incident, struct tcn_arena *arena)
{
    return tcn_incident_url(ctx, incident, arena);
}

/* -- what both sides hold ----------------------------------------------------------------------------------------- */

static json_t *or_null(json_t *value)
{
    return value ? json_incref(value) : json_null();
}

static json_t *field_json(const struct tcn_wanted *w, size_t i, json_t *base)
{
    const struct tcn_wanted_field *f = &w->fields[i];
    json_t *known = json_object_get(base, f->policy->name);

    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:b}", "field", f->policy->name, "direction",
                     tcn_mapping_direction_word(f->policy->direction), "conflict",
                     tcn_mapping_conflict_word(f->policy->conflict), "local", or_null(f->local),
                     "base", or_null(known), "differs",
                     !w->lens.same(w->lens.ctx, i, f->local, known));
}

static json_t *class_json(const char *name)
{
    return name ? json_string(name) : json_null();
}

static json_t *status_json(const struct tcn_wanted *w, const struct tcn_link *link)
{
    enum tcn_class base = tcn_class_parse(link->base_status);

    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:b}", "field", TCN_RING_STATUS, "direction",
                     tcn_mapping_direction_word(w->status_direction), "auto_resolve",
                     tcn_mapping_sync_words("auto_resolve")[w->auto_resolve],
                     "resolve_while_firing",
                     tcn_mapping_sync_words("resolve_while_firing")[w->while_firing], "local",
                     class_json(tcn_class_name(w->status)), "base", class_json(link->base_status),
                     "differs", base != w->status);
}

static json_t *fields_json(const struct tcn_want *want, const struct tcn_link *link)
{
    const struct tcn_wanted *w = &want->wanted;
    json_t *list = json_array();

    json_array_append_new(list, status_json(w, link));
    for (size_t i = 0; i < w->n_fields; i++)
        if (w->fields[i].policy->direction != TCN_DIRECTION_OFF)
            json_array_append_new(list, field_json(w, i, want->mapping_env.old));
    return list;
}

/* By the mapping that is in force. None: its connector is not configured any more. */
static int add_fields(const struct tcn_config *config, struct tcn_store *s,
                      const struct tcn_link *link, struct tcn_arena *arena, json_t *to,
                      struct tcn_err *err)
{
    const struct tcn_connector_config *c =
        config ? tcn_config_connector(config, link->connector) : NULL;
    struct tcn_want_source source;
    struct tcn_want want;
    int r;

    json_object_set_new(to, "fields", json_array());
    if (!c || !c->has_tickets)
        return 0;
    source = (struct tcn_want_source){.instance = c->instance,
                                      .mapping = c->mapping,
                                      .settings = c->settings,
                                      .account_id = config->account_id,
                                      .url = on_url,
                                      .ctx = (void *)(uintptr_t)config};
    r = tcn_want_init(&want, &source, s, link, arena, err);
    if (r == 0)
        json_object_set_new(to, "fields", fields_json(&want, link));
    tcn_want_done(&want);
    return r == TCN_ENOTFOUND ? 0 : r;
}

/* -- what was fought about ---------------------------------------------------------------------------------------- */

static int add_conflicts(struct tcn_store *s, struct tcn_id link, struct tcn_arena *arena,
                         json_t *to, struct tcn_err *err)
{
    struct tcn_conflict_row *rows = NULL;
    json_t *list = json_array();
    size_t n = 0;
    int r = tcn_store_conflict_list(s, link, arena, &rows, &n, err);

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, tcn_json_conflict(&rows[i]));
    json_object_set_new(to, "conflicts", list);
    return r;
}

/* -- all of it ---------------------------------------------------------------------------------------------------- */

int tcn_link_view(struct tcn_api_call *call, const struct tcn_command_world *world,
                  struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_link_behind behind;
    struct tcn_link link = {0};
    json_t *reply;
    int r = tcn_store_link_get(s, call->command.link, call->arena, &link, err);

    if (r == TCN_ENOTFOUND)
        return tcn_link_unknown(call);
    if (r < 0 || (r = tcn_store_link_behind(s, link.id, &behind, err)) < 0)
        return r;
    reply = tcn_api_link_json(call, &link, &behind);
    if ((r = add_fields(world->config, s, &link, call->arena, reply, err)) < 0 ||
        (r = add_conflicts(s, link.id, call->arena, reply, err)) < 0) {
        json_decref(reply);
        return r;
    }
    return tcn_v1_answer(call, reply);
}
