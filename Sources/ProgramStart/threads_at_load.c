/* OpenBLAS starts its threads when it is loaded, which is just before this. Where the system gives it too few, it raises SIGINT
 * against its own process; where that is ignored, it goes on, and waits for ever for the missing ones at its first product. It
 * never says so. But as it got none, there is none now either. */
#include "AdaDimProgramStart.h"

#include <pthread.h>
#include <signal.h>

static int were_refused;

static void *end(void *unused) { return unused; }

/* Before this program's constructors of no priority: the one that stops catching SIGINT (thread_shortage.c) is of that kind. */
__attribute__((constructor(101))) static void look(void) {
    struct sigaction action;
    if (sigaction(SIGINT, NULL, &action) != 0 || action.sa_handler != SIG_IGN) return;
    pthread_t thread;
    /* As OpenBLAS starts them: with a stack of the usual size. */
    if (pthread_create(&thread, NULL, end, NULL) == 0) {
        pthread_join(thread, NULL);
    } else {
        were_refused = 1;
    }
}

int adadim_threads_were_refused(void) { return were_refused; }
