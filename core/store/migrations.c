/* The schema. A migration that was released is never changed: a change is a new one at the end, additive, with defaults
 * for new columns, so that the release before still works (see oldest in migrate.h).
 *
 * Conventions: every row has account_id; every row has the epoch of its writer. Times are Unix milliseconds, 0 = not
 * set. Ids are 16 bytes: SELECT hex(id) shows them. Enumerations are the numbers of core/model. A NULL text or id is
 * "none". Keys begin with what is inserted in order: the incident's time-ordered id. A key holds the account only
 * where two accounts could meet in it; everywhere else the account is looked at in the row. */
#include "store/migrate.h"

static const char *const v1_base[] = {
    "CREATE TABLE epochs ("
    " epoch {INT} PRIMARY KEY NOT NULL,"
    " account_id TEXT NOT NULL,"
    " node TEXT NOT NULL,"
    " started_ms {INT} NOT NULL"
    "){PLAIN}",
    "CREATE TABLE meta ("
    " account_id {TEXT} NOT NULL,"
    " name {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " value TEXT NOT NULL,"
    " PRIMARY KEY (account_id, name)"
    "){CLUSTERED}",
    NULL,
};

static const char *const v2_incidents[] = {
    /* Keys that senders choose come in any order, so each new one changes another page of its index. A hash of 16
     * bytes (tcn_store_hash) makes that index small; the rows themselves are appended. */
    "CREATE TABLE inbox ("
    " no {SERIAL},"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " id {ID} NOT NULL,"
    " key_hash {ID}," /* NULL with the delivery id: every delivery is one of its own */
    " source TEXT NOT NULL,"
    " delivery_id TEXT,"
    " received_ms {INT} NOT NULL,"
    " peer TEXT,"
    " subject TEXT,"
    " state {INT} NOT NULL,"
    " note TEXT,"
    " body {BYTES} NOT NULL"
    "){PLAIN}",
    "CREATE UNIQUE INDEX inbox_key ON inbox (key_hash) WHERE key_hash IS NOT NULL",
    /* tcn_inbox_state QUARANTINED */
    "CREATE INDEX inbox_quarantined ON inbox (no) WHERE state = 2",

    /* items: [[key, title, status, since_ms, ended_ms, seen_ms], ...]; transitions: [ms, ...] newest first */
    "CREATE TABLE lanes ("
    " no {SERIAL},"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " key_hash {ID} NOT NULL,"
    " dedupe_key TEXT NOT NULL,"
    " source TEXT,"
    " is_firing {INT} NOT NULL,"
    " incident {ID},"
    " clock_ms {INT} NOT NULL,"
    " received_ms {INT} NOT NULL,"
    " resolved_ms {INT} NOT NULL,"
    " mute_until_ms {INT} NOT NULL,"
    " resolve_due_ms {INT} NOT NULL,"
    " opened_ms {INT} NOT NULL,"
    " content_sha256 TEXT NOT NULL,"
    " is_flapping {INT} NOT NULL,"
    " flap_told_ms {INT} NOT NULL,"
    " transitions TEXT,"
    " items TEXT,"
    " revision {INT} NOT NULL"
    "){PLAIN}",
    "CREATE UNIQUE INDEX lanes_key ON lanes (key_hash)",
    "CREATE INDEX lanes_firing ON lanes (incident) WHERE is_firing = 1",
    "CREATE INDEX lanes_due ON lanes (incident, resolve_due_ms) WHERE resolve_due_ms > 0",
    "CREATE INDEX lanes_flapping ON lanes (incident, received_ms) WHERE is_flapping = 1",

    "CREATE TABLE storms ("
    " account_id {TEXT} NOT NULL,"
    " source {TEXT} NOT NULL,"
    " node {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " tokens {REAL} NOT NULL,"
    " at_ms {INT} NOT NULL,"
    " incident {ID},"
    " attached {INT} NOT NULL,"
    " PRIMARY KEY (account_id, source, node)"
    "){CLUSTERED}",

    /* tags: [[key, value], ...] */
    "CREATE TABLE incidents ("
    " id {ID} PRIMARY KEY NOT NULL,"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " status {INT} NOT NULL,"
    " impact {INT} NOT NULL,"
    " response_plan TEXT,"
    " title TEXT,"
    " summary TEXT,"
    " dedupe_hash {ID} NOT NULL,"
    " dedupe_string TEXT NOT NULL,"
    " source TEXT,"
    " source_name TEXT,"
    " trigger_arn TEXT,"
    " created_by TEXT,"
    " modified_by TEXT,"
    " created_ms {INT} NOT NULL,"
    " modified_ms {INT} NOT NULL,"
    " resolved_ms {INT} NOT NULL,"
    " acknowledged_ms {INT} NOT NULL,"
    " acknowledged_by TEXT,"
    " resolution_code TEXT,"
    " resolution_notes TEXT,"
    " resolution_by TEXT,"
    " previous {ID},"
    " storm {ID},"
    " is_storm {INT} NOT NULL,"
    " tags TEXT,"
    " revision {INT} NOT NULL,"
    " event_seq {INT} NOT NULL,"
    " related_seq {INT} NOT NULL"
    "){CLUSTERED}",
    /* tcn_incident_status OPEN */
    "CREATE INDEX incidents_open ON incidents (id) WHERE status = 1",
    "CREATE INDEX incidents_dedupe ON incidents (dedupe_hash, status, id)",

    /* Not clustered: a row of a kilobyte and more would fill a page of its own. */
    "CREATE TABLE events ("
    " incident {ID} NOT NULL,"
    " seq {INT} NOT NULL,"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " id {ID} NOT NULL,"
    " event_ms {INT} NOT NULL,"
    " updated_ms {INT} NOT NULL,"
    " type TEXT NOT NULL,"
    " data TEXT,"
    " text TEXT,"
    " actor TEXT,"
    " to_tickets {INT} NOT NULL,"
    " refs TEXT,"
    " PRIMARY KEY (incident, seq)"
    "){PLAIN}",

    "CREATE TABLE related_items ("
    " incident {ID} NOT NULL,"
    " generated_id {TEXT} NOT NULL,"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " seq {INT} NOT NULL,"
    " type TEXT,"
    " value_kind TEXT,"
    " value TEXT,"
    " title TEXT,"
    " PRIMARY KEY (incident, generated_id)"
    "){CLUSTERED}",
    NULL,
};

