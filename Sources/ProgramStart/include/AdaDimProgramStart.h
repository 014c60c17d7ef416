/* How this process began, and how the same program begins anew. Not for users of a shared library that this is linked into. */
#ifndef ADADIM_PROGRAM_START_H
#define ADADIM_PROGRAM_START_H

#include <stddef.h>

/* What the kernel started. Where the dynamic loader was called by its name (ld-linux-x86-64.so.2 adadim …), that is the loader. */
#define ADADIM_PROGRAM "/proc/self/exe"

/* The words that the kernel started ADADIM_PROGRAM with, NULL after the last; the loader's own words are among them. NULL if they
 * cannot be read. To be freed. */
__attribute__((visibility("hidden"))) char **adadim_command_line(size_t *count);

/* Starts this program again in the same process, with the same words and the environment of now. Returns only if that fails. */
__attribute__((visibility("hidden"))) void adadim_start_again(void);

/* Whether, when this code was loaded, SIGINT was ignored and the system gave no thread. */
__attribute__((visibility("hidden"))) int adadim_threads_were_refused(void);

#endif
