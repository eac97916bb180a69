/* What people want, as turns: the answer is the incident after it, a refusal is an answer too. */
#include "command_calls.h"

#include "store/feeds.h"

static void test_no_such_thing(void **state)
{
    static const enum tcn_command_kind kinds[] = {
        TCN_COMMAND_ACKNOWLEDGE,    TCN_COMMAND_RESOLVE,      TCN_COMMAND_REOPEN,
        TCN_COMMAND_NOTE,           TCN_COMMAND_LETTER_RETRY, TCN_COMMAND_LETTER_DROP,
        TCN_COMMAND_QUARANTINE_DROP};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        execute((struct tcn_command){
            .kind = kinds[i], .incident = {{9}}, .letter = {{9}}, .text = "t"});
        assert_int_equal(call.status, 404);
        assert_false(result.has_changed);
    }
    drop_reply();
}

/* A mapping may show tags: the link looks, and has nothing to do when it does not. */
static void test_tags_are_told_to_tickets(void **state)
{
    const struct tcn_tag tag = {"owner", "ann"};
    const char *const key = "owner";
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_command set = {.kind = TCN_COMMAND_TAG, .incident = incident, .tags = {.set = &tag}},
                       away = {.kind = TCN_COMMAND_TAG,
                               .incident = incident,
                               .tags = {.removed = &key, .n_removed = 1}};
    struct tcn_link *links, link;
    size_t n;

    (void)state;
    set.tags.n_set = 1;
    assert_int_equal(tcn_store_link_list(store, incident, 9, &arena, &links, &n, &err), 0);
    links[0].due_ms = 0;
    assert_int_equal(tcn_store_link_put(store, &links[0], &err), 0);
    execute_for(set, 200);
    assert_true(result.has_changed);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(call.reply, "tags"), "owner")), "ann");
    assert_int_equal(tcn_store_link_get(store, links[0].id, &arena, &link, &err), 0);
    assert_int_equal(link.due_ms, now);
    execute_for(set, 200);
    assert_false(result.has_changed);
    execute_for(away, 200);
    assert_true(result.has_changed);
    assert_null(json_object_get(json_object_get(call.reply, "tags"), "owner"));
    assert_non_null(json_object_get(json_object_get(call.reply, "tags"), "team"));
    set.incident = (struct tcn_id){{9}};
    execute_for(set, 404);
    drop_reply();
}

/* Only what is in quarantine can be dropped: what was applied keeps repeats out. */
static void test_a_quarantined_delivery_is_dropped(void **state)
{
    struct tcn_inbox rows[] = {
        {.id = {{7}}, .source = "s", .delivery_id = "d7", .state = TCN_INBOX_QUARANTINED},
        {.id = {{8}}, .source = "s", .delivery_id = "d8", .state = TCN_INBOX_APPLIED},
        {.id = {{9}}, .source = "s", .delivery_id = "d9", .state = TCN_INBOX_QUARANTINED},
    };
    static const int want[] = {200, 404, 200, 404};
    static const uint8_t of[] = {7, 8, 9, 9};
    struct tcn_inbox *left;
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(tcn_store_inbox_add(store, &rows[i], &err), 0);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        execute((struct tcn_command){.kind = TCN_COMMAND_QUARANTINE_DROP, .letter = {{of[i]}}});
        assert_int_equal(call.status, want[i]);
        assert_false(result.has_changed);
    }
    for (size_t i = 0; i < 2; i++) {
        enum tcn_inbox_state of_state = i ? TCN_INBOX_APPLIED : TCN_INBOX_QUARANTINED;

        assert_int_equal(tcn_store_inbox_list(store, of_state, 0, 9, &arena, &left, &n, &err), 0);
        assert_int_equal(n, i);
    }
    drop_reply();
}

