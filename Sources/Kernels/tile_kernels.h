// The loops of AdaDimKernels.h over vectors of LANES floats. Included once by each instruction set's file, which
// defines:
//
//   LANES            floats to a vector
//   WIDE_COLUMNS     columns of a register block of two vectors: as many as the registers hold
//   TARGET           the function attribute that allows the instructions
//   vector_min, vector_max, store_codes
//
// A product that is added becomes one fused operation.
#pragma clang fp contract(fast)

typedef float vector __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int lanes __attribute__((ext_vector_type(LANES), aligned(4)));

#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE vector load(const float *p) { return *(const vector *)p; }
INLINE void store(float *p, vector v) { *(vector *)p = v; }

INLINE vector select_lanes(lanes where, vector yes, vector no) {
    return (vector)(((lanes)yes & where) | ((lanes)no & ~where));
}

// One register block: `vectors` · LANES rows by `columns` columns of a strip.
INLINE void multiply_block(
    int vectors, int columns, int64_t stride, int64_t depth, const float *source, const float *strip, float sign,
    float *target) {
    vector sums[2][8];
    for (int v = 0; v < vectors; v++)
        for (int c = 0; c < columns; c++) sums[v][c] = 0;
    for (int64_t k = 0; k < depth; k++) {
        vector rows[2];
        for (int v = 0; v < vectors; v++) rows[v] = load(source + k * stride + v * LANES);
        for (int c = 0; c < columns; c++) {
            vector factor = strip[k * 8 + c];
            for (int v = 0; v < vectors; v++) sums[v][c] += rows[v] * factor;
        }
    }
    for (int c = 0; c < columns; c++)
        for (int v = 0; v < vectors; v++) {
            float *place = target + c * stride + v * LANES;
            store(place, load(place) + sums[v][c] * sign);
        }
}

TARGET static void multiply_add(
    int64_t height, int64_t stride, int64_t depth, const float *source, const float *strip, float sign,
    float *target) {
    int64_t i = 0;
    for (; i + 2 * LANES <= height; i += 2 * LANES)
        for (int c = 0; c < 8; c += WIDE_COLUMNS)
            multiply_block(2, WIDE_COLUMNS, stride, depth, source + i, strip + c, sign, target + c * stride + i);
    for (; i < height; i += LANES)
        multiply_block(1, 8, stride, depth, source + i, strip, sign, target + i);
}

// The functions below take `count` vectors of rows at once, four where there are as many: their chains of operations
// overlap.

INLINE void update_rows(
    int count, int64_t stride, int64_t depth, const float *errors, const float *coefficients, float reciprocal,
    const float *weight, float *sums) {
    vector s[4];
    for (int v = 0; v < count; v++) s[v] = load(sums + v * LANES);
    for (int64_t k = 0; k < depth; k++) {
        vector factor = coefficients[8 * k];
        for (int v = 0; v < count; v++) s[v] += load(errors + k * stride + v * LANES) * factor;
    }
    for (int v = 0; v < count; v++) store(sums + v * LANES, load(weight + v * LANES) + s[v] * reciprocal);
}

TARGET static void update_column(
    int64_t height, int64_t stride, int64_t depth, const float *errors, const float *coefficients, float reciprocal,
    const float *weight, float *sums) {
    int64_t i = 0;
    for (; i + 4 * LANES <= height; i += 4 * LANES)
        update_rows(4, stride, depth, errors + i, coefficients, reciprocal, weight + i, sums + i);
    for (; i < height; i += LANES)
        update_rows(1, stride, depth, errors + i, coefficients, reciprocal, weight + i, sums + i);
}

INLINE void solve_rows(
    int count, int64_t stride, int64_t depth, const float *solved, const float *coefficients, float reciprocal,
    float *sums) {
    vector s[4];
    for (int v = 0; v < count; v++) s[v] = load(sums + v * LANES);
    for (int64_t k = 0; k < depth; k++) {
        vector factor = coefficients[8 * k];
        for (int v = 0; v < count; v++) s[v] -= load(solved + k * stride + v * LANES) * factor;
    }
    for (int v = 0; v < count; v++) store(sums + v * LANES, s[v] * reciprocal);
}

TARGET static void solve_column(
    int64_t height, int64_t stride, int64_t depth, const float *solved, const float *coefficients, float reciprocal,
    float *sums) {
    int64_t i = 0;
    for (; i + 4 * LANES <= height; i += 4 * LANES)
        solve_rows(4, stride, depth, solved + i, coefficients, reciprocal, sums + i);
    for (; i < height; i += LANES) solve_rows(1, stride, depth, solved + i, coefficients, reciprocal, sums + i);
}

