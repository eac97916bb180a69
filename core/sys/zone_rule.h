/* The rule at the end of a zone's file, which holds after the last change that the file tells (RFC 8536 section 3.3). */
#ifndef TCN_SYS_ZONE_RULE_H
#define TCN_SYS_ZONE_RULE_H

#include "base/str.h"

enum { TCN_ZONE_RULE_MAX = 120 };

/* GLib 2.74 takes a summer time of offset 0 for one whose offset is not told, and makes it an hour more than the other:
 * Dublin's "IST-1GMT0,M10.5.0,M3.5.0/1". Writes such a rule with its halves changed, "GMT0IST-1,M3.5.0/1,M10.5.0", which
 * is the same. False, and nothing is written, for a rule that GLib reads as it is. */
bool tcn_zone_rule_turned(struct tcn_str rule, char ret[TCN_ZONE_RULE_MAX]);
/* The last line of a zone's file. */
struct tcn_str tcn_zone_rule_of_file(struct tcn_str file);

#endif
