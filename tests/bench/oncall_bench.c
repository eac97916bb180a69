/* What on-call rotations cost: who is on call now in all schedules, the shifts of a year of one, and how well schedules are
 * covered for a year, until a page of GET /v1/coverage ends.
 *
 *     bench_oncall [--schedules N] [--rounds N]
 *
 * Each schedule has 8 rotations of its own, of every kind and in zones that set their clocks; the rounds ask at instants all
 * over a year, so some of them are days before or after a change. Contacts are found by their aliases among 1,000. */
#include "engine/oncall.h"
#include "engine/oncall_cover.h"
#include "sys/clock.h"
#include "sys/zone.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)
#define START INT64_C(1704070800000) /* 2024-01-01T01:00Z */
#define NOW INT64_C(1785690280989)

enum { PEOPLE = 1000, ZONES = 8, KINDS = 8, ROUNDS_MAX = 400 };

#define PAGE_ASKED 25000 /* core/app/coverage.c */

static const char *const zone_names[ZONES] = {
    "America/Los_Angeles", "America/New_York", "Europe/Berlin", "Europe/London",
    "Asia/Kolkata",        "Asia/Tokyo",       "Africa/Cairo",  "Australia/Sydney"};
static const struct tcn_clock_time eight_hours[] = {{6, 0}, {14, 0}, {22, 0}};
static const struct tcn_clock_time morning[] = {{9, 0}};
static const struct tcn_weekly_setting monday[] = {{TCN_MON, {9, 0}}};
static const struct tcn_weekly_setting week_and_end[] = {{TCN_MON, {9, 0}}, {TCN_FRI, {16, 0}}};
static const struct tcn_monthly_setting first[] = {{1, {8, 0}}};
static const struct tcn_monthly_setting ends[] = {{15, {8, 0}}, {30, {8, 0}}, {31, {8, 0}}};
static const struct tcn_coverage_time office[] = {{{9, 0}, {17, 0}}};
static const struct tcn_coverage_time night[] = {{{22, 0}, {6, 0}}};
static const struct tcn_coverage_time whole[] = {{{9, 0}, {9, 0}}};

struct bench {
    struct tcn_arena arena;
    const struct tcn_zone *zones[ZONES];
    const char *aliases[PEOPLE];
    struct tcn_directory directory;
    size_t n_schedules; /* after the people */
};

static void cover(struct tcn_recurrence *r, const struct tcn_coverage_time *times, int days)
{
    for (int day = 0; day < days; day++)
        r->coverages[day] = (struct tcn_day_coverage){true, times, 1};
}

static struct tcn_recurrence recurrence(size_t kind)
{
    struct tcn_recurrence r = {.multiplier = kind % 3 == 2 ? 2 : 1,
                               .number_of_on_calls = kind % 4 == 3 ? 2 : 1};

    r.daily = kind == 0 ? eight_hours : morning;
    r.n_daily = kind == 0 ? 3 : kind < 3 ? 1 : 0;
    r.weekly = kind == 3 ? monday : week_and_end;
    r.n_weekly = kind == 3 ? 1 : kind == 4 || kind == 5 ? 2 : 0;
    r.monthly = kind == 6 ? first : ends;
    r.n_monthly = kind == 6 ? 1 : kind == 7 ? 3 : 0;
    if (kind == 1 || kind == 4)
        cover(&r, office, 5);
    if (kind == 5)
        cover(&r, night, 7);
    if (kind == 6)
        cover(&r, whole, 7);
    return r;
}

static const struct tcn_roster *make_roster(struct bench *b, size_t at)
{
    struct tcn_rotation *r = TCN_NEW(&b->arena, struct tcn_rotation);
    size_t n = 2 + at % 9;
    const char **contacts = TCN_NEW_N(&b->arena, const char *, n);
    struct tcn_field_problems problems = {.arena = &b->arena};

    for (size_t i = 0; i < n; i++)
        contacts[i] = b->aliases[(at * 7 + i) % PEOPLE];
    *r =
        (struct tcn_rotation){.alias = tcn_arena_fmt(&b->arena, "rotation-%zu", at * 7919 % 100003),
                              .contacts = contacts,
                              .n_contacts = n,
                              .zone = b->zones[at / KINDS % ZONES],
                              .start_ms = START + (int64_t)(at % 500) * DAY_MS,
                              .recurrence = recurrence(at % KINDS)};
    if (tcn_rotation_check(r, &problems) < 0) {
        fprintf(stderr, "bench_oncall: %s: %s\n", problems.items[0].path, problems.items[0].text);
        exit(1);
    }
    return tcn_roster_prepare(r, &b->arena);
}

static void make_people(struct bench *b)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        b->aliases[i] = tcn_arena_fmt(&b->arena, "person-%zu", i * 613 % PEOPLE);
        b->directory.contacts[i] =
            (struct tcn_contact){.alias = b->aliases[i], .type = TCN_PERSONAL};
    }
}

static void make_schedule(struct bench *b, size_t at)
{
    struct tcn_contact *c = &b->directory.contacts[PEOPLE + at];

    *c = (struct tcn_contact){.alias = tcn_arena_fmt(&b->arena, "schedule-%zu", at),
                              .type = TCN_ONCALL_SCHEDULE,
                              .n_rotations = TCN_ROTATIONS_MAX};
    for (size_t i = 0; i < TCN_ROTATIONS_MAX; i++) {
        size_t rotation = at * TCN_ROTATIONS_MAX + i;

        b->directory.rosters[rotation] = make_roster(b, rotation);
        c->rotations[i] = tcn_roster_rotation(b->directory.rosters[rotation])->alias;
    }
}

