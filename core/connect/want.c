#include "connect/want.h"
#include "base/datetime.h"

#include <inttypes.h>
#include <stdio.h>

#define NOTE_PAGE 50 /* events read at a time */
#define NOTE_PAGE_ARENA (64u << 20)
#define NOTE_PAGES_MAX 400
#define SETTLE_MS 2000

/* -- the incident as JSON ------------------------------------------------------------------------------------- */

static void set_text(json_t *to, const char *name, const char *text)
{
    if (text)
        json_object_set_new(to, name, json_string(text));
}

static void set_time(json_t *to, const char *name, int64_t ms)
{
    char text[TCN_TIME_TEXT];

    if (ms <= 0)
        return;
    tcn_time_text(ms, text);
    set_text(to, name, text);
}

static enum tcn_class class_of(const struct tcn_incident *i)
{
    if (i->status == TCN_STATUS_RESOLVED)
        return TCN_CLASS_RESOLVED;
    return i->acknowledged_ms > 0 ? TCN_CLASS_ACKED : TCN_CLASS_OPEN;
}

static void add_ids(json_t *env, const struct tcn_incident *i)
{
    char id[TCN_ID_TEXT], brief[27];

    tcn_id_text(i->id, id);
    tcn_id_short(i->id, brief);
    set_text(env, "id", id);
    set_text(env, "short_id", brief);
}

static void add_ack(json_t *env, const struct tcn_incident *i)
{
    json_t *ack;

    if (i->acknowledged_ms <= 0)
        return;
    ack = json_object();
    set_text(ack, "by", i->acknowledged_by);
    set_time(ack, "at", i->acknowledged_ms);
    json_object_set_new(env, "ack", ack);
}

static void add_resolution(json_t *env, const struct tcn_incident *i)
{
    json_t *resolution;

    if (i->status != TCN_STATUS_RESOLVED)
        return;
    resolution = json_object();
    set_text(resolution, "code", i->resolution.code);
    set_text(resolution, "notes", i->resolution.notes);
    set_text(resolution, "by", i->resolution.by);
    json_object_set_new(env, "resolution", resolution);
}

static void add_tags(json_t *env, const struct tcn_incident *i)
{
    json_t *tags = json_object();

    for (size_t n = 0; n < i->n_tags; n++)
        set_text(tags, i->tags[n].key, i->tags[n].value);
    json_object_set_new(env, "tags", tags);
}

json_t *tcn_incident_json(const struct tcn_incident *incident, const char *account_id,
                          const char *url)
{
    json_t *env = json_object();

    add_ids(env, incident);
    set_text(env, "title", incident->title);
    set_text(env, "summary", incident->summary);
    if (incident->impact > 0)
        json_object_set_new(env, "impact", json_integer(incident->impact));
    set_text(env, "status", tcn_class_name(class_of(incident)));
    add_ack(env, incident);
    add_resolution(env, incident);
    add_tags(env, incident);
    set_time(env, "started_at", incident->created_ms);
    set_time(env, "resolved_at", incident->resolved_ms);
    set_text(env, "source", incident->source);
    set_text(env, "response_plan", incident->response_plan);
    set_text(env, "account_id", account_id);
    set_text(env, "url", url);
    return env;
}

/* -- the lens: how the mapping reads and writes ---------------------------------------------------------------- */

static json_t *lens_out(void *ctx, size_t field, json_t *value)
{
    struct tcn_want *w = ctx;
    struct tcn_mapping_env env = w->mapping_env;
    json_t *out;

    /* The value may be another than the incident's: a union with what the remote has. */
    env.env = json_copy(w->env);
    json_object_set(env.env, w->wanted.fields[field].policy->name, value);
    out = tcn_mapping_out(w->source->mapping, field, &env);
    json_decref(env.env);
    return out;
}

static json_t *lens_in(void *ctx, size_t field, json_t *record)
{
    struct tcn_want *w = ctx;
    struct tcn_mapping_env env = w->mapping_env;

    env.record = record;
    return tcn_mapping_in(w->source->mapping, field, &env);
}

static bool lens_same(void *ctx, size_t field, json_t *a, json_t *b)
{
    struct tcn_want *w = ctx;

    if (!a || !b)
        return a == b;
    return json_equal(a, b) || tcn_mapping_same(w->source->mapping, field, a, b, &w->mapping_env);
}

static void lens_status(void *ctx, json_t *record, enum tcn_class local,
                        struct tcn_remote_status *ret)
{
    struct tcn_want *w = ctx;
    const struct tcn_mapping *m = w->source->mapping;
    struct tcn_mapping_env env = w->mapping_env;
    const char *value;

