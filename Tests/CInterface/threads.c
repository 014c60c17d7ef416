/* Eight threads quantize eight different layers at once, again and again, and must get the bits that one thread gets alone, at
 * every number of OpenBLAS's threads.
 *
 *     threads [ROUNDS]
 */
#include "support.h"

#include <pthread.h>
#include <string.h>

enum { CALLERS = 8 };

typedef struct job {
    int64_t out, in, tokens;
    adadim_options options;
    float *weight, *inputs;
    int64_t rounds;
    uint64_t digests[64];
} job;

static void check(adadim_status status) {
    if (status != ADADIM_OK) {
        fprintf(stderr, "%s: %s\n", adadim_status_name(status), adadim_last_error());
        abort();
    }
}

/* Everything that a caller sees of a layer, as one number. */
static uint64_t quantize(const job *job) {
    adadim_gram *gram = NULL, *half = NULL;
    adadim_quantizer *quantizer = NULL;
    adadim_layer *layer = NULL;
    int64_t first = job->tokens / 3;
    check(adadim_gram_create(job->in, &gram));
    check(adadim_gram_create(job->in, &half));
    check(adadim_gram_accumulate(gram, job->inputs, ADADIM_FLOAT32, first));
    check(adadim_gram_accumulate(half, job->inputs + first * job->in, ADADIM_FLOAT32, job->tokens - first));
    check(adadim_gram_merge(gram, half));
    check(adadim_quantizer_take(&gram, &job->options, NULL, NULL, &quantizer));
    check(adadim_quantizer_quantize(quantizer, job->weight, ADADIM_FLOAT32, job->out, NULL, NULL, &layer));

    adadim_layer_info info;
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    check(adadim_layer_get_info(layer, &info));
    int64_t codes = info.out * info.in, groups = info.scale_rows * info.scale_columns;
    uint8_t *bytes = malloc((size_t)codes);
    float *scales = malloc(sizeof(float) * (size_t)groups);
    if (!bytes || !scales) fail("no memory", codes);
    uint64_t digest = digest_of(&info, sizeof info, 0xcbf29ce484222325u);
    check(adadim_layer_codes(layer, bytes, codes, NULL));
    digest = digest_of(bytes, (size_t)codes, digest);
    check(adadim_layer_scales(layer, scales, groups, NULL));
    digest = digest_of(scales, sizeof(float) * (size_t)groups, digest);
    check(adadim_layer_zero_points(layer, bytes, codes, NULL));
    digest = digest_of(bytes, (size_t)groups, digest);

    free(bytes);
    free(scales);
    adadim_layer_destroy(layer);
    adadim_quantizer_destroy(quantizer);
    adadim_gram_destroy(half);
    return digest;
}

static void *run(void *argument) {
    job *job = argument;
    for (int64_t round = 0; round < job->rounds; round++) job->digests[round] = quantize(job);
    return NULL;
}

static void prepare(job *job, int index, int64_t rounds) {
    static const int64_t outs[CALLERS] = {64, 200, 384, 129, 512, 33, 300, 256};
    static const int64_t ins[CALLERS] = {128, 320, 65, 512, 200, 640, 300, 384};
    static const int64_t bits[] = {2, 3, 4, 8};
    uint64_t state = (uint64_t)index + 1;
    *job = (struct job){.out = outs[index], .in = ins[index], .tokens = 700, .rounds = rounds};
    check(adadim_options_init(&job->options, ADADIM_FAST));
    job->options.bits = bits[index % 4];
    job->options.group_size = index % 3 == 0 ? 0 : 64;
    job->options.dimension = index % 3;
    job->options.selection = index / 3 % 2;
    job->options.activation_order = index / 4;
    job->weight = malloc(sizeof(float) * (size_t)(job->out * job->in));
    job->inputs = malloc(sizeof(float) * (size_t)(job->tokens * job->in));
    if (!job->weight || !job->inputs) fail("no memory", job->out * job->in);
    for (int64_t i = 0; i < job->out * job->in; i++) job->weight[i] = number_of(&state);
    for (int64_t i = 0; i < job->tokens * job->in; i++)
        job->inputs[i] = number_of(&state) * (i % job->in % 50 == 3 ? 40 : 1);
}

int main(int argc, char **argv) {
    int64_t rounds = argc > 1 ? atoll(argv[1]) : 4, most;
    if (rounds < 1 || rounds > 64) fail("rounds, 1 to 64 of them", rounds);
    static job jobs[CALLERS];
    for (int i = 0; i < CALLERS; i++) prepare(&jobs[i], i, rounds);
    check(adadim_thread_count(&most));
    if (most < 2) most = 2;
    for (int64_t count = 1; count <= most; count++) {
        check(adadim_set_thread_count(count));
        uint64_t alone[CALLERS];
        for (int i = 0; i < CALLERS; i++) alone[i] = quantize(&jobs[i]);

        pthread_t threads[CALLERS];
        for (int i = 0; i < CALLERS; i++)
            if (pthread_create(&threads[i], NULL, run, &jobs[i])) fail("no thread", i);
        for (int i = 0; i < CALLERS; i++) pthread_join(threads[i], NULL);

        for (int i = 0; i < CALLERS; i++)
            for (int64_t round = 0; round < rounds; round++)
                if (jobs[i].digests[round] != alone[i]) fail("other bits than alone: caller", i);
        int64_t now;
        check(adadim_thread_count(&now));
        if (now != count) fail("the number of threads has changed to", now);
    }
    printf("%d callers at once, %" PRId64 " rounds at 1 to %" PRId64 " threads: the bits of one alone\n", CALLERS, rounds, most);
    for (int i = 0; i < CALLERS; i++) {
        free(jobs[i].weight);
        free(jobs[i].inputs);
    }
    return 0;
}