static void test_the_life_of_an_incident(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    const struct {
        enum tcn_command_kind kind;
        const char *text;
        bool changes;
        const char *status;
    } steps[] = {
        {TCN_COMMAND_ACKNOWLEDGE, "why", true, "OPEN"},
        {TCN_COMMAND_ACKNOWLEDGE, NULL, false, "OPEN"},
        {TCN_COMMAND_ACKNOWLEDGE, "more", true, "OPEN"},
        {TCN_COMMAND_NOTE, "why", true, "OPEN"},
        {TCN_COMMAND_RESOLVE, "why", true, "RESOLVED"},
        {TCN_COMMAND_RESOLVE, NULL, false, "RESOLVED"},
        {TCN_COMMAND_RESOLVE, "more", true, "RESOLVED"},
        {TCN_COMMAND_REOPEN, NULL, true, "OPEN"},
        {TCN_COMMAND_REOPEN, NULL, false, "OPEN"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        now += 1000;
        execute((struct tcn_command){
            .kind = steps[i].kind, .incident = incident, .text = steps[i].text});
        assert_int_equal(call.status, 200);
        assert_int_equal(result.has_changed, steps[i].changes);
        assert_string_equal(text_of("status"), steps[i].status);
    }
    assert_int_equal(claim_sends(), 0); /* acknowledged before the page left */
    drop_reply();
}

/* A note that comes with a command which changes nothing is a note like any other: by that person, once, whole, and for
 * the tickets. */
static void test_a_note_with_a_command_that_changes_nothing(void **state)
{
    static const enum tcn_command_kind kinds[] = {TCN_COMMAND_ACKNOWLEDGE, TCN_COMMAND_RESOLVE};
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    char text[2001];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct tcn_command command = {.kind = kinds[i], .incident = incident};
        struct tcn_event *events;
        size_t before, n;

        execute(command);
        assert_int_equal(
            tcn_store_event_list(store, incident, 0, 1000, &arena, &events, &before, &err), 0);
        command.text = text;
        execute(command);
        assert_int_equal(call.status, 200);
        assert_true(result.has_changed);
        assert_int_equal(tcn_store_event_list(store, incident, 0, 1000, &arena, &events, &n, &err),
                         0);
        assert_int_equal(n, before + 1);
        assert_string_equal(events[before].type, "Note");
        assert_string_equal(events[before].text, text);
        assert_string_equal(events[before].actor, "token:test");
        assert_true(events[before].to_tickets);
    }
    drop_reply();
}

static size_t count_events(struct tcn_id incident)
{
    struct tcn_event *events;
    size_t n = 0;

    assert_int_equal(tcn_store_event_list(store, incident, 0, 1000, &arena, &events, &n, &err), 0);
    return n;
}

/* Nobody can be the first to answer what is over; who had answered before is told so again. */
static void test_an_acknowledgement_that_is_too_late(void **state)
{
    struct tcn_id missed = alarm_of("missed", TCN_ACTION_FIRE);
    struct tcn_id seen = alarm_of("seen", TCN_ACTION_FIRE);
    size_t before;

    (void)state;
    execute((struct tcn_command){.kind = TCN_COMMAND_RESOLVE, .incident = missed});
    before = count_events(missed);
    execute((struct tcn_command){
        .kind = TCN_COMMAND_ACKNOWLEDGE, .incident = missed, .text = "I look at it"});
    assert_int_equal(call.status, 409);
    assert_string_equal(error_of("code"), "already_resolved");
    assert_non_null(strstr(error_of("message"), "/reopen"));
    assert_false(result.has_changed);
    assert_int_equal(count_events(missed), before);

    execute((struct tcn_command){.kind = TCN_COMMAND_ACKNOWLEDGE, .incident = seen});
    execute((struct tcn_command){.kind = TCN_COMMAND_RESOLVE, .incident = seen});
    execute((struct tcn_command){.kind = TCN_COMMAND_ACKNOWLEDGE, .incident = seen});
    assert_int_equal(call.status, 200);
    assert_true(json_is_object(json_object_get(call.reply, "acknowledged")));
    assert_false(result.has_changed);

    execute((struct tcn_command){.kind = TCN_COMMAND_REOPEN, .incident = missed});
    execute((struct tcn_command){.kind = TCN_COMMAND_ACKNOWLEDGE, .incident = missed});
    assert_int_equal(call.status, 200);
    drop_reply();
}