    env.record = record;
    value = tcn_mapping_status_value(m, &env, w->arena);
    *ret = (struct tcn_remote_status){.class = TCN_CLASS_UNSET};
    if (!value)
        return;
    ret->accepts = tcn_mapping_status_accepts(m, tcn_class_name(local), value);
    ret->class = ret->accepts ? local : tcn_class_parse(tcn_mapping_status_local(m, &env));
    ret->is_terminal = tcn_mapping_status_is_terminal(m, value);
}

static json_t *lens_status_payload(void *ctx, enum tcn_class local)
{
    struct tcn_want *w = ctx;

    return tcn_mapping_has_status(w->source->mapping)
               ? tcn_mapping_status_payload(w->source->mapping, tcn_class_name(local),
                                            &w->mapping_env)
               : NULL;
}

/* -- policies ------------------------------------------------------------------------------------------------- */

json_t *tcn_want_setting(const struct tcn_want_source *source, const char *name)
{
    json_t *value = json_object_get(source->settings, name);

    return value ? value : json_object_get(tcn_mapping_settings(source->mapping), name);
}

/* Index of the setting's word among those that it takes, else def. */
static int choice(const struct tcn_want_source *source, const char *name, int def)
{
    const char *const *names = tcn_mapping_sync_words(name);
    const char *word = json_string_value(tcn_want_setting(source, name));

    for (int i = 0; word && names[i]; i++)
        if (strcmp(names[i], word) == 0)
            return i;
    return def;
}

static int64_t duration(const struct tcn_want_source *source, const char *name, int64_t ms)
{
    const char *text = json_string_value(tcn_want_setting(source, name));
    int64_t value;

    return text && tcn_str_duration(tcn_str(text), &value) == 0 ? value : ms;
}

static void set_policies(struct tcn_want *w)
{
    const struct tcn_want_source *source = w->source;
    struct tcn_wanted *wanted = &w->wanted;

    wanted->auto_resolve =
        (enum tcn_auto_resolve)choice(source, "auto_resolve", TCN_RESOLVE_UNLESS_ACKED);
    wanted->while_firing =
        (enum tcn_while_firing)choice(source, "resolve_while_firing", TCN_FIRING_NOTE);
    wanted->short_lived = choice(source, "short_lived", 0) == 0 ? TCN_SHORT_SKIP : TCN_SHORT_CREATE;
    wanted->when_lost = (enum tcn_when_lost)choice(source, "when_lost", TCN_LOST_STOP);
    wanted->settle_ms = duration(source, "settle", SETTLE_MS);
    wanted->notes_max = tcn_mapping_note_max(source->mapping);
    wanted->status_steps = tcn_mapping_status_steps(source->mapping);
    wanted->status_direction = tcn_mapping_has_status(source->mapping)
                                   ? tcn_mapping_status_direction(source->mapping)
                                   : TCN_DIRECTION_OFF;
}

/* -- fields --------------------------------------------------------------------------------------------------- */

static void set_fields(struct tcn_want *w)
{
    const struct tcn_mapping *m = w->source->mapping;
    size_t n = tcn_mapping_field_count(m);

    if (n > TCN_ENSURE_FIELDS_MAX)
        n = TCN_ENSURE_FIELDS_MAX;
    for (size_t i = 0; i < n; i++) {
        const struct tcn_mapping_field *policy = tcn_mapping_field(m, i);

        w->wanted.fields[i].policy = policy;
        w->wanted.fields[i].local =
            tcn_mapping_canonical(policy->name, json_object_get(w->env, policy->name));
    }
    w->wanted.n_fields = n;
}

static int set_incident(struct tcn_want *w, struct tcn_store *s, struct tcn_id id,
                        struct tcn_err *err)
{
    struct tcn_wanted *wanted = &w->wanted;
    struct tcn_lane firing;
    struct tcn_incident incident;
    const char *url = NULL;
    int r;

    if ((r = tcn_store_incident_get(s, id, w->arena, &incident, err)) < 0 ||
        (r = tcn_store_lane_firing(s, id, NULL, w->arena, &firing, err)) < 0)
        return r;
    wanted->is_firing = firing.exists;
    wanted->revision = incident.revision;
    wanted->created_ms = incident.created_ms;
    wanted->modified_ms = incident.modified_ms;
    wanted->resolved_ms = incident.resolved_ms;
    wanted->status = class_of(&incident);
    wanted->by_alarm = incident.status == TCN_STATUS_RESOLVED && incident.resolution.by &&
                       strncmp(incident.resolution.by, "source:", 7) == 0;
    if (w->source->url)
        url = w->source->url(w->source->ctx, id, w->arena);
    wanted->url = url;
    w->env = tcn_incident_json(&incident, w->source->account_id, url);
    return 0;
}

