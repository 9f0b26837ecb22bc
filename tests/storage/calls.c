/* Calls that fail as file systems do that lack them, with the error in a variable: HP_LINK_ERRNO and so on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>

static int fails(const char *name) {
    const char *value = getenv(name);
    if (value) errno = atoi(value);
    return value != NULL;
}

#define CALL(name, variable, types, arguments)                  \
    int name types {                                            \
        if (fails(variable)) return -1;                         \
        return ((int(*) types)dlsym(RTLD_NEXT, #name)) arguments; \
    }

CALL(link, "HP_LINK_ERRNO", (const char *a, const char *b), (a, b))
CALL(linkat, "HP_LINK_ERRNO", (int a, const char *b, int c, const char *d, int e), (a, b, c, d, e))
CALL(fsync, "HP_FSYNC_ERRNO", (int a), (a))
CALL(syncfs, "HP_SYNCFS_ERRNO", (int a), (a))
CALL(chmod, "HP_CHMOD_ERRNO", (const char *a, mode_t b), (a, b))
CALL(fchmodat, "HP_CHMOD_ERRNO", (int a, const char *b, mode_t c, int d), (a, b, c, d))
CALL(rename, "HP_RENAME_ERRNO", (const char *a, const char *b), (a, b))
