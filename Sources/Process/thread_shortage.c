/* OpenBLAS starts its threads when it is loaded, before main. Where the system gives it too few (ulimit -u, pids.max of a
 * control group, ulimit -v) it raises SIGINT against its own process; where that is ignored, it goes on, and waits for ever for
 * the missing ones at the first product. So this program catches that signal, and starts itself again with an
 * OPENBLAS_NUM_THREADS that can be had.
 *
 * Functions in .preinit_array run before those of any shared library, constructors of the program's own after them. */
#define _GNU_SOURCE
#include <AdaDimProgramStart.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sigaction original;
static sigset_t original_mask;
static int is_watching;

/* Threads of this process; 1 where the system does not report them. */
static int threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    if (tasks == NULL) return 1;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) count += entry->d_name[0] != '.';
    closedir(tasks);
    return count > 0 ? count : 1;
}

static void say(const char *text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) { /* nobody to say it to */ }
}

/* Called by raise(), so not between any two instructions: it may allocate. */
static void start_again(int number, siginfo_t *info, void *context) {
    (void)context;
    sigaction(SIGINT, &original, NULL);
    if (info->si_code != SI_TKILL || info->si_pid != getpid()) {
        /* A user's. It comes once this handler returns, which it was blocked by. */
        raise(number);
        return;
    }
    /* Besides OpenBLAS's threads there are as many that do the engine's own loops, and one that reads ahead. */
    int had = threads(), count = had > 3 ? had / 2 : 1;
    char text[16], message[256];
    snprintf(text, sizeof text, "%d", count);
    snprintf(message, sizeof message,
             "adadim: this process cannot have more than %d thread%s now (ulimit -u, ulimit -v, pids.max of its control "
             "group): computing with %d\n",
             had, had == 1 ? "" : "s", count);
    say(message);
    if (setenv("OPENBLAS_NUM_THREADS", text, 1) == 0) {
        /* The next program inherits what is blocked; SIGINT is, while this runs. */
        sigprocmask(SIG_SETMASK, &original_mask, NULL);
        adadim_start_again();
    }
    say("Error: OpenBLAS has too few threads, and the program cannot start again with fewer; set OPENBLAS_NUM_THREADS=1\n");
    _exit(1);
}

static void watch(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = start_again;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    is_watching = sigaction(SIGINT, NULL, &original) == 0 && sigaction(SIGINT, &action, NULL) == 0;
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_UNBLOCK, &interrupt, &original_mask);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(void) = watch;

__attribute__((constructor)) static void after_libraries(void) {
    if (is_watching) sigaction(SIGINT, &original, NULL);
    sigprocmask(SIG_SETMASK, &original_mask, NULL);
}
