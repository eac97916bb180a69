/* Answers what rotation_oracle.py asks, one line for a line.
 *
 * A question is numbers between blanks, after the name of a zone:
 *     ZONE start_ms multiplier on_calls contacts
 *     KIND n {day hour minute} ...             KIND is d, w or m
 *     n {weekday hour minute hour minute} ...  coverage; an hour of -1 lists the day and covers nothing
 *     n {start_ms end_ms created_ms n contact ...} ...
 *     from_ms until_ms n instant_ms ...
 * Contacts are numbers. The answer is the shifts of [from, until) as START,END,TYPE,CONTACTS,OVERRIDDEN, a "|", and for each
 * instant the shift that begins before it or after it. */
#include "engine/rotation.h"
#include "sys/zone.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ZONES = 1000, LINE = 1 << 16, ARENA = 32 << 20, OVERRIDES = 8, SHIFTS = 20000 };

static const char *const names[TCN_ROTATION_CONTACTS_MAX] = {
    "0",  "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  "10", "11", "12", "13", "14",
    "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29"};

static const struct tcn_zone *zones[ZONES];
static size_t n_zones;
static struct tcn_arena zone_arena;

struct question {
    const char *rest;
    struct tcn_arena *arena;
    struct tcn_rotation r;
    size_t n_times[7];
    struct tcn_coverage_time times[7][TCN_ROTATION_COVERAGES_MAX];
    int64_t from_ms, until_ms;
};

static void die(const char *why)
{
    fprintf(stderr, "rotation_driver: %s\n", why);
    exit(1);
}

static int64_t number(struct question *q)
{
    char *end;
    long long value = strtoll(q->rest, &end, 10);

    if (end == q->rest)
        die("a number is missing");
    q->rest = end;
    return value;
}

static int small(struct question *q)
{
    return (int)number(q);
}

static size_t count(struct question *q, size_t max)
{
    int64_t n = number(q);

    if (n < 0 || (size_t)n > max)
        die("too many");
    return (size_t)n;
}

static const struct tcn_zone *find_zone(const char *name)
{
    const struct tcn_zone *z = NULL;
    struct tcn_err err;

    for (size_t i = 0; i < n_zones; i++)
        if (strcmp(zones[i]->name, name) == 0)
            return zones[i];
    if (n_zones == ZONES || tcn_zone_load(name, &zone_arena, &z, &err) < 0)
        die(n_zones == ZONES ? "too many zones" : err.msg);
    return zones[n_zones++] = z;
}

static const char *word(struct question *q)
{
    size_t len;
    const char *start;

    q->rest += strspn(q->rest, " ");
    len = strcspn(q->rest, " ");
    start = q->rest;
    q->rest += len;
    return tcn_arena_strndup(q->arena, start, len);
}

static void read_settings(struct question *q)
{
    struct tcn_recurrence *c = &q->r.recurrence;
    char kind = *word(q);
    size_t n = count(q, TCN_ROTATION_SETTINGS_MAX);
    struct tcn_clock_time *daily = TCN_NEW_N(q->arena, struct tcn_clock_time, n);
    struct tcn_weekly_setting *weekly = TCN_NEW_N(q->arena, struct tcn_weekly_setting, n);
    struct tcn_monthly_setting *monthly = TCN_NEW_N(q->arena, struct tcn_monthly_setting, n);

    for (size_t i = 0; i < n; i++) {
        int day = small(q);
        struct tcn_clock_time at = {.hour = small(q)};

        at.minute = small(q);
        daily[i] = at;
        weekly[i] = (struct tcn_weekly_setting){(enum tcn_weekday)(TCN_MON + day), at};
        monthly[i] = (struct tcn_monthly_setting){day, at};
    }
    c->daily = daily;
    c->weekly = weekly;
    c->monthly = monthly;
    *(kind == 'd' ? &c->n_daily : kind == 'w' ? &c->n_weekly : &c->n_monthly) = n;
}

