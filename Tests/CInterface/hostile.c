/* Calls the library with whatever may come: null pointers, sizes out of range, NaN, options of garbage, addresses without
 * alignment, callbacks that cancel. Every call must return a known status, with a text if and only if it failed; what
 * succeeds must hold together.
 *
 *     hostile [CALLS] [SEED]
 */
#include "support.h"

#include <malloc.h>
#include <math.h>
#include <string.h>

/* The structs lie in memory as callers in other languages declare them. */
_Static_assert(sizeof(adadim_options) == 80, "adadim_options");
_Static_assert(sizeof(adadim_layer_info) == 176, "adadim_layer_info");
_Static_assert(sizeof(adadim_blas) == 48, "adadim_blas");

enum { MOST = 40, POOL = 8, ROOM = 4 * MOST * MOST + 64 };

static uint64_t state;

static uint64_t next(void) { return next_of(&state); }

static int64_t below(int64_t limit) { return (int64_t)(next() % (uint64_t)limit); }
static int one_in(int64_t count) { return below(count) == 0; }

static int64_t counts[16];

/* Looks at a status; returns whether the call succeeded. */
static int ok(adadim_status status) {
    if (status < ADADIM_OK || status > ADADIM_CANCELLED) fail("an unknown status", status);
    if ((status == ADADIM_OK) != (*adadim_last_error() == '\0')) fail("a text that does not fit its status", status);
    if (strcmp(adadim_status_name(status), "unknown status") == 0) fail("a status without a name", status);
    counts[status]++;
    return status == ADADIM_OK;
}

/* Sizes that no buffer has. */
static int64_t foreign_size(void) {
    static const int64_t sizes[] = {0, -1, INT64_MIN, INT64_MAX, INT64_MAX / 4 + 1, INT64_C(1) << 62,
                                    INT64_C(1) << 57, -(INT64_C(1) << 40), INT64_MIN + 1};
    return sizes[below(sizeof sizes / sizeof *sizes)];
}

static int64_t size_or_worse(int64_t fits) { return one_in(12) ? foreign_size() : fits; }
static adadim_type any_type(void) { return one_in(20) ? (adadim_type)below(1000) - 500 : (adadim_type)below(3); }
static int64_t width(adadim_type type) { return type == ADADIM_FLOAT32 ? 4 : 2; }

/* Numbers as bytes: small ones, and now and then a whole mess. At any address. */
static unsigned char numbers[ROOM + 8];

static const void *input(adadim_type type, int64_t count) {
    if (one_in(25)) return NULL;
    unsigned char *start = numbers + (one_in(4) ? below(8) : 0);
    if (one_in(8)) {
        for (int64_t i = 0; i < count * width(type); i++) start[i] = (unsigned char)next();
        return start;
    }
    float scale = one_in(10) ? 1e30f : one_in(10) ? 1e-38f : 1;
    for (int64_t i = 0; i < count; i++) {
        float value = one_in(50) ? 0 : scale * (float)(below(2001) - 1000) / 1000;
        if (one_in(3000)) value = one_in(2) ? NAN : INFINITY;
        uint32_t bits;
        memcpy(&bits, &value, 4);
        uint16_t half = (uint16_t)(bits >> 16);
        /* As float16 the same bits stand for other numbers, all the better. */
        if (type == ADADIM_FLOAT32) memcpy(start + 4 * i, &value, 4);
        else memcpy(start + 2 * i, &half, 2);
    }
    return start;
}

static int callback(double share, void *context) {
    if (!(share >= 0 && share <= 1)) fail("a share outside 0 ... 1", (int64_t)(share * 1000));
    int *left = context;
    return left && --*left < 0;
}

static adadim_options *any_options(adadim_options *options) {
    if (one_in(6)) return NULL;
    if (!ok(adadim_options_init(options, ADADIM_FAST))) fail("no defaults", 0);
    static const int64_t bits[] = {2, 3, 4, 8};
    options->bits = bits[below(4)];
    options->group_size = below(MOST);
    options->damping = one_in(5) ? 0 : (double)below(100) / 100;
    options->method = (int32_t)below(2);
    options->dimension = (int32_t)below(3);
    options->selection = (int32_t)below(2);
    options->symmetric = (int32_t)below(2);
    options->activation_order = (int32_t)below(2);
    options->scale_type = (adadim_type)below(3);
    options->ranges = (int32_t)below(2);
    options->refine = (int32_t)below(3);
    options->passes = below(3);
    if (one_in(8)) ok(adadim_options_set_grid(one_in(10) ? NULL : options, (int32_t)below(8)));
    if (one_in(6)) {
        unsigned char *byte = (unsigned char *)options + below((int64_t)sizeof *options);
        *byte = (unsigned char)next();
    }
    if (one_in(20)) options->damping = one_in(2) ? NAN : INFINITY;
    if (one_in(20)) options->group_size = foreign_size();
    return options;
}

static adadim_gram *grams[POOL];
static adadim_quantizer *quantizers[POOL];
static adadim_layer *layers[POOL];
static int64_t orders[POOL], quantizer_inputs[POOL];

