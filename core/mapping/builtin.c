/* The files that are linked into the binary, by the names people write. */
#include "mapping/mapping.h"

enum { MAX_NAME = 200 };

static int find(const struct tcn_embedded *table, const char *folder, const char *name,
                const char *suffix, struct tcn_str *ret_text)
{
    char path[MAX_NAME];
    struct tcn_buf b;
    bool fits;

    tcn_buf_init(&b, sizeof path - 1);
    tcn_buf_fmt(&b, "%s%s%s", folder, name, suffix);
    fits = tcn_buf_ok(&b);
    memcpy(path, tcn_buf_view(&b).ptr, tcn_buf_view(&b).len + 1);
    tcn_buf_done(&b);
    for (; fits && table && table->name; table++) {
        if (strcmp(table->name, path) != 0)
            continue;
        *ret_text = (struct tcn_str){table->text, table->len};
        return 0;
    }
    return TCN_ENOTFOUND;
}

int tcn_mapping_builtin(void *ctx, const char *name, struct tcn_str *ret_text)
{
    static const char prefix[] = "builtin/";
    const struct tcn_embedded *table = ctx;

    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return find(table, "", name, ".json", ret_text);
    name += sizeof prefix - 1;
    if (find(table, "sources/", name, ".json", ret_text) == 0)
        return 0;
    return find(table, "connectors/", name, ".json", ret_text);
}

int tcn_mapping_builtin_file(void *ctx, const char *name, struct tcn_str *ret_text)
{
    return find(ctx, "fixtures/", name, "", ret_text);
}
