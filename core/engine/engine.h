/* The decisions: (aggregate, event, configuration, now) -> changed aggregate + effects. Pure and deterministic:
 * the same inputs give the same outputs, ids included. */
#ifndef TCN_ENGINE_ENGINE_H
#define TCN_ENGINE_ENGINE_H

#include "base/buf.h"
#include "base/err.h"
#include "engine/decision.h"
#include "model/mute.h"

enum tcn_intake {
    TCN_INTAKE_UNSET = 0,
    TCN_INTAKE_NOTHING, /* a repeat: nothing to write, the acknowledgement is already true */
    TCN_INTAKE_IGNORED, /* says nothing about an incident (OK of an alarm never seen, action ignore) */
    TCN_INTAKE_LATE,    /* older than what is known: recorded, changes nothing */
    TCN_INTAKE_OPENED,
    TCN_INTAKE_FOLDED,  /* a trigger of an incident that is open already */
    TCN_INTAKE_UPDATED, /* texts, impact or items changed */
    TCN_INTAKE_WAITING, /* will resolve after the resolve delay or the quiet time of a flapping alarm */
    TCN_INTAKE_RESOLVED,
    TCN_INTAKE_REOPENED,
    TCN_INTAKE_STORM, /* attached to the storm incident of its source */
    TCN_INTAKE_HELD,  /* an echo, or true: fires when the echo window is over, unless withdrawn */
    TCN_INTAKE_MUTED, /* fires, and wakes nobody before the mute is over (engine/wake.h) */
    TCN_INTAKE_ALIVE  /* a heartbeat's sign of life */
};

/* One alarm meets its lane and the incident that the lane points to (or the open incident with the same
 * dedupe string, which the caller has loaded). storm is the source's token bucket, NULL = no guard; storm_aggregate
 * holds the incident that storm names, or NULL when none runs. ret->subject tells which of the two aggregates the
 * lane, the events and the incident change belong to. new_id names the incident if one is opened.
 * When neither lane_changed, incident_changed nor storm_changed is set, there is nothing to write.
 * Rules: 2.5 (states), 4.6 (groups), 7 (order, reopen, flapping, storms) of the sources chapter of the design
 * notes; duplicates as ssm-incidents documents them (dedupeString, open incidents of the account). */
struct tcn_intake_input {
    const struct tcn_alarm *alarm;
    const struct tcn_source_policy *policy;
    const struct tcn_directory *directory;
    const struct tcn_mutes *mutes; /* NULL: none but the directory's windows */
    struct tcn_id new_id;
    uint32_t salt; /* random: only accept codes are derived from it */
    int64_t now_ms;
};
enum tcn_intake tcn_engine_alarm(const struct tcn_intake_input *in, struct tcn_aggregate *aggregate,
                                 struct tcn_storm *storm, struct tcn_aggregate *storm_aggregate,
                                 struct tcn_decision *ret);

/* policy may be NULL for an incident without a source. aggregate->lane is the one of its lanes whose
 * tcn_engine_lane_due is the earliest, when it has several.
 * Everything of this aggregate that is due at now: stages, re-sends, resolve delay, flap quiet, silence of a source, what was
 * taken for an echo and fires. When that is so of an incident that is resolved, and another one with its dedupe string is open,
 * aggregate->incident is that one, which the lane joins. Late work runs in order with its minimum spacing (spec reliability
 * F6). Legal at any time; does nothing when nothing is due. */
void tcn_engine_timer(struct tcn_aggregate *aggregate, const struct tcn_source_policy *policy,
                      const struct tcn_directory *directory, uint32_t salt, int64_t now_ms,
                      struct tcn_decision *ret);

/* Of that only the stages and re-sends, for turns that know of no lane: nothing when the lane is due as well, since what
 * it resolves needs no more pages. */
void tcn_engine_pages(struct tcn_aggregate *aggregate, const struct tcn_directory *directory,
                      uint32_t salt, int64_t now_ms, struct tcn_decision *ret);

/* When this lane of an incident that is open, or is not, wants tcn_engine_timer (resolve delay, silence, end of flapping, an
 * echo), 0 = never. Of several lanes of an incident the timer gets the one with the earliest; the next one's time is
 * others_due_ms, others_echo_ms when the incident is resolved. */
int64_t tcn_engine_lane_due(const struct tcn_lane *lane, bool is_open);

/* Recomputes decision.next_due_ms of an aggregate. */
int64_t tcn_engine_next_due(const struct tcn_aggregate *aggregate);

/* A person answers. page zero: acknowledged by a user for the whole incident (stops every run and progression).
 * Otherwise AcceptPage READ on that page (5.5). Returns TCN_ENOTFOUND for an unknown page, else 0. Only the first
 * acknowledgement of a page is recorded: whoever follows the link again changes nothing. note: TCN_NOTE_MAX code points at
 * most, which is the caller's to refuse; the timeline has it whole. */
