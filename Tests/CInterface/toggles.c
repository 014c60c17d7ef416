/* One thread sets the number of OpenBLAS's threads to 1 and 2 in turn while others quantize: no call may fail, each layer must
 * lose what it loses when nobody does that, but for rounding, and afterwards bits must be those of one thread alone.
 *
 *     toggles [CALLS]
 */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

enum { CALLERS = 2, VARIANTS = 6, ROUNDS = 1000 };

typedef struct variant {
    int64_t out, in;
    adadim_options options;
    adadim_gram *gram;
    float *weight, *inputs;
    double loss;
    uint64_t digest;
} variant;

static variant variants[VARIANTS];
static atomic_bool is_done;
static atomic_llong calls;

static void check(adadim_status status) {
    if (status != ADADIM_OK) {
        fprintf(stderr, "%s: %s\n", adadim_status_name(status), adadim_last_error());
        abort();
    }
}

/* The layer's relative loss, and its codes as one number. */
static double quantize(const variant *variant, uint64_t *digest) {
    adadim_quantizer *quantizer = NULL;
    adadim_layer *layer = NULL;
    check(adadim_quantizer_create(variant->gram, &variant->options, NULL, NULL, &quantizer));
    check(adadim_quantizer_quantize(quantizer, variant->weight, ADADIM_FLOAT32, variant->out, NULL, NULL, &layer));
    adadim_layer_info info = {.size = sizeof info};
    check(adadim_layer_get_info(layer, &info));
    int64_t count = info.out * info.in;
    uint8_t *codes = malloc((size_t)count);
    if (!codes) fail("no memory", count);
    check(adadim_layer_codes(layer, codes, count, NULL));
    *digest = digest_of(codes, (size_t)count, 0xcbf29ce484222325u);
    free(codes);
    adadim_layer_destroy(layer);
    adadim_quantizer_destroy(quantizer);
    return info.relative_loss;
}

/* Until the count changes no more. */
static void *run(void *unused) {
    (void)unused;
    for (int64_t call = 0; !atomic_load(&is_done); call++) {
        const variant *variant = &variants[call % VARIANTS];
        uint64_t digest;
        double loss = quantize(variant, &digest);
        /* Sums in another order round some codes to the other side of a tie, and what follows in their rows with them. */
        if (!(loss >= 0.98 * variant->loss && loss <= 1.02 * variant->loss)) {
            fprintf(stderr, "a relative loss of %g, alone %g\n", loss, variant->loss);
            fail("another loss than alone: variant", call % VARIANTS);
        }
        atomic_fetch_add(&calls, 1);
    }
    return NULL;
}

static void prepare(variant *variant, int index) {
    uint64_t state = (uint64_t)index + 1;
    int64_t tokens = 400;
    *variant = (struct variant){.out = 256 + 64 * (index % 2), .in = 128 + 37 * (index % 3)};
    check(adadim_options_init(&variant->options, ADADIM_FAST));
    variant->options.bits = index % 2 ? 4 : 3;
    variant->options.group_size = index == 4 ? 0 : 64;
    variant->options.dimension = index % 3;
    variant->options.selection = index / 3;
    variant->options.passes = index % 3;
    variant->options.activation_order = index / 2 % 2;
    variant->weight = malloc(sizeof(float) * (size_t)(variant->out * variant->in));
    variant->inputs = malloc(sizeof(float) * (size_t)(tokens * variant->in));
    if (!variant->weight || !variant->inputs) fail("no memory", variant->out * variant->in);
    for (int64_t i = 0; i < variant->out * variant->in; i++) variant->weight[i] = number_of(&state);
    for (int64_t i = 0; i < tokens * variant->in; i++) variant->inputs[i] = number_of(&state);
    check(adadim_gram_create(variant->in, &variant->gram));
    check(adadim_gram_accumulate(variant->gram, variant->inputs, ADADIM_FLOAT32, tokens));
    variant->loss = quantize(variant, &variant->digest);
}

int main(int argc, char **argv) {
    int64_t wanted = argc > 1 ? atoll(argv[1]) : 1200, rounds = 0;
    if (wanted < 1) fail("calls, 1 or more", wanted);
    check(adadim_set_thread_count(2));
    for (int i = 0; i < VARIANTS; i++) prepare(&variants[i], i);

    pthread_t threads[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        if (pthread_create(&threads[i], NULL, run, NULL)) fail("no thread", i);
    for (; rounds < ROUNDS || atomic_load(&calls) < wanted; rounds++) {
        check(adadim_set_thread_count(1));
        check(adadim_set_thread_count(2));
    }
    atomic_store(&is_done, true);
    for (int i = 0; i < CALLERS; i++) pthread_join(threads[i], NULL);

    check(adadim_set_thread_count(2));
    for (int i = 0; i < VARIANTS; i++) {
        uint64_t digest;
        double loss = quantize(&variants[i], &digest);
        if (digest != variants[i].digest || loss != variants[i].loss) fail("other bits than before: variant", i);
    }
    printf("%lld calls of %d threads while the number of threads changed %" PRId64 " times: none failed\n",
           (long long)atomic_load(&calls), CALLERS, 2 * rounds);
    for (int i = 0; i < VARIANTS; i++) {
        adadim_gram_destroy(variants[i].gram);
        free(variants[i].weight);
        free(variants[i].inputs);
    }
    return 0;
}
