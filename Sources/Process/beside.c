#define _GNU_SOURCE
#include "process.h"

#include <AdaDimProgramStart.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* `setting`, and of the environment what does not set the same variable; to be freed. */
static char **environment_with(const char *setting) {
    size_t name = strcspn(setting, "=") + 1, count = 0, kept = 0;
    while (environ[count] != NULL) count++;
    char **entries = malloc((count + 2) * sizeof(char *));
    if (entries == NULL) return NULL;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], setting, name) != 0) entries[kept++] = environ[i];
    entries[kept] = (char *)setting;
    entries[kept + 1] = NULL;
    return entries;
}

/* The words that this process was started with, but for its last `own`, then `arguments`; to be freed, as is *started. */
static char **words_with(char *const *arguments, size_t own, char ***started) {
    size_t count, given = 0;
    *started = adadim_command_line(&count);
    if (*started == NULL || count <= own) return NULL;
    while (arguments[given] != NULL) given++;
    char **words = malloc((count - own + given + 1) * sizeof(char *));
    if (words == NULL) return NULL;
    memcpy(words, *started, (count - own) * sizeof(char *));
    memcpy(words + count - own, arguments, (given + 1) * sizeof(char *));
    return words;
}

/* A handler of this process has nothing to do in another that shares its memory. */
static void forget_handlers(void) {
    struct sigaction usual = {.sa_handler = SIG_DFL}, found;
    for (int signal = 1; signal < NSIG; signal++)
        if (sigaction(signal, NULL, &found) == 0 && found.sa_handler != SIG_DFL && found.sa_handler != SIG_IGN)
            sigaction(signal, &usual, NULL);
}

/* Starts the process. Not by fork, whose handlers take OpenBLAS's threads away from this process; vfork has none, and needs no
 * memory. This process waits until the other has become a program; no signal is handled meanwhile. */
static pid_t start(char *const *words, char *const *environment, int output, int nowhere) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid(), child = vfork();
    if (child != 0) {
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return child;
    }
    forget_handlers();
    sigprocmask(SIG_SETMASK, &before, NULL);
    /* Whatever ends this process ends that one. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && dup2(nowhere, STDIN_FILENO) >= 0
        && dup2(output, STDOUT_FILENO) >= 0 && dup2(nowhere, STDERR_FILENO) >= 0)
        execve(ADADIM_PROGRAM, words, environment);
    _exit(127);
}

/* The same file by a number that no stream has, where it has one of a stream that was closed. */
static int beside_streams(int file) {
    if (file < 0 || file > STDERR_FILENO) return file;
    int other = fcntl(file, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(file);
    return other;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Reads to the end. Returns how many bytes there were, or -1: more than there is room for, or no end in time. */
static ssize_t read_until(int64_t deadline, int file, char *buffer, size_t capacity) {
    size_t length = 0;
    while (length < capacity) {
        struct pollfd stream = {.fd = file, .events = POLLIN};
        int64_t left = deadline - now();
        int ready = left > 0 ? poll(&stream, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return -1;
        ssize_t count = read(file, buffer + length, capacity - length);
        if (count == 0) return (ssize_t)length;
        if (count > 0) length += (size_t)count;
        else if (errno != EINTR) return -1;
    }
    return -1;
}

ssize_t adadim_output_beside(
    char *const *arguments, size_t own, const char *setting, char *buffer, size_t capacity, int milliseconds) {
    char **started = NULL, **words = words_with(arguments, own, &started), **environment = environment_with(setting);
    int ends[2] = {-1, -1}, nowhere = beside_streams(open("/dev/null", O_RDWR | O_CLOEXEC));
    ssize_t length = -1;
    if (words != NULL && environment != NULL && nowhere >= 0 && pipe2(ends, O_CLOEXEC) == 0) {
        /* Whoever started this process may have had its children's ends ignored; then a number could be another's by now. */
        struct sigaction usual = {.sa_handler = SIG_DFL}, before;
        sigaction(SIGCHLD, &usual, &before);
        ends[1] = beside_streams(ends[1]);
        pid_t child = ends[1] < 0 ? -1 : start(words, environment, ends[1], nowhere);
        if (ends[1] >= 0) close(ends[1]);
        if (child > 0) {
            length = read_until(now() + milliseconds, ends[0], buffer, capacity);
            /* It has said all that it will, or has had its time. */
            kill(child, SIGKILL);
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
        }
        close(ends[0]);
        sigaction(SIGCHLD, &before, NULL);
    }
    if (nowhere >= 0) close(nowhere);
    free(environment);
    free(words);
    free(started);
    return length;
}
