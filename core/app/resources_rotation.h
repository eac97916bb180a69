/* Rotations, their overrides, and the plans of on-call schedules, in the shapes of CreateRotation, CreateRotationOverride and
 * CreateContact of ssm-contacts. A rotation is referred to by its Name. */
#ifndef TCN_APP_RESOURCES_ROTATION_H
#define TCN_APP_RESOURCES_ROTATION_H

#include "app/names.h"
#include "base/json.h"
#include "engine/directory.h"

#define TCN_RESOURCE_ROTATIONS_MAX 500 /* ssm-contacts quota: rotations of an account and region */

/* Reads `rotations` and `rotation_overrides` of resources into the rosters of dir, whose contacts are there; contacts: every
 * name that is written as one. ret_names takes every name that is written as a rotation's, right or wrong. Every mistake
 * becomes a problem; TCN_EINVALID when there was any. */
int tcn_resources_rotations(const struct tcn_node *resources, struct tcn_names *contacts,
                            struct tcn_arena *arena, struct tcn_directory *dir,
                            struct tcn_names *ret_names);

/* The Plan of an on-call schedule. */
int tcn_resources_schedule(const struct tcn_node *contact, struct tcn_contact *ret);
/* After tcn_resources_rotations: whether the rotations that the schedules of the list name are there. */
int tcn_resources_check_schedules(const struct tcn_node *contacts, struct tcn_names *rotations);

#endif
