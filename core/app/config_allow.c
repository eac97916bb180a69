#include "app/config_allow.h"
#include "base/nearest.h"
#include "connect/url.h"

enum { URLS_MAX = 8 };

struct hosts {
    struct tcn_url urls[URLS_MAX];
    const char *names[URLS_MAX + 1]; /* ended by NULL */
    bool has_loopback;
};

static void find_hosts(const struct tcn_instance *i, struct hosts *ret)
{
    size_t n = 0;

    for (const struct tocsin_option *o = i->connector->options; o && o->name; o++) {
        const char *text = o->kind == TOCSIN_URL ? tcn_instance_text(i, o->name) : NULL;

        if (!text || n == URLS_MAX || tcn_url_parse(text, &ret->urls[n], NULL) < 0)
            continue;
        ret->has_loopback |= tcn_url_is_loopback(&ret->urls[n]);
        ret->names[n] = ret->urls[n].host;
        n++;
    }
}

static bool is_used(const struct hosts *hosts, const char *host)
{
    if (strcmp(host, "localhost") == 0)
        return hosts->has_loopback;
    for (size_t i = 0; hosts->names[i]; i++)
        if (strcmp(hosts->names[i], host) == 0)
            return true;
    return false;
}

static int judge(const struct tcn_node *item, const struct hosts *hosts, const char *host)
{
    static const char *const word[] = {"localhost", NULL};
    const char *near = tcn_nearest(host, hosts->names);

    if (is_used(hosts, host))
        return 0;
    if (strcmp(host, word[0]) != 0 && tcn_nearest(host, word))
        return tcn_node_problem(item, "\"%s\" is no host of this connector; did you mean \"%s\"?",
                                host, word[0]);
    tcn_node_warning(item,
                     "no URL of this connector has the host \"%s\", so that it lets nothing "
                     "through; %s%s%s",
                     host, near ? "did you mean \"" : "take it out", near ? near : "",
                     near ? "\"?" : "");
    return 0;
}

int tcn_config_allow(const struct tcn_node *at, const struct tcn_instance *instance)
{
    struct tcn_node list = tcn_node_member(at, "allow");
    struct hosts hosts = {0};
    int r = 0;

    find_hosts(instance, &hosts);
    for (size_t i = 0; i < instance->guard.n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        if (instance->guard.items[i].host[0])
            r |= judge(&item, &hosts, instance->guard.items[i].host);
    }
    return r;
}
