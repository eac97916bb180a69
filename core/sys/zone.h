/* The zones of the IANA database that is installed on this machine (Debian's package tzdata). */
#ifndef TCN_SYS_ZONE_H
#define TCN_SYS_ZONE_H

#include "base/zone.h"

/* A finder of zones, for the years 1970 to 2100; before them and after them the first and the last offset hold. Names are
 * AREA/PLACE, and UTC; old names without an area, abbreviations, rules and paths are refused. TCN_ENOTFOUND: no such zone, with the
 * nearest; TCN_EINVALID: an abbreviation or an old name; TCN_EIO, TCN_ELIMIT: the database cannot be read. */
tcn_zone_finder tcn_zone_load;

#endif
