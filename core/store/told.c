#include "store/told.h"

#include "store/pack.h"

int tcn_told_pack(const struct tcn_told_alarm *told, struct tcn_told_row *ret, struct tcn_err *err)
{
    int r;

    *ret = (struct tcn_told_row){.told = told};
    if ((r = tcn_pack_tags(told->tags, told->n_tags, &ret->tags, err)) < 0)
        return r;
    return tcn_pack_related(told->related, told->n_related, &ret->related, err);
}

void tcn_told_done(struct tcn_told_row *row)
{
    tcn_buf_done(&row->tags);
    tcn_buf_done(&row->related);
}

void tcn_q_told(struct tcn_query *q, const struct tcn_told_row *row)
{
    tcn_q_text(q, row->told->title);
    tcn_q_text(q, row->told->summary);
    tcn_q_int(q, row->told->impact);
    tcn_q_text(q, row->told->trigger_arn);
    tcn_q_packed(q, &row->tags);
    tcn_q_packed(q, &row->related);
}

int tcn_c_told(struct tcn_query *q, struct tcn_arena *a, struct tcn_told_alarm *ret,
               struct tcn_err *err)
{
    int r;

    *ret = (struct tcn_told_alarm){0};
    ret->title = tcn_c_text(q, a);
    ret->summary = tcn_c_text(q, a);
    ret->impact = (int)tcn_c_int(q);
    ret->trigger_arn = tcn_c_text(q, a);
    if ((r = tcn_unpack_tags(tcn_c_view(q), a, &ret->tags, &ret->n_tags, err)) < 0)
        return r;
    return tcn_unpack_related(tcn_c_view(q), a, &ret->related, &ret->n_related, err);
}
