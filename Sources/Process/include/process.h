/* What the tool's process asks of the system in C: handlers of signals, which may run between any two instructions and must
 * call nothing of Swift's. */
#ifndef ADADIM_PROCESS_H
#define ADADIM_PROCESS_H

#include <stddef.h>

/* From here on SIGINT, SIGTERM, SIGXCPU and, unless it is ignored, SIGHUP are noted instead of ending the process. The first
 * one writes the message, up to 255 bytes, to standard error; a second one ends the process with status 128 + its number. */
void adadim_interruption_begin(const char *message, size_t length);

/* The number of the signal that was noted first, 0 if none was. */
int adadim_interruption_signal(void);

/* Signals do what they did before; if they were blocked, they are no more. */
void adadim_interruption_end(void);

#endif
