/* Options for a thread that opens connections by itself, later. */
#include "store/thread_internal.h"

#include "base/xalloc.h"
#include <stdlib.h>

void tcn_store_options_copy(const struct tcn_store_options *from, struct tcn_store_options *ret)
{
    *ret = (struct tcn_store_options){
        .url = tcn_xstrdup(from->url),
        .account_id = tcn_xstrdup(from->account_id),
        .node = tcn_xstrdup(from->node),
        .password = tcn_xstrdup(from->password),
        .folder = tcn_xstrdup(from->folder),
    };
}

void tcn_store_options_free(struct tcn_store_options *o)
{
    char *password = (char *)(uintptr_t)o->password;

    if (password)
        explicit_bzero(password, strlen(password));
    free(password);
    free((char *)(uintptr_t)o->url);
    free((char *)(uintptr_t)o->account_id);
    free((char *)(uintptr_t)o->node);
    free((char *)(uintptr_t)o->folder);
}
