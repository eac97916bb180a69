/* The rules of invariant.c that are about engagements, runs and pages. */
#include "engine/invariant.h"
#include "engine/run.h"

/* -- engagements -------------------------------------------------------------------------------------------- */

static const char *engagement_is_named(const struct tcn_aggregate *a)
{
    if (a->n_engagements > TCN_ENGAGEMENTS_CAP)
        return "too many engagements";
    for (size_t i = 0; i < a->n_engagements; i++) {
        const struct tcn_engagement *e = &a->engagements[i];

        if (e->no != (int64_t)i + 1 ||
            !tcn_id_eq(e->id, tcn_id_child(a->incident.id, "engagement", i + 1)))
            return "an engagement has a foreign number or id";
        if (!e->contact || e->type == TCN_CONTACT_UNSET || e->start_ms == 0)
            return "an engagement without contact, type or start";
    }
    return NULL;
}

static const char *resolved_incident_engages_nobody(const struct tcn_aggregate *a)
{
    for (size_t i = 0; i < a->n_engagements; i++)
        if (a->incident.status == TCN_STATUS_RESOLVED && a->engagements[i].stop_ms == 0)
            return "an engagement of a resolved incident goes on";
    return NULL;
}

static const char *check_progression(const struct tcn_engagement *e)
{
    if (e->next_stage > e->plan.n_stages || e->plan.n_stages > TCN_STAGES_MAX)
        return "an escalation beyond its last stage";
    if (e->next_stage_ms == 0)
        return NULL;
    if (e->type != TCN_ESCALATION || e->next_stage >= e->plan.n_stages)
        return "a next stage where there is none";
    return e->stop_ms != 0 || e->progression_stopped ? "a stopped escalation has a next stage"
                                                     : NULL;
}

static const char *progression_is_consistent(const struct tcn_aggregate *a)
{
    const char *wrong = NULL;

    for (size_t i = 0; i < a->n_engagements && !wrong; i++)
        wrong = check_progression(&a->engagements[i]);
    return wrong;
}

static const char *stopped_engagement_is_silent(const struct tcn_aggregate *a)
{
    for (size_t i = 0; i < a->n_engagements; i++) {
        const struct tcn_engagement *e = &a->engagements[i];

        for (size_t k = 0; k < e->n_runs && e->stop_ms != 0; k++)
            if (!e->runs[k].is_stopped)
                return "a run of a stopped engagement goes on";
        for (size_t k = 0; k < e->n_pages && e->stop_ms != 0; k++)
            if (e->pages[k].next_send_ms != 0)
                return "a page of a stopped engagement has a next send";
    }
    return NULL;
}

/* -- runs and pages ----------------------------------------------------------------------------------------- */

static const char *check_run(const struct tcn_engagement *e, size_t k)
{
    const struct tcn_run *r = &e->runs[k];

    if (r->no != (int64_t)k + 1 || !r->contact || !r->path)
        return "a run has a foreign number, no contact or no path";
    if (r->next_stage > r->plan.n_stages || r->plan.n_stages > TCN_STAGES_MAX)
        return "a run beyond its last stage";
    if (r->next_stage_ms != 0)
        return r->is_stopped                       ? "a stopped run has a next stage"
               : r->next_stage >= r->plan.n_stages ? "a run has a next stage where there is none"
               : r->ends_ms != 0                   ? "a run has an end while stages are left"
                                                   : NULL;
    if (!r->is_stopped && (r->ends_ms == 0 || r->next_stage != r->plan.n_stages))
        return "a run has no next stage and no end";
    return NULL;
}

/* A person is engaged once at a time in an engagement: at most one run still has stages to come. */
static const char *check_parallel(const struct tcn_engagement *e, size_t k)
{
    for (size_t j = 0; j < k; j++)
        if (e->runs[k].next_stage_ms != 0 && e->runs[j].next_stage_ms != 0 &&
            strcmp(e->runs[k].contact, e->runs[j].contact) == 0)
            return "two runs of one person go on";
    return NULL;
}