/* The same request with the same token: once; another one with it is refused, and another operation's is its own. */
static void test_a_token_is_for_one_request(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_command note = {.kind = TCN_COMMAND_NOTE,
                               .incident = incident,
                               .text = "t",
                               .client_token = "c",
                               .request = "one"},
                       engage = {.kind = TCN_COMMAND_ENGAGE,
                                 .incident = incident,
                                 .contact = directory.contacts[0].alias,
                                 .client_token = "c",
                                 .request = "one"};
    size_t n;

    (void)state;
    execute_for(note, 200);
    assert_true(result.has_changed);
    execute_for(engage, 200);
    assert_true(result.has_changed);
    n = count_events(incident);
    execute_for(note, 200);
    assert_false(result.has_changed);
    execute_for(engage, 200);
    assert_false(result.has_changed);
    assert_int_equal(count_events(incident), n);
    note.request = engage.request = "two";
    execute_for(note, 409);
    assert_string_equal(error_of("field"), "client_token");
    execute_for(engage, 409);
    note.client_token = NULL;
    execute_for(note, 200);
    assert_true(result.has_changed);
    drop_reply();
}

/* A new one opened meanwhile: both open would be two with one dedupe string. */
static void test_one_is_open_already(void **state)
{
    struct tcn_id first = alarm_of("k", TCN_ACTION_FIRE), second;
    char id[TCN_ID_TEXT];

    (void)state;
    execute_for((struct tcn_command){.kind = TCN_COMMAND_RESOLVE, .incident = first}, 200);
    now += 24 * 3600 * 1000;
    (void)alarm_of("k", TCN_ACTION_RESOLVE);
    now += 24 * 3600 * 1000;
    second = alarm_of("k", TCN_ACTION_FIRE);
    assert_false(tcn_id_eq(first, second));
    execute_for((struct tcn_command){.kind = TCN_COMMAND_REOPEN, .incident = first}, 409);
    assert_string_equal(error_of("code"), "already_open");
    tcn_id_text(second, id);
    assert_non_null(strstr(error_of("message"), id));
    execute_for((struct tcn_command){.kind = TCN_COMMAND_REOPEN, .incident = second}, 200);
    execute_for((struct tcn_command){.kind = TCN_COMMAND_RESOLVE, .incident = second}, 200);
    execute_for((struct tcn_command){.kind = TCN_COMMAND_REOPEN, .incident = first}, 200);
    drop_reply();
}

static void test_refusals_say_why(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);

    (void)state;
    execute((struct tcn_command){.kind = TCN_COMMAND_NOTE, .incident = incident, .text = ""});
    assert_int_equal(call.status, 409);
    execute(
        (struct tcn_command){.kind = TCN_COMMAND_ACKNOWLEDGE, .incident = incident, .page = {{5}}});
    assert_int_equal(call.status, 404);
    assert_false(result.has_changed);
    drop_reply();
}

static struct tcn_id put_letter_of(struct tcn_id incident, struct tcn_id id, struct tcn_id link)
{
    struct tcn_deadletter letter = {.id = id,
                                    .incident = incident,
                                    .link = link,
                                    .connector = "jira",
                                    .operation = "create",
                                    .reason = "no",
                                    .at_ms = now};

    assert_int_equal(tcn_store_deadletter_put(store, &letter, &err), 0);
    return id;
}

static struct tcn_id put_letter(struct tcn_id id, struct tcn_id link)
{
    return put_letter_of((struct tcn_id){{0}}, id, link);
}