static void call_gram(int which) {
    switch (below(6)) {
    case 0: case 1: {
        if (grams[which]) return;
        int64_t inputs = one_in(10) ? foreign_size() : 1 + below(MOST);
        adadim_gram **place = one_in(30) ? NULL : &grams[which];
        adadim_status status;
        /* 4 TB and more: there is no such memory. */
        if (one_in(20)) status = adadim_gram_create(INT64_C(1) << (20 + below(10)), place);
        else if (one_in(2)) status = adadim_gram_create(inputs, place);
        else {
            int64_t count = inputs > 0 && inputs <= MOST ? inputs * inputs : 0;
            const void *matrix = input(ADADIM_FLOAT32, count);
            status = adadim_gram_create_from(matrix, inputs, size_or_worse(below(1000)), place);
        }
        if (ok(status)) {
            if (!grams[which]) fail("success without a handle", inputs);
            orders[which] = inputs;
        } else if (grams[which]) fail("a handle of a failed call", status);
        return;
    }
    case 2: case 3: {
        adadim_type type = any_type();
        int64_t tokens = 1 + below(MOST);
        int64_t given = size_or_worse(tokens);
        int64_t inputs = grams[which] ? orders[which] : 1;
        ok(adadim_gram_accumulate(grams[which], input(type == ADADIM_FLOAT32 ? type : ADADIM_BFLOAT16, tokens * inputs), type, given));
        return;
    }
    case 4: ok(adadim_gram_merge(grams[which], grams[below(POOL)])); return;
    default: {
        int64_t count = -1;
        float *buffer = one_in(4) ? NULL : (float *)(void *)(numbers + below(8));
        int64_t needed = grams[which] ? orders[which] * orders[which] : 0;
        ok(adadim_gram_matrix(grams[which], buffer, needed - (one_in(4) ? 1 : 0), one_in(3) ? NULL : &count));
        int64_t figure;
        ok(adadim_gram_tokens(grams[which], one_in(5) ? NULL : &figure));
        ok(adadim_gram_check_active(grams[which]));
        ok(adadim_gram_inputs(grams[which], one_in(5) ? NULL : &figure));
        if (one_in(3)) {
            adadim_gram_destroy(grams[which]);
            grams[which] = NULL;
        }
    }
    }
}

static void call_quantizer(int which) {
    if (quantizers[which] && one_in(3)) {
        adadim_quantizer_destroy(quantizers[which]);
        quantizers[which] = NULL;
        return;
    }
    if (quantizers[which]) return;
    int from = (int)below(POOL), left = (int)below(4);
    adadim_options options;
    adadim_options *given = any_options(&options);
    adadim_progress progress = one_in(3) ? callback : NULL;
    adadim_quantizer **place = one_in(30) ? NULL : &quantizers[which];
    adadim_status status;
    if (one_in(2)) status = adadim_quantizer_create(grams[from], given, progress, &left, place);
    else status = adadim_quantizer_take(one_in(30) ? NULL : &grams[from], given, progress, &left, place);
    if (ok(status)) {
        if (!quantizers[which]) fail("success without a handle", status);
        quantizer_inputs[which] = orders[from];
    } else if (quantizers[which]) fail("a handle of a failed call", status);
}

static void check_layer(const adadim_layer *layer) {
    adadim_layer_info info;
    info.size = sizeof info;
    if (!ok(adadim_layer_get_info(layer, &info))) fail("a layer without info", 0);
    if (!(info.loss >= 0 && isfinite(info.loss) && isfinite(info.output_energy))) fail("a loss", 0);
    static uint8_t codes[MOST * MOST], zeros[MOST * MOST];
    static float scales[MOST * MOST], weights[MOST * MOST];
    static uint32_t words[MOST * MOST];
    int64_t count = info.out * info.in, groups = info.scale_rows * info.scale_columns;
    if (!ok(adadim_layer_codes(layer, codes, count, NULL))) fail("codes", count);
    if (!ok(adadim_layer_scales(layer, scales, groups, NULL))) fail("scales", groups);
    if (!ok(adadim_layer_zero_points(layer, zeros, groups, NULL))) fail("zero points", groups);
    if (!ok(adadim_layer_dequantized(layer, weights, ADADIM_FLOAT32, count, NULL))) fail("weights", count);
    if (!ok(adadim_layer_packed_codes(layer, words, info.out * info.words_per_row, NULL))) fail("words", count);
    for (int64_t i = 0; i < groups; i++)
        if (!(scales[i] > 0 && isfinite(scales[i]) && zeros[i] < 1 << info.bits)) fail("a scale or a zero point", i);
    for (int64_t i = 0; i < info.out; i++)
        for (int64_t j = 0; j < info.in; j++) {
            int64_t group = info.dimension == ADADIM_PER_OC
                ? i * info.scale_columns + j / info.group_size
                : i / info.group_size * info.scale_columns + j;
            int code = codes[i * info.in + j];
            if (code >> info.bits) fail("a code", code);
            if (weights[i * info.in + j] != (float)(code - zeros[group]) * scales[group]) fail("a weight", i);
            int64_t bit = j * info.bits;
            uint64_t two = words[i * info.words_per_row + bit / 32];
            if (bit / 32 + 1 < info.words_per_row) two |= (uint64_t)words[i * info.words_per_row + bit / 32 + 1] << 32;
            if ((int)(two >> bit % 32 & ((1u << info.bits) - 1)) != code) fail("a packed code", j);
        }
}

