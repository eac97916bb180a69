#include "mapping/odd.h"
#include "mapping/filter.h"

#include <stdio.h>

enum { WHERE_MAX = 200, WHAT_MAX = 150, SHOWN_MAX = 60 };

void tcn_odd_note(struct tcn_odd *odd, const char *where, const char *what,
                  const struct tcn_value *value)
{
    if (!odd->where)
        *odd = (struct tcn_odd){where, what, *value};
}

void tcn_odd_keep(struct tcn_odd *odd, const struct tcn_odd *other)
{
    if (!odd->where)
        *odd = *other;
}

/* At most SHOWN_MAX bytes of it, before anything is built of a value of any size. */
static struct tcn_str shown(struct tcn_work *w, const struct tcn_value *value)
{
    struct tcn_value v = *value;
    struct tcn_str text;

    if (tcn_value_is_list(value) || tcn_value_is_map(value))
        return tcn_value_is_list(value) ? TCN_STR("a list") : TCN_STR("an object");
    text = tcn_value_text(w, value);
    if (text.len > SHOWN_MAX)
        text.len = tcn_utf8_prefix((struct tcn_str){text.ptr, SHOWN_MAX});
    v = tcn_value_line(w, tcn_value_str(text));
    return v.kind == TCN_V_STR ? v.s : TCN_STR("");
}

void tcn_odd_text(struct tcn_work *w, const struct tcn_odd *odd, char ret[TCN_ODD_TEXT])
{
    const char *quote = odd->value.kind == TCN_V_STR ? "\"" : "";
    struct tcn_str value = shown(w, &odd->value);

    if (value.len == 0)
        (void)snprintf(ret, TCN_ODD_TEXT, "%.*s: %.*s", WHERE_MAX, odd->where, WHAT_MAX, odd->what);
    else
        (void)snprintf(ret, TCN_ODD_TEXT, "%.*s: %.*s: %s%.*s%s", WHERE_MAX, odd->where, WHAT_MAX,
                       odd->what, quote, (int)value.len, value.ptr, quote);
}