static void test_letters_of_tickets(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE), letter;
    struct tcn_link *links, link;
    size_t n;

    (void)state;
    assert_int_equal(tcn_store_link_list(store, incident, 9, &arena, &links, &n, &err), 0);
    assert_int_equal(n, 1);
    links[0].state = TCN_LINK_BLOCKED;
    links[0].due_ms = 0;
    assert_int_equal(tcn_store_link_put(store, &links[0], &err), 0);
    letter = put_letter((struct tcn_id){{3}}, links[0].id);
    execute((struct tcn_command){.kind = TCN_COMMAND_LETTER_RETRY, .letter = letter});
    assert_int_equal(call.status, 200);
    assert_string_equal(text_of("status"), "retrying");
    assert_true(result.has_changed);
    assert_int_equal(tcn_store_link_get(store, links[0].id, &arena, &link, &err), 0);
    assert_int_equal(link.state, TCN_LINK_NONE);
    assert_int_equal(link.due_ms, now);
    execute((struct tcn_command){.kind = TCN_COMMAND_LETTER_RETRY, .letter = letter});
    assert_int_equal(call.status, 404); /* one retry a letter */
    letter = put_letter((struct tcn_id){{4}}, (struct tcn_id){{8}});
    execute((struct tcn_command){.kind = TCN_COMMAND_LETTER_RETRY, .letter = letter});
    assert_int_equal(call.status, 200); /* what it was about is gone: so is the letter */
    drop_reply();
}

/* Dropping a letter changes no ticket; the answer and the timeline say what becomes of it. */
static void test_what_is_left_of_a_dropped_letter(void **state)
{
    static const struct {
        enum tcn_link_state state;
        const char *remote_key;
        bool is_due;
        const char *want;
    } cases[] = {
        {TCN_LINK_NONE, NULL, false, "jira has no ticket for this incident; the next change of "},
        {TCN_LINK_CREATING, NULL, false, "jira has no ticket for this incident; the next change"},
        {TCN_LINK_CREATING, NULL, true, "jira is still being tried for this incident"},
        {TCN_LINK_LINKED, "OPS-42", false, "OPS-42 in jira stays as it is; the next change of the"},
        {TCN_LINK_LINKED, "OPS-42", true, "jira is still being tried for this incident"},
        {TCN_LINK_BLOCKED, NULL, false, "nothing is written to jira for this incident any more"},
        {TCN_LINK_LOST, "OPS-42", false, "nothing is written to jira for this incident any more"},
        {TCN_LINK_UNLINKED, NULL, false, "nothing is written to jira for this incident any more"},
    };
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_link *links, link;
    struct tcn_event *events;
    size_t n, n_links;

    (void)state;
    assert_int_equal(tcn_store_link_list(store, incident, 9, &arena, &links, &n_links, &err), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t before = count_events(incident);
        struct tcn_id letter;

        links[0].state = cases[i].state;
        links[0].remote_id = links[0].remote_key = cases[i].remote_key;
        links[0].due_ms = cases[i].is_due ? now + 60000 : 0;
        assert_int_equal(tcn_store_link_put(store, &links[0], &err), 0);
        letter = put_letter_of(incident, (struct tcn_id){{5}}, links[0].id);
        execute((struct tcn_command){.kind = TCN_COMMAND_LETTER_DROP, .letter = letter});
        assert_int_equal(call.status, 200);
        assert_string_equal(text_of("status"), "dropped");
        assert_non_null(strstr(text_of("message"), cases[i].want));
        assert_string_equal(
            json_string_value(json_object_get(json_object_get(call.reply, "link"), "connector")),
            "jira");
        assert_int_equal(tcn_store_event_list(store, incident, 0, 1000, &arena, &events, &n, &err),
                         0);
        assert_int_equal(n, before + 1);
        assert_non_null(strstr(events[before].text, cases[i].want));
        assert_non_null(strstr(events[before].text, "Gave up the create that jira had refused"));
        assert_string_equal(events[before].actor, "token:test");
        assert_false(events[before].to_tickets);
        assert_int_equal(tcn_store_link_get(store, links[0].id, &arena, &link, &err), 0);
        assert_int_equal(link.state, cases[i].state);
        assert_int_equal(link.due_ms, links[0].due_ms);
    }
    drop_reply();
}

