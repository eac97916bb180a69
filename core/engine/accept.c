/* AcceptPage of ssm-contacts (spec incidents-contacts 6). */
#include "engine/acknowledge.h"
#include "engine/engine.h"
#include "engine/page.h"

#include <string.h>

#define CODE_MIN 6 /* ssm-contacts: AcceptCode is 6-10 digits */
#define CODE_MAX 10

static bool is_code(const char *text)
{
    size_t n = text ? strspn(text, "0123456789") : 0;

    return n >= CODE_MIN && n <= CODE_MAX && text[n] == '\0';
}

/* As long for a wrong code as for the right one. */
static bool is_its_code(const struct tcn_page *p, const char *code)
{
    unsigned char differs = strlen(code) != strlen(p->accept_code);

    for (size_t i = 0; p->accept_code[i]; i++)
        differs |= (unsigned char)(p->accept_code[i] ^ code[i < CODE_MIN ? i : 0]);
    return differs == 0;
}

static int check(const struct tcn_page *p, const struct tcn_accept *accept,
                 const struct tcn_directory *directory, struct tcn_err *err)
{
    if (accept->type != TCN_READ && accept->type != TCN_DELIVERED)
        return tcn_fail(err, TCN_EINVALID, "AcceptType is neither DELIVERED nor READ");
    if (!is_code(accept->code))
        return tcn_fail(err, TCN_EINVALID, "AcceptCode is not 6 to 10 digits");
    if (accept->is_enforced && !is_its_code(p, accept->code))
        return tcn_fail(err, TCN_EINVALID, "AcceptCode is not that of the page");
    if (accept->channel && !tcn_directory_channel(directory, p->contact, accept->channel))
        return tcn_fail(err, TCN_EINVALID, "ContactChannelId is no channel of %s", p->contact);
    return 0;
}

static void deliver(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_page *p,
                    const struct tcn_accept *accept)
{
    tcn_page_receipt(s, p, TCN_DELIVERED, accept->channel, accept->note);
    tcn_page_record(s, e, p, TCN_DELIVERED, accept->note);
}

static void read(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_page *p,
                 const struct tcn_accept *accept)
{
    e->is_dirty = true;
    if (p->read_ms != 0)
        tcn_page_receipt(s, p, TCN_READ, accept->channel, accept->note);
    else
        tcn_acknowledge_page(s, e, p, accept->channel,
                             tcn_arena_fmt(s->d->arena, "contact:%s", p->contact), accept->note);
}

int tcn_engine_accept(struct tcn_aggregate *aggregate, const struct tcn_accept *accept,
                      const struct tcn_directory *directory, int64_t now_ms,
                      struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(aggregate, directory, 0, now_ms, ret);
    struct tcn_engagement *e = NULL;
    struct tcn_page *p = tcn_page_find(aggregate, accept->page, &e);
    int r;

    if (!p)
        return tcn_fail(err, TCN_ENOTFOUND, "no such page");
    if ((r = check(p, accept, directory, err)) < 0)
        return r;
    if (accept->type == TCN_READ)
        read(&s, e, p, accept);
    else
        deliver(&s, e, p, accept);
    tcn_step_end(&s);
    return 0;
}
