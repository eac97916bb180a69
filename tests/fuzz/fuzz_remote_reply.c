/* What a ticket system answers is from outside: no answer may crash a connector, leave it without an outcome or keep it
 * asking for ever.
 *
 * Input: a line "TARGET VERB" (see drive_targets; verbs by number), then answers separated by lines "--". An answer is
 * a line "STATUS" ("net 1" and "net 2" for none), header lines, an empty line, the body. */
#include "../unit/connectors/drive.h"
#include "connect/host.h"
#include "sys/log.h"

#define ANSWERS_MAX 10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tcn_str next_line(struct tcn_str *text)
{
    struct tcn_str line;

    if (!tcn_str_cut(text, '\n', &line)) {
        line = *text;
        text->len = 0;
    }
    return line;
}

/* Up to and without the next separator line. */
static struct tcn_str next_answer(struct tcn_str *text)
{
    struct tcn_str all = *text, line;

    while (text->len > 0) {
        size_t before = all.len - text->len;

        line = next_line(text);
        if (tcn_str_eq(line, TCN_STR("--")))
            return (struct tcn_str){all.ptr, before};
    }
    return all;
}

static void read_answer(struct tcn_str text, struct drive_answer *ret)
{
    struct tcn_str status = next_line(&text), all = text;
    uint64_t n = 0;

    *ret = (struct drive_answer){.net = TOCSIN_NET_OK};
    if (tcn_str_starts(status, TCN_STR("net "))) {
        ret->net = tcn_str_ends(status, TCN_STR("1")) ? TOCSIN_NET_NOT_SENT : TOCSIN_NET_MAYBE_SENT;
        return;
    }
    if (tcn_str_u64(status, 999, &n) == 0)
        ret->status = (int)n;
    while (text.len > 0) {
        size_t head = all.len - text.len;

        if (next_line(&text).len == 0) {
            ret->headers = (struct tcn_str){all.ptr, head};
            break;
        }
    }
    ret->body = text;
}

/* Opened once: an instance keeps nothing between calls. */
static struct kit *target(struct tcn_str name)
{
    static struct kit kits[DRIVE_TARGETS];
    static bool is_open;
    size_t found = 0;

    if (!is_open)
        tcn_log_set_level(TCN_LOG_ERROR);
    for (size_t i = 0; !is_open && i < DRIVE_TARGETS; i++)
        if (drive_open(&kits[i], &drive_targets[i]) < 0)
            abort();
    is_open = true;
    for (size_t i = 0; i < DRIVE_TARGETS; i++)
        if (tcn_str_eq(name, tcn_str(drive_targets[i].name)))
            found = i;
    return &kits[found];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tcn_str text = {(const char *)data, size}, name, first;
    struct drive_answer answers[ANSWERS_MAX];
    uint64_t verb = 0;
    size_t n = 0;

    first = next_line(&text);
    if (!tcn_str_cut(&first, ' ', &name) || tcn_str_u64(first, TOCSIN_PROBE, &verb) < 0)
        return 0;
    while (n < ANSWERS_MAX && (n == 0 || text.len > 0))
        read_answer(next_answer(&text), &answers[n++]);
    drive_play(target(name), (uint32_t)verb, answers, n);
    return 0;
}