static void test_dropped_letters_of_what_is_gone(void **state)
{
    struct tcn_id letter = put_letter((struct tcn_id){{4}}, (struct tcn_id){{8}});

    (void)state;
    execute((struct tcn_command){.kind = TCN_COMMAND_LETTER_DROP, .letter = letter});
    assert_int_equal(call.status, 200);
    assert_true(json_is_null(json_object_get(call.reply, "link")));
    letter = put_letter((struct tcn_id){{4}}, (struct tcn_id){{0}});
    execute((struct tcn_command){.kind = TCN_COMMAND_LETTER_DROP, .letter = letter});
    assert_string_equal(text_of("message"), "the page stays unsent");
    drop_reply();
}

/* The link as it is, but with nothing due, is asked to try again. */
static void retry_idle(struct tcn_link *link)
{
    link->due_ms = 0;
    assert_int_equal(tcn_store_link_put(store, link, &err), 0);
    execute((struct tcn_command){.kind = TCN_COMMAND_LINK_RETRY, .link = link->id});
    assert_int_equal(call.status, 200);
}

/* Blocked without a dead letter, too: a person made both sides the same. */
static void test_a_link_that_waits_is_freed(void **state)
{
    static const struct {
        enum tcn_link_state state, want;
        const char *remote_id;
    } cases[] = {
        {TCN_LINK_BLOCKED, TCN_LINK_LINKED, "10042"},
        {TCN_LINK_BLOCKED, TCN_LINK_NONE, NULL},
        {TCN_LINK_LOST, TCN_LINK_LINKED, "10042"},
        {TCN_LINK_LINKED, TCN_LINK_LINKED, "10042"},
    };
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_link *links, link;
    struct tcn_event *events;
    size_t n;

    (void)state;
    assert_int_equal(tcn_store_link_list(store, incident, 9, &arena, &links, &n, &err), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t before = count_events(incident);

        links[0].state = cases[i].state;
        links[0].remote_id = cases[i].remote_id;
        links[0].blocked_reason = "both sides changed title";
        retry_idle(&links[0]);
        assert_string_equal(text_of("status"), "retrying");
        assert_true(result.has_changed);
        assert_int_equal(tcn_store_link_get(store, links[0].id, &arena, &link, &err), 0);
        assert_int_equal(link.state, cases[i].want);
        assert_int_equal(link.due_ms, now);
        assert_null(link.blocked_reason);
        assert_int_equal(tcn_store_event_list(store, incident, 0, 1000, &arena, &events, &n, &err),
                         0);
        assert_int_equal(n, before + 1);
        assert_string_equal(events[before].text,
                            "jira is tried again for this incident: asked for by token:test");
        assert_string_equal(events[before].actor, "token:test");
    }
    execute((struct tcn_command){.kind = TCN_COMMAND_LINK_RETRY, .link = {{9}}});
    assert_int_equal(call.status, 404);
    assert_false(result.has_changed);
    drop_reply();
}

/* What rests is due, what has no record has nothing to read. */
static void test_a_record_is_read_when_asked(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_link *links, link;
    size_t n;

    (void)state;
    assert_int_equal(tcn_store_link_list(store, incident, 9, &arena, &links, &n, &err), 0);
    execute((struct tcn_command){.kind = TCN_COMMAND_LINK_READ, .link = links[0].id});
    assert_int_equal(call.status, 409);
    links[0].state = TCN_LINK_LINKED;
    links[0].remote_id = "10042";
    links[0].due_ms = 0;
    assert_int_equal(tcn_store_link_put(store, &links[0], &err), 0);
    execute((struct tcn_command){.kind = TCN_COMMAND_LINK_READ, .link = links[0].id});
    assert_int_equal(call.status, 200);
    assert_string_equal(text_of("status"), "reading");
    assert_true(result.has_changed);
    assert_int_equal(tcn_store_link_get(store, links[0].id, &arena, &link, &err), 0);
    assert_int_equal(link.hints, links[0].hints + 1);
    assert_int_equal(link.due_ms, now);
    execute((struct tcn_command){.kind = TCN_COMMAND_LINK_READ, .link = {{9}}});
    assert_int_equal(call.status, 404);
    drop_reply();
}

