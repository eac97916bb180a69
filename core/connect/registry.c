/* Decides which connectors may be used. What they are asked to do is the business of instance.c and exchange.c. */
#include "connect/registry.h"
#include "base/xalloc.h"
#include "connect/option.h"
#include "connect/sink.h"

#define VERBS_KNOWN ((TOCSIN_CAN(TOCSIN_PROBE) << 1) - TOCSIN_CAN(TOCSIN_CHECK))
#define CAPS_KNOWN (VERBS_KNOWN | TOCSIN_CAP_WEBHOOK | TOCSIN_CAP_IDEMPOTENT)
#define NAME_MAX_LEN 32

/* A field of MINOR 0 is inside every legal size; later fields are not. */
#define SIZE_OF_MINOR_0 (offsetof(struct tocsin_connector, decode) + sizeof(void (*)(void)))

struct tcn_registry {
    size_t n;
    struct tocsin_connector items[TCN_CONNECTORS_MAX];
    const char *names[TCN_CONNECTORS_MAX + 1];
};

struct tcn_registry *tcn_registry_new(void)
{
    return tcn_xcalloc(1, sizeof(struct tcn_registry));
}

void tcn_registry_free(struct tcn_registry *r)
{
    free(r);
}

static bool name_ok(const char *name)
{
    size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

    return n > 0 && n <= NAME_MAX_LEN && name[n] == 0 && name[0] >= 'a' && name[0] <= 'z';
}

static int check_head(const struct tocsin_connector *c, struct tcn_err *err)
{
    /* Nothing but the two numbers may be read before they agree. */
    if (c->abi_major != TOCSIN_ABI_MAJOR)
        return tcn_fail(
            err, TCN_EINVALID,
            "connector was built for SDK %u.%u, this program speaks %u.%u: build it again",
            c->abi_major, c->abi_minor, TOCSIN_ABI_MAJOR, TOCSIN_ABI_MINOR);
    if (c->abi_minor > TOCSIN_ABI_MINOR)
        return tcn_fail(err, TCN_EINVALID,
                        "connector needs SDK %u.%u, this program speaks %u.%u: use a newer Tocsin",
                        c->abi_major, c->abi_minor, TOCSIN_ABI_MAJOR, TOCSIN_ABI_MINOR);
    if (c->size < SIZE_OF_MINOR_0)
        return tcn_fail(err, TCN_EINVALID,
                        "connector structure has %zu bytes, SDK %u.0 has %zu: set .size by "
                        "TOCSIN_CONNECTOR_HEAD",
                        c->size, TOCSIN_ABI_MAJOR, SIZE_OF_MINOR_0);
    if (!name_ok(c->name))
        return tcn_fail(err, TCN_EINVALID,
                        "connector name must be 1-%d of a-z, 0-9 and -, starting with a letter",
                        NAME_MAX_LEN);
    if (!c->version || !c->summary)
        return tcn_fail(err, TCN_EINVALID, "connector %s has no version or no summary", c->name);
    return 0;
}

static int check_webhook(const struct tocsin_connector *c, struct tcn_err *err)
{
    bool claims = (c->caps & TOCSIN_CAP_WEBHOOK) != 0;

    if (claims && !c->verify)
        return tcn_fail(err, TCN_EINVALID,
                        "connector %s takes webhooks but has no verify(): none is accepted "
                        "unverified",
                        c->name);
    if (!claims && (c->verify || c->decode))
        return tcn_fail(err, TCN_EINVALID,
                        "connector %s has verify() or decode() but not TOCSIN_CAP_WEBHOOK",
                        c->name);
    return 0;
}

static int check_caps(const struct tocsin_connector *c, struct tcn_err *err)
{
    uint32_t look_up = TOCSIN_CAN(TOCSIN_FIND) | TOCSIN_CAP_IDEMPOTENT;

    if ((c->caps & ~CAPS_KNOWN) != 0)
        return tcn_fail(err, TCN_EINVALID, "connector %s claims unknown capabilities 0x%x", c->name,
                        (unsigned)(c->caps & ~CAPS_KNOWN));
    if ((c->caps & (VERBS_KNOWN | TOCSIN_CAP_WEBHOOK)) == 0)
        return tcn_fail(err, TCN_EINVALID, "connector %s can do nothing: set .caps", c->name);
    if ((c->caps & VERBS_KNOWN) != 0 && (!c->render || !c->interpret))
        return tcn_fail(err, TCN_EINVALID, "connector %s has verbs but no %s()", c->name,
                        c->render ? "interpret" : "render");
    /* A create whose answer was lost must be found again, or it would be made twice. */
    if ((c->caps & TOCSIN_CAN(TOCSIN_CREATE)) != 0 && (c->caps & look_up) == 0)
        return tcn_fail(
            err, TCN_EINVALID,
            "connector %s can create but neither find nor repeat safely: add TOCSIN_FIND "
            "or TOCSIN_CAP_IDEMPOTENT",
            c->name);
    return check_webhook(c, err);
}

