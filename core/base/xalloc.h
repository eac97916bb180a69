/* Allocation that aborts when memory is gone: the state is in the store, and a restart is the tested recovery. */
#ifndef TCN_BASE_XALLOC_H
#define TCN_BASE_XALLOC_H

#include <stddef.h>

void *tcn_xmalloc(size_t size);
void *tcn_xcalloc(size_t n, size_t size);           /* overflow of n * size aborts */
void *tcn_xrealloc(void *p, size_t n, size_t size); /* array form, overflow aborts */
char *tcn_xstrdup(const char *s);                   /* NULL stays NULL */
char *tcn_xstrndup(const char *s, size_t len);

#endif
