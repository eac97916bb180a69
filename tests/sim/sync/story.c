/* A story: an alarm fires; people here and in three systems, the alarm, the weather and death do one thing after the other;
 * then everything works again, and all must come to rest, in step. */
#include "sync.h"

#include <stdio.h>
#include <string.h>

#define REST_HOURS 3
#define SOON (30 * MIN) /* what is to happen later than that is not waited for */

static int step_no;

/* -- people there ------------------------------------------------------------------------------------------------------ */

/* The record that was made last; NULL: none is there yet. */
static struct record *newest_record(enum system system)
{
    for (size_t i = records.n; i-- > 0;)
        if (records.items[i]->system == system && !records.items[i]->is_gone)
            return records.items[i];
    return NULL;
}

void story_gave(struct record *r, enum field field)
{
    struct edit e = {.incident = program_incident(r->marker),
                     .at_ms = clockwork_now_ms(),
                     .place = r->system,
                     .from = r->system,
                     .field = field};
    char value[1100];

    records_value(r, field, value, sizeof value);
    snprintf(e.value, sizeof e.value, "%.319s", value);
    e.is_nothing = strcmp(e.value, r->known.of[field]) == 0;
    r->by_people_ms[field] = clockwork_now_ms();
    history_add(&e);
    records_changed(r);
    tell("a person gives %s the %s \"%s\"", r->key, field_names[field], value);
}

static void retitle_there(struct record *r, struct chance *c)
{
    char title[64];

    snprintf(title, sizeof title, "%s title %d.%d", system_names[r->system], step_no,
             (int)chance_below(c, 2));
    if (remotes[r->system]->retitle(r, title))
        story_gave(r, TITLE);
}

static void reprioritize_there(struct record *r, struct chance *c)
{
    int impact = 1 + (int)chance_below(c, 5);

    if (impact != r->impact && remotes[r->system]->reprioritize(r, impact))
        story_gave(r, IMPACT);
}

static void move_there(struct record *r, struct chance *c)
{
    static const enum meaning often[] = {IS_NEW,  IS_WORKED_ON, IS_WORKED_ON,
                                         IS_OVER, IS_OVER,      IS_HELD};
    enum meaning to = often[chance_below(c, 6)];

    if (chance_in(c, 5) && has_kind(ENDS))
        to = IS_CLOSED;
    if (remotes[r->system]->move(r, to))
        story_gave(r, STATUS);
}

static void assign_there(struct record *r, struct chance *c)
{
    static const char *const people[] = {"Mia Krystof", "Fred Luddy", "Tenex Engineer"};

    remotes[r->system]->assign(r, people[chance_below(c, 3)]);
    records_changed(r);
    tell("%s is assigned to %s", r->key, r->assignee);
}

static void note_there(struct record *r, struct chance *c)
{
    char text[64];

    (void)c;
    if (records_meaning(r) == IS_CLOSED)
        return;
    snprintf(text, sizeof text, "seen from %s, step %d.", system_names[r->system], step_no);
    records_note(r, text, "", false);
    records_changed(r);
    tell("a person leaves a note in %s", r->key);
}

/* With it goes what nobody has read of it. */
static void delete_there(struct record *r, struct chance *c)
{
    if (!has_kind(ENDS) || chance_in(c, 80))
        return;
    r->is_gone = true;
    for (size_t i = 0; i < history_size(); i++)
        history_at(i)->is_raced |= history_at(i)->place == r->system;
    tell("a person deletes %s", r->key);
}

static void act_there(struct chance *c)
{
    static void (*const acts[])(struct record *, struct chance *) = {
        retitle_there, retitle_there, reprioritize_there, reprioritize_there, move_there,
        move_there,    move_there,    assign_there,       note_there,         delete_there};
    struct record *r = newest_record((enum system)chance_below(c, SYSTEMS));

    if (r)
        acts[chance_below(c, 10)](r, c);
}

/* -- people here ------------------------------------------------------------------------------------------------------- */

static void fill_title(char *ret, size_t size, struct chance *c)
{
    static const char filler[] = "of a machine whose name is so long that no table of any system "
                                 "has room for all of it, though each has for some of it, and of "
                                 "its neighbour";

    snprintf(ret, size, "here title %d.%d %s", step_no, (int)chance_below(c, 2),
             chance_in(c, 10) ? filler : "");
}

