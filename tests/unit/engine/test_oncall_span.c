/* engine/oncall_span.c: how well a schedule is covered. */
#include "engine/oncall_span.h"
#include "rotation_world.h"

#define ROTATIONS 5

static const struct rw_text texts[ROTATIONS] = {
    {.zone = "UTC", .start = "2024-01-01T00:00", .contacts = "AB", .settings = "00:00"},
    {.zone = "UTC",
     .start = "2024-01-01T00:00",
     .contacts = "CD",
     .settings = "00:00",
     .coverage = "ALL 09:00-17:00"},
    {.zone = "UTC",
     .start = "2024-01-01T00:00",
     .contacts = "EF",
     .settings = "00:00",
     .coverage = "ALL 17:00-09:00",
     .overrides = "2024-01-02T20:00 2024-01-02T21:00 -"},
    {.zone = "America/Los_Angeles",
     .start = "2024-01-01T08:00",
     .contacts = "G",
     .settings = "00:00",
     .coverage = "ALL 09:00-17:00"},
    {.zone = "UTC",
     .start = "2024-01-01T00:00",
     .contacts = "AZY",
     .settings = "00:00",
     .overrides = "2024-01-02T20:00 2024-01-02T21:00 A,2024-01-04T20:00 2024-01-04T21:00 Z"},
};

/* Z is no person, and Y is not there at all. */
static struct tcn_contact contacts[] = {
    {.alias = "A", .type = TCN_PERSONAL}, {.alias = "B", .type = TCN_PERSONAL},
    {.alias = "C", .type = TCN_PERSONAL}, {.alias = "D", .type = TCN_PERSONAL},
    {.alias = "E", .type = TCN_PERSONAL}, {.alias = "F", .type = TCN_PERSONAL},
    {.alias = "G", .type = TCN_PERSONAL}, {.alias = "Z", .type = TCN_ESCALATION},
};

struct span_world {
    struct rw rotations[ROTATIONS];
    const struct tcn_roster *rosters[ROTATIONS];
    struct tcn_directory directory;
    struct tcn_contact schedule;
};

static void init(struct span_world *w)
{
    static const char *const names[] = {"always", "days", "nights", "west", "former"};

    *w = (struct span_world){.schedule = {.alias = "s", .type = TCN_ONCALL_SCHEDULE}};
    for (size_t i = 0; i < ROTATIONS; i++) {
        rw_init(&w->rotations[i], &texts[i]);
        w->rotations[i].r.alias = names[i];
        w->rosters[i] = tcn_roster_prepare(&w->rotations[i].r, &w->rotations[i].arena);
    }
    w->directory = (struct tcn_directory){.contacts = contacts,
                                          .n_contacts = N_OF(contacts),
                                          .rosters = w->rosters,
                                          .n_rosters = ROTATIONS};
}

static void done(struct span_world *w)
{
    for (size_t i = 0; i < ROTATIONS; i++)
        rw_done(&w->rotations[i]);
}

static const struct {
    const char *name, *rotations, *from, *until;
    const char *spans; /* who has somebody, - for nobody, until when */
} cases[] = {
    {"no rotation", "", "2024-01-01T00:00", "2024-01-02T00:00", "- 01-02T00:00"},
    {"a rotation that does not exist", "none", "2024-01-01T00:00", "2024-01-02T00:00",
     "- 01-02T00:00"},
    {"turns are no gaps", "always", "2024-01-01T00:00", "2024-02-01T00:00", "always 02-01T00:00"},
    {"before the start", "always", "2023-12-31T00:00", "2024-01-02T00:00",
     "- 01-01T00:00 always 01-02T00:00"},
    {"office hours", "days", "2024-01-05T00:00", "2024-01-06T10:00",
     "- 01-05T09:00 days 01-05T17:00 - 01-06T09:00 days 01-06T10:00"},
    {"days and nights", "days nights", "2024-01-05T00:00", "2024-01-06T00:00",
     "nights 01-05T09:00 days 01-05T17:00 nights 01-06T00:00"},
    {"an override that names nobody", "days nights", "2024-01-02T17:00", "2024-01-03T00:00",
     "nights 01-02T20:00 - 01-02T21:00 nights 01-03T00:00"},
    {"both at once", "always days", "2024-01-05T08:00", "2024-01-05T18:00",
     "always 01-05T09:00 always+days 01-05T17:00 always 01-05T18:00"},
    {"of another zone, whose clocks are set", "west", "2024-03-09T12:00", "2024-03-10T18:00",
     "- 03-09T17:00 west 03-10T01:00 - 03-10T16:00 west 03-10T18:00"},
    {"turns of who is no person any more", "former", "2024-01-01T00:00", "2024-01-05T00:00",
     "former 01-02T00:00 - 01-02T20:00 former 01-02T21:00 - 01-04T00:00 former 01-04T20:00 "
     "- 01-04T21:00 former 01-05T00:00"},
    {"an empty time", "always", "2024-01-05T00:00", "2024-01-05T00:00", ""},
};

static void say(struct tcn_buf *b, const struct tcn_oncall_span *span)
{
    if (b->len > 0)
        tcn_buf_char(b, ' ');
    if (span->n_rotations == 0)
        tcn_buf_char(b, '-');
    for (size_t i = 0; i < span->n_rotations; i++)
        tcn_buf_fmt(b, "%s%s", i > 0 ? "+" : "", span->rotations[i]);
    tcn_buf_char(b, ' ');
    rw_say_time(b, span->end_ms);
}

static void set_rotations(struct span_world *w, const char *list)
{
    struct tcn_str rest = tcn_str(list);

    w->schedule.n_rotations = 0;
    while (rest.len)
        w->schedule.rotations[w->schedule.n_rotations++] =
            tcn_arena_str(&w->rotations[0].arena, rw_word(&rest, ' ')).ptr;
}

static void spans_of_a_schedule(void **state)
{
    struct span_world w;

    (void)state;
    init(&w);
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_oncall_spans spans = {
            .directory = &w.directory,
            .schedule = &w.schedule,
            .from_ms = rw_ms(tcn_str(cases[i].from)),
            .until_ms = rw_ms(tcn_str(cases[i].until)),
            .max_asked = SIZE_MAX,
        };
        struct tcn_oncall_span span;
        struct tcn_buf said;

        set_rotations(&w, cases[i].rotations);
        tcn_buf_init(&said, 4096);
        while (tcn_oncall_spans_next(&spans, &span))
            say(&said, &span);
        if (strcmp(tcn_buf_view(&said).ptr, cases[i].spans) != 0)
            fail_msg("%s:\nwant %s\ngot  %s", cases[i].name, cases[i].spans,
                     tcn_buf_view(&said).ptr);
        tcn_buf_done(&said);
    }
    done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(spans_of_a_schedule)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
