#include "app/trouble.h"
#include "sys/clock.h"

#include <stdio.h>
#include <string.h>

bool tcn_trouble(const struct tcn_app *app, char ret_text[TCN_TROUBLE])
{
    struct tcn_storethread_stats store;
    const char *what = "is away";
    long long silent_s;

    tcn_storethread_stats(app->store, &store);
    if (!store.is_away && store.stall_us < TCN_STALL_MS * INT64_C(1000))
        return false;
    if (!store.is_away)
        what =
            store.waits ? "does not answer" : "does not answer, it hangs or works on one statement";
    silent_s = (tcn_clock_mono_us() - store.contact_us) / 1000000;
    snprintf(ret_text, TCN_TROUBLE, "the database %s%s%s (its last answer was %lld s ago)", what,
             store.waits ? ": " : "", store.waits ? store.waits : "", silent_s);
    return true;
}

void tcn_trouble_told(void *ctx, bool is_stalled, const char *waits)
{
    struct tcn_app *app = ctx;

    if (!is_stalled) {
        app->listens_ms = tcn_app_now_ms(app);
        tcn_log(TCN_LOG_INFO, "store", "the database answers again", NULL);
        return;
    }
    tcn_log(TCN_LOG_ERROR, "store", "the database does not answer: senders are told to come again",
            "why", waits ? waits : "its server hangs, or is cut off", "do",
            "look at the server and its standby: when it is the only synchronous one that is lost, "
            "bring it back, or ALTER SYSTEM SET synchronous_standby_names = '' and SELECT "
            "pg_reload_conf(), which gives up that a failover loses nothing",
            NULL);
}

const char *tcn_trouble_in_public(const char *why)
{
    const char *colon = strncmp(why, "PostgreSQL", 10) == 0 ? strstr(why, ": ") : NULL;

    return colon ? colon + 2 : why;
}
