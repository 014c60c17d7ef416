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

enum { CALLERS = 2, VARIANTS = 6 };

typedef struct variant {
    int64_t out, in;
    adadim_options options;
    adadim_gram *gram;
    float *weight, *inputs;
    double loss;
    uint64_t digest;
} variant;

typedef struct caller {
    variant *variants;
    int64_t calls;
} caller;

static atomic_bool is_done;
static atomic_llong toggles;

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

static void *toggle(void *unused) {
    (void)unused;
    while (!atomic_load(&is_done)) {
        check(adadim_set_thread_count(1));
        check(adadim_set_thread_count(2));
        atomic_fetch_add(&toggles, 1);
    }
    return NULL;
}

static void *run(void *argument) {
    const caller *caller = argument;
    for (int64_t call = 0; call < caller->calls; call++) {
        const variant *variant = &caller->variants[call % VARIANTS];
        uint64_t digest;
        double loss = quantize(variant, &digest);
        /* Sums in another order round some codes to the other side of a tie, and what follows in their rows with them. */
        if (!(loss >= 0.98 * variant->loss && loss <= 1.02 * variant->loss)) {
            fprintf(stderr, "a relative loss of %g, alone %g\n", loss, variant->loss);
            fail("another loss than alone: variant", call % VARIANTS);
        }
    }
    return NULL;
}

static void prepare(variant *variant, int index) {
    uint64_t state = (uint64_t)index + 1;
    int64_t tokens = 400;
    *variant = (struct variant){.out = 256 + 64 * (index % 2), .in = 128 + 37 * (index % 3)};
    check(adadim_options_init(&variant->options));
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
    int64_t calls = argc > 1 ? atoll(argv[1]) : 600;
    if (calls < 1) fail("calls, 1 or more", calls);
    static variant variants[VARIANTS];
    check(adadim_set_thread_count(2));
    for (int i = 0; i < VARIANTS; i++) prepare(&variants[i], i);

    pthread_t toggler, threads[CALLERS];
    caller caller = {variants, calls};
    if (pthread_create(&toggler, NULL, toggle, NULL)) fail("no thread", 0);
    for (int i = 0; i < CALLERS; i++)
        if (pthread_create(&threads[i], NULL, run, &caller)) fail("no thread", i);
    for (int i = 0; i < CALLERS; i++) pthread_join(threads[i], NULL);
    atomic_store(&is_done, true);
    pthread_join(toggler, NULL);
    if (atomic_load(&toggles) < 100) fail("too few changes of the number of threads to tell", atomic_load(&toggles));

    check(adadim_set_thread_count(2));
    for (int i = 0; i < VARIANTS; i++) {
        uint64_t digest;
        double loss = quantize(&variants[i], &digest);
        if (digest != variants[i].digest || loss != variants[i].loss) fail("other bits than before: variant", i);
    }
    printf("%" PRId64 " calls of each of %d threads while the number of threads changed %lld times: none failed\n", calls,
           CALLERS, (long long)atomic_load(&toggles));
    for (int i = 0; i < VARIANTS; i++) {
        adadim_gram_destroy(variants[i].gram);
        free(variants[i].weight);
        free(variants[i].inputs);
    }
    return 0;
}
