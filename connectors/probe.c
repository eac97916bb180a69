/* See probe.h. Nothing here knows a vendor. */
#include "probe.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 600

static const struct tcn_probe_step *step_of(const struct tcn_probe_step *steps, size_t n,
                                            const struct tocsin_op *op)
{
    return op->step < n ? &steps[op->step] : NULL;
}

int tcn_probe_ask(const struct tcn_probe_step *steps, size_t n, const struct tocsin_instance *in,
                  const struct tocsin_op *op, struct tocsin_request *rq)
{
    const struct tcn_probe_step *s = step_of(steps, n, op);

    return s ? s->ask(in, op, rq) : in->host->fail(in, "the probe has no step %u", op->step);
}

static int is_hidden(const struct tcn_probe_step *s, const struct tocsin_response *rs)
{
    return s->hidden && (rs->status == 400 || rs->status == 403 || rs->status == 404);
}

/* The cursor is what a step learned for those after it. */
static void go_on(size_t n, const struct tocsin_op *op, struct tocsin_result *out)
{
    uint32_t next = out->step > op->step ? out->step : op->step + 1;

    if (!out->cursor[0])
        snprintf(out->cursor, sizeof out->cursor, "%s", op->cursor);
    tcn_reply_set(out, next < n ? TOCSIN_MORE : TOCSIN_OK, "%s", "");
    out->step = next < n ? next : 0;
}

int tcn_probe_read(const struct tcn_probe_step *steps, size_t n, const struct tocsin_instance *in,
                   const struct tocsin_op *op, const struct tocsin_response *rs,
                   struct tocsin_result *out, struct tocsin_sink *sink, const char *who)
{
    const struct tcn_probe_step *s = step_of(steps, n, op);

    if (!s || (out->outcome != TOCSIN_OK && !is_hidden(s, rs)))
        return 0;
    if (out->outcome != TOCSIN_OK)
        tcn_probe_say(in, sink, "look", "%s (%s answered %d)", s->hidden, who, (int)rs->status);
    else if (s->read(in, op, rs, out, sink) < 0) {
        tcn_reply_unreadable(op, out, who);
        return 1;
    }
    out->retry_after_s = 0;
    go_on(n, op, out);
    return 1;
}

void tcn_probe_tell(const struct tocsin_instance *in, struct tocsin_sink *sink, const char *name,
                    json_t *value)
{
    if (value && in->host->tell(sink, name, value) < 0)
        in->host->log(in, TOCSIN_WARN, "more is told of this instance than can be kept");
    json_decref(value);
}

void tcn_probe_say(const struct tocsin_instance *in, struct tocsin_sink *sink, const char *level,
                   const char *fmt, ...)
{
    char text[TEXT_MAX], plain[TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    tcn_reply_plain(plain, sizeof plain, text);
    tcn_probe_tell(in, sink, "finding", json_pack("{s:s, s:s}", "level", level, "text", plain));
}

void tcn_probe_clock(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_sink *sink)
{
    int64_t date_ms = tcn_reply_date_ms(in->host->header(rs->msg, "Date"));

    if (date_ms > 0)
        tcn_probe_tell(in, sink, "clock",
                       json_pack("{s:I}", "ahead_ms", (json_int_t)(date_ms - op->now_ms)));
}
