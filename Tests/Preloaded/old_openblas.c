/* Preloaded, this makes OpenBLAS behave as one that is older than the processor: it finds "Prescott" where nobody has set
 * OPENBLAS_CORETYPE, or has set one of the families that OLD_OPENBLAS_LACKS lists. With OLD_OPENBLAS_HAS_NO_OTHER in the
 * environment it finds "Prescott" whatever is set. Nobody but OpenBLAS sees that. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

extern char **environ;

static char *value(const char *name) {
    size_t length = strlen(name);
    for (char **entry = environ; entry && *entry; entry++)
        if (!strncmp(*entry, name, length) && (*entry)[length] == '=') return *entry + length + 1;
    return 0;
}

static int is_for_openblas(const char *name, const void *caller) {
    Dl_info found;
    return !strcmp(name, "OPENBLAS_CORETYPE") && dladdr(caller, &found) && strstr(found.dli_fname, "openblas");
}

static int is_lacking(const char *family) {
    const char *lacking = value("OLD_OPENBLAS_LACKS");
    return value("OLD_OPENBLAS_HAS_NO_OTHER") || (lacking && *family && strstr(lacking, family));
}

char *getenv(const char *name) {
    char *set = value(name);
    if (!is_for_openblas(name, __builtin_return_address(0))) return set;
    return !set || is_lacking(set) ? "Prescott" : set;
}