static const char *const v3_paging[] = {
    "CREATE TABLE engagements ("
    " incident {ID} NOT NULL,"
    " no {INT} NOT NULL,"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " id {ID} NOT NULL,"
    " contact TEXT,"
    " type {INT} NOT NULL,"
    " start_ms {INT} NOT NULL,"
    " stop_ms {INT} NOT NULL,"
    " plan TEXT,"
    " next_stage {INT} NOT NULL,"
    " next_stage_ms {INT} NOT NULL,"
    " progression_stopped {INT} NOT NULL,"
    " PRIMARY KEY (incident, no)"
    "){CLUSTERED}",

    "CREATE TABLE runs ("
    " incident {ID} NOT NULL,"
    " engagement_no {INT} NOT NULL,"
    " no {INT} NOT NULL,"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " contact TEXT,"
    " plan TEXT,"
    " start_ms {INT} NOT NULL,"
    " next_stage {INT} NOT NULL,"
    " next_stage_ms {INT} NOT NULL,"
    " ends_ms {INT} NOT NULL,"
    " is_essential {INT} NOT NULL,"
    " is_stopped {INT} NOT NULL,"
    " path TEXT,"
    " PRIMARY KEY (incident, engagement_no, no)"
    "){CLUSTERED}",

    "CREATE TABLE pages ("
    " incident {ID} NOT NULL,"
    " engagement_no {INT} NOT NULL,"
    " no {INT} NOT NULL,"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " id {ID} NOT NULL,"
    " run_no {INT} NOT NULL,"
    " contact TEXT,"
    " channel TEXT,"
    " retry_ms {INT} NOT NULL,"
    " first_ms {INT} NOT NULL,"
    " stage_end_ms {INT} NOT NULL,"
    " next_send_ms {INT} NOT NULL,"
    " sends {INT} NOT NULL,"
    " sent_ms {INT} NOT NULL,"
    " delivered_ms {INT} NOT NULL,"
    " read_ms {INT} NOT NULL,"
    " accept_code TEXT NOT NULL,"
    " PRIMARY KEY (incident, engagement_no, no)"
    "){CLUSTERED}",
    "CREATE UNIQUE INDEX pages_id ON pages (id)",

    "CREATE TABLE receipts ("
    " page {ID} NOT NULL,"
    " seq {INT} NOT NULL,"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " type {INT} NOT NULL,"
    " time_ms {INT} NOT NULL,"
    " channel TEXT,"
    " note TEXT,"
    " PRIMARY KEY (page, seq)"
    "){CLUSTERED}",

    "CREATE TABLE sends ("
    " id {ID} PRIMARY KEY NOT NULL,"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " page {ID} NOT NULL,"
    " incident {ID} NOT NULL,"
    " send_no {INT} NOT NULL,"
    " due_ms {INT} NOT NULL,"
    " attempt {INT} NOT NULL,"
    " contact TEXT,"
    " channel TEXT,"
    " channel_type {INT} NOT NULL,"
    " state {INT} NOT NULL,"
    " note TEXT"
    "){CLUSTERED}",
    /* tcn_send_state PENDING and IN_FLIGHT: what is not over */
    "CREATE INDEX sends_due ON sends (due_ms, id) WHERE state IN (1, 2)",
    "CREATE INDEX sends_incident ON sends (incident) WHERE state IN (1, 2)",

    "CREATE TABLE timers ("
    " due_ms {INT} NOT NULL,"
    " incident {ID} NOT NULL,"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " PRIMARY KEY (due_ms, incident)"
    "){CLUSTERED}",
    "CREATE UNIQUE INDEX timers_incident ON timers (incident)",
    NULL,
};

