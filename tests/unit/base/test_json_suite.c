/* Every file of a JSONTestSuite folder, named by TOCSIN_JSON_SUITE: y_ is accepted but for our policy, n_ is
 * refused, and what we do with each i_ file is pinned. */
#include "cases.h"

#include "base/json.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { ALL_FILES = 318, MAX_FILE = 1 << 20 };

/* Valid JSON that the policy refuses: scalars on top, duplicate keys, U+0000. */
static const char *const REFUSED_BY_POLICY[] = {
    "y_object_duplicated_key.json",
    "y_object_duplicated_key_and_value.json",
    "y_object_escaped_null_in_key.json",
    "y_string_null_escape.json",
    "y_string_space.json",
    "y_structure_lonely_false.json",
    "y_structure_lonely_int.json",
    "y_structure_lonely_negative_real.json",
    "y_structure_lonely_null.json",
    "y_structure_lonely_string.json",
    "y_structure_lonely_true.json",
    "y_structure_string_empty.json",
};

/* Left open by the standard; all others of the kind are refused. */
static const char *const ACCEPTED_BY_CHOICE[] = {
    "i_number_double_huge_neg_exp.json",
    "i_number_real_underflow.json",
};

static bool is_in(const char *name, const char *const list[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

static int expected(const char *name)
{
    if (name[0] == 'y')
        return is_in(name, REFUSED_BY_POLICY, N_OF(REFUSED_BY_POLICY)) ? TCN_ESYNTAX : 0;
    if (name[0] == 'i' && is_in(name, ACCEPTED_BY_CHOICE, N_OF(ACCEPTED_BY_CHOICE)))
        return 0;
    if (strcmp(name, "i_structure_500_nested_arrays.json") == 0 ||
        strcmp(name, "n_structure_100000_opening_arrays.json") == 0 ||
        strcmp(name, "n_structure_open_array_object.json") == 0)
        return TCN_EINVALID;
    return TCN_ESYNTAX;
}

static char *read_file(const char *dir, const char *name, size_t *ret_len)
{
    char path[4096];
    char *bytes = malloc(MAX_FILE);
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    *ret_len = fread(bytes, 1, MAX_FILE, f);
    fclose(f);
    return realloc(bytes, *ret_len ? *ret_len : 1);
}

static void check_file(const char *dir, const char *name)
{
    struct tcn_err err = {0};
    json_t *root = NULL;
    size_t len;
    char *bytes = read_file(dir, name, &len);
    int r = tcn_json_parse((struct tcn_str){bytes, len}, &tcn_json_api, &root, &err);

    if (r != expected(name))
        fail_msg("%s: %d %s, expected %d", name, r, err.msg, expected(name));
    json_decref(root);
    free(bytes);
}

static void the_whole_suite(void **state)
{
    const char *dir = getenv("TOCSIN_JSON_SUITE");
    struct dirent *entry;
    int n = 0;
    DIR *d;

    (void)state;
    if (!dir) {
        print_message("TOCSIN_JSON_SUITE is not set: the files of JSONTestSuite were not tried\n");
        skip();
    }
    d = opendir(dir);
    if (!d)
        fail_msg("TOCSIN_JSON_SUITE: cannot open %s", dir);
    while ((entry = readdir(d))) {
        if (!strstr(entry->d_name, ".json"))
            continue;
        check_file(dir, entry->d_name);
        n++;
    }
    closedir(d);
    assert_int_equal(n, ALL_FILES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_suite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
