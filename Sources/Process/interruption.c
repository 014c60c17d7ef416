#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int noted;
static char said[255];
static size_t said_length;

static const int numbers[] = {SIGINT, SIGTERM, SIGXCPU, SIGHUP};
enum { COUNT = sizeof numbers / sizeof numbers[0] };
static struct sigaction before[COUNT];
static int is_caught[COUNT];

static void note(int number) {
    int first = 0;
    if (!__atomic_compare_exchange_n(&noted, &first, number, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        /* The system repeats SIGXCPU every second; it is no second request. */
        if (number == SIGXCPU) return;
        _exit(128 + number);
    }
    int error = errno;
    /* Whoever does not read it must not keep the process: a second signal comes through while this waits. */
    if (write(STDERR_FILENO, said, said_length) < 0) { /* nobody to say it to */ }
    errno = error;
}

void adadim_interruption_begin(const char *message, size_t length) {
    said_length = length < sizeof said ? length : sizeof said;
    memcpy(said, message, said_length);
    __atomic_store_n(&noted, 0, __ATOMIC_RELAXED);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = SA_RESTART | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    sigset_t awaited;
    sigemptyset(&awaited);
    for (int i = 0; i < COUNT; i++) {
        /* A run under nohup outlives its terminal. */
        is_caught[i] = sigaction(numbers[i], NULL, &before[i]) == 0
            && (numbers[i] != SIGHUP || before[i].sa_handler != SIG_IGN)
            && sigaction(numbers[i], &action, NULL) == 0;
        if (is_caught[i]) sigaddset(&awaited, numbers[i]);
    }
    /* Whoever started the program may have blocked them for itself. */
    pthread_sigmask(SIG_UNBLOCK, &awaited, NULL);
}

int adadim_interruption_signal(void) { return __atomic_load_n(&noted, __ATOMIC_RELAXED); }

void adadim_interruption_end(void) {
    for (int i = 0; i < COUNT; i++) {
        if (is_caught[i]) sigaction(numbers[i], &before[i], NULL);
        is_caught[i] = 0;
    }
}
