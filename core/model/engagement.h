/* A running engagement: who is being paged, what was sent, who answered (spec incidents-contacts 5, 6). */
#ifndef TCN_MODEL_ENGAGEMENT_H
#define TCN_MODEL_ENGAGEMENT_H

#include "model/contact.h"

/* One execution of one person's engagement plan inside an engagement. What a decision adds borrows its texts, and the stages of
 * the snapshot, from the directory it decided by: whoever keeps the aggregate longer than that directory copies it (a store
 * does, by writing it). */
struct tcn_run {
    int64_t no; /* from 1, within the engagement */
    const char *contact;
    struct tcn_plan plan; /* snapshot: as it was when the run began */
    int64_t start_ms;
    size_t next_stage;     /* the stage to start next */
    int64_t next_stage_ms; /* when; 0 = no stage left */
    int64_t ends_ms;       /* end of the last stage: re-sends stop; 0 while stages are left */
    bool is_essential;
    bool is_stopped;  /* acknowledged or engagement stopped */
    const char *path; /* JSON array of {contact, type, stage}, root first: ListPageResolutions */
};

/* One channel being engaged by a stage of a run; re-sends belong to the same page. */
struct tcn_page {
    struct tcn_id id;
    int64_t no; /* from 1, within the engagement */
    int64_t run_no;
    const char *contact, *channel; /* alias, channel name */
    int64_t retry_ms, first_ms, stage_end_ms;
    int64_t next_send_ms;                   /* 0 = no further send */
    int64_t sends;                          /* send effects created */
    int64_t sent_ms, delivered_ms, read_ms; /* last SENT, first DELIVERED, first READ; 0 = none */
    int64_t
        lost_ms; /* from then on nothing of it has left, nor will soon; 0 = it has, or may. With sent_ms: what was sent
                      * then may have arrived */
    char accept_code[7]; /* six digits */
};

enum tcn_receipt_type {
    TCN_RECEIPT_UNSET = 0,
    TCN_DELIVERED,
    TCN_ERROR,
    TCN_READ,
    TCN_SENT,
    TCN_STOP
};

struct tcn_receipt {
    struct tcn_id page;
    enum tcn_receipt_type type;
    int64_t time_ms;
    const char *channel; /* name, NULL when the answer came without one */
    const char *note;    /* ReceiptInfo */
};

/* What StartEngagement of ssm-contacts was given. A text that is NULL is the incident's. */
struct tcn_engagement_text {
    const char *sender;
    const char *subject, *content;
    const char *public_subject, *public_content; /* for channels that others can read */
    const char *incident;                        /* IncidentId, whatever the sender means by it */
};

struct tcn_engagement {
    struct tcn_id id;
    int64_t no;          /* from 1, within the incident */
    const char *contact; /* alias engaged, of any type */
    enum tcn_contact_type type;
    int64_t start_ms, stop_ms; /* stop 0 = not stopped */
    struct tcn_plan plan;      /* snapshot of an escalation plan */
    size_t next_stage;
    int64_t next_stage_ms; /* 0 = no stage left */
    bool progression_stopped;
    struct tcn_run *runs;
    size_t n_runs, size_runs;
    struct tcn_page *pages;
    size_t n_pages, size_pages;
    bool is_dirty; /* set by the engine: write it back */
    /* Of one that is just added; it never changes, and is not loaded for decisions. NULL: nothing was given. */
    const struct tcn_engagement_text *text;
};

#endif
