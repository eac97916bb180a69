/* The process: lanes over a hub and a store; its beginning, its end, its death. */
#include "program.h"

#include <stdlib.h>

struct process process;

void program_check(int r, const struct tcn_err *err)
{
    if (r < 0)
        fail("the program: %s", err->msg);
}

static int64_t now_of(void *ctx)
{
    (void)ctx;
    return clockwork_now_ms();
}

static void start(void)
{
    struct tcn_lanes_item items[SYSTEMS];
    struct tcn_lanes_options o = {.account_id = program_directory.account_id, .items = items};

    process.no++;
    process.is_timing = process.is_dying = false;
    process.timer_ms = 0;
    process.thread = store_begin();
    process.hub = tcn_hub_new(NULL, NULL, now_of, NULL);
    for (enum system s = JIRA; s < SYSTEMS; s++)
        items[o.n_items++] = (struct tcn_lanes_item){
            program_installed[s].instance, program_installed[s].mapping, process.settings[s]};
    o.hub = process.hub;
    o.store = process.thread;
    o.app = program_tickets;
    process.lanes = tcn_lanes_new(&o);
    program_look();
}

static void stop(void)
{
    process.is_dying = true;
    tcn_lanes_stop(process.lanes);
    store_die(process.thread);
    tcn_lanes_free(process.lanes);
    tcn_hub_free(process.hub);
    judge_forget_calls();
}

/* One word of those that the setting takes, or the mapping's own. */
static void vary(json_t *settings, const char *name, struct chance *c)
{
    const char *const *words = tcn_mapping_sync_words(name);
    size_t n = 0;

    while (words[n])
        n++;
    if (has_kind(VARIANTS) && chance_in(c, 30))
        json_object_set_new(settings, name, json_string(words[chance_below(c, (int64_t)n)]));
}

static void configure(enum system s, struct chance *c)
{
    json_t *settings = json_pack("{s:s}", "url", program_installed[s].url);

    vary(settings, "auto_resolve", c);
    vary(settings, "resolve_while_firing", c);
    process.settings[s] = settings;
}

void program_begin(struct chance *c)
{
    process = (struct process){.no = process.no};
    for (enum system s = JIRA; s < SYSTEMS; s++)
        configure(s, c);
    program_policy.reopen_window_ms = has_kind(VARIANTS) && chance_in(c, 30) ? 0 : 15 * MIN;
    program_policy.resolve_after_ms = has_kind(VARIANTS) && chance_in(c, 30) ? 30 * SEC : 0;
    start();
}

void program_end(void)
{
    stop();
    for (enum system s = JIRA; s < SYSTEMS; s++)
        json_decref(process.settings[s]);
}

void program_crash(void)
{
    tell("the process dies");
    totals->crashes++;
    stop();
    start();
}

struct tcn_store *program_store(void)
{
    return store_of(process.thread);
}

const json_t *program_setting(enum system system, const char *name)
{
    const json_t *own = json_object_get(process.settings[system], name);

    return own ? own
               : json_object_get(tcn_mapping_settings(program_installed[system].mapping), name);
}
