/* Time zones made by rule, since nothing here reads the database of zones: two of the usual kind, one that moves by half an
 * hour, one that leaves out a day, and one whose clocks are set every few days. */
#include "world.h"

#define YEARS 10
#define FIRST_YEAR 2022
#define ODD_CHANGES 400
#define DAY_S 86400

static struct tcn_zone_change berlin[2 * YEARS], new_york[2 * YEARS], lord_howe[2 * YEARS];
static struct tcn_zone_change odd[ODD_CHANGES], skips[1];

static const struct tcn_zone zones[SIM_ZONES] = {
    {"Etc/UTC", 0, NULL, 0},
    {"Asia/Kathmandu", 20700, NULL, 0},
    {"Europe/Berlin", 3600, berlin, 2 * YEARS},
    {"America/New_York", -18000, new_york, 2 * YEARS},
    {"Australia/Lord_Howe", 37800, lord_howe, 2 * YEARS},
    {"Sim/Skips", -36000, skips, 1},
    {"Sim/Odd", 7200, odd, ODD_CHANGES},
};

/* Days since 1970 of a date of the Gregorian calendar; months and days count from 1. */
int64_t date_days(int64_t year, int64_t month, int64_t day)
{
    static const int before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    int64_t y = year - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 - 719162 + before[month - 1] +
           (is_leap && month > 2) + day - 1;
}

/* The n-th Sunday from that day on, at a second of UTC. */
static int64_t sunday(int64_t year, int64_t month, int64_t from_day, int64_t second)
{
    int64_t day = date_days(year, month, from_day);

    while ((day + 4) % 7 != 0)
        day++;
    return day * DAY_S + second;
}

/* Both changes of a year, the earlier first. */
static void add_year(struct tcn_zone_change *to, int64_t first_s, int32_t first_offset,
                     int64_t second_s, int32_t second_offset)
{
    to[0] = (struct tcn_zone_change){first_s, first_offset};
    to[1] = (struct tcn_zone_change){second_s, second_offset};
}

void zones_make(void)
{
    static const int32_t odd_offsets[] = {10800, 9000, 9000 + 3600, 7200};

    for (int i = 0; i < YEARS; i++) {
        int64_t year = FIRST_YEAR + i;

        add_year(&berlin[2 * i], sunday(year, 3, 25, 3600), 7200, sunday(year, 10, 25, 3600), 3600);
        add_year(&new_york[2 * i], sunday(year, 3, 8, 7 * 3600), -14400,
                 sunday(year, 11, 1, 6 * 3600), -18000);
        add_year(&lord_howe[2 * i], sunday(year, 4, 1, -9 * 3600), 37800,
                 sunday(year, 10, 1, -8 * 3600 - 1800), 39600);
    }
    for (int i = 0; i < ODD_CHANGES; i++)
        odd[i] = (struct tcn_zone_change){
            date_days(2026, 1, 1) * DAY_S + i * (3 * DAY_S + 5 * 3600), odd_offsets[i % 4]};
    skips[0] = (struct tcn_zone_change){date_days(2026, 8, 5) * DAY_S + 36000, 50400};
}

const struct tcn_zone *zone_any(struct rng *r)
{
    return &zones[rng_below(r, SIM_ZONES)];
}
