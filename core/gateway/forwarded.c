/* X-Forwarded-For as it is written in the field: no RFC has it; RFC 7239 section 4 says the brackets of IPv6. */
#include "gateway/forwarded.h"

struct walk {
    const struct tcn_address_rules *proxies;
    struct tcn_address *at; /* the element that was read last */
    size_t n_proxies;
    bool is_found, is_bad;
};

static bool is_port(struct tcn_str s)
{
    uint64_t port;

    return tcn_str_u64(s, UINT16_MAX, &port) == 0;
}

static bool has_colon(struct tcn_str s)
{
    return s.len && memchr(s.ptr, ':', s.len);
}

/* s starts with a bracket: only IPv6 stands in them. */
static bool read_bracketed(struct tcn_str s, struct tcn_address *ret)
{
    struct tcn_str rest = {s.ptr + 1, s.len - 1}, inside;

    if (!tcn_str_cut(&rest, ']', &inside) || !has_colon(inside) || !tcn_address_read(inside, ret))
        return false;
    return rest.len == 0 ||
           (rest.ptr[0] == ':' && is_port((struct tcn_str){rest.ptr + 1, rest.len - 1}));
}

/* Without brackets one colon is that of a port, and more of them are IPv6. */
static bool read_element(struct tcn_str s, struct tcn_address *ret)
{
    struct tcn_str port = s, host;

    if (s.len && s.ptr[0] == '[')
        return read_bracketed(s, ret);
    if (!tcn_str_cut(&port, ':', &host) || has_colon(port))
        return tcn_address_read(s, ret);
    return is_port(port) && tcn_address_read(host, ret);
}

static void step(struct walk *w, struct tcn_str element)
{
    if (!read_element(tcn_str_trim(element), w->at))
        w->is_bad = true;
    else if (!tcn_address_rules_match(w->proxies, *w->at))
        w->is_found = true;
    else
        w->is_bad = ++w->n_proxies > TCN_FORWARDED_HOPS_MAX;
}

/* Takes the element behind the last comma off the list; false when it was the only one. */
static bool cut_last(struct tcn_str *list, struct tcn_str *ret_element)
{
    const char *comma = list->len ? memrchr(list->ptr, ',', list->len) : NULL;
    const char *from = comma ? comma + 1 : list->ptr;

    *ret_element = (struct tcn_str){from, (size_t)(list->ptr + list->len - from)};
    if (comma)
        list->len = (size_t)(comma - list->ptr);
    return comma != NULL;
}

static void walk_line(struct walk *w, struct tcn_str list)
{
    struct tcn_str element;
    bool has_more = true;

    while (has_more && !w->is_found && !w->is_bad) {
        has_more = cut_last(&list, &element);
        step(w, element);
    }
}

bool tcn_forwarded_client(const struct tcn_http1_head *head,
                          const struct tcn_address_rules *proxies, struct tcn_address *ret)
{
    struct walk w = {.proxies = proxies, .at = ret};

    for (size_t i = head->n_fields; i > 0 && !w.is_found && !w.is_bad; i--)
        if (tcn_str_case_eq(tcn_http1_name(head, i - 1), TCN_STR("X-Forwarded-For")))
            walk_line(&w, tcn_http1_value(head, i - 1));
    return w.is_found || (w.n_proxies > 0 && !w.is_bad);
}