TARGET static void column_range(int64_t height, const float *values, float *low, float *high) {
    vector least = 0, greatest = 0;
    for (int64_t i = 0; i < height; i += LANES) {
        vector x = load(values + i);
        least = vector_min(x, least);
        greatest = vector_max(x, greatest);
    }
    float a = 0, b = 0;
    for (int lane = 0; lane < LANES; lane++) {
        a = least[lane] < a ? least[lane] : a;
        b = greatest[lane] > b ? greatest[lane] : b;
    }
    *low = a;
    *high = b;
}

INLINE void ranges_of_rows(
    int count, int64_t stride, int64_t columns, const float *weight, const float *update, float *low, float *high) {
    vector least[4], greatest[4];
    for (int v = 0; v < count; v++) least[v] = greatest[v] = 0;
    for (int64_t j = 0; j < columns; j++)
        for (int v = 0; v < count; v++) {
            vector x = load(weight + j * stride + v * LANES);
            if (update) x += load(update + j * stride + v * LANES);
            least[v] = vector_min(x, least[v]);
            greatest[v] = vector_max(x, greatest[v]);
        }
    for (int v = 0; v < count; v++) {
        store(low + v * LANES, least[v]);
        store(high + v * LANES, greatest[v]);
    }
}

TARGET static void row_ranges(
    int64_t height, int64_t stride, int64_t columns, const float *weight, const float *update, float *low,
    float *high) {
    int64_t i = 0;
    for (; i + 4 * LANES <= height; i += 4 * LANES)
        ranges_of_rows(4, stride, columns, weight + i, update ? update + i : 0, low + i, high + i);
    for (; i < height; i += LANES)
        ranges_of_rows(1, stride, columns, weight + i, update ? update + i : 0, low + i, high + i);
}

// A grid without its scale's rounding, in each lane one.
typedef struct {
    vector scale, reciprocal, lowest, highest;
} range_grid;

INLINE vector round_whole(vector x) {
    // Adding and subtracting 1.5·2²³ rounds to a whole number, to even on ties.
    vector shifted = x + 12582912.0f;
    return shifted - 12582912.0f;
}

INLINE range_grid grid_of_range(const adadim_range_search *search, vector low, vector high) {
    const vector least = 0x1p-126f;
    range_grid grid;
    if (search->middle >= 0) {
        grid.scale = vector_max(vector_max(-low, high) * (2 / search->largest), least);
        grid.reciprocal = 1 / grid.scale;
        grid.lowest = -search->middle;
    } else {
        grid.scale = vector_max((high - low) * (1 / search->largest), least);
        grid.reciprocal = 1 / grid.scale;
        grid.lowest = round_whole(vector_max(low * grid.reciprocal, (vector)-search->largest));
    }
    grid.highest = grid.lowest + search->largest;
    return grid;
}

INLINE vector squared_miss(vector w, range_grid grid) {
    vector code = round_whole(vector_min(vector_max(w * grid.reciprocal, grid.lowest), grid.highest));
    vector miss = w - code * grid.scale;
    return miss * miss;
}

// Both searches try several ranges at once, beginning with the one at `first`: their chains of operations overlap.

INLINE void try_rows(
    int trials, int64_t first, int64_t stride, int64_t columns, const float *weight, const float *update,
    const float *importance, const adadim_range_search *search, vector full_low, vector full_high, vector *best,
    vector *best_low, vector *best_high) {
    vector low[4], high[4], sums[4];
    range_grid grids[4];
    for (int t = 0; t < trials; t++) {
        low[t] = full_low * search->low_shares[first + t];
        high[t] = full_high * search->high_shares[first + t];
        grids[t] = grid_of_range(search, low[t], high[t]);
        sums[t] = 0;
    }
    for (int64_t j = 0; j < columns; j++) {
        vector w = load(weight + j * stride);
        if (update) w += load(update + j * stride);
        for (int t = 0; t < trials; t++) sums[t] += squared_miss(w, grids[t]) * importance[j];
    }
    for (int t = 0; t < trials; t++) {
        lanes better = first + t == 0 ? (lanes)(sums[t] == sums[t]) : (lanes)(sums[t] < *best);
        *best = select_lanes(better, sums[t], *best);
        *best_low = select_lanes(better, low[t], *best_low);
        *best_high = select_lanes(better, high[t], *best_high);
    }
}

