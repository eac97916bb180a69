/* The connectors that are linked into the program, in the order in which they are listed to people.
 * A new folder adds two lines here. */
#include <tocsin/connector.h>

TOCSIN_ENTRY(servicenow);
TOCSIN_ENTRY(jira);
TOCSIN_ENTRY(pagerduty);
TOCSIN_ENTRY(smtp);
TOCSIN_ENTRY(webhook);

/* Ends with NULL. */
extern const struct tocsin_connector *(*const tocsin_static_connectors[])(void);
const struct tocsin_connector *(*const tocsin_static_connectors[])(void) = {
    tocsin_connector_servicenow, tocsin_connector_jira,    tocsin_connector_pagerduty,
    tocsin_connector_smtp,       tocsin_connector_webhook, NULL,
};