int tcn_engine_acknowledge(struct tcn_aggregate *aggregate, struct tcn_id page, const char *actor,
                           const char *note, int64_t now_ms, struct tcn_decision *ret);

/* Stops every run and progression as an acknowledgement does, and says nothing of anybody who answered. */
void tcn_engine_stop_paging(struct tcn_aggregate *aggregate, int64_t now_ms,
                            struct tcn_decision *ret);

/* Status, texts, impact by a person or an API call; NULL / 0 members stay. Writes one update event listing what
 * changed; resolving stops the engagements (8.4), reopening engages nobody. TCN_EINVALID names the member, TCN_ENOTFOUND without
 * an incident, TCN_ECONFLICT when it is_bare and more than resolved. Nothing is written when nothing differs. */
struct tcn_incident_update {
    enum tcn_incident_status status;
    const char *title, *summary;
    int impact;
    struct tcn_resolution resolution;                             /* with RESOLVED */
    const struct tcn_topics *notification_targets, *chat_channel; /* NULL: they stay */
    const char *actor;
};
int tcn_engine_update(struct tcn_aggregate *aggregate, const struct tcn_incident_update *update,
                      int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err);

/* A note by a person: a timeline event that also goes to the tickets. TCN_ENOTFOUND without an incident, TCN_EINVALID
 * for an empty or too long text, TCN_ELIMIT when the timeline is full. */
int tcn_engine_note(struct tcn_aggregate *aggregate, const char *text, const char *actor,
                    int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err);

/* Something of another system is about this incident: its address becomes a related item of the type OTHER, and an update
 * event says so (8.5). The tickets are not told. url NULL: it has no address, only the event is written. TCN_ENOTFOUND. */
struct tcn_relation {
    const char *url, *title, *text, *actor;
};
int tcn_engine_relate(struct tcn_aggregate *aggregate, const struct tcn_relation *relation,
                      int64_t now_ms, struct tcn_decision *ret);

/* StartIncident by hand (8.1): opens, or folds into the open incident the caller has loaded, with its related items when
 * the start brings some. Those that are there are left as they are; for those beyond TCN_RELATED_MAX the timeline has a line.
 * Returns UNSET with TCN_ENOTFOUND (no such plan) or TCN_EINVALID (err names the member) in err. */
struct tcn_start {
    const char *response_plan, *title, *source, *trigger_arn, *actor;
    const char *raw_data; /* TCN_RAW_DATA_MAX code points at most */
    int impact;
    int64_t detected_ms; /* the time of its Trigger event, past or to come; 0: now */
    const struct tcn_related_item *related; /* with generated_id; live as long as the decision */
    size_t n_related;                       /* <= TCN_RELATED_MAX */
};
enum tcn_intake tcn_engine_start(const struct tcn_start *start,
                                 const struct tcn_directory *directory, struct tcn_id new_id,
                                 uint32_t salt, int64_t now_ms, struct tcn_aggregate *aggregate,
                                 struct tcn_decision *ret, struct tcn_err *err);

/* StartEngagement of ssm-contacts on an incident: one engagement more, as if the response plan had it. Whoever answered already
 * is paged all the same, for that is what is asked. reason may be NULL. TCN_ENOTFOUND: no incident, or (err names it) no such
 * contact; TCN_ECONFLICT: it is not open, or is_bare; TCN_ELIMIT: it has TCN_ENGAGEMENTS_CAP of them. */
struct tcn_engage {
    const char *contact, *actor, *reason;
    const struct tcn_engagement_text
        *text; /* NULL: the incident's; with it, its sender is told of */
};
int tcn_engine_engage(struct tcn_aggregate *aggregate, const struct tcn_engage *engage,
                      const struct tcn_directory *directory, uint32_t salt, int64_t now_ms,
                      struct tcn_decision *ret, struct tcn_err *err);
/* The same without an incident: aggregate, which is empty, gets a record that is_bare, new_id, with the sender's texts. engage->text
 * has sender, subject and content. TCN_ENOTFOUND: no such contact. */
int tcn_engine_engage_alone(struct tcn_aggregate *aggregate, const struct tcn_engage *engage,
                            const struct tcn_directory *directory, struct tcn_id new_id,
                            uint32_t salt, int64_t now_ms, struct tcn_decision *ret,
                            struct tcn_err *err);
/* StopEngagement (5.6): cancels its stages, runs and re-sends; nothing when it is stopped already. A record that is_bare is
 * resolved with it. TCN_ENOTFOUND. */
struct tcn_disengage {
    struct tcn_id engagement;
    const char *actor, *reason;
};
int tcn_engine_disengage(struct tcn_aggregate *aggregate, const struct tcn_disengage *disengage,
                         int64_t now_ms, struct tcn_decision *ret);

/* AcceptPage (6). READ is an acknowledgement by the page's contact; a second one leaves a receipt and nothing else. DELIVERED
 * stops nothing. Both are taken when the engagement is over. TCN_ENOTFOUND: no such page; TCN_EINVALID: err names the member
 * of AcceptPage, and nothing is recorded. The code is asked for with is_enforced only, but must be 6 to 10 digits always. */
