/* The library as a part of a process: little address space, a library opened and closed while threads go on, a child of fork(),
 * handles that threads share. Each in a process of its own.
 *
 *     process LIBRARY
 */
#include "support.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 600, TOKENS = 300, CALLERS = 8 };

static float weight[SIZE * SIZE], inputs[TOKENS * SIZE];

/* The codes' digest, or 0 with the status in *status. */
static uint64_t quantize(const adadim_gram *gram, adadim_status *status) {
    static _Thread_local uint8_t codes[SIZE * SIZE];
    adadim_quantizer *quantizer = NULL;
    adadim_layer *layer = NULL;
    uint64_t digest = 0;
    (void)((*status = adadim_quantizer_create(gram, NULL, NULL, NULL, &quantizer))
           || (*status = adadim_quantizer_quantize(quantizer, weight, ADADIM_FLOAT32, SIZE, NULL, NULL, &layer))
           || (*status = adadim_layer_codes(layer, codes, SIZE * SIZE, NULL)));
    if (*status == ADADIM_OK) digest = digest_of(codes, sizeof codes, 0xcbf29ce484222325u);
    adadim_quantizer_destroy(quantizer);
    adadim_layer_destroy(layer);
    return digest;
}

static adadim_gram *sums(void) {
    adadim_gram *gram = NULL;
    if (adadim_gram_create(SIZE, &gram) || adadim_gram_accumulate(gram, inputs, ADADIM_FLOAT32, TOKENS))
        fail(adadim_last_error(), 0);
    return gram;
}

static void in_child(const char *what, void (*body)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) fail("no child", child);
    if (child == 0) {
        alarm(120); /* to hang is to fail */
        body();
        _exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "%s: ", what);
        fail("the process ended with status", status);
    }
    printf("%s\n", what);
}

/* Whatever the limit leaves: everything works, or memory is said to be missing; nothing hangs. */
static void little_address_space(int64_t megabytes) {
    long pages;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld", &pages) != 1) fail("/proc/self/statm", 0);
    fclose(file);
    rlim_t most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)megabytes << 20);
    struct rlimit limit = {most, most};
    if (setrlimit(RLIMIT_AS, &limit)) fail("setrlimit", megabytes);
    adadim_gram *gram = NULL;
    adadim_status status = ADADIM_OK;
    (void)((status = adadim_gram_create(SIZE, &gram))
           || (status = adadim_gram_accumulate(gram, inputs, ADADIM_FLOAT32, TOKENS)));
    if (status == ADADIM_OK) quantize(gram, &status);
    if (status != ADADIM_OK && status != ADADIM_OUT_OF_MEMORY) fail(adadim_last_error(), status);
}

static void eighty_megabytes(void) { little_address_space(80); }
static void two_hundred_megabytes(void) { little_address_space(200); }

static const char *library;
static pthread_barrier_t barrier;

static void *leave_an_error(void *handle) {
    adadim_status (*init)(adadim_options *, int32_t) =
        (adadim_status (*)(adadim_options *, int32_t))dlsym(handle, "adadim_options_init");
    if (init(NULL, ADADIM_FAST) != ADADIM_INVALID_ARGUMENT) fail("NULL was accepted", 0);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}

/* The thread's last error is let go when the thread ends, after the library was closed. */
static void closed_early(void) {
    void *handle = dlopen(library, RTLD_NOW);
    pthread_t thread;
    if (!handle) fail(dlerror(), 0);
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, leave_an_error, handle);
    pthread_barrier_wait(&barrier);
    if (dlclose(handle)) fail(dlerror(), 0);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
}

static uint64_t expected;

static void after_fork(void) {
    adadim_status status;
    adadim_gram *gram = sums();
    if (quantize(gram, &status) != expected) fail("a child computes something else", status);
    adadim_gram_destroy(gram);
}

typedef struct {
    adadim_gram *gram, *other;
    uint64_t digest;
} shared;

static void *use(void *argument) {
    shared *mine = argument;
    adadim_status status;
    mine->digest = quantize(mine->gram, &status);
    /* Crosswise: half of the threads add the one to the other, half the other to the one. */
    if (adadim_gram_merge(mine->other, mine->gram) && adadim_gram_merge(mine->gram, mine->other)) fail("merge", 0);
    return NULL;
}

static void shared_handles(void) {
    adadim_gram *gram = sums();
    adadim_gram *sinks[2] = {sums(), sums()};
    pthread_t threads[CALLERS];
    shared callers[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (shared){.gram = gram, .other = sinks[i % 2]};
        if (pthread_create(&threads[i], NULL, use, &callers[i])) fail("no thread", i);
    }
    for (int i = 0; i < CALLERS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < CALLERS; i++)
        if (callers[i].digest != expected) fail("other codes than alone: caller", i);
    int64_t tokens;
    for (int i = 0; i < 2; i++)
        if (adadim_gram_tokens(sinks[i], &tokens) || tokens != (1 + CALLERS / 2) * TOKENS) fail("tokens", tokens);
    for (int i = 0; i < 2; i++) adadim_gram_destroy(sinks[i]);
    adadim_gram_destroy(gram);
}

static void *merge_forward(void *argument) {
    adadim_gram **pair = argument;
    for (int i = 0; i < 200; i++) adadim_gram_merge(pair[0], pair[1]);
    return NULL;
}

static void *merge_backward(void *argument) {
    adadim_gram **pair = argument;
    for (int i = 0; i < 200; i++) adadim_gram_merge(pair[1], pair[0]);
    return NULL;
}

static void crosswise_merges(void) {
    adadim_gram *pair[2] = {NULL, NULL};
    pthread_t threads[2];
    if (adadim_gram_create(8, &pair[0]) || adadim_gram_create(8, &pair[1])) fail(adadim_last_error(), 0);
    pthread_create(&threads[0], NULL, merge_forward, pair);
    pthread_create(&threads[1], NULL, merge_backward, pair);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++) adadim_gram_destroy(pair[i]);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: process LIBRARY\n");
        return 2;
    }
    library = argv[1];
    uint64_t state = 5;
    for (int64_t i = 0; i < SIZE * SIZE; i++) weight[i] = number_of(&state);
    for (int64_t i = 0; i < TOKENS * SIZE; i++) inputs[i] = number_of(&state);
    in_child("80 MB of address space", eighty_megabytes);
    in_child("200 MB of address space", two_hundred_megabytes);
    in_child("closed while a thread has an error", closed_early);

    adadim_status status;
    adadim_gram *gram = sums();
    expected = quantize(gram, &status);
    if (status) fail(adadim_last_error(), status);
    adadim_gram_destroy(gram);
    in_child("a child of fork() computes the same", after_fork);
    in_child("handles that threads share", shared_handles);
    in_child("merges crosswise", crosswise_merges);
    return 0;
}
