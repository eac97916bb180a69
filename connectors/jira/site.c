/* Which Jira an address is: Atlassian's cloud or a server of one's own. */
#include "jira.h"

#include <strings.h>

/* The host of an http or https URL, as it stands there. */
static const char *host_of(const char *url, size_t *ret_len)
{
    const char *host = strstr(url, "://");

    host = host ? host + 3 : url;
    *ret_len =
        host[0] == '[' ? strcspn(host, "]") + (strchr(host, ']') != NULL) : strcspn(host, ":/?#");
    return host;
}

static int is_host(const char *host, size_t len, const char *name)
{
    return len == strlen(name) && strncasecmp(host, name, len) == 0;
}

static int ends_so(const char *host, size_t len, const char *suffix)
{
    size_t n = strlen(suffix);

    return len > n && strncasecmp(host + len - n, suffix, n) == 0;
}

/* On loopback stands a proxy or a test of the cloud, more often than a Data Center. */
static int is_cloud_host(const char *url)
{
    size_t len;
    const char *host = host_of(url, &len);

    return ends_so(host, len, ".atlassian.net") || ends_so(host, len, ".jira.com") ||
           is_host(host, len, "api.atlassian.com") || is_host(host, len, "localhost") ||
           is_host(host, len, "[::1]") || strncmp(host, "127.", 4) == 0;
}

int tcn_jira_is_datacenter(const struct tcn_jira *j)
{
    if (strcmp(j->api_type, "auto") == 0)
        return !is_cloud_host(j->url);
    if (strcmp(j->api_type, "datacenter") == 0)
        return 1;
    return strcmp(j->api_type, "cloud") == 0 ? 0 : -1;
}