/* Of a connector that is not configured any more nobody knows the fields; the rest is told. */
static void test_a_link_by_its_id(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_conflict_row row = {.field = "title", .winner = "none", .connector = "jira"};
    struct tcn_link *links;
    size_t n;

    (void)state;
    assert_int_equal(tcn_store_link_list(store, incident, 9, &arena, &links, &n, &err), 0);
    row.link = links[0].id;
    row.incident = incident;
    row.at_ms = now;
    row.id = tcn_conflict_id(row.link, row.field, row.at_ms);
    assert_int_equal(tcn_store_conflict_add(store, &row, &err), 0);
    execute_for((struct tcn_command){.kind = TCN_COMMAND_LINK_GET, .link = links[0].id}, 200);
    assert_string_equal(text_of("connector"), links[0].connector);
    assert_int_equal(json_array_size(json_object_get(call.reply, "fields")), 0);
    assert_int_equal(json_array_size(json_object_get(call.reply, "conflicts")), 1);
    assert_int_equal(json_integer_value(json_object_get(call.reply, "conflicts_count")), 1);
    assert_false(result.has_changed);
    execute_for((struct tcn_command){.kind = TCN_COMMAND_LINK_GET, .link = {{9}}}, 404);
    execute_for((struct tcn_command){.kind = TCN_COMMAND_SWEEP, .connector = "jira"}, 404);
    assert_false(result.has_changed);
    drop_reply();
}

/* Nothing happens then: so it says, and adds no line. */
static void test_a_link_that_wants_nothing(void **state)
{
    static const struct {
        enum tcn_link_state state;
        const char *remote_key, *message;
    } cases[] = {
        {TCN_LINK_LINKED, "OPS-1",
         "OPS-1 in jira has all that this incident has for it; there is nothing to try again"},
        {TCN_LINK_NONE, NULL,
         "no ticket in jira is wanted for this incident; there is nothing to try again"},
    };
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_link *links, link;
    size_t n;

    (void)state;
    assert_int_equal(tcn_store_link_list(store, incident, 9, &arena, &links, &n, &err), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t before = count_events(incident);

        links[0].state = cases[i].state;
        links[0].remote_id = links[0].remote_key = cases[i].remote_key;
        links[0].blocked_reason = NULL;
        retry_idle(&links[0]);
        assert_string_equal(text_of("status"), "unchanged");
        assert_string_equal(text_of("message"), cases[i].message);
        assert_false(result.has_changed);
        assert_int_equal(tcn_store_link_get(store, links[0].id, &arena, &link, &err), 0);
        assert_int_equal(link.due_ms, 0);
        assert_int_equal(count_events(incident), before);
    }
    drop_reply();
}

