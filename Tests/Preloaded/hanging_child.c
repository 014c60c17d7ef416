/* Preloaded, this makes a process hang before main where OPENBLAS_CORETYPE asks for other kernels than Prescott, after its number
 * was written to the file that HANGING_CHILD names: what measures other kernels beside a program never comes to its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void hang(void) {
    const char *kernels = getenv("OPENBLAS_CORETYPE"), *path = getenv("HANGING_CHILD");
    if (!kernels || !strcmp(kernels, "Prescott") || !path) return;
    FILE *file = fopen(path, "w");
    if (file) {
        fprintf(file, "%d\n", (int)getpid());
        fclose(file);
    }
    for (;;) pause();
}
