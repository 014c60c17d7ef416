/* Preloaded, this makes OpenBLAS behave as one that is older than the processor: it finds "Prescott" where nobody has set
 * OPENBLAS_CORETYPE. Nobody but OpenBLAS sees that. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

extern char **environ;

char *getenv(const char *name) {
    size_t length = strlen(name);
    for (char **entry = environ; entry && *entry; entry++)
        if (!strncmp(*entry, name, length) && (*entry)[length] == '=') return *entry + length + 1;
    Dl_info caller;
    if (!strcmp(name, "OPENBLAS_CORETYPE") && dladdr(__builtin_return_address(0), &caller) &&
        strstr(caller.dli_fname, "openblas"))
        return "Prescott";
    return 0;
}
