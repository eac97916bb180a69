#include "connect/message.h"

#include <strings.h>

void tcn_message_init(struct tcn_message *m)
{
    *m = (struct tcn_message){.head_bytes = 0};
    tcn_arena_init(&m->arena, 4u * TCN_MESSAGE_HEAD_MAX);
}

void tcn_message_done(struct tcn_message *m)
{
    tcn_arena_done(&m->arena);
}

void tcn_message_reset(struct tcn_message *m)
{
    tcn_arena_reset(&m->arena);
    m->n_headers = 0;
}

bool tcn_message_add(struct tcn_message *m, struct tcn_str line)
{
    struct tcn_str name;

    m->head_bytes += line.len;
    if (m->head_bytes > TCN_MESSAGE_HEAD_MAX || m->n_headers == TCN_MESSAGE_HEADERS_MAX)
        return false;
    if (!tcn_str_cut(&line, ':', &name) || name.len == 0)
        return true; /* libcurl has judged the framing; a line that is no header says nothing */
    line = tcn_str_trim(line);
    m->headers[m->n_headers].name = tcn_arena_str(&m->arena, name).ptr;
    m->headers[m->n_headers++].value = tcn_arena_str(&m->arena, line).ptr;
    return true;
}

const char *tcn_message_header(const struct tcn_message *m, const char *name)
{
    for (size_t i = 0; m && i < m->n_headers; i++)
        if (strcasecmp(m->headers[i].name, name) == 0)
            return m->headers[i].value;
    return NULL;
}