struct tcn_accept {
    struct tcn_id page;
    enum tcn_receipt_type type; /* TCN_DELIVERED or TCN_READ */
    const char *code;
    bool is_enforced;    /* AcceptCodeValidation: ENFORCE */
    const char *channel; /* the name of one of the contact's; NULL: by none in particular */
    const char *note;    /* becomes ReceiptInfo; may be NULL */
};
int tcn_engine_accept(struct tcn_aggregate *aggregate, const struct tcn_accept *accept,
                      const struct tcn_directory *directory, int64_t now_ms,
                      struct tcn_decision *ret, struct tcn_err *err);

/* The id of a page's message of that number. */
struct tcn_id tcn_engine_send_id(struct tcn_id page, int64_t send_no);

/* What became of a send effect: SENT, DELIVERED or ERROR with the provider's id or the reason (6). ERROR is for good:
 * when nothing of the person's stage has left, the next stage is due at once; when nothing of the whole plan has, the
 * escalation's next one (reliability F17). So call tcn_engine_pages for the same decision.
 * TCN_ENOTFOUND for an unknown page, TCN_EINVALID for another type. */
int tcn_engine_send_result(struct tcn_aggregate *aggregate, struct tcn_id page,
                           enum tcn_receipt_type type, const char *note, int64_t now_ms,
                           struct tcn_decision *ret);

/* The message did not get through for a reason that may pass (an outage, credentials that are wrong now), and its first
 * tries are over: the page counts as failed as with ERROR. ret->again_ms is when to try this very message once more:
 * after a minute, the pauses growing to five, while its person is awaited (tcn_engine_is_awaited), no page to that
 * contact has left, and this is the newest message to that contact and channel; else 0. What repeats a try says nothing
 * new to the timeline. So call tcn_engine_pages for the same decision. TCN_ENOTFOUND. */
struct tcn_send_failure {
    struct tcn_id page;
    int64_t send_no;
    const char *note; /* why; may be NULL */
    bool is_repeated; /* a try of those that again_ms asked for */
};
int tcn_engine_send_failed(struct tcn_aggregate *aggregate, const struct tcn_send_failure *failure,
                           int64_t now_ms, struct tcn_decision *ret);

/* Whether the person of that message is still to be paged: the incident is open, neither an answer of that person nor
 * StopEngagement stopped the page, and nobody answered, or the person's plan went on when somebody did (5.5). After an
 * essential answer only for as long as it does. false for an unknown message. */
bool tcn_engine_is_awaited(const struct tcn_aggregate *aggregate, struct tcn_id send,
                           int64_t now_ms);

/* Whether the message arrived is not known: its answer was lost, or is still waited for. The page counts as late, when
 * that is over as failed, but neither is said: only that it may have arrived. Of a page of which something has left,
 * nothing is changed. So call tcn_engine_pages for the same decision. TCN_ENOTFOUND. */
struct tcn_send_doubt {
    struct tcn_id page;
    const char *note; /* why; may be NULL */
    bool is_over;     /* it is not sent again, and no answer will come */
};
int tcn_engine_send_doubted(struct tcn_aggregate *aggregate, const struct tcn_send_doubt *doubted,
                            int64_t now_ms, struct tcn_decision *ret);

/* The provider has not taken the message, and it is tried again: when nothing has left 30 s after the page began, the
 * page counts as failed until something does. Only the first time changes anything. TCN_ENOTFOUND. */
int tcn_engine_send_late(struct tcn_aggregate *aggregate, struct tcn_id page, int64_t now_ms,
                         struct tcn_decision *ret);

/* A message that the budget of its person held back has left, as note says: a line of the timeline. TCN_ENOTFOUND. */
int tcn_engine_send_held(struct tcn_aggregate *aggregate, struct tcn_id page, const char *note,
                         int64_t now_ms, struct tcn_decision *ret);

/* The dedupe string of an incident that this alarm would open: the plan's own, or derived (8.2) from the group in which
 * the policy puts the alarm, or from the alarm. An alarm with none of the tags of group_by is in no group. The impact
 * that its incident would have is part of the group: what is more severe must not hide in an incident that somebody
 * has already answered. plan and policy may be NULL. */
void tcn_engine_dedupe_string(const struct tcn_alarm *alarm, const struct tcn_response_plan *plan,
                              const struct tcn_source_policy *policy, struct tcn_buf *ret);
/* The same for a start by hand: the plan's own, derived from the trigger, or unique to new_id. */
void tcn_engine_start_dedupe_string(const struct tcn_start *start,
                                    const struct tcn_response_plan *plan, struct tcn_id new_id,
                                    struct tcn_buf *ret);

/* Checks every rule that must hold in any aggregate at any time; the first broken one in err. For tests, the
 * simulator and (cheaply) after every production turn in debug builds. */
int tcn_engine_invariant(const struct tcn_aggregate *aggregate, int64_t now_ms,
                         struct tcn_err *err);

#endif
