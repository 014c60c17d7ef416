// The innermost loops of the column sweep, for instruction sets that the compiler may not assume. Each set has a file
// of its own and a table of the same functions; which table serves is decided at run time. The Swift twins of these
// functions (TileKernels+Portable.swift) are the fallback, and the oracle of the tests.
//
// Legend: a tile is a run of rows of a weight through one block of columns, column-major, its columns `stride` floats
// apart. `height` is a multiple of ADADIM_TILE_LANES; rows beyond the weight's are zero. A strip is eight columns of
// a square on the block, the factor's in a sweep and H's in a pass, packed: element (k, c) at 8·k + c. Errors e are
// W − Q; sums s are Σ e_k·V_kj.
#ifndef ADADIM_KERNELS_H
#define ADADIM_KERNELS_H

#include <stdint.h>

// Heights are multiples of this: the lanes of the widest set.
#define ADADIM_TILE_LANES 16
// Columns of a strip.
#define ADADIM_STRIP_WIDTH 8

// How a group's range may be narrowed: candidate t keeps the shares low_shares[t] and high_shares[t] of its two ends. The
// first candidate keeps all. Its grid has scale (high − low)/largest and zero round(−low/scale); where middle ≥ 0, it is
// symmetric: scale 2·max(−low, high)/largest and zero middle.
typedef struct {
    const float *low_shares;
    const float *high_shares;
    int64_t count;
    float largest;
    float middle;
} adadim_range_search;

typedef struct {
    const char *name;

    // target[:, c] += sign · Σ_{k < depth} source[:, k] · strip(k, c) for the eight columns of a strip.
    void (*multiply_add)(
        int64_t height, int64_t stride, int64_t depth, const float *source, const float *strip, float sign,
        float *target);

    // sums ← weight + (sums + Σ_{k < depth} errors[:, k] · coefficients[8·k]) · reciprocal: the updated weight w′.
    void (*update_column)(
        int64_t height, int64_t stride, int64_t depth, const float *errors, const float *coefficients,
        float reciprocal, const float *weight, float *sums);

    // sums ← (sums − Σ_{k < depth} solved[:, k] · coefficients[8·k]) · reciprocal: one column of a triangular solve.
    void (*solve_column)(
        int64_t height, int64_t stride, int64_t depth, const float *solved, const float *coefficients,
        float reciprocal, float *sums);

    // The least and the greatest of a column's elements, zero among them.
    void (*column_range)(int64_t height, const float *values, float *low, float *high);

    // low[i], high[i]: the least and the greatest over the columns of weight[i, :] + update[i, :], zero among them.
    // No update where it is null.
    void (*row_ranges)(
        int64_t height, int64_t stride, int64_t columns, const float *weight, const float *update, float *low,
        float *high);

    // For each row i, whose weights w are weight[i, :] + update[i, :] and lie in low[i] … high[i]: narrows low[i] and
    // high[i] to the candidate with the smallest Σⱼ importance[j]·(wⱼ − its grid's value)², the first of equal ones.
    void (*search_rows)(
        int64_t height, int64_t stride, int64_t columns, const float *weight, const float *update,
        const float *importance, const adadim_range_search *search, float *low, float *high);

    // As search_rows, for the elements of one column, all of the same importance.
    void (*search_column)(
        int64_t height, const float *values, const adadim_range_search *search, float *low, float *high);

    // Rounds a column of updated weights to the grid value = (code − zero)·scale with codes 0 … largest, to nearest,
    // ties to even. weight ← weight − value. losses[0] ← Σ (updated − value)², losses[1] ← Σ (weight − value)². Scale
    // and zero of row i are scales[i·step], zeros[i·step], step 0 or 1.
    //
    // With offsets, null for none, which need step 1, value = (code − zero)·scale − offsets[i], rounded once where the
    // product is exact; a scale may be negative, or zero, which has the code zero.
    void (*quantize_column)(
        int64_t height, const float *updated, const float *scales, const float *zeros, const float *offsets,
        int64_t step, float largest, float *weight, uint8_t *codes, float *losses);
} adadim_tile_kernels;

// The tables, null where this processor or this build has not the instructions. Not for users of a shared library that
// they are linked into.
__attribute__((visibility("hidden"))) const adadim_tile_kernels *adadim_tile_kernels_avx2(void);
__attribute__((visibility("hidden"))) const adadim_tile_kernels *adadim_tile_kernels_avx512(void);

#endif
