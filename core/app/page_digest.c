#include "app/page_digest.h"

#include "app/catalog.h"
#include "base/buf.h"
#include "base/datetime.h"
#include "base/text.h"
#include "connect/want.h"

#include <stdlib.h>

#define TITLE_POINTS 200
#define LIST_BYTES 131072 /* of 50 items with titles of 200 code points, and more */
#define INCIDENT_ARENA (4u << 20)

/* An incident of which something waits. */
struct entry {
    const struct tcn_send_row *row; /* the one that waits longest */
    const char *title;
    int impact;
    size_t no;
};

struct digest {
    const struct tcn_config *config;
    const struct tcn_directory *directory; /* in force */
    const uint8_t *ack_key;
    struct tcn_store *s;
    const struct tcn_send_bundle *bundle;
    struct tcn_arena *arena;
    struct entry *entries;
    size_t n;
};

static const struct tcn_mapping *mapping_of(const struct tcn_config *config, int channel_type)
{
    const char *name = config->channel_connector[channel_type];
    const struct tcn_connector_config *c = name ? tcn_config_connector(config, name) : NULL;

    return c ? c->mapping : NULL;
}

int tcn_page_budget(const struct tcn_config *config, struct tcn_store *s,
                    const struct tcn_send_row *row, int64_t now_ms, struct tcn_send_budget *ret,
                    struct tcn_err *err)
{
    const struct tcn_mapping *mapping = mapping_of(config, row->channel_type);
    const struct tcn_directory *directory;
    const struct tcn_page_budget *budget;
    const struct tcn_contact *contact;
    int r = tcn_catalog_of(s, &config->directory, now_ms, &directory, err);

    if (r < 0)
        return r;
    contact = tcn_directory_contact(directory, row->contact);
    if (!contact)
        return 0;
    budget = tcn_directory_budget(directory, contact, (enum tcn_channel_type)row->channel_type);
    if (budget->pages == 0)
        return 0;
    *ret = (struct tcn_send_budget){*budget, mapping && tcn_mapping_has_message(mapping, "digest")};
    return 1;
}

/* -- which incidents -------------------------------------------------------------------------------------------- */

static bool has_entry(const struct digest *d, struct tcn_id incident)
{
    for (size_t i = 0; i < d->n; i++)
        if (tcn_id_eq(d->entries[i].row->incident, incident))
            return true;
    return false;
}

/* Without a lock: it is a text, and what is over meanwhile is dropped where that is decided. */
static int add_entry(struct digest *d, const struct tcn_send_row *row, struct tcn_err *err)
{
    struct tcn_incident incident;
    struct tcn_arena a;
    const char *sender;
    int r;

    tcn_arena_init(&a, INCIDENT_ARENA);
    r = tcn_store_incident_get(d->s, row->incident, &a, &incident, err);
    if (r == 0)
        r = tcn_page_told(d->s, row, &incident, &a, &sender, err);
    if (r == 0) {
        struct tcn_str title =
            tcn_utf8_cut(tcn_str(incident.title ? incident.title : "Incident"), TITLE_POINTS);

        d->entries[d->n] = (struct entry){row, tcn_arena_strndup(d->arena, title.ptr, title.len),
                                          incident.impact, d->n};
        d->n++;
    }
    tcn_arena_done(&a);
    return r == TCN_ENOTFOUND ? 0 : r;
}

/* An impact that nobody knows comes last. */
static int rank(const struct entry *e)
{
    return e->impact > 0 ? e->impact : 100;
}

static int most_severe_first(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;

    if (rank(a) != rank(b))
        return rank(a) < rank(b) ? -1 : 1;
    return a->no < b->no ? -1 : 1;
}

static int list_incidents(struct digest *d, struct tcn_err *err)
{
    int r = 0;

    d->entries = TCN_NEW_N(d->arena, struct entry, d->bundle->n);
    for (size_t i = 0; i < d->bundle->n && r == 0; i++)
        if (!has_entry(d, d->bundle->rows[i].incident))
            r = add_entry(d, &d->bundle->rows[i], err);
    qsort(d->entries, d->n, sizeof *d->entries, most_severe_first);
    return r;
}

/* -- the text --------------------------------------------------------------------------------------------------- */

static void add_title(struct tcn_buf *b, const char *title)
{
    for (; *title; title++)
        tcn_buf_add(b, (unsigned char)*title < 0x20 ? " " : title, 1);
}

static int add_item(const struct digest *d, const struct entry *e, struct tcn_buf *b,
                    struct tcn_err *err)
{
    struct tcn_engagement *engagements = NULL;
    const struct tcn_page *page;
    struct tcn_arena a;
    size_t n = 0;
    int r;