static const char *const v4_links[] = {
    "CREATE TABLE links ("
    " incident {ID} NOT NULL,"
    " connector {TEXT} NOT NULL,"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " id {ID} NOT NULL,"
    " state {INT} NOT NULL,"
    " remote_id TEXT,"
    " remote_key TEXT,"
    " remote_url TEXT,"
    " create_attempts {INT} NOT NULL,"
    " last_attempt_ms {INT} NOT NULL,"
    " is_uncertain {INT} NOT NULL,"
    " base TEXT,"
    " base_version TEXT,"
    " base_status TEXT,"
    " done_revision {INT} NOT NULL,"
    " notes_seq {INT} NOT NULL,"
    " pending_note_seq {INT} NOT NULL,"
    " last_read_ms {INT} NOT NULL,"
    " last_write_ms {INT} NOT NULL,"
    " fail_count {INT} NOT NULL,"
    " first_fail_ms {INT} NOT NULL,"
    " due_ms {INT} NOT NULL,"
    " holder {INT} NOT NULL,"
    " blocked_reason TEXT,"
    " pushed TEXT,"
    " PRIMARY KEY (incident, connector)"
    "){CLUSTERED}",
    "CREATE UNIQUE INDEX links_id ON links (id)",
    "CREATE INDEX links_due ON links (connector, due_ms) WHERE due_ms > 0",

    "CREATE TABLE deadletters ("
    " id {ID} PRIMARY KEY NOT NULL,"
    " account_id TEXT NOT NULL,"
    " epoch {INT} NOT NULL,"
    " at_ms {INT} NOT NULL,"
    " incident {ID},"
    " link {ID},"
    " connector TEXT,"
    " operation TEXT,"
    " reason TEXT,"
    " request TEXT,"
    " response TEXT"
    "){CLUSTERED}",
    "CREATE INDEX deadletters_at ON deadletters (at_ms, id)",
    "CREATE INDEX deadletters_link ON deadletters (link)",
    NULL,
};

static const char *const v5_lost_pages[] = {
    "ALTER TABLE pages ADD COLUMN lost_ms {INT} NOT NULL DEFAULT 0",
    NULL,
};

/* session: 0 is a process that was taken over; else the number of its connection. commit_no: its last commit. With both
 * a driver that can lose its connection proves who it is and learns what became of a commit. */
