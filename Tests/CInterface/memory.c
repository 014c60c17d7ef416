/* The system gives no memory: one large allocation after another is refused, for as long as there is one more to refuse. Every
 * refusal must come back as ADADIM_OUT_OF_MEMORY, leave nothing behind, and not change what the next call computes.
 *
 *     memory [BYTES]     allocations of as many bytes or more are refused; smaller ones do not grow with a layer
 *
 * OpenBLAS's own are not: it notes down there what its threads are to do, a size that grows with nothing but their number, and
 * ends the process when it gets none.
 */
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <string.h>

enum { OUT = 192, IN = 320, TOKENS = 640 };

/* ---- The allocator: glibc's, but for one refusal ---------------------------------------------------------------- */

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static size_t large = SIZE_MAX;
static atomic_llong until_refusal, refusals;

static int refused(size_t bytes, void *caller) {
    Dl_info place;
    if (bytes < large || (dladdr(caller, &place) && strstr(place.dli_fname, "blas"))) return 0;
    if (atomic_fetch_sub(&until_refusal, 1) != 0) return 0;
    atomic_fetch_add(&refusals, 1);
    errno = ENOMEM;
    return 1;
}

#define REFUSED(bytes) refused(bytes, __builtin_return_address(0))

void *malloc(size_t bytes) { return REFUSED(bytes) ? NULL : __libc_malloc(bytes); }
void *calloc(size_t count, size_t bytes) { return REFUSED(count * bytes) ? NULL : __libc_calloc(count, bytes); }
void *realloc(void *block, size_t bytes) { return REFUSED(bytes) ? NULL : __libc_realloc(block, bytes); }
void *memalign(size_t alignment, size_t bytes) { return REFUSED(bytes) ? NULL : __libc_memalign(alignment, bytes); }
void *aligned_alloc(size_t alignment, size_t bytes) { return REFUSED(bytes) ? NULL : __libc_memalign(alignment, bytes); }

int posix_memalign(void **block, size_t alignment, size_t bytes) {
    void *found = REFUSED(bytes) ? NULL : __libc_memalign(alignment, bytes);
    if (!found) return ENOMEM;
    *block = found;
    return 0;
}

/* ---- The work --------------------------------------------------------------------------------------------------- */

static uint16_t weight[OUT * IN], inputs[TOKENS * IN];
static float matrix[IN * IN];

/* Handles that a run has made; let go at its end, whatever came of it. */
typedef struct {
    adadim_gram *gram, *other;
    adadim_quantizer *quantizer;
    adadim_layer *layer;
} handles;

/* Every call that takes memory, until one fails. */
static adadim_status quantize(handles *made, const adadim_options *options, uint64_t *digest) {
    static uint8_t codes[OUT * IN];
    static float scales[OUT * IN];
    static uint32_t words[OUT * IN];
    adadim_status status;
    int64_t count;
    (void)((status = adadim_gram_create(IN, &made->gram))
           || (status = adadim_gram_accumulate(made->gram, inputs, ADADIM_BFLOAT16, TOKENS))
           || (status = adadim_gram_matrix(made->gram, matrix, IN * IN, NULL))
           || (status = adadim_gram_create_from(matrix, IN, TOKENS, &made->other))
           || (status = adadim_gram_merge(made->gram, made->other))
           || (status = adadim_quantizer_create(made->gram, options, NULL, NULL, &made->quantizer)));
    if (status) return status;
    adadim_quantizer_destroy(made->quantizer);
    (void)((status = adadim_quantizer_take(&made->gram, options, NULL, NULL, &made->quantizer))
           || (status = adadim_quantizer_quantize(
                   made->quantizer, weight, ADADIM_BFLOAT16, OUT, NULL, NULL, &made->layer))
           || (status = adadim_layer_codes(made->layer, codes, OUT * IN, NULL))
           || (status = adadim_layer_packed_codes(made->layer, words, OUT * IN, &count))
           || (status = adadim_layer_dequantized(made->layer, scales, ADADIM_FLOAT32, OUT * IN, NULL)));
    if (status) return status;
    *digest = digest_of(codes, sizeof codes, 0xcbf29ce484222325u);
    *digest = digest_of(words, sizeof(uint32_t) * (size_t)count, *digest);
    *digest = digest_of(scales, sizeof scales, *digest);
    return ADADIM_OK;
}

static void let_go(handles *made) {
    adadim_gram_destroy(made->gram);
    adadim_gram_destroy(made->other);
    adadim_quantizer_destroy(made->quantizer);
    adadim_layer_destroy(made->layer);
    memset(made, 0, sizeof *made);
}

/* Refuses the allocations of one run in turn; returns how many there were. */
static int64_t refuse_each(const adadim_options *options, size_t bytes) {
    handles made = {0};
    uint64_t expected = 0;
    if (quantize(&made, options, &expected)) fail(adadim_last_error(), 0);
    let_go(&made);
    for (int64_t which = 0;; which++) {
        size_t before = mallinfo2().uordblks;
        uint64_t digest = 0;
        long long so_far = refusals;
        until_refusal = which;
        large = bytes;
        adadim_status status = quantize(&made, options, &digest);
        large = SIZE_MAX;
        if (refusals == so_far) {
            if (status || digest != expected) fail("a run without a refusal that went otherwise", which);
            let_go(&made);
            return which;
        }
        if (status == ADADIM_OK && digest != expected) fail("memory was refused, and the result is another: allocation", which);
        if (status != ADADIM_OUT_OF_MEMORY && status != ADADIM_OK) {
            fprintf(stderr, "%s: %s\n", adadim_status_name(status), adadim_last_error());
            fail("memory was refused, and the status is not ADADIM_OUT_OF_MEMORY: allocation", which);
        }
        let_go(&made);
        size_t after = mallinfo2().uordblks;
        /* Texts of errors, and what libraries keep for later; no matrix. */
        if (after > before + sizeof weight / 4) fail("a refusal left memory behind: bytes", (int64_t)(after - before));
    }
}

int main(int argc, char **argv) {
    size_t bytes = argc > 1 ? strtoull(argv[1], NULL, 10) : 17000;
    uint64_t state = 3;
    for (int64_t i = 0; i < OUT * IN; i++) {
        float value = number_of(&state);
        uint32_t bits;
        memcpy(&bits, &value, 4);
        weight[i] = (uint16_t)(bits >> 16);
    }
    for (int64_t i = 0; i < TOKENS * IN; i++) {
        float value = number_of(&state);
        uint32_t bits;
        memcpy(&bits, &value, 4);
        inputs[i] = (uint16_t)(bits >> 16);
    }
    int64_t runs = 0;
    for (int dimension = ADADIM_ADAPTIVE; dimension <= ADADIM_PER_IC; dimension++)
        for (int method = ADADIM_GPTQ; method <= ADADIM_ROUND_TO_NEAREST; method++)
            for (int variant = 0; variant < 4; variant++) {
                adadim_options options;
                if (adadim_options_init(&options, ADADIM_FAST)) fail(adadim_last_error(), 0);
                options.dimension = dimension;
                options.method = method;
                options.selection = variant % 2;
                options.activation_order = options.symmetric = variant / 2;
                runs += refuse_each(&options, bytes);
            }
    printf("%" PRId64 " allocations of %zu bytes or more refused, each with its status\n", runs, bytes);
    return 0;
}