static void act_here(struct chance *c)
{
    static const enum command_word often[] = {SET_TITLE,   SET_TITLE,   SET_IMPACT,
                                              SET_SUMMARY, ACKNOWLEDGE, RESOLVE,
                                              REOPEN,      LEAVE_NOTE,  LEAVE_NOTE};
    struct command command = {.what = often[chance_below(c, 9)]};

    command.impact = 1 + (int)chance_below(c, 5);
    if (command.what == SET_TITLE)
        fill_title(command.text, sizeof command.text, c);
    else
        snprintf(command.text, sizeof command.text, "word %d of here.", step_no);
    tell("here: command %d \"%s\" %d", command.what, command.text, command.impact);
    program_command(&command);
}

static void act_alarm(struct chance *c)
{
    struct sim_alarm alarm = {.what = (enum alarm_word)(1 + chance_below(c, 3))};

    if (alarm.what == ALARM_TELLS && chance_in(c, 50))
        snprintf(alarm.title, sizeof alarm.title, "alarm title %d", step_no);
    if (alarm.what == ALARM_TELLS)
        alarm.impact = 1 + (int)chance_below(c, 5);
    tell("alarm: %d \"%s\" %d", alarm.what, alarm.title, alarm.impact);
    program_alarm(&alarm);
}

/* -- steps --------------------------------------------------------------------------------------------------------------- */

static void act_fate(struct chance *c)
{
    enum system system = (enum system)chance_below(c, SYSTEMS);
    int64_t ms = (1 + chance_below(c, 10)) * 15 * SEC;

    if (chance_in(c, 50)) {
        if (has_kind(CRASHES))
            program_crash();
    } else if (has_kind(OUTAGES)) {
        wire_break(system, ms);
    }
}

static void act(struct chance *c)
{
    int64_t what = chance_below(c, 100);

    totals->steps++;
    if (what < 45)
        act_there(c);
    else if (what < 75)
        act_here(c);
    else if (what < 87)
        act_alarm(c);
    else
        act_fate(c);
}

static int64_t pause_of(struct chance *c)
{
    int64_t kind = chance_below(c, 10);

    return chance_below(c, kind < 4 ? 300 : kind < 8 ? 10 * SEC : 2 * MIN);
}

static void play(struct chance *story)
{
    int steps = 2 + (int)chance_below(story, chance_in(story, 50) ? 8 : STEPS_MAX - 2);

    for (step_no = 0; step_no < steps; step_no++) {
        struct chance c = chance_of(options.seed, 1000, (uint64_t)step_no);

        clockwork_advance(clockwork_now_ms() + pause_of(&c));
        if (!(options.skip >> step_no & 1))
            act(&c);
    }
}

void story_rest(const char *when)
{
    int64_t start_ms = clockwork_now_ms();

    while (clockwork_step(clockwork_now_ms() + SOON))
        if (clockwork_now_ms() > start_ms + REST_HOURS * HOUR) {
            judge_tell_lanes();
            fail("%s there is no rest after %d hours", when, REST_HOURS);
        }
    if (wire_in_flight() > 0)
        fail("%s calls are on their way, and nobody waits for them", when);
}

void story_begin(void)
{
    struct chance c = chance_of(options.seed, 1, 0);
    struct sim_alarm alarm = {.what = ALARM_FIRES, .title = "CPU of web is high", .impact = 3};

    clockwork_begin(options.seed);
    history_begin();
    judge_begin();
    database_begin();
    records_begin();
    wire_begin(&c);
    for (enum system s = JIRA; s < SYSTEMS; s++)
        remotes[s]->begin(&c);
    program_begin(&c);
    program_alarm(&alarm);
}

void story_end(void)
{
    totals->stories++;
    totals->virtual_ms += clockwork_now_ms() - START_MS;
    program_end();
    wire_end();
    records_end();
    clockwork_end();
}

void story_run(void)
{
    struct chance c = chance_of(options.seed, 2, 0);
    int64_t before[SYSTEMS];

    story_begin();
    play(&c);
    tell("calm");
    wire_calm();
    story_rest("after the faults");
    program_sweep();
    story_rest("after a sweep");
    judge_converged();
    for (enum system s = JIRA; s < SYSTEMS; s++)
        before[s] = wire_writes(s);
    program_sweep();
    story_rest("after a second sweep");
    judge_quiet(before);
    judge_converged();
    judge_history();
    judge_notes();
    judge_thrift();
    story_end();
}
