/* Quantizes one layer to 3 bits and prints the loss. After `make install`:
 *
 *     cc quantize_layer.c $(pkg-config --cflags --libs adadim) -o quantize_layer && ./quantize_layer
 */
#include <adadim.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program when a call has failed; the library itself never does. */
static void check(adadim_status status) {
    if (status != ADADIM_OK) {
        fprintf(stderr, "%s: %s\n", adadim_status_name(status), adadim_last_error());
        exit(EXIT_FAILURE);
    }
}

/* A whole number from -512 to 511, the same on every machine. */
static int next_number(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (int)(*state >> 22) - 512;
}

static int show_progress(double share, void *context) {
    (void)context;
    fprintf(stderr, "\r%3.0f %%", 100 * share);
    return 0; /* any other value cancels */
}

/* OpenBLAS has chosen its kernels at its start; only a new process can have others. */
static void warn_of_slow_kernels(void) {
    adadim_blas blas = {.size = sizeof blas};
    check(adadim_blas_report(&blas));
    if (blas.better_kernels[0] != 0)
        fprintf(stderr, "The kernels %s use less than this processor has: set OPENBLAS_CORETYPE=%s\n", blas.kernels,
                blas.better_kernels);
}

int main(void) {
    warn_of_slow_kernels();
    const int64_t out = 384, in = 512, tokens = 1024;
    float *weight = malloc(sizeof(float) * (size_t)(out * in));
    float *inputs = malloc(sizeof(float) * (size_t)(tokens * in));
    if (!weight || !inputs) return EXIT_FAILURE;

    /* In place of a model: a weight [out, in], and calibration inputs [tokens, in], two of them much larger. */
    uint32_t state = 1;
    for (int64_t i = 0; i < out * in; i++) weight[i] = (float)next_number(&state) / 16384;
    for (int64_t i = 0; i < tokens * in; i++) inputs[i] = (float)next_number(&state) / (i % in % 200 == 7 ? 8 : 512);

    adadim_gram *gram = NULL;
    adadim_quantizer *quantizer = NULL;
    adadim_layer *layer = NULL;
    adadim_options options;
    check(adadim_options_init(&options, ADADIM_BALANCED));
    options.bits = 3;
    options.group_size = 64;

    check(adadim_gram_create(in, &gram));
    for (int64_t batch = 0; batch < tokens; batch += 256)
        check(adadim_gram_accumulate(gram, inputs + batch * in, ADADIM_FLOAT32, 256));
    check(adadim_quantizer_take(&gram, &options, NULL, NULL, &quantizer)); /* frees the Gram matrix */
    check(adadim_quantizer_quantize(quantizer, weight, ADADIM_FLOAT32, out, show_progress, NULL, &layer));
    fprintf(stderr, "\n");

    adadim_layer_info info = {.size = sizeof info};
    check(adadim_layer_get_info(layer, &info));
    int64_t words = 0;
    check(adadim_layer_packed_codes(layer, NULL, 0, &words)); /* only the count */
    uint32_t *packed = malloc(sizeof *packed * (size_t)words);
    if (!packed) return EXIT_FAILURE;
    check(adadim_layer_packed_codes(layer, packed, words, NULL));

    /* FNV-1a over the words: Examples/Swift prints the same. */
    uint64_t digest = 0xcbf29ce484222325u;
    for (int64_t i = 0; i < words; i++) digest = (digest ^ packed[i]) * 0x100000001b3u;
    printf("%s, %.2f %% lost, codes %016" PRIx64 "\n", info.dimension == ADADIM_PER_IC ? "per-ic" : "per-oc",
           100 * info.relative_loss, digest);

    free(packed);
    free(weight);
    free(inputs);
    adadim_layer_destroy(layer);
    adadim_quantizer_destroy(quantizer);
    adadim_gram_destroy(gram);
    return EXIT_SUCCESS;
}
