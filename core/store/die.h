/* The end of a process that must not go on with its store: what it would write is no longer its own, or not as others read it,
 * or what the disk holds is unknown. */
#ifndef TCN_STORE_DIE_H
#define TCN_STORE_DIE_H

/* Says why in a line of the log, and ends the process with status 70; a supervisor starts it again. Any thread. */
void tcn_store_die(const char *why) __attribute__((noreturn));

#endif