static int add_related(struct tcn_want *w, struct tcn_store *s, struct tcn_id id,
                       struct tcn_err *err)
{
    struct tcn_related_item *items = NULL;
    json_t *list = json_array();
    size_t n = 0;
    int r = tcn_store_related_list(s, id, w->arena, &items, &n, err);

    for (size_t i = 0; i < n && i < TCN_RELATED_MAX; i++) {
        json_t *item = json_object();

        set_text(item, "kind", items[i].value_kind);
        set_text(item, "type", items[i].type);
        set_text(item, "title", items[i].title);
        set_text(item, "value", items[i].value);
        json_array_append_new(list, item);
    }
    json_object_set_new(w->env, "related", list);
    return r;
}

/* -- notes ---------------------------------------------------------------------------------------------------- */

/* The word that a mapping's "only" lists. */
static const char *kind_of(const struct tcn_event *event, json_t *data)
{
    const char *told = json_string_value(json_object_get(data, "kind"));

    if (strcmp(event->type, TCN_EVENT_NOTE) == 0 || strcmp(event->type, TCN_EVENT_CUSTOM) == 0)
        return "comment";
    if (strcmp(event->type, TCN_EVENT_PAGE) == 0)
        return "page";
    return told ? told : "state";
}

static json_t *event_json(const struct tcn_event *event, const char *id)
{
    json_t *root = json_object(), *data = NULL;

    if (event->data)
        (void)tcn_json_parse(tcn_str(event->data), &tcn_json_api, &data, NULL);
    set_text(root, "id", id);
    set_text(root, "kind", kind_of(event, data));
    set_text(root, "text", event->text);
    set_text(root, "by", event->actor);
    set_time(root, "at", event->event_ms);
    if (json_is_true(json_object_get(data, "private")))
        json_object_set_new(root, "private", json_true());
    json_decref(data);
    return root;
}

/* What people did or wrote in the record itself is no news to them: "connector:jira", "connector:jira/Ann Smith". */
static bool is_from_there(const struct tcn_want *w, const struct tcn_event *event)
{
    static const char by[] = "connector:";
    const char *name = w->source->instance->sdk.name;
    size_t n = strlen(name);

    return event->actor && strcmp(event->type, TCN_EVENT_TOCSIN) != 0 &&
           strncmp(event->actor, by, sizeof by - 1) == 0 &&
           strncmp(event->actor + sizeof by - 1, name, n) == 0 &&
           (event->actor[sizeof by - 1 + n] == '\0' || event->actor[sizeof by - 1 + n] == '/');
}

static void add_note(struct tcn_want *w, const struct tcn_event *event)
{
    struct tcn_mapping_env env = w->mapping_env;
    struct tcn_wanted_note *note;
    const char *text;
    char id[TCN_ID_TEXT];

    if (!event->to_tickets || !event->text || is_from_there(w, event))
        return;
    tcn_id_text(event->id, id);
    env.event = event_json(event, id);
    text = tcn_mapping_note(w->source->mapping, &env, w->arena);
    json_decref(env.event);
    if (!text)
        return;
    note = &w->wanted.notes[w->wanted.n_notes++];
    *note = (struct tcn_wanted_note){event->seq, tcn_arena_strdup(w->arena, id), text};
}

static int add_page(struct tcn_want *w, struct tcn_store *s, struct tcn_id incident,
                    struct tcn_arena *page, size_t *ret_n, struct tcn_err *err)
{
    struct tcn_event *events = NULL;
    int r =
        tcn_store_event_list(s, incident, w->wanted.last_seq, NOTE_PAGE, page, &events, ret_n, err);

    for (size_t i = 0; r == 0 && i < *ret_n && w->wanted.n_notes < TCN_ENSURE_NOTES_MAX; i++) {
        add_note(w, &events[i]);
        w->wanted.last_seq = events[i].seq;
    }
    return r;
}

/* A long timeline is never held whole: an event carries the alarm as it was received. */
static int read_page(struct tcn_want *w, struct tcn_store *s, struct tcn_id incident, size_t *ret_n,
                     struct tcn_err *err)
{
    struct tcn_arena page;
    int r;

    tcn_arena_init(&page, NOTE_PAGE_ARENA);
    r = add_page(w, s, incident, &page, ret_n, err);
    tcn_arena_done(&page);
    return r;
}

static int set_pending(struct tcn_want *w, struct tcn_store *s, const struct tcn_link *link,
                       struct tcn_err *err)
{
    struct tcn_event *event = NULL;
    size_t n = 0;
    char id[TCN_ID_TEXT];
    int r;