static void read_coverage(struct question *q)
{
    for (size_t n = count(q, 1000); n > 0; n--) {
        size_t day = count(q, 6), *at = &q->n_times[day];
        struct tcn_coverage_time t;

        t.start.hour = small(q);
        t.start.minute = small(q);
        t.end.hour = small(q);
        t.end.minute = small(q);
        q->r.recurrence.coverages[day].is_listed = true;
        if (t.start.hour >= 0 && *at < TCN_ROTATION_COVERAGES_MAX)
            q->times[day][(*at)++] = t;
    }
    for (size_t day = 0; day < 7; day++) {
        q->r.recurrence.coverages[day].times = q->times[day];
        q->r.recurrence.coverages[day].n_times = q->n_times[day];
    }
}

static void read_override(struct question *q, struct tcn_rotation_override *o)
{
    const char **contacts;

    o->start_ms = number(q);
    o->end_ms = number(q);
    o->created_ms = number(q);
    o->n_contacts = count(q, TCN_ROTATION_CONTACTS_MAX);
    contacts = TCN_NEW_N(q->arena, const char *, o->n_contacts + 1);
    for (size_t i = 0; i < o->n_contacts; i++)
        contacts[i] = names[count(q, TCN_ROTATION_CONTACTS_MAX - 1)];
    o->contacts = contacts;
}

static void read_question(struct question *q)
{
    struct tcn_rotation_override *overrides =
        TCN_NEW_N(q->arena, struct tcn_rotation_override, OVERRIDES);

    q->r.zone = find_zone(word(q));
    q->r.start_ms = number(q);
    q->r.recurrence.multiplier = small(q);
    q->r.recurrence.number_of_on_calls = small(q);
    q->r.contacts = names;
    q->r.n_contacts = count(q, TCN_ROTATION_CONTACTS_MAX);
    read_settings(q);
    read_coverage(q);
    q->r.n_overrides = count(q, OVERRIDES);
    for (size_t i = 0; i < q->r.n_overrides; i++)
        read_override(q, &overrides[i]);
    q->r.overrides = overrides;
    q->from_ms = number(q);
    q->until_ms = number(q);
}

static void print_people(const char *const *people, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%s%s", i ? "+" : "", people[i]);
}

static void print_shift(const struct tcn_shift *s)
{
    printf("%" PRId64 ",%" PRId64 ",%c,", s->start_ms, s->end_ms,
           s->type == TCN_SHIFT_REGULAR ? 'R' : 'O');
    print_people(s->contacts, s->n_contacts);
    putchar(',');
    print_people(s->overridden, s->n_overridden);
    putchar(' ');
}

static void answer(struct question *q)
{
    struct tcn_field_problems problems = {.arena = q->arena};
    const struct tcn_roster *roster;
    struct tcn_shift shift;
    struct tcn_shifts i;
    size_t n = 0;

    read_question(q);
    if (tcn_rotation_check(&q->r, &problems) < 0) {
        printf("%s: %s\n", problems.items[0].path, problems.items[0].text);
        return;
    }
    roster = tcn_roster_prepare(&q->r, q->arena);
    i = (struct tcn_shifts){roster, q->from_ms, q->until_ms};
    while (tcn_shifts_next(&i, &shift) && n++ < SHIFTS)
        print_shift(&shift);
    printf("| ");
    for (n = count(q, 1000); n > 0; n--) {
        if (tcn_roster_shift(roster, number(q), &shift))
            print_shift(&shift);
        else
            printf("none ");
    }
    putchar('\n');
}

int main(void)
{
    static char line[LINE];
    struct tcn_arena arena;

    tcn_arena_init(&zone_arena, ARENA);
    tcn_arena_init(&arena, ARENA);
    while (fgets(line, sizeof line, stdin)) {
        struct question q = {.rest = line, .arena = &arena};

        answer(&q);
        fflush(stdout);
        tcn_arena_reset(&arena);
    }
    tcn_arena_done(&arena);
    tcn_arena_done(&zone_arena);
    return 0;
}
