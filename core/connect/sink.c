#include "connect/sink.h"

#define SINK_ARENA (8u << 20)
#define TEXT_MAX 32768 /* bytes of one text */

void tcn_sink_init(struct tocsin_sink *s)
{
    *s = (struct tocsin_sink){.n_records = 0};
    tcn_arena_init(&s->arena, SINK_ARENA);
}

static void release_json(struct tocsin_sink *s)
{
    for (size_t i = 0; i < s->n_records; i++)
        json_decref(s->records[i].fields);
    for (size_t i = 0; i < s->n_updates; i++)
        json_decref(s->updates[i].fields);
    json_decref(s->reply);
}

void tcn_sink_done(struct tocsin_sink *s)
{
    release_json(s);
    json_decref(s->facts);
    tcn_arena_done(&s->arena);
    *s = (struct tocsin_sink){.n_records = 0};
}

void tcn_sink_reset(struct tocsin_sink *s)
{
    struct tcn_arena arena;

    release_json(s);
    tcn_arena_reset(&s->arena);
    arena = s->arena;
    *s = (struct tocsin_sink){.arena = arena, .facts = s->facts, .facts_bytes = s->facts_bytes};
}

/* What is kept of a text: whole code points, up to the first byte that is none. */
static struct tcn_str keepable(const char *text)
{
    struct tcn_str s = {text ? text : "", text ? strnlen(text, TEXT_MAX) : 0};

    s.len = tcn_utf8_prefix(s);
    return s;
}

static const char *copy(struct tocsin_sink *s, const char *text)
{
    return tcn_arena_str(&s->arena, keepable(text)).ptr;
}

/* The arena ends the process at its cap: a connector that tells too much must not get there. */
static bool has_room(const struct tocsin_sink *s, const char *const texts[], size_t n)
{
    size_t need = sizeof(struct tocsin_update) * TCN_UPDATES_MAX; /* the array may come, too */

    for (size_t i = 0; i < n; i++)
        need += keepable(texts[i]).len + 1;
    return need <= s->arena.cap - s->arena.used;
}

int tcn_sink_report(struct tocsin_sink *s, const struct tocsin_record *record)
{
    const char *const texts[] = {record->remote_id, record->remote_key, record->remote_url,
                                 record->version};

    if (s->n_records == TCN_RECORDS_MAX || keepable(record->remote_id).len == 0 ||
        !has_room(s, texts, 4))
        return -1;
    s->records[s->n_records++] = (struct tocsin_record){
        .remote_id = copy(s, record->remote_id),
        .remote_key = copy(s, record->remote_key),
        .remote_url = copy(s, record->remote_url),
        .version = copy(s, record->version),
        .fields = json_incref(record->fields),
        .changed_ms = record->changed_ms,
    };
    return 0;
}

int tcn_sink_emit(struct tocsin_sink *s, const struct tocsin_update *update)
{
    const char *const texts[] = {update->event_id, update->remote_id, update->marker, update->actor,
                                 update->text};

    if (s->n_updates == TCN_UPDATES_MAX || !has_room(s, texts, 5))
        return -1;
    if (!s->updates)
        s->updates = TCN_NEW_N(&s->arena, struct tocsin_update, TCN_UPDATES_MAX);
    s->updates[s->n_updates++] = (struct tocsin_update){
        .change = update->change,
        .event_id = copy(s, update->event_id),
        .remote_id = copy(s, update->remote_id),
        .marker = copy(s, update->marker),
        .actor = copy(s, update->actor),
        .text = copy(s, update->text),
        .at_ms = update->at_ms,
        .fields = json_incref(update->fields),
    };
    return 0;
}

int tcn_sink_bad_field(struct tocsin_sink *s, const char *field, const char *message)
{
    const char *const texts[] = {field, message};

    if (s->n_bad_fields == TCN_BAD_FIELDS_MAX || keepable(field).len == 0 || !has_room(s, texts, 2))
        return -1;
    s->bad_fields[s->n_bad_fields].name = copy(s, field);
    s->bad_fields[s->n_bad_fields++].message = copy(s, message);
    return 0;
}

int tcn_sink_reply(struct tocsin_sink *s, int status, const json_t *body)
{
    if (status < 200 || status > 299)
        return -1;
    json_decref(s->reply);
    s->reply = body ? json_deep_copy(body) : NULL;
    s->reply_status = status;
    return 0;
}

int tcn_sink_tell(struct tocsin_sink *s, const char *name, const json_t *value)
{
    struct tcn_str text = keepable(name);
    size_t bytes = json_dumpb(value, NULL, 0, JSON_ENCODE_ANY | JSON_COMPACT);

    if (text.len == 0 || !value || json_array_size(s->facts) == TCN_FACTS_MAX ||
        bytes > TCN_FACTS_BYTES_MAX - s->facts_bytes)
        return -1;
    if (!s->facts)
        s->facts = json_array();
    s->facts_bytes += bytes;
    return json_array_append_new(s->facts, json_pack("{s:s%, s:o}", "name", text.ptr, text.len,
                                                     "value", json_deep_copy(value)));
}