static void make(struct bench *b, size_t n_schedules)
{
    struct tcn_directory *d = &b->directory;

    *b = (struct bench){.n_schedules = n_schedules};
    tcn_arena_init(&b->arena, (size_t)1 << 30);
    for (size_t i = 0; i < ZONES; i++)
        if (tcn_zone_load(zone_names[i], &b->arena, &b->zones[i], NULL) < 0)
            abort();
    d->n_contacts = PEOPLE + n_schedules;
    d->n_rosters = n_schedules * TCN_ROTATIONS_MAX;
    d->contacts = TCN_NEW_N(&b->arena, struct tcn_contact, d->n_contacts);
    d->rosters = TCN_NEW_N(&b->arena, const struct tcn_roster *, d->n_rosters);
    make_people(b);
    for (size_t i = 0; i < n_schedules; i++)
        make_schedule(b, i);
    tcn_directory_make_index(d, &b->arena);
}

static double ms_since(int64_t start_us)
{
    return (double)(tcn_clock_mono_us() - start_us) / 1000;
}

static double ask_all(const struct bench *b, int64_t at_ms)
{
    struct tcn_on_call people[TCN_ONCALL_MAX];
    int64_t start_us = tcn_clock_mono_us();
    size_t n = 0;

    for (size_t i = 0; i < b->n_schedules; i++)
        n += tcn_oncall_at(&b->directory, &b->directory.contacts[PEOPLE + i], at_ms, people);
    /* five rotations of eight have somebody at any time */
    if (n < b->n_schedules * 5)
        abort();
    return ms_since(start_us);
}

static double year_of_shifts(const struct bench *b, size_t schedule, int64_t at_ms, size_t *ret_n)
{
    int64_t start_us = tcn_clock_mono_us();
    struct tcn_shift shift;

    *ret_n = 0;
    for (size_t i = 0; i < TCN_ROTATIONS_MAX; i++) {
        struct tcn_shifts shifts = {b->directory.rosters[schedule * TCN_ROTATIONS_MAX + i], at_ms,
                                    at_ms + 365 * DAY_MS};

        while (tcn_shifts_next(&shifts, &shift))
            ++*ret_n;
    }
    if (*ret_n < 1500)
        abort();
    return ms_since(start_us);
}

/* Of the first schedules, until rotations were asked as often as for a page; *ret_n schedules. */
static double page_of_coverage(const struct bench *b, int64_t at_ms, size_t *ret_n)
{
    int64_t start_us = tcn_clock_mono_us();
    size_t n_asked = 0, n = 0;

    for (; n < b->n_schedules && n_asked < PAGE_ASKED; n++) {
        struct tcn_oncall_cover cover;

        tcn_oncall_cover(&b->directory, &b->directory.contacts[PEOPLE + n], at_ms,
                         at_ms + 365 * DAY_MS, PAGE_ASKED, &cover);
        n_asked += cover.n_asked;
    }
    *ret_n = n;
    return ms_since(start_us);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* The median is what counts: instants near a change of the clocks cost more. Far more than the best is other load. */
static void print(const char *what, double *ms, int rounds, double goal)
{
    qsort(ms, (size_t)rounds, sizeof *ms, compare);
    printf("%-48s median %7.3f ms  best %7.3f ms  worst %7.3f ms  goal <= %g %s\n", what,
           ms[rounds / 2], ms[0], ms[rounds - 1], goal, ms[rounds / 2] <= goal ? "pass" : "MISS");
}

static void measure(const struct bench *b, int rounds)
{
    static double now[ROUNDS_MAX], year[ROUNDS_MAX], page[ROUNDS_MAX];
    char what[80];
    size_t n = 0, n_page = 0;

    for (int i = 0; i < rounds; i++) {
        int64_t at_ms = NOW + i * (365 * DAY_MS / rounds);

        now[i] = ask_all(b, at_ms);
        year[i] = year_of_shifts(b, (size_t)i % b->n_schedules, at_ms, &n);
        page[i] = page_of_coverage(b, at_ms, &n_page);
    }
    snprintf(what, sizeof what, "who is on call now, %zu schedules of 8 rotations", b->n_schedules);
    print(what, now, rounds, 5);
    snprintf(what, sizeof what, "365 days of one schedule, some %zu shifts", n);
    print(what, year, rounds, 50);
    snprintf(what, sizeof what, "365 days of %zu schedules: a page of coverage", n_page);
    print(what, page, rounds, 50);
}

static int number(const char *text, int max)
{
    char *end;
    long n = strtol(text ? text : "", &end, 10);

    if (!text || end == text || *end || n < 1 || n > max) {
        fprintf(stderr, "bench_oncall: give a number from 1 to %d\n", max);
        exit(2);
    }
    return (int)n;
}

int main(int argc, char **argv)
{
    int schedules = 1000, rounds = 100;
    int64_t start_us;
    struct bench b;

    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--schedules") == 0)
            schedules = number(argv[i + 1], 2000);
        else if (strcmp(argv[i], "--rounds") == 0)
            rounds = number(argv[i + 1], ROUNDS_MAX);
        else
            number(NULL, ROUNDS_MAX);
    }
    start_us = tcn_clock_mono_us();
    make(&b, (size_t)schedules);
    printf("%-48s %14.3f ms  %zu KB\n", "made ready", ms_since(start_us), b.arena.used >> 10);
    measure(&b, rounds);
    tcn_arena_done(&b.arena);
    return 0;
}
