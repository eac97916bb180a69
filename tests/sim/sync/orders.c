/* Six things happen to an incident, in each of their 720 orders: hints of three records in which people have changed one
 * field each, a note and an acknowledgement here, an alarm that gets worse. All orders lead to one state. */
#include "sync.h"

#include <stdio.h>
#include <string.h>

#define EVENTS 6
#define ORDERS 720
#define DIGEST 4096

static const int64_t pauses_ms[] = {200, 0, 10 * SEC};

static void hint(enum system system)
{
    program_hint(system, records.items[system]->id);
}

static void leave_note(void)
{
    program_command(&(struct command){.what = LEAVE_NOTE, .text = "on it"});
}

static void acknowledge(void)
{
    program_command(&(struct command){.what = ACKNOWLEDGE});
}

static void get_worse(void)
{
    program_alarm(&(struct sim_alarm){.what = ALARM_TELLS, .impact = 2});
}

static void happen(int event)
{
    static void (*const here[])(void) = {leave_note, acknowledge, get_worse};

    if (event < SYSTEMS)
        hint((enum system)event);
    else
        here[event - SYSTEMS]();
}

/* Of the items by their systems, whichever was made first. */
static void sort_records(void)
{
    struct record *of[SYSTEMS] = {NULL};

    for (size_t i = 0; i < records.n; i++)
        of[records.items[i]->system] = records.items[i];
    for (enum system s = JIRA; s < SYSTEMS; s++) {
        if (!of[s] || records.n != SYSTEMS)
            fail("%s has no record, or more than one", system_names[s]);
        records.items[s] = of[s];
    }
}

/* Each another field, and no hint comes by itself. */
static void change_records(void)
{
    remotes[JIRA]->retitle(records.items[JIRA], "web is slow");
    story_gave(records.items[JIRA], TITLE);
    remotes[SNOW]->reprioritize(records.items[SNOW], 1);
    story_gave(records.items[SNOW], IMPACT);
    remotes[PAGER]->assign(records.items[PAGER], "Tenex Engineer");
    records_changed(records.items[PAGER]);
}

/* The n-th order of what is left. */
static int pick(int left[EVENTS], int n_left, int at)
{
    int event = left[at];

    memmove(&left[at], &left[at + 1], (size_t)(n_left - at - 1) * sizeof *left);
    return event;
}

static void happen_all(int order, int64_t pause_ms, char names[EVENTS + 1])
{
    int left[EVENTS] = {0, 1, 2, 3, 4, 5};

    for (int n = EVENTS, rest = order; n > 0; rest /= n, n--) {
        int event = pick(left, n, rest % n);

        names[EVENTS - n] = "jspnat"[event];
        happen(event);
        clockwork_advance(clockwork_now_ms() + pause_ms);
    }
    names[EVENTS] = '\0';
}

static void run(int order, int64_t pause_ms, char names[EVENTS + 1], char digest[DIGEST])
{
    records_are_silent = true;
    story_begin();
    wire_calm();
    story_rest("after the begin");
    sort_records();
    change_records();
    clockwork_advance(clockwork_now_ms() + MIN);
    happen_all(order, pause_ms, names);
    story_rest("after the events");
    program_sweep();
    story_rest("after a sweep");
    judge_converged();
    judge_history();
    judge_notes();
    judge_digest(digest, DIGEST);
    story_end();
    records_are_silent = false;
}

void orders_run(int pauses)
{
    char first[DIGEST], digest[DIGEST], names[EVENTS + 1];

    for (int p = 0; p < pauses; p++)
        for (int order = 0; order < ORDERS; order++) {
            run(order, pauses_ms[p], names, digest);
            if (p == 0 && order == 0)
                memcpy(first, digest, sizeof first);
            if (strcmp(first, digest) != 0)
                fail("order %s, %lld ms apart, leads to\n%sand the first order to\n%s", names,
                     (long long)pauses_ms[p], digest, first);
        }
    printf("sync: %d orders of %d events lead to one state:\n%s", pauses * ORDERS, EVENTS, first);
}
