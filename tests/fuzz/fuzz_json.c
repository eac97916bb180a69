/* What is read as plain JSON is what jansson reads, and what jansson refuses is never plain. */
#include "base/json_policy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tcn_str text = {(const char *)data, size};
    json_t *plain, *judged;

    if (memchr(data, 0, size) || !(plain = tcn_json_plain(text, &tcn_json_api)))
        return 0;
    judged = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    must(judged && json_equal(plain, judged));
    json_decref(plain);
    json_decref(judged);
    return 0;
}