#define CHANNELS_KNOWN                                                                             \
    (TOCSIN_REACHES(TOCSIN_EMAIL) | TOCSIN_REACHES(TOCSIN_SMS) | TOCSIN_REACHES(TOCSIN_VOICE) |    \
     TOCSIN_REACHES(TOCSIN_TOPIC))

/* A message for a channel that its connector cannot reach would die when somebody must be woken. */
static int check_channels(const struct tocsin_connector *c, struct tcn_err *err)
{
    size_t end = offsetof(struct tocsin_connector, channels) + sizeof c->channels;
    uint32_t channels = c->size >= end ? c->channels : 0;
    bool can_send = (c->caps & TOCSIN_CAN(TOCSIN_SEND)) != 0;

    if ((channels & ~CHANNELS_KNOWN) != 0)
        return tcn_fail(err, TCN_EINVALID, "connector %s reaches unknown channels 0x%x", c->name,
                        (unsigned)(channels & ~CHANNELS_KNOWN));
    if (can_send == (channels != 0))
        return 0;
    return tcn_fail(err, TCN_EINVALID,
                    can_send ? "connector %s can send but reaches no channel: set .channels"
                             : "connector %s reaches channels but cannot send: add TOCSIN_SEND",
                    c->name);
}

static int check_survey(const struct tocsin_connector *c, struct tcn_err *err)
{
    size_t end = offsetof(struct tocsin_connector, survey_max) + sizeof c->survey_max;
    uint32_t most = c->size >= end ? c->survey_max : 0;

    if ((c->caps & TOCSIN_CAN(TOCSIN_SURVEY)) == 0 || (most > 0 && most <= TCN_RECORDS_MAX))
        return 0;
    return tcn_fail(err, TCN_EINVALID,
                    "connector %s can survey: set .survey_max to 1 to %d, how many records it "
                    "asks for at once",
                    c->name, TCN_RECORDS_MAX);
}

static int check_options(const struct tocsin_connector *c, struct tcn_err *err)
{
    if (c->state_size > TCN_STATE_MAX)
        return tcn_fail(err, TCN_EINVALID, "connector %s wants %zu bytes of state, the cap is %d",
                        c->name, c->state_size, TCN_STATE_MAX);
    return tcn_option_table_check(c->name, c->options, c->state_size, err);
}

int tcn_connector_check(const struct tocsin_connector *c, struct tcn_err *err)
{
    int r;

    if ((r = check_head(c, err)) < 0 || (r = check_caps(c, err)) < 0 ||
        (r = check_channels(c, err)) < 0 || (r = check_survey(c, err)) < 0)
        return r;
    return check_options(c, err);
}

int tcn_registry_add(struct tcn_registry *r, const struct tocsin_connector *c, struct tcn_err *err)
{
    struct tocsin_connector *item;
    int code = tcn_connector_check(c, err);

    if (code < 0)
        return code;
    if (tcn_registry_find(r, c->name))
        return tcn_fail(err, TCN_ECONFLICT, "there are two connectors named %s", c->name);
    if (r->n == TCN_CONNECTORS_MAX)
        return tcn_fail(err, TCN_ELIMIT, "more than %d connectors", TCN_CONNECTORS_MAX);
    item = &r->items[r->n];
    memcpy(item, c, c->size < sizeof *item ? c->size : sizeof *item);
    r->names[r->n++] = item->name;
    return 0;
}

bool tcn_connector_reaches(const struct tocsin_connector *c, enum tocsin_channel channel)
{
    return (c->channels & TOCSIN_REACHES(channel)) != 0;
}

const struct tocsin_connector *tcn_registry_find(const struct tcn_registry *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->items[i].name, name) == 0)
            return &r->items[i];
    return NULL;
}

const struct tocsin_connector *tcn_registry_reaching(const struct tcn_registry *r,
                                                     enum tocsin_channel channel)
{
    for (size_t i = 0; i < r->n; i++)
        if (tcn_connector_reaches(&r->items[i], channel))
            return &r->items[i];
    return NULL;
}

const char *const *tcn_registry_names(const struct tcn_registry *r)
{
    return r->names;
}
