/* Resolution codes: any word of a person or a remote, one of which means something here. Private to core/engine. */
#ifndef TCN_ENGINE_RESOLUTION_H
#define TCN_ENGINE_RESOLUTION_H

#include "model/incident.h"

/* Its alarm stays quiet for the source's mute window. */
#define TCN_RESOLUTION_WONT_FIX "wont_fix"
/* Of an incident whose source said nothing more of it. */
#define TCN_RESOLUTION_SILENT "source_silent"

/* Of a storm whose last alarm has an incident of its own now. */
#define TCN_RESOLUTION_SPLIT "split_out"

/* The code as it is kept: a spelling of "won't fix" becomes TCN_RESOLUTION_WONT_FIX, every other stays, for ticket systems
 * have codes of their own. NULL and "" are "manual". */
const char *tcn_resolution_code(const char *told);
bool tcn_resolution_mutes(const struct tcn_resolution *resolution);

#endif
