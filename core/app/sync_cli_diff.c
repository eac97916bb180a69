/* tocsin sync diff: what an incident and its tickets hold, what differs, and by which rules. */
#include "app/sync_cli.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: tocsin sync diff LINK|INCIDENT [--read] [--url URL] [--token-file FILE] [--ca-file "
    "FILE]\n"
    "\n"
    "  Tells of each field what the incident has for the ticket (here) and what both were last "
    "known "
    "to hold\n"
    "  (there), which way it goes and who wins when both change it; * marks what differs. Then "
    "what "
    "both have\n"
    "  changed in the last 90 days, and who won. Exit 1 when something differs.\n"
    "\n"
    "  LINK|INCIDENT      an id of GET /v1/links, or of an incident for all of its tickets, or its "
    "ARN\n"
    "  --read             has the ticket read first; what differs is taken and written then, as "
    "ever\n"
    "  --url URL          where Tocsin is (default: $TOCSIN_URL, else " TCN_ASK_URL ")\n"
    "  --token-file FILE  a token with the role viewer, with --read responder (default: "
    "$TOCSIN_TOKEN)\n"
    "  --ca-file FILE     who may sign its certificate (default: those of the system)\n";

static void print_rule(const json_t *field)
{
    const char *conflict = tcn_sync_text(field, "conflict");

    printf("  [%s", tcn_sync_text(field, "direction"));
    if (*conflict)
        printf(", %s", strcmp(conflict, "hold") == 0 ? "a person decides" : conflict);
    else
        printf(", auto_resolve %s, resolve_while_firing %s", tcn_sync_text(field, "auto_resolve"),
               tcn_sync_text(field, "resolve_while_firing"));
    printf("]\n");
}

/* Whether it differs. */
static bool print_field(const json_t *field)
{
    bool differs = json_is_true(json_object_get(field, "differs"));

    printf("%s %-12s here ", differs ? "*" : " ", tcn_sync_text(field, "field"));
    tcn_sync_print_value(json_object_get(field, "local"));
    if (differs) {
        printf(", there ");
        tcn_sync_print_value(json_object_get(field, "base"));
    }
    print_rule(field);
    return differs;
}

static void print_conflict(const json_t *conflict)
{
    const char *winner = tcn_sync_text(conflict, "winner");

    printf("  %s  %s was ", tcn_sync_text(conflict, "at"), tcn_sync_text(conflict, "field"));
    tcn_sync_print_value(json_object_get(conflict, "base"));
    printf(", here ");
    tcn_sync_print_value(json_object_get(conflict, "local"));
    printf(", there ");
    tcn_sync_print_value(json_object_get(conflict, "remote"));
    printf(": %s\n", strcmp(winner, "local") == 0    ? "ours was written"
                     : strcmp(winner, "remote") == 0 ? "theirs was taken"
                     : strcmp(winner, "both") == 0   ? "both changes were made"
                                                     : "both stayed as they were");
}

static const char *in_words(const char *waits_for)
{
    static const char *const words[][2] = {{"person", "a person"},
                                           {"answer", "an answer"},
                                           {"time", "its time"},
                                           {"connector", "the connector"}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], waits_for) == 0)
            return words[i][1];
    return "nothing";
}

static void print_pending(const json_t *pending)
{
    const char *why = tcn_sync_text(pending, "why");

    printf("  waits for %s%s%s\n", in_words(tcn_sync_text(pending, "waits_for")), *why ? ": " : "",
           why);
    printf("  %lld notes behind, %lld hints unseen\n",
           (long long)json_integer_value(json_object_get(pending, "notes")),
           (long long)json_integer_value(json_object_get(pending, "hints")));
}

static void print_head(const json_t *link)
{
    char read[TCN_SYNC_AGE], written[TCN_SYNC_AGE];

    tcn_sync_age(link, "last_read_at", read);
    tcn_sync_age(link, "last_write_at", written);
    tcn_sync_print_name(link);
    printf(" (link %s): %s; age of the last reading %s, of the last write %s\n",
           tcn_sync_text(link, "id"), tcn_sync_text(link, "state"), read, written);
    print_pending(json_object_get(link, "pending"));
}

static void print_resting(const json_t *link)
{
    json_t *name;
    size_t i;

    json_array_foreach(json_object_get(link, "resting"), i, name)
        printf("  %s rests: written again and again, and changed back over there each time\n",
               json_string_value(name));
}

static bool print_link(const json_t *link)
{
    json_t *fields = json_object_get(link, "fields"), *item;
    bool differs = false;
    size_t i;

    print_head(link);
    json_array_foreach(fields, i, item) differs |= print_field(item);
    if (json_array_size(fields) == 0)
        puts("  its connector is not configured: nobody knows which fields it has");
    print_resting(link);
    json_array_foreach(json_object_get(link, "conflicts"), i, item) print_conflict(item);
    return differs;
}

/* As it was, when it has no record to read or that takes too long. */
static int read_first(struct tcn_sync *s, const json_t *link, json_t **ret, struct tcn_err *err)
{
    json_t *fresh = NULL;
    int r = tcn_sync_read(s, tcn_sync_text(link, "id"), &fresh, err);

    if (r == TCN_EBUSY || r == TCN_ECONFLICT) {
        tcn_sync_print_name(link);
        printf(": %s\n", err->msg);
        r = 0;
    }
    *ret = fresh;
    return r;
}

static int print_one(struct tcn_sync *s, const json_t *link, bool *differs, struct tcn_err *err)
{
    json_t *fresh = NULL;
    int r = s->reads ? read_first(s, link, &fresh, err) : 0;

    if (r == 0)
        *differs |= print_link(fresh ? fresh : link);
    json_decref(fresh);
    return r;
}

static int diff(struct tcn_sync *s, struct tcn_err *err)
{
    json_t *links = NULL;
    bool differs = false;
    int r = tcn_sync_links(s, &links, err);

    for (size_t i = 0; r == 0 && i < json_array_size(links); i++)
        r = print_one(s, json_array_get(links, i), &differs, err);
    if (r == 0 && json_array_size(links) == 0)
        puts("the incident has no tickets");
    json_decref(links);
    return r < 0 ? r : differs;
}

int tcn_sync_diff_cli(int argc, char **argv)
{
    static const struct tcn_sync_verb verb = {
        "tocsin sync diff", usage, TCN_SYNC_SUBJECT | TCN_SYNC_NEEDS_ONE | TCN_SYNC_READ, diff};

    return tcn_sync_run(&verb, argc, argv);
}
