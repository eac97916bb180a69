#include "rows.h"

static void every_member(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_engagement in[3], *out;
    size_t n;

    for (size_t i = 0; i < 3; i++) {
        in[i] = gen_engagement(&g, (int64_t)i + 1);
        in[i].n_runs -= i; /* the second has fewer, the third the fewest */
        in[i].n_pages = i == 1 ? 0 : in[i].n_pages;
        in[i].is_dirty = true;
        OK(f, tcn_store_engagement_put(f->s, id_of(99), &in[i], &f->err));
    }
    OK(f, tcn_store_engagement_list(f->s, id_of(99), &f->a, &out, &n, &f->err));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < 3; i++)
        same_engagement(&in[i], &out[i]);
    OK(f, tcn_store_engagement_list(f->s, id_of(98), &f->a, &out, &n, &f->err));
    assert_int_equal(n, 0);
}

static void changed_and_grown(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_engagement first = gen_engagement(&g, 1), second = gen_engagement(&g, 1), *out;
    size_t n;

    first.n_runs = 2;
    first.n_pages = 5;
    OK(f, tcn_store_engagement_put(f->s, id_of(99), &first, &f->err));
    OK(f, tcn_store_engagement_put(f->s, id_of(99), &second, &f->err));
    OK(f, tcn_store_engagement_list(f->s, id_of(99), &f->a, &out, &n, &f->err));
    assert_int_equal(n, 1);
    same_engagement(&second, &out[0]);
}

static void least_members(void **state)
{
    struct fixture *f = *state;
    struct tcn_engagement in = {.id = id_of(1), .no = 1}, *out;
    size_t n;

    OK(f, tcn_store_engagement_put(f->s, id_of(99), &in, &f->err));
    OK(f, tcn_store_engagement_list(f->s, id_of(99), &f->a, &out, &n, &f->err));
    assert_int_equal(n, 1);
    same_engagement(&in, &out[0]);
}

static void page_finds_incident(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_engagement e = gen_engagement(&g, 1);
    struct tcn_id incident;

    OK(f, tcn_store_engagement_put(f->s, id_of(99), &e, &f->err));
    OK(f, tcn_store_page_incident(f->s, e.pages[4].id, &incident, &f->err));
    assert_id(incident, id_of(99));
    assert_int_equal(tcn_store_page_incident(f->s, e.id, &incident, &f->err), TCN_ENOTFOUND);
}

/* Whatever a text holds, the row can be read again. */
static void text_that_is_no_utf8(void **state)
{
    struct fixture *f = *state;
    const struct tcn_target target = {.contact = "al\xFFice"};
    const struct tcn_stage stage = {.targets = &target, .n_targets = 1};
    struct tcn_engagement in = {.id = id_of(1), .no = 1, .plan = {&stage, 1}}, *out;
    size_t n;

    OK(f, tcn_store_engagement_put(f->s, id_of(99), &in, &f->err));
    OK(f, tcn_store_engagement_list(f->s, id_of(99), &f->a, &out, &n, &f->err));
    assert_int_equal(n, 1);
    assert_int_equal(out[0].plan.stages[0].n_targets, 1);
}

static void every_receipt_member(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_receipt in[TCN_STOP], *out;
    size_t n;

    for (int type = TCN_DELIVERED; type <= TCN_STOP; type++) {
        in[type - 1] = gen_receipt(&g, id_of(50));
        in[type - 1].type = (enum tcn_receipt_type)type;
        OK(f, tcn_store_receipt_add(f->s, &in[type - 1], &f->err));
    }
    OK(f, tcn_store_receipt_add(f->s, &(struct tcn_receipt){.page = id_of(51)}, &f->err));
    OK(f, tcn_store_receipt_list(f->s, id_of(50), &f->a, &out, &n, &f->err));
    assert_int_equal(n, TCN_STOP);
    for (size_t i = 0; i < n; i++)
        same_receipt(&in[i], &out[i]);
    OK(f, tcn_store_receipt_list(f->s, id_of(52), &f->a, &out, &n, &f->err));
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(every_member),         IN_MEMORY(changed_and_grown),
        IN_MEMORY(least_members),        IN_MEMORY(page_finds_incident),
        IN_MEMORY(text_that_is_no_utf8), IN_MEMORY(every_receipt_member),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
