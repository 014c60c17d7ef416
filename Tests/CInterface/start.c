/* The number of threads that a process begins with: the parent's and the child's of a fork before the library's first call, as
 * daemons do. Each then computes.
 *
 *     start THREADS LACKS_THREADS
 */
#include "support.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 256, TOKENS = 300 };

static float weight[SIZE * SIZE], inputs[TOKENS * SIZE];

static void check(const char *who, int64_t threads, int64_t lacks) {
    alarm(120); /* to hang is to fail */
    int64_t count;
    adadim_blas blas = {.size = sizeof blas};
    if (adadim_thread_count(&count) || count != threads) fail(who, count);
    if (adadim_blas_report(&blas) || blas.lacks_threads != lacks) fail(who, blas.lacks_threads);
    adadim_gram *gram = NULL;
    adadim_quantizer *quantizer = NULL;
    adadim_layer *layer = NULL;
    if (adadim_gram_create(SIZE, &gram) || adadim_gram_accumulate(gram, inputs, ADADIM_FLOAT32, TOKENS)
        || adadim_quantizer_take(&gram, NULL, NULL, NULL, &quantizer)
        || adadim_quantizer_quantize(quantizer, weight, ADADIM_FLOAT32, SIZE, NULL, NULL, &layer))
        fail(adadim_last_error(), 0);
    adadim_layer_destroy(layer);
    adadim_quantizer_destroy(quantizer);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: start THREADS LACKS_THREADS\n");
        return 2;
    }
    int64_t threads = atoll(argv[1]), lacks = atoll(argv[2]);
    uint64_t state = 5;
    for (int64_t i = 0; i < SIZE * SIZE; i++) weight[i] = number_of(&state);
    for (int64_t i = 0; i < TOKENS * SIZE; i++) inputs[i] = number_of(&state);
    pid_t child = fork();
    if (child == 0) {
        check("the child's threads", threads, lacks);
        _exit(0);
    }
    /* A system that gives no thread gives no child. */
    if (child < 0 && !lacks) fail("no child", child);
    check("the parent's threads", threads, lacks);
    int status = 0;
    if (child > 0 && (waitpid(child, &status, 0) != child || status != 0)) fail("the child's status", status);
    printf("threads, before and after a fork: %" PRId64 "\n", threads);
    if (lacks) {
        /* The system gives threads by now, but not those that OpenBLAS takes for running. */
        struct rlimit limit;
        if (getrlimit(RLIMIT_NPROC, &limit)) fail("no limit", 0);
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NPROC, &limit) || adadim_set_thread_count(2)) fail("setting the number of threads", 0);
        check("the parent's threads, once there are more", 1, 1);
    }
    return 0;
}