static const char *const v6_fences[] = {
    "ALTER TABLE epochs ADD COLUMN session {INT} NOT NULL DEFAULT 0",
    "ALTER TABLE epochs ADD COLUMN commit_no {INT} NOT NULL DEFAULT 0",
    NULL,
};

static const char *const v7_unreached[] = {
    "ALTER TABLE incidents ADD COLUMN unreached_ms {INT} NOT NULL DEFAULT 0",
    NULL,
};

/* A row a source and topic. token: what confirms; due_ms: a confirmation is to be sent. */
static const char *const v8_subscriptions[] = {
    "CREATE TABLE subscriptions ("
    " account_id {TEXT} NOT NULL,"
    " source {TEXT} NOT NULL,"
    " topic {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " state {INT} NOT NULL,"
    " arn TEXT,"
    " token TEXT,"
    " as_of_ms {INT} NOT NULL,"
    " asked_ms {INT} NOT NULL,"
    " attempts {INT} NOT NULL,"
    " due_ms {INT} NOT NULL,"
    " ended_ms {INT} NOT NULL,"
    " PRIMARY KEY (account_id, source, topic)"
    "){CLUSTERED}",
    "CREATE INDEX subscriptions_due ON subscriptions (due_ms) WHERE due_ms > 0",
    NULL,
};

/* seen_ms: by the server's clock, 0 = never; backend: its process on the server. */
static const char *const v9_leases[] = {
    "ALTER TABLE epochs ADD COLUMN seen_ms {INT} NOT NULL DEFAULT 0",
    "ALTER TABLE epochs ADD COLUMN backend {INT} NOT NULL DEFAULT 0",
    NULL,
};

static const char *const v10_silence[] = {
    "ALTER TABLE lanes ADD COLUMN stale_due_ms {INT} NOT NULL DEFAULT 0",
    "CREATE INDEX lanes_stale ON lanes (incident, stale_due_ms) WHERE stale_due_ms > 0",
    NULL,
};

/* ended_by: the epoch that set session to 0: its own, it stopped; another one, it was taken over; 0: it lives. */
static const char *const v11_nodes[] = {
    "ALTER TABLE epochs ADD COLUMN region TEXT",
    "ALTER TABLE epochs ADD COLUMN version TEXT",
    "ALTER TABLE epochs ADD COLUMN ended_ms {INT} NOT NULL DEFAULT 0",
    "ALTER TABLE epochs ADD COLUMN ended_by {INT} NOT NULL DEFAULT 0",
    NULL,
};

/* PostgreSQL shows a session the rows of its account only, and takes no others, its owner's sessions included: what a
 * statement that forgot its account would find. Every table with account_id has this. "*" is every account. */
#define KEEP_APART(table)                                                                          \
    "{ON_SERVER}CREATE POLICY account ON " table                                                   \
    " USING (account_id = current_setting('tocsin.account_id', true)"                              \
    " OR current_setting('tocsin.account_id', true) = '*')",                                       \
        "{ON_SERVER}ALTER TABLE " table " ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
static const char *const v12_policies[] = {
    KEEP_APART("epochs"),      KEEP_APART("meta"),          KEEP_APART("inbox"),
    KEEP_APART("lanes"),       KEEP_APART("storms"),        KEEP_APART("incidents"),
    KEEP_APART("events"),      KEEP_APART("related_items"), KEEP_APART("engagements"),
    KEEP_APART("runs"),        KEEP_APART("pages"),         KEEP_APART("receipts"),
    KEEP_APART("sends"),       KEEP_APART("timers"),        KEEP_APART("links"),
    KEEP_APART("deadletters"), KEEP_APART("subscriptions"), NULL,
};

/* An item has its echo_ms as one more member, when it has one: the program before cannot read such a list. */
static const char *const v13_echoes[] = {
    "ALTER TABLE lanes ADD COLUMN echo_ms {INT} NOT NULL DEFAULT 0",
    "ALTER TABLE lanes ADD COLUMN echo_due_ms {INT} NOT NULL DEFAULT 0",
    "CREATE INDEX lanes_echo ON lanes (incident, echo_due_ms) WHERE echo_due_ms > 0",
    NULL,
};

