/* What an alarm does to its lane and its incident, once it is known what kind of news it is. Private to core/engine. */
#ifndef TCN_ENGINE_LANE_H
#define TCN_ENGINE_LANE_H

#include "engine/engine.h"
#include "engine/group.h"
#include "engine/step.h"

/* The kinds of news (intake.c decides which). */
enum tcn_news {
    TCN_NEWS_UNSET = 0,
    TCN_NEWS_NOTHING, /* a repeat */
    TCN_NEWS_IGNORE,  /* not about an incident */
    TCN_NEWS_LATE,    /* older than what is known */
    TCN_NEWS_FIRE,    /* OK before, fires now */
    TCN_NEWS_AGAIN,   /* fires, and something new fires too */
    TCN_NEWS_REPEAT,  /* says again that it fires; its texts may be new */
    TCN_NEWS_ITEMS,   /* a group still fires, some of its items changed */
    TCN_NEWS_RESOLVE, /* fired before, OK now */
    TCN_NEWS_UPDATE,  /* texts of a firing alarm */
    TCN_NEWS_CLOCK,   /* nothing but a newer time, or items of a group that is OK */
    TCN_NEWS_ECHO /* fires at the instant of its OK: another path's word, or a change within the sender's resolution */
};

/* An alarm on its way through one decision. */
struct tcn_arrival {
    const struct tcn_intake_input *in;
    struct tcn_step
        step; /* step.a moves to the storm's aggregate when the alarm is attached to it */
    struct tcn_storm *storm;
    struct tcn_aggregate *storm_aggregate;
    int64_t clock_ms; /* the sender's, 0 when not told or not believed */
    bool is_group;    /* its items decide */
    struct tcn_group_change change;
    char content[65];
};

enum tcn_intake tcn_lane_accept(struct tcn_arrival *x, enum tcn_news news);
/* Why an alarm that is over leaves the incident open for a person, as the end of a sentence; NULL: it does not. */
const char *tcn_lane_stays(const struct tcn_aggregate *a, const struct tcn_source_policy *policy);
/* The lane's OK has waited long enough (resolve delay, flap quiet): resolves unless another lane holds. */
void tcn_lane_settle(const struct tcn_step *s);

#endif
