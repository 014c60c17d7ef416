/* What the tool's process asks of the system in C: handlers of signals, which may run between any two instructions and must
 * call nothing of Swift's; and a process beside this one, which Foundation gets by a thread that the system may refuse. */
#ifndef ADADIM_PROCESS_H
#define ADADIM_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* From here on SIGINT, SIGTERM, SIGXCPU and, unless it is ignored, SIGHUP are noted instead of ending the process. The first
 * one writes the message, up to 255 bytes, to standard error; a second one ends the process with status 128 + its number. */
void adadim_interruption_begin(const char *message, size_t length);

/* The number of the signal that was noted first, 0 if none was. */
int adadim_interruption_signal(void);

/* Signals do what they did before; if they were blocked, they are no more. */
void adadim_interruption_end(void);

/* Runs this program beside itself, with `arguments` (NULL after the last) in place of its own, of which it has `own` besides its
 * name, and with an environment variable set ("NAME=value"). What that one prints is written to the buffer; its messages go
 * nowhere. Returns the number of bytes, or -1: it could not be started, printed more than there is room for, or had not come to its
 * end in time. It is gone when this returns, and when this process ends in any way. Needs no thread. */
ssize_t adadim_output_beside(
    char *const *arguments, size_t own, const char *setting, char *buffer, size_t capacity, int milliseconds);

#endif