static void test_letters_of_pages(void **state)
{
    struct tcn_send_row *rows = NULL;
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    size_t n = 0;

    (void)state;
    (void)incident;
    assert_int_equal(tcn_store_send_claim(store, now, 9, &arena, &rows, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(tcn_store_send_finish(store, rows[0].id, TCN_SEND_FAILED, 0, "no", &err), 0);
    put_letter_of(incident, rows[0].id, (struct tcn_id){{0}});
    execute((struct tcn_command){.kind = TCN_COMMAND_LETTER_RETRY, .letter = rows[0].id});
    assert_int_equal(call.status, 200);
    assert_int_equal(claim_sends(), 1);
    drop_reply();
}

/* A mail that says "you are paged" would be untrue; the letter stays, to be dropped. */
static void test_letters_of_pages_that_are_over(void **state)
{
    static const enum tcn_command_kind ends[] = {TCN_COMMAND_ACKNOWLEDGE, TCN_COMMAND_RESOLVE};
    struct tcn_send_row *rows = NULL;
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_deadletter letter;
    size_t n = 0;

    (void)state;
    assert_int_equal(tcn_store_send_claim(store, now, 9, &arena, &rows, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(tcn_store_send_finish(store, rows[0].id, TCN_SEND_FAILED, 0, "no", &err), 0);
    put_letter_of(incident, rows[0].id, (struct tcn_id){{0}});
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        execute((struct tcn_command){.kind = ends[i], .incident = incident});
        execute((struct tcn_command){.kind = TCN_COMMAND_LETTER_RETRY, .letter = rows[0].id});
        assert_int_equal(call.status, 409);
        assert_false(result.has_changed);
        assert_int_equal(tcn_store_deadletter_get(store, rows[0].id, &arena, &letter, &err), 0);
        assert_int_equal(claim_sends(), 0);
    }
    drop_reply();
}

static struct tcn_id fail_the_page(struct tcn_id incident)
{
    struct tcn_send_row *rows = NULL;
    size_t n = 0;

    assert_int_equal(tcn_store_send_claim(store, now, 9, &arena, &rows, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(tcn_store_send_finish(store, rows[0].id, TCN_SEND_FAILED, 0, "no", &err), 0);
    return put_letter_of(incident, rows[0].id, (struct tcn_id){{0}});
}

/* Whoever is engaged after an answer is still to be paged, until that is stopped. */
static void test_letters_of_pages_after_an_answer(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE), letter;

    (void)state;
    execute((struct tcn_command){.kind = TCN_COMMAND_ACKNOWLEDGE, .incident = incident});
    now += 1000;
    execute(
        (struct tcn_command){.kind = TCN_COMMAND_ENGAGE, .incident = incident, .contact = "alice"});
    letter = fail_the_page(incident);
    execute((struct tcn_command){.kind = TCN_COMMAND_LETTER_RETRY, .letter = letter});
    assert_int_equal(call.status, 200);
    letter = fail_the_page(incident);
    execute((struct tcn_command){.kind = TCN_COMMAND_DISENGAGE,
                                 .incident = incident,
                                 .engagement = tcn_id_child(incident, "engagement", 2)});
    execute((struct tcn_command){.kind = TCN_COMMAND_LETTER_RETRY, .letter = letter});
    assert_int_equal(call.status, 409);
    drop_reply();
}

static void test_the_policy_of_a_source(void **state)
{
    (void)state;
    assert_ptr_equal(tcn_policy_of(policies, "prom"), &policy);
    assert_null(tcn_policy_of(policies, "gone"));
    assert_null(tcn_policy_of(policies, NULL));
    assert_null(tcn_policy_of(NULL, "prom"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_no_such_thing),
        CASE(test_tags_are_told_to_tickets),
        CASE(test_a_quarantined_delivery_is_dropped),
        CASE(test_the_life_of_an_incident),
        CASE(test_a_note_with_a_command_that_changes_nothing),
        CASE(test_an_acknowledgement_that_is_too_late),
        CASE(test_a_token_is_for_one_request),
        CASE(test_one_is_open_already),
        CASE(test_refusals_say_why),
        CASE(test_letters_of_tickets),
        CASE(test_what_is_left_of_a_dropped_letter),
        CASE(test_dropped_letters_of_what_is_gone),
        CASE(test_a_link_that_waits_is_freed),
        CASE(test_a_record_is_read_when_asked),
        CASE(test_a_link_by_its_id),
        CASE(test_a_link_that_wants_nothing),
        CASE(test_letters_of_pages),
        CASE(test_letters_of_pages_after_an_answer),
        CASE(test_letters_of_pages_that_are_over),
        CASE(test_the_policy_of_a_source),
    };

    return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