/* In the order of a claim, so that it reads what it takes, and not all that is due. */
static const char *const v14_claims[] = {
    "DROP INDEX links_due",
    "CREATE INDEX links_due ON links (connector, due_ms, id) WHERE due_ms > 0",
    NULL,
};

/* What each alarm of a storm said, so that it can have an incident of its own later. */
static const char *const v15_storm_alarms[] = {
    "CREATE TABLE storm_alarms ("
    " incident {ID} NOT NULL,"
    " key_hash {ID} NOT NULL,"
    " account_id {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " title TEXT,"
    " summary TEXT,"
    " impact {INT} NOT NULL,"
    " joined_ms {INT} NOT NULL,"
    " trigger_arn TEXT,"
    " tags TEXT,"
    /* [[kind, title, value], ...] */
    " related TEXT,"
    " PRIMARY KEY (incident, key_hash)"
    "){CLUSTERED}",
    KEEP_APART("storm_alarms"),
    "ALTER TABLE storms ADD COLUMN let_out {INT} NOT NULL DEFAULT 0",
    NULL,
};

static const char *const v16_notes_written[] = {
    "ALTER TABLE links ADD COLUMN notes_written {INT} NOT NULL DEFAULT 0",
    NULL,
};

static const char *const v17_recreated[] = {
    "ALTER TABLE links ADD COLUMN recreated {INT} NOT NULL DEFAULT 0",
    NULL,
};

/* NULL: started by a program that did not tell. */
static const char *const v18_node_config[] = {
    "ALTER TABLE epochs ADD COLUMN config TEXT",
    NULL,
};

/* What waits without an incident (heartbeats, alarms that are muted), and the mutes. */
static const char *const v19_waiting[] = {
    "CREATE TABLE waiting ("
    " key_hash {ID} PRIMARY KEY NOT NULL,"
    " account_id {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " dedupe_key {TEXT} NOT NULL,"
    " source TEXT NOT NULL,"
    " kind {INT} NOT NULL,"
    " due_ms {INT} NOT NULL,"
    " since_ms {INT} NOT NULL,"
    " why TEXT,"
    " title TEXT,"
    " summary TEXT,"
    " impact {INT} NOT NULL,"
    " trigger_arn TEXT,"
    " tags TEXT,"
    " related TEXT"
    "){CLUSTERED}",
    "CREATE INDEX waiting_due ON waiting (due_ms, key_hash)",
    "CREATE INDEX waiting_list ON waiting (kind, dedupe_key)",
    KEEP_APART("waiting"),
    "CREATE TABLE mutes ("
    " id {ID} PRIMARY KEY NOT NULL,"
    " account_id {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    /* [[name, [value, ...]], ...] */
    " matchers TEXT NOT NULL,"
    " owner TEXT NOT NULL,"
    " comment TEXT,"
    " created_by TEXT,"
    " created_ms {INT} NOT NULL,"
    " start_ms {INT} NOT NULL,"
    " end_ms {INT} NOT NULL"
    "){CLUSTERED}",
    "CREATE INDEX mutes_end ON mutes (end_ms, id)",
    KEEP_APART("mutes"),
    NULL,
};

/* When the page budget of a person and channel is full again. Sends: since when the budget holds one back, and whether the
 * message that it is in flight with has taken its token. */
static const char *const v20_budgets[] = {
    "CREATE TABLE budgets ("
    " account_id {TEXT} NOT NULL,"
    " contact {TEXT} NOT NULL,"
    " channel {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " full_ms {INT} NOT NULL,"
    " PRIMARY KEY (account_id, contact, channel)"
    "){CLUSTERED}",
    KEEP_APART("budgets"),
    "ALTER TABLE sends ADD COLUMN held_ms {INT} NOT NULL DEFAULT 0",
    "ALTER TABLE sends ADD COLUMN is_paid {INT} NOT NULL DEFAULT 0",
    "CREATE INDEX sends_held ON sends (contact, channel, held_ms, id)"
    " WHERE held_ms > 0 AND state IN (1, 2)",
    NULL,
};