static const char *runs_are_consistent(const struct tcn_aggregate *a)
{
    for (size_t i = 0; i < a->n_engagements; i++) {
        const struct tcn_engagement *e = &a->engagements[i];
        const char *wrong = e->n_runs > TCN_RUNS_MAX ? "too many runs" : NULL;

        for (size_t k = 0; k < e->n_runs && !wrong; k++)
            if (!(wrong = check_run(e, k)))
                wrong = check_parallel(e, k);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static bool is_code(const char code[7])
{
    for (int i = 0; i < 6; i++)
        if (code[i] < '0' || code[i] > '9')
            return false;
    return code[6] == '\0';
}

static const char *check_page_name(const struct tcn_aggregate *a, const struct tcn_engagement *e,
                                   size_t k)
{
    const struct tcn_page *p = &e->pages[k];
    uint64_t ordinal = (uint64_t)e->no << 32 | (uint64_t)(k + 1);

    if (p->no != (int64_t)k + 1 || !tcn_id_eq(p->id, tcn_id_child(a->incident.id, "page", ordinal)))
        return "a page has a foreign number or id";
    if (p->run_no < 1 || (size_t)p->run_no > e->n_runs)
        return "a page of no run";
    if (strcmp(p->contact, e->runs[p->run_no - 1].contact) != 0)
        return "a page of another person than its run";
    return is_code(p->accept_code) ? NULL : "a page's code is not six digits";
}

static const char *check_page_sends(const struct tcn_engagement *e, const struct tcn_page *p)
{
    int64_t span = p->stage_end_ms - p->first_ms;
    int64_t most = p->retry_ms > 0 && span > 0 ? 1 + (span - 1) / p->retry_ms : 1;

    if (span < 0 || p->sends < 1)
        return "a page was never sent, or its stage ends before it began";
    if (p->sends > most)
        return "a page was sent more often than its stage allows";
    if (p->lost_ms != 0 && (p->lost_ms < p->first_ms || p->delivered_ms != 0))
        return "a page is lost that was delivered, or before it began";
    if (p->next_send_ms == 0)
        return NULL;
    if (p->retry_ms <= 0 || p->next_send_ms >= p->stage_end_ms || p->next_send_ms <= p->first_ms)
        return "a next send outside of its stage";
    if ((p->next_send_ms - p->first_ms) % p->retry_ms != 0)
        return "a next send off its grid";
    return tcn_run_of_page(e, p)->is_stopped ? "a page of a stopped run has a next send" : NULL;
}

static const char *pages_are_consistent(const struct tcn_aggregate *a)
{
    for (size_t i = 0; i < a->n_engagements; i++) {
        const struct tcn_engagement *e = &a->engagements[i];
        const char *wrong = e->n_pages > TCN_PAGES_MAX ? "too many pages" : NULL;

        for (size_t k = 0; k < e->n_pages && !wrong; k++)
            if (!(wrong = check_page_name(a, e, k)))
                wrong = check_page_sends(e, &e->pages[k]);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static const char *check_answered(const struct tcn_engagement *e, const struct tcn_page *read)
{
    for (size_t k = 0; k < e->n_runs; k++)
        if (strcmp(e->runs[k].contact, read->contact) == 0 && !e->runs[k].is_stopped)
            return "a run of a person who answered goes on";
    for (size_t k = 0; k < e->n_pages; k++)
        if (strcmp(e->pages[k].contact, read->contact) == 0 && e->pages[k].next_send_ms != 0)
            return "a page of a person who answered has a next send";
    return NULL;
}

static const char *answered_person_is_left_alone(const struct tcn_aggregate *a)
{
    const char *wrong = NULL;

    for (size_t i = 0; i < a->n_engagements; i++)
        for (size_t k = 0; k < a->engagements[i].n_pages && !wrong; k++)
            if (a->engagements[i].pages[k].read_ms != 0)
                wrong = check_answered(&a->engagements[i], &a->engagements[i].pages[k]);
    return wrong;
}

const char *tcn_invariant_of_engagements(const struct tcn_aggregate *a)
{
    static const char *(*const rules[])(const struct tcn_aggregate *) = {
        engagement_is_named,           resolved_incident_engages_nobody,
        progression_is_consistent,     stopped_engagement_is_silent,
        runs_are_consistent,           pages_are_consistent,
        answered_person_is_left_alone,
    };
    const char *wrong = NULL;

    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && !wrong; i++)
        wrong = rules[i](a);
    return wrong;
}