    w->wanted.pending_event_id = NULL;
    if (link->pending_note_seq == 0)
        return 0;
    r = tcn_store_event_list(s, link->incident, link->pending_note_seq - 1, 1, w->arena, &event, &n,
                             err);
    if (r == 0 && n == 1 && event->seq == link->pending_note_seq) {
        tcn_id_text(event->id, id);
        w->wanted.pending_event_id = tcn_arena_strdup(w->arena, id);
    }
    return r;
}

int tcn_want_notes(struct tcn_want *w, struct tcn_store *s, const struct tcn_link *link,
                   struct tcn_err *err)
{
    size_t n = NOTE_PAGE;
    int r = set_pending(w, s, link, err);

    w->wanted.n_notes = 0;
    w->wanted.last_seq = link->notes_seq;
    for (unsigned page = 0; r == 0 && page < NOTE_PAGES_MAX && n == NOTE_PAGE &&
                            w->wanted.n_notes < TCN_ENSURE_NOTES_MAX;
         page++)
        r = read_page(w, s, link->incident, &n, err);
    return r;
}

/* {"from": [kinds]} of the mapping's notes.in; NULL: it takes none in. */
static json_t *listen_payload(const struct tcn_mapping *m)
{
    json_t *from;

    if (!tcn_mapping_takes_notes(m))
        return NULL;
    from = json_array();
    for (const char *const *kind = tcn_mapping_note_sources(m); *kind; kind++)
        json_array_append_new(from, json_string(*kind));
    return json_pack("{s:o}", "from", from);
}

/* -- all of it ------------------------------------------------------------------------------------------------ */

static void set_remote(struct tcn_want *w, const struct tcn_link *link)
{
    w->mapping_env.remote = json_object();
    set_text(w->mapping_env.remote, "id", link->remote_id);
    set_text(w->mapping_env.remote, "key", link->remote_key);
    set_text(w->mapping_env.remote, "url", link->remote_url);
}

/* A record that took another's place has a mark of its own. */
static void set_mark(struct tcn_want *w, const struct tcn_link *link)
{
    if (link->recreated > 0 && w->find.value)
        w->find.value = tcn_arena_fmt(w->arena, "%s-%" PRId64, w->find.value, link->recreated + 1);
}

static void set_mapped(struct tcn_want *w, const struct tcn_link *link)
{
    const struct tcn_mapping *m = w->source->mapping;

    w->wanted.is_wanted = tcn_mapping_wants(m, &w->mapping_env);
    tcn_mapping_find(m, &w->mapping_env, w->arena, &w->find);
    set_mark(w, link);
    w->wanted.visibility_ms = w->find.visibility_ms;
    w->create = tcn_mapping_create(m, &w->mapping_env);
    w->wanted.create = w->create;
    w->listen = listen_payload(m);
    w->wanted.listen = w->listen;
    set_fields(w);
}

int tcn_want_init(struct tcn_want *w, const struct tcn_want_source *source, struct tcn_store *s,
                  const struct tcn_link *link, struct tcn_arena *arena, struct tcn_err *err)
{
    int r;

    *w = (struct tcn_want){.source = source, .arena = arena};
    w->wanted.caps = source->instance->caps;
    w->wanted.lens =
        (struct tcn_lens){w, lens_out, lens_in, lens_same, lens_status, lens_status_payload};
    if ((r = set_incident(w, s, link->incident, err)) < 0 ||
        (r = add_related(w, s, link->incident, err)) < 0)
        return r;
    w->mapping_env.env = w->env;
    w->mapping_env.old = tcn_ensure_base(link);
    w->mapping_env.settings = source->settings;
    w->mapping_env.now_ms = w->wanted.modified_ms;
    set_remote(w, link);
    set_policies(w);
    set_mapped(w, link);
    return tcn_want_notes(w, s, link, err);
}

void tcn_want_done(struct tcn_want *w)
{
    for (size_t i = 0; i < w->wanted.n_fields; i++)
        json_decref(w->wanted.fields[i].local);
    json_decref(w->create);
    json_decref(w->listen);
    json_decref(w->mapping_env.old);
    json_decref(w->mapping_env.remote);
    json_decref(w->env);
    *w = (struct tcn_want){.source = NULL};
}

void tcn_want_remote(struct tcn_want *w, struct tcn_link *link, json_t *record)
{
    struct tcn_mapping_env env = w->mapping_env;
    const char *text;

    json_decref(w->mapping_env.remote);
    set_remote(w, link);
    env.remote = w->mapping_env.remote;
    env.record = record;
    if ((!link->remote_key || !link->remote_key[0]) &&
        (text = tcn_mapping_remote_key(w->source->mapping, &env, w->arena)) != NULL)
        link->remote_key = text;
    if ((!link->remote_url || !link->remote_url[0]) &&
        (text = tcn_mapping_remote_url(w->source->mapping, &env, w->arena)) != NULL)
        link->remote_url = text;
}