static void call_layer(int which) {
    if (!layers[which]) {
        int from = (int)below(POOL), left = (int)below(6);
        adadim_type type = any_type();
        int64_t out = 1 + below(MOST);
        const void *weight = input(type == ADADIM_FLOAT32 ? type : ADADIM_BFLOAT16, out * (quantizers[from] ? quantizer_inputs[from] : 1));
        adadim_layer **place = one_in(30) ? NULL : &layers[which];
        adadim_status status = adadim_quantizer_quantize(
            quantizers[from], weight, type, size_or_worse(out), one_in(3) ? callback : NULL, &left, place);
        if (ok(status)) check_layer(layers[which]);
        else if (layers[which]) fail("a handle of a failed call", status);
        return;
    }
    int64_t count;
    int64_t *told = one_in(3) ? NULL : &count;
    int64_t capacity = size_or_worse(below(8));
    if (capacity > ROOM / 4) capacity = 0;
    unsigned char *buffer = one_in(4) ? NULL : numbers + below(8);
    switch (below(9)) {
    case 0: ok(adadim_layer_codes(layers[which], buffer, capacity, told)); return;
    case 1: ok(adadim_layer_scales(layers[which], (float *)(void *)buffer, capacity, told)); return;
    case 2: ok(adadim_layer_zero_points(layers[which], buffer, capacity, told)); return;
    case 3: ok(adadim_layer_packed_codes(layers[which], (uint32_t *)(void *)buffer, capacity, told)); return;
    case 4: ok(adadim_layer_dequantized(layers[which], buffer, any_type(), capacity, told)); return;
    case 5: {
        adadim_layer_info info;
        info.size = size_or_worse(sizeof info);
        ok(adadim_layer_get_info(one_in(4) ? NULL : layers[which], one_in(5) ? NULL : &info));
        return;
    }
    case 6: ok(adadim_layer_whole_scales(layers[which], (int8_t *)(void *)buffer, capacity, told)); return;
    case 7: ok(adadim_layer_super_offsets(layers[which], (float *)(void *)buffer, capacity, told)); return;
    default: adadim_layer_destroy(layers[which]); layers[which] = NULL;
    }
}

static void call_other(void) {
    int64_t figure = 0;
    adadim_options options;
    switch (below(5)) {
    case 0: ok(adadim_thread_count(one_in(3) ? NULL : &figure)); return;
    case 1: ok(adadim_set_thread_count(one_in(2) ? foreign_size() : 1 + below(4))); return;
    case 2: ok(adadim_options_init(one_in(3) ? NULL : &options, one_in(3) ? (int32_t)below(5) - 2 : ADADIM_BALANCED)); return;
    case 3: {
        adadim_blas blas = {.size = one_in(3) ? foreign_size() : (int64_t)sizeof blas};
        if (ok(adadim_blas_report(one_in(5) ? NULL : &blas)) && (!blas.library || !blas.kernels || !blas.better_kernels))
            fail("a report without its texts", 0);
        return;
    }
    default:
        ok(adadim_memory_needed(one_in(2) ? foreign_size() : below(1 << 28), one_in(2) ? foreign_size() : below(1 << 28),
                                any_options(&options), one_in(5) ? NULL : &figure));
    }
}

int main(int argc, char **argv) {
    int64_t calls = argc > 1 ? atoll(argv[1]) : 20000;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    size_t early = 0;
    for (int64_t call = 0; call < calls; call++) {
        int which = (int)below(POOL);
        switch (below(8)) {
        case 0: case 1: case 2: call_gram(which); break;
        case 3: case 4: call_quantizer(which); break;
        case 5: case 6: call_layer(which); break;
        default: call_other();
        }
        if (call == calls / 2) early = mallinfo2().uordblks;
    }
    size_t late = mallinfo2().uordblks;
    for (int i = 0; i < POOL; i++) {
        adadim_gram_destroy(grams[i]);
        adadim_quantizer_destroy(quantizers[i]);
        adadim_layer_destroy(layers[i]);
    }
    for (int status = 0; status <= ADADIM_CANCELLED; status++)
        printf("%-32s %10" PRId64 "\n", adadim_status_name(status), counts[status]);
    /* Both times the pools are about as full; a handle holds some 30 KB at most, and there are 24 of them. */
    if (early == 0) return 0; /* a sanitizer's allocator, which looks for leaks by itself */
    printf("in use after half of the calls and after all: %zu, %zu KB\n", early / 1024, late / 1024);
    if (late > early + (1 << 20)) fail("memory grows: bytes", (int64_t)(late - early));
    return 0;
}
