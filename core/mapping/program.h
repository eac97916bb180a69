/* The compiled file. Immutable after load. */
#ifndef TCN_MAPPING_PROGRAM_H
#define TCN_MAPPING_PROGRAM_H

#include "mapping/expr.h"

#define TCN_RULES_MAX 32
#define TCN_VARS_MAX 64
#define TCN_TABLES_MAX 64
#define TCN_FIELDS_MAX 40
#define TCN_REGEXES_MAX 200
#define TCN_SETTINGS_MAX 64

enum tcn_setting_type {
    TCN_SETTING_UNSET = 0, /* a wrong declaration */
    TCN_SETTING_TEXT,
    TCN_SETTING_NUMBER,
    TCN_SETTING_BOOL,
    TCN_SETTING_DURATION,
    TCN_SETTING_CHOICE,
    TCN_SETTING_OPTION /* of the connector: not set among the settings, and checked by its schema */
};

struct tcn_setting {
    const char *name;
    enum tcn_setting_type type;
    const char *const *choices; /* of a CHOICE; ended by NULL */
    const char *min, *max;      /* of a DURATION; NULL: 0s, the longest that there is */
};

/* What one rule makes of a delivery. Members are NULL where the file says nothing. */
struct tcn_rule {
    const char *name;
    const struct tcn_cond *when;
    const struct tcn_expr *each; /* one alarm for each element */
    unsigned slot;               /* of "as" */
    const struct tcn_expr *dedupe_key, *action, *state_raw, *state_since, *state_clock, *title,
        *summary, *impact, *tags, *resources, *items, *related, *truncated;
};

struct tcn_field_rule {
    struct tcn_mapping_field field;
    const struct tcn_cond *when;
    const struct tcn_expr *out, *in, *echo;
    bool is_single; /* remote is one name: out is its value */
};

struct tcn_status_rule {
    bool exists;
    enum tcn_direction direction;
    const char *remote;
    const struct tcn_class
        *classes; /* OPEN ACKED RESOLVED, by index; local NULL: not in the file */
    const struct tcn_expr *in;
    const struct tcn_expr *with[3];
    const char *const
        *with_fields[3]; /* names of fields whose out travels with it; ends with NULL */
    json_t *prefer[3];   /* arrays of the file, or NULL */
    const char *const *terminal;
    int64_t max_steps; /* 0 = not told */
};

struct tcn_notes_rule {
    bool has_in;
    bool has_out;
    const char *remote, *format;
    const struct tcn_expr *text;
    int64_t max;                                               /* of one record; 0 = not told */
    const char *const *only, *const *from, *const *is_private; /* ends with NULL; only NULL: all */
    const struct tcn_cond *private_when;
};

struct tcn_message_rule {
    const char *name;
    const struct tcn_expr *value;
};

struct tcn_mapping {
    struct tcn_arena arena;
    json_t *root; /* owned; merged when the file extends another */
    char *file;   /* in the arena */
    const char *name, *driver;
    enum tcn_mapping_kind kind;
    const struct tcn_setting *settings;
    size_t n_settings;
    json_t *defaults;           /* owned: of the settings that have one, by name */
    const char *const *options; /* the settings that are options; ended by NULL */

    const struct tcn_table *tables;
    size_t n_tables;
    const char *var_names[TCN_VARS_MAX];
    const struct tcn_expr *vars[TCN_VARS_MAX];
    size_t n_vars;
    struct tcn_regex *regexes[TCN_REGEXES_MAX]; /* owned */
    size_t n_regexes;

    const struct tcn_cond *match, *when;
    struct tcn_rule rules[TCN_RULES_MAX + 1];
    size_t n_rules;

    const struct tcn_expr *create;
    const char *record; /* dotted path of the written members inside a remote record, or NULL */
    struct tcn_field_rule fields[TCN_FIELDS_MAX];
    size_t n_fields;
    struct tcn_status_rule status;
    struct tcn_notes_rule notes;
    const char *marker, *jql;
    const struct tcn_expr *marker_value;
    int64_t visibility_ms;
    struct tcn_mapping_poll poll;
    const struct tcn_expr *remote_id, *version, *delivery_id, *remote_url, *remote_key;
    const struct tcn_cond *deleted;
    bool is_hint_only;
    const struct tcn_message_rule *messages;
    size_t n_messages;
};

#endif