TARGET static void search_rows(
    int64_t height, int64_t stride, int64_t columns, const float *weight, const float *update,
    const float *importance, const adadim_range_search *search, float *low, float *high) {
    for (int64_t i = 0; i < height; i += LANES) {
        vector full_low = load(low + i), full_high = load(high + i);
        vector best_low = full_low, best_high = full_high, best = 0;
        int64_t t = 0;
        for (; t + 4 <= search->count; t += 4)
            try_rows(
                4, t, stride, columns, weight + i, update ? update + i : 0, importance, search, full_low, full_high,
                &best, &best_low, &best_high);
        for (; t < search->count; t++)
            try_rows(
                1, t, stride, columns, weight + i, update ? update + i : 0, importance, search, full_low, full_high,
                &best, &best_low, &best_high);
        store(low + i, best_low);
        store(high + i, best_high);
    }
}

INLINE void try_column(
    int trials, int64_t first, int64_t height, const float *values, const adadim_range_search *search, float full_low,
    float full_high, float *best, float *low, float *high) {
    vector sums[4];
    range_grid grids[4];
    float totals[4];
    for (int t = 0; t < trials; t++) {
        grids[t] = grid_of_range(
            search, full_low * search->low_shares[first + t], full_high * search->high_shares[first + t]);
        sums[t] = 0;
        totals[t] = 0;
    }
    for (int64_t i = 0; i < height; i += LANES)
        for (int t = 0; t < trials; t++) sums[t] += squared_miss(load(values + i), grids[t]);
    for (int lane = 0; lane < LANES; lane++)
        for (int t = 0; t < trials; t++) totals[t] += sums[t][lane];
    for (int t = 0; t < trials; t++)
        if (first + t == 0 || totals[t] < *best) {
            *best = totals[t];
            *low = full_low * search->low_shares[first + t];
            *high = full_high * search->high_shares[first + t];
        }
}

TARGET static void search_column(
    int64_t height, const float *values, const adadim_range_search *search, float *low, float *high) {
    float best = 0, full_low = *low, full_high = *high;
    int64_t t = 0;
    for (; t + 4 <= search->count; t += 4) try_column(4, t, height, values, search, full_low, full_high, &best, low, high);
    for (; t < search->count; t++) try_column(1, t, height, values, search, full_low, full_high, &best, low, high);
}

INLINE void sum_losses(vector missed, vector left, float *losses) {
    losses[0] = losses[1] = 0;
    for (int lane = 0; lane < LANES; lane++) {
        losses[0] += missed[lane];
        losses[1] += left[lane];
    }
}

INLINE void quantize(
    int uniform, int64_t height, const float *updated, const float *scales, const float *zeros, float largest,
    float *weight, uint8_t *codes, float *losses) {
    vector missed = 0, left = 0;
    vector scale = uniform ? (vector)*scales : (vector)1;
    vector zero = uniform ? (vector)*zeros : (vector)0;
    for (int64_t i = 0; i < height; i += LANES) {
        if (!uniform) {
            scale = load(scales + i);
            zero = load(zeros + i);
        }
        vector target = load(updated + i);
        // Clamped first, then rounded: the same, since the bounds are whole.
        vector clamped = vector_min(vector_max(target / scale, -zero), largest - zero);
        vector code = round_whole(clamped);
        vector value = code * scale;
        vector a = target - value;
        vector b = load(weight + i) - value;
        missed += a * a;
        left += b * b;
        store(weight + i, b);
        store_codes(codes + i, code + zero);
    }
    sum_losses(missed, left, losses);
}

INLINE void quantize_shifted(
    int64_t height, const float *updated, const float *scales, const float *zeros, const float *offsets, float largest,
    float *weight, uint8_t *codes, float *losses) {
    vector missed = 0, left = 0;
    for (int64_t i = 0; i < height; i += LANES) {
        vector scale = load(scales + i), zero = load(zeros + i), offset = load(offsets + i);
        vector target = load(updated + i);
        vector clamped = vector_min(vector_max((target + offset) / scale, -zero), largest - zero);
        // A quotient by zero is no number, and is not used.
        vector code = select_lanes((lanes)(scale == 0), (vector)0, round_whole(clamped));
        // Fused or not, the same: the product is exact.
        vector value = code * scale - offset;
        vector a = target - value;
        vector b = load(weight + i) - value;
        missed += a * a;
        left += b * b;
        store(weight + i, b);
        store_codes(codes + i, code + zero);
    }
    sum_losses(missed, left, losses);
}

TARGET static void quantize_column(
    int64_t height, const float *updated, const float *scales, const float *zeros, const float *offsets, int64_t step,
    float largest, float *weight, uint8_t *codes, float *losses) {
    if (offsets)
        quantize_shifted(height, updated, scales, zeros, offsets, largest, weight, codes, losses);
    else if (step == 0)
        quantize(1, height, updated, scales, zeros, largest, weight, codes, losses);
    else
        quantize(0, height, updated, scales, zeros, largest, weight, codes, losses);
}