/* Lists by what ssm-incidents filters by (store_search.c). Every equality comes first, so that a page reads its rows alone. */
static const char *const v21_filters[] = {
    "CREATE INDEX incidents_impact ON incidents (impact, status, created_ms, id)",
    "CREATE INDEX incidents_creator ON incidents (created_by, impact, status, created_ms, id)",
    NULL,
};

/* Whole, they have a status in every row: a planner that believes a table to be empty walks one to find who is open. */
static const char *const v22_filters_apart[] = {
    "DROP INDEX incidents_impact",
    "DROP INDEX incidents_creator",
    "CREATE INDEX incidents_impact ON incidents (impact, status, created_ms, id)"
    " WHERE created_ms > 0",
    "CREATE INDEX incidents_creator ON incidents (created_by, impact, status, created_ms, id)"
    " WHERE created_ms > 0",
    NULL,
};

/* What commands make beside the configuration, and which contact channels are activated. */
static const char *const v23_resources[] = {
    "CREATE TABLE resources ("
    " account_id {TEXT} NOT NULL,"
    " kind {INT} NOT NULL,"
    " name {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " id {ID} NOT NULL,"
    " body TEXT NOT NULL,"
    " tags TEXT,"
    " created_by TEXT,"
    " modified_by TEXT,"
    " created_ms {INT} NOT NULL,"
    " modified_ms {INT} NOT NULL,"
    " PRIMARY KEY (account_id, kind, name)"
    "){CLUSTERED}",
    KEEP_APART("resources"),
    "CREATE TABLE channel_states ("
    " account_id {TEXT} NOT NULL,"
    " contact {TEXT} NOT NULL,"
    " channel {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " address_hash {ID} NOT NULL,"
    " is_activated {INT} NOT NULL,"
    " code TEXT,"
    " code_ms {INT} NOT NULL,"
    " tries {INT} NOT NULL,"
    " sent {INT} NOT NULL,"
    " sent_from_ms {INT} NOT NULL,"
    " changed_ms {INT} NOT NULL,"
    " PRIMARY KEY (account_id, contact, channel)"
    "){CLUSTERED}",
    KEEP_APART("channel_states"),
    NULL,
};

/* Engagements without an incident, and what StartEngagement was given. The lists are those of ListEngagements. */
static const char *const v24_engagements[] = {
    "ALTER TABLE incidents ADD COLUMN is_bare {INT} NOT NULL DEFAULT 0",
    "CREATE INDEX incidents_bare ON incidents (status, id) WHERE is_bare = 1",
    "ALTER TABLE engagements ADD COLUMN sender TEXT",
    "ALTER TABLE engagements ADD COLUMN subject TEXT",
    "ALTER TABLE engagements ADD COLUMN content TEXT",
    "ALTER TABLE engagements ADD COLUMN public_subject TEXT",
    "ALTER TABLE engagements ADD COLUMN public_content TEXT",
    "ALTER TABLE engagements ADD COLUMN incident_text {TEXT}",
    "CREATE INDEX engagements_id ON engagements (id)",
    "CREATE INDEX engagements_start ON engagements (start_ms, id)",
    "CREATE INDEX engagements_text ON engagements (incident_text, start_ms, id)"
    " WHERE incident_text IS NOT NULL",
    NULL,
};

/* The topics that an incident tells, and how far each is told. */
static const char *const v25_topics[] = {
    "ALTER TABLE incidents ADD COLUMN notification_targets TEXT",
    "ALTER TABLE incidents ADD COLUMN chat_channel TEXT",
    "CREATE TABLE notices ("
    " id {ID} PRIMARY KEY NOT NULL,"
    " account_id {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " incident {ID} NOT NULL,"
    " topic {TEXT} NOT NULL,"
    " connector {TEXT} NOT NULL,"
    " told_seq {INT} NOT NULL,"
    " due_ms {INT} NOT NULL,"
    " attempts {INT} NOT NULL,"
    " since_ms {INT} NOT NULL,"
    " note TEXT,"
    " holder {INT} NOT NULL"
    "){CLUSTERED}",
    "CREATE INDEX notices_due ON notices (connector, due_ms, id) WHERE due_ms > 0",
    "CREATE INDEX notices_incident ON notices (incident, topic, connector)",
    KEEP_APART("notices"),
    NULL,
};