    tcn_arena_init(&a, INCIDENT_ARENA);
    r = tcn_store_engagement_list(d->s, e->row->incident, &a, &engagements, &n, err);
    page = r == 0 ? tcn_page_among(engagements, n, e->row->page) : NULL;
    if (e->impact > 0)
        tcn_buf_fmt(b, "[%d] ", e->impact);
    add_title(b, e->title);
    tcn_buf_fmt(b, "\n    Acknowledge: %s\n",
                tcn_page_ack_url(d->config, d->ack_key, e->row->page, d->arena));
    if (page && page->accept_code[0])
        tcn_buf_fmt(b, "    Code:        %s\n", page->accept_code);
    tcn_arena_done(&a);
    return r;
}

static int list_text(const struct digest *d, const char **ret, struct tcn_err *err)
{
    struct tcn_buf b;
    int r = 0;

    tcn_buf_init(&b, LIST_BYTES);
    for (size_t i = 0; i < d->n && i < TCN_DIGEST_LISTED && r == 0; i++)
        r = add_item(d, &d->entries[i], &b, err);
    if (d->n > TCN_DIGEST_LISTED)
        tcn_buf_fmt(&b, "and %zu more\n", d->n - TCN_DIGEST_LISTED);
    *ret = tcn_arena_strndup(d->arena, b.ptr ? b.ptr : "", b.len);
    tcn_buf_done(&b);
    return r;
}

/* -- the message ------------------------------------------------------------------------------------------------ */

static json_t *event_json(const struct digest *d, const struct tcn_channel *channel,
                          const char *list)
{
    const char *contact = d->entries[0].row->contact;
    char at[TCN_TIME_TEXT];

    tcn_time_text(d->bundle->now_ms, at);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "kind", "digest", "contact", contact,
                     "name", tcn_page_name(d->directory, contact), "to", channel->address, "at", at,
                     "count", (json_int_t)d->n, "list", list);
}

static json_t *evaluate(const struct digest *d, const struct tcn_incident *first,
                        const struct tcn_channel *channel, const char *list)
{
    const struct tcn_mapping *mapping = mapping_of(d->config, d->entries[0].row->channel_type);
    struct tcn_mapping_env env = {.now_ms = d->bundle->now_ms};
    json_t *message;

    env.env = tcn_incident_json(first, d->config->account_id,
                                tcn_incident_url(d->config, first->id, d->arena));
    env.event = event_json(d, channel, list);
    message = mapping ? tcn_mapping_message(mapping, "digest", &env) : NULL;
    if (message)
        json_object_set_new(message, "to", json_string(channel->address));
    json_decref(env.env);
    json_decref(env.event);
    return message;
}

/* Somebody else's lock is not waited for: who has it may wait for what this job has. */
static int page_of_one(const struct digest *d, json_t **ret, struct tcn_err *err)
{
    const struct tcn_send_row *row = d->entries[0].row;
    struct tcn_send_message m = {.payload = NULL};
    bool is_ours;
    int r = tcn_store_try_incident(d->s, row->incident, &is_ours, err);

    if (r == 0 && is_ours)
        r = tcn_page_message(d->config, d->ack_key, d->s, row, d->bundle->now_ms, d->arena, &m,
                             err);
    *ret = m.payload;
    return r;
}

static int write_all(const struct digest *d, json_t **ret, struct tcn_err *err)
{
    const struct tcn_send_row *row = d->entries[0].row;
    const struct tcn_channel *channel =
        tcn_directory_channel(d->directory, row->contact, row->channel);
    struct tcn_incident first;
    const char *list = "", *sender;
    int r;

    if (!channel || !channel->is_activated)
        return 0;
    if ((r = list_text(d, &list, err)) < 0 ||
        (r = tcn_store_incident_get(d->s, row->incident, d->arena, &first, err)) < 0 ||
        (r = tcn_page_told(d->s, row, &first, d->arena, &sender, err)) < 0)
        return r;
    *ret = evaluate(d, &first, channel, list);
    return 0;
}

int tcn_page_digest(const struct tcn_config *config, const uint8_t ack_key[TCN_ACK_KEY],
                    struct tcn_store *s, const struct tcn_send_bundle *bundle,
                    struct tcn_arena *arena, json_t **ret, struct tcn_err *err)
{
    struct digest d = {
        .config = config, .ack_key = ack_key, .s = s, .bundle = bundle, .arena = arena};
    int r;

    *ret = NULL;
    if ((r = tcn_catalog_of(s, &config->directory, bundle->now_ms, &d.directory, err)) < 0 ||
        (r = list_incidents(&d, err)) < 0 || d.n == 0)
        return r;
    return d.n == 1 ? page_of_one(&d, ret, err) : write_all(&d, ret, err);
}
