/* What is seen of incidents, in the program's own store. */
#include "program.h"

#include <stdio.h>
#include <string.h>

enum meaning watch_meaning(const struct tcn_incident *i)
{
    if (i->status == TCN_STATUS_RESOLVED)
        return IS_OVER;
    return i->acknowledged_ms > 0 ? IS_WORKED_ON : IS_NEW;
}

static void note_edit(const struct tcn_incident *i, enum system from, enum field field,
                      const char *value)
{
    struct edit e = {.incident = i->id,
                     .at_ms = clockwork_now_ms(),
                     .place = HERE,
                     .from = from,
                     .field = field};

    snprintf(e.value, sizeof e.value, "%s", value);
    history_add(&e);
}

void watch_note(const struct tcn_incident *was, const struct tcn_incident *is, enum system from)
{
    char number[8];

    if (!was->exists || strcmp(was->title, is->title) != 0)
        note_edit(is, from, TITLE, is->title);
    snprintf(number, sizeof number, "%d", is->impact);
    if (!was->exists || was->impact != is->impact)
        note_edit(is, from, IMPACT, number);
    snprintf(number, sizeof number, "%d", (int)watch_meaning(is));
    if (!was->exists || watch_meaning(was) != watch_meaning(is))
        note_edit(is, from, STATUS, number);
}

void watch_read(struct tcn_store *s, struct tcn_id id, struct tcn_arena *a,
                struct tcn_incident *ret)
{
    struct tcn_err err;

    *ret = (struct tcn_incident){.exists = false};
    if (tcn_id_is_zero(id))
        return;
    if (tcn_store_incident_get(s, id, a, ret, &err) == TCN_ENOTFOUND)
        *ret = (struct tcn_incident){.exists = false};
}

struct tcn_id watch_find(struct tcn_store *s, const char *marker)
{
    struct tcn_link *links = NULL;
    struct tcn_id ret = {{0}};
    struct tcn_arena a;
    struct tcn_err err;
    size_t n = 0;

    tcn_arena_init(&a, 16u << 20);
    program_check(tcn_store_link_newest(s, NULL, NULL, 100, &a, &links, &n, &err), &err);
    for (size_t i = 0; i < n && tcn_id_is_zero(ret); i++) {
        char id[TCN_ID_TEXT], brief[27];

        tcn_id_text(links[i].incident, id);
        tcn_id_short(links[i].incident, brief);
        if (!marker || strstr(marker, id) || strstr(marker, brief))
            ret = links[i].incident;
    }
    tcn_arena_done(&a);
    return ret;
}

struct tcn_id program_incident(const char *marker)
{
    struct tcn_err err;
    struct tcn_id id;

    program_check(tcn_store_begin(program_store(), &err), &err);
    id = watch_find(program_store(), marker);
    tcn_store_rollback(program_store());
    return id;
}
