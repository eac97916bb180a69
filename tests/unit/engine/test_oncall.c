/* engine/oncall.c and the index of engine/directory.c: rotations of a schedule become people. */
#include "engine/oncall.h"
#include "rotation_world.h"

#define PEOPLE 6

struct schedule_world {
    struct rw rotations[3];
    struct tcn_contact contacts[PEOPLE];
    const struct tcn_roster *rosters[3];
    struct tcn_directory directory;
};

static const struct rw_text texts[] = {
    {.zone = "UTC", .start = "2024-01-01T00:00", .contacts = "AB", .settings = "00:00"},
    {.zone = "UTC",
     .start = "2024-01-01T00:00",
     .contacts = "BCEX",
     .settings = "00:00",
     .on_calls = 4},
    {.zone = "UTC",
     .start = "2024-01-01T00:00",
     .contacts = "DA",
     .settings = "00:00",
     .coverage = "ALL 09:00-17:00",
     .overrides = "2024-01-02T10:00 2024-01-02T12:00 -"},
};

/* A to D are persons, E is an escalation plan; X is nobody. */
static void init(struct schedule_world *w)
{
    static const char *const aliases[PEOPLE] = {"C", "A", "E", "D", "B", "sched"};
    static const char *const names[] = {"one", "many", "office"};

    *w = (struct schedule_world){0};
    for (size_t i = 0; i < N_OF(texts); i++) {
        rw_init(&w->rotations[i], &texts[i]);
        w->rotations[i].r.alias = names[i];
        w->rosters[i] = tcn_roster_prepare(&w->rotations[i].r, &w->rotations[i].arena);
    }
    for (size_t i = 0; i < PEOPLE; i++)
        w->contacts[i] = (struct tcn_contact){.alias = aliases[i],
                                              .type = i == 2 ? TCN_ESCALATION : TCN_PERSONAL};
    w->contacts[5].type = TCN_ONCALL_SCHEDULE;
    w->directory = (struct tcn_directory){.contacts = w->contacts,
                                          .n_contacts = PEOPLE,
                                          .rosters = w->rosters,
                                          .n_rosters = N_OF(texts)};
}

static void done(struct schedule_world *w)
{
    for (size_t i = 0; i < N_OF(texts); i++)
        rw_done(&w->rotations[i]);
}

static const struct {
    const char *name, *rotations, *at, *people;
} cases[] = {
    {"no rotation", "", "2024-01-01T10:00", ""},
    {"one of two", "one", "2024-01-01T10:00", "A"},
    {"the other of two", "one", "2024-01-02T10:00", "B"},
    {"before the start", "one", "2023-12-31T23:59", ""},
    {"neither a plan nor who does not exist", "many", "2024-01-01T10:00", "BC"},
    {"outside office hours", "office", "2024-01-01T08:59", ""},
    {"an override that names nobody", "office", "2024-01-02T11:00", ""},
    {"in the order of rotations", "office one", "2024-01-01T10:00", "DA"},
    {"... of both", "one office", "2024-01-01T10:00", "AD"},
    {"nobody twice", "one many office", "2024-01-02T09:00", "BCA"},
    {"a rotation that does not exist", "none one", "2024-01-01T10:00", "A"},
    {"a rotation twice", "one one", "2024-01-01T10:00", "A"},
};

static void set_rotations(struct tcn_contact *schedule, const char *list, struct tcn_arena *arena)
{
    struct tcn_str rest = tcn_str(list);

    schedule->n_rotations = 0;
    while (rest.len)
        schedule->rotations[schedule->n_rotations++] =
            tcn_arena_str(arena, rw_word(&rest, ' ')).ptr;
}

static void check_all(struct schedule_world *w)
{
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_on_call people[TCN_ONCALL_MAX];
        char said[PEOPLE + 1] = "";
        size_t n;

        set_rotations(&w->contacts[5], cases[i].rotations, &w->rotations[0].arena);
        n = tcn_oncall_at(&w->directory, &w->contacts[5], rw_ms(tcn_str(cases[i].at)), people);
        for (size_t k = 0; k < n && k < PEOPLE; k++)
            said[k] = people[k].person->alias[0];
        if (strcmp(said, cases[i].people) != 0)
            fail_msg("%s: %s, wanted %s", cases[i].name, said, cases[i].people);
    }
}

static void who_is_on_call(void **state)
{
    struct schedule_world w;

    (void)state;
    init(&w);
    check_all(&w);
    tcn_directory_make_index(&w.directory, &w.rotations[0].arena);
    check_all(&w);
    done(&w);
}

/* With an index everything is found as without one. */
static void the_index_finds_the_same(void **state)
{
    static const char *const words[] = {"A", "B", "C", "D", "E", "sched", "X", "", "AA", "zzz"};
    static const char *const rotations[] = {"one", "many", "office", "", "z", "mane", "manyy"};
    struct tcn_directory indexed;
    struct schedule_world w;

    (void)state;
    init(&w);
    w.contacts[4].alias = "A"; /* of two of one alias the first */
    indexed = w.directory;
    tcn_directory_make_index(&indexed, &w.rotations[0].arena);
    for (size_t i = 0; i < N_OF(words); i++)
        assert_ptr_equal(tcn_directory_contact(&indexed, words[i]),
                         tcn_directory_contact(&w.directory, words[i]));
    for (size_t i = 0; i < N_OF(rotations); i++)
        assert_ptr_equal(tcn_directory_roster(&indexed, rotations[i]),
                         tcn_directory_roster(&w.directory, rotations[i]));
    assert_ptr_equal(tcn_directory_contact(&indexed, "A"), &w.contacts[1]);
    assert_ptr_equal(tcn_directory_roster(&indexed, "many"), w.rosters[1]);
    assert_null(tcn_directory_contact(&indexed, NULL));
    assert_null(tcn_directory_roster(&indexed, NULL));
    done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_on_call),
        cmocka_unit_test(the_index_finds_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