/* That a record may have changed, as its system tells. */
static const char *const v26_hints[] = {
    "ALTER TABLE links ADD COLUMN hints {INT} NOT NULL DEFAULT 0",
    "ALTER TABLE links ADD COLUMN hints_seen {INT} NOT NULL DEFAULT 0",
    "CREATE INDEX links_record ON links (connector, remote_id) WHERE remote_id IS NOT NULL",
    NULL,
};

/* What is asked of ticket systems as a whole, what both sides changed, and what people wrote there. */
static const char *const v27_feeds[] = {
    "ALTER TABLE links ADD COLUMN heard TEXT",
    "CREATE TABLE feeds ("
    " account_id {TEXT} NOT NULL,"
    " connector {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " cursor TEXT,"
    " since_ms {INT} NOT NULL,"
    " due_ms {INT} NOT NULL,"
    " poll_due_ms {INT} NOT NULL,"
    " sweep_due_ms {INT} NOT NULL,"
    " polled_ms {INT} NOT NULL,"
    " sweep_from {ID},"
    " is_of_closed {INT} NOT NULL,"
    " swept_ms {INT} NOT NULL,"
    " closed_ms {INT} NOT NULL,"
    " fail_count {INT} NOT NULL,"
    " note TEXT,"
    " missed {INT} NOT NULL,"
    " missed_ms {INT} NOT NULL,"
    " heard_ms {INT} NOT NULL,"
    " holder {INT} NOT NULL,"
    " PRIMARY KEY (account_id, connector)"
    "){CLUSTERED}",
    KEEP_APART("feeds"),
    "CREATE TABLE conflicts ("
    " id {ID} PRIMARY KEY NOT NULL,"
    " account_id {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " link {ID} NOT NULL,"
    " incident {ID} NOT NULL,"
    " connector {TEXT} NOT NULL,"
    " field {TEXT} NOT NULL,"
    " base TEXT,"
    " local TEXT,"
    " remote TEXT,"
    " winner {TEXT} NOT NULL,"
    " at_ms {INT} NOT NULL"
    "){CLUSTERED}",
    "CREATE INDEX conflicts_link ON conflicts (link, at_ms, id)",
    "CREATE INDEX conflicts_at ON conflicts (at_ms)",
    KEEP_APART("conflicts"),
    "CREATE TABLE entries ("
    " id {ID} PRIMARY KEY NOT NULL,"
    " account_id {TEXT} NOT NULL,"
    " epoch {INT} NOT NULL,"
    " link {ID} NOT NULL,"
    " incident {ID} NOT NULL,"
    " event {ID} NOT NULL,"
    " hash {TEXT} NOT NULL,"
    " at_ms {INT} NOT NULL"
    "){CLUSTERED}",
    KEEP_APART("entries"),
    NULL,
};

const struct tcn_migration tcn_migrations[] = {
    {1, 1, v1_base},
    {2, 1, v2_incidents},
    {3, 1, v3_paging},
    {4, 1, v4_links},
    {5, 1, v5_lost_pages},
    {6, 1, v6_fences},
    {7, 1, v7_unreached},
    {8, 1, v8_subscriptions},
    {9, 1, v9_leases},
    {10, 1, v10_silence},
    {11, 1, v11_nodes},
    {12, 12, v12_policies},
    {13, 13, v13_echoes},
    {14, 13, v14_claims},
    {15, 13, v15_storm_alarms},
    {16, 13, v16_notes_written},
    {17, 13, v17_recreated},
    {18, 13, v18_node_config},
    {19, 13, v19_waiting},
    {20, 13, v20_budgets},
    {21, 13, v21_filters},
    {22, 13, v22_filters_apart},
    {23, 13, v23_resources},
    {24, 13, v24_engagements},
    {25, 13, v25_topics},
    {26, 13, v26_hints},
    {27, 13, v27_feeds},
    {0, 0, NULL},
};
