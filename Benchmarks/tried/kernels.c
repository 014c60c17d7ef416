// The column loops of layer.py, which PyTorch is too slow for. Matrices are [in, out], a column of the weight contiguous;
// codes are relative to their zero point; scales and zero points have one entry for each weight.
#include <math.h>
#include <stdint.h>
#include <string.h>

static float to_bfloat16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    bits += 0x7fff + ((bits >> 16) & 1);
    bits &= 0xffff0000u;
    memcpy(&x, &bits, 4);
    return x;
}

static float whole(float x) { return (x + 12582912.f) - 12582912.f; }

static float clamped(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

static float code_of(float w, float scale, float zero, float largest) {
    return whole(clamped(w / scale, -zero, largest - zero));
}

// The grid of one group. ranges: 0 the full range, 1 the best of every zero point at scales of 100 % down to 40 %.
static void grid_of(
    const float *w, const float *importance, int count, int bits, int ranges, float *scale, float *zero) {
    float largest = (1 << bits) - 1, low = 0, high = 0;
    for (int i = 0; i < count; i++) {
        low = w[i] < low ? w[i] : low;
        high = w[i] > high ? w[i] : high;
    }
    *scale = to_bfloat16((high - low) / largest);
    if (*scale == 0) *scale = 1;
    *zero = clamped(whole(-low / *scale), 0, largest);
    float best = INFINITY;
    for (int step = 0; ranges && step < 16; step++) {
        float share = 1 - 0.04f * step, s = to_bfloat16((high - low) * share / largest);
        if (s == 0) s = 1;
        for (int z = 0; z <= (int)largest; z++) {
            float error = 0;
            for (int i = 0; i < count; i++) {
                float miss = w[i] - code_of(w[i], s, z, largest) * s;
                error += miss * miss * (importance ? importance[i] : 1);
            }
            if (error < best) {
                best = error;
                *scale = s;
                *zero = z;
            }
        }
    }
}

// Grids of groups [groups, count], whose members' importance repeats after `period` groups.
void grids(
    int groups, int count, const float *w, const float *importance, int period, int bits, int ranges, float *scales,
    float *zeros) {
    for (int i = 0; i < groups; i++)
        grid_of(
            w + (long)i * count, importance ? importance + (long)(i % period) * count : 0, count, bits, ranges,
            scales + i, zeros + i);
}

// Sweeps a block of columns. base: what earlier errors bring. f: the block's unit triangle, row after row. scales and zeros are
// given for per-OC, and found here for per-IC (group > 0).
void sweep_block(
    int out, int width, const float *weight, const float *base, const float *f, int group, int bits, int ranges,
    float *errors, float *codes, float *scales, float *zeros, float *updated) {
    float largest = (1 << bits) - 1;
    for (int j = 0; j < width; j++) {
        long column = (long)j * out;
        for (int i = 0; i < out; i++) updated[i] = weight[column + i] + base[column + i];
        for (int k = 0; k < j; k++)
            for (int i = 0; i < out; i++) updated[i] += errors[(long)k * out + i] * f[k * width + j];
        for (int first = 0; group && first < out; first += group) {
            int count = out - first < group ? out - first : group;
            float s, z;
            grid_of(updated + first, 0, count, bits, ranges, &s, &z);
            for (int i = first; i < first + count; i++) {
                scales[column + i] = s;
                zeros[column + i] = z;
            }
        }
        for (int i = 0; i < out; i++) {
            codes[column + i] = code_of(updated[i], scales[column + i], zeros[column + i], largest);
            errors[column + i] = weight[column + i] - codes[column + i] * scales[column + i];
        }
    }
}

// Coordinate descent on a block's codes. residual: H·E on the block; h: H's square on it.
void change_codes(
    int out, int width, const float *h, float *residual, float *codes, const float *scales, const float *zeros,
    float *errors, int bits, float *change) {
    float largest = (1 << bits) - 1;
    for (int j = 0; j < width; j++) {
        float pivot = h[j * width + j];
        if (!(pivot > 0)) continue;
        long column = (long)j * out;
        for (int i = 0; i < out; i++) {
            float s = scales[column + i], target = codes[column + i] * s + residual[column + i] / pivot;
            float code = code_of(target, s, zeros[column + i], largest);
            change[i] = (code - codes[column + i]) * s;
            codes[column + i] = code;
            errors[column + i] -= change[i];
        }
        for (int k = j; k < width; k++)
            for (int i = 0; i < out; i++) residual[(long)k * out + i] -= change[i] * h[j * width + k];
    }
}

// Scales of a block's per-IC groups, codes as they are, of those groups of rows that the mask names.
void change_scales(
    int out, int width, int group, const float *h, float *residual, const float *codes, float *scales, float *errors,
    const uint8_t *mask, float *change) {
    for (int j = 0; j < width; j++) {
        long column = (long)j * out;
        for (int first = 0; first < out; first += group) {
            int count = out - first < group ? out - first : group;
            if (!mask[first / group]) {
                memset(change + first, 0, count * sizeof(float));
                continue;
            }
            float slope = 0, curvature = 0, s = scales[column + first];
            for (int i = first; i < first + count; i++) {
                float value = codes[column + i] * s;
                slope += value * residual[column + i];
                curvature += value * value;
            }
            curvature *= h[j * width + j];
            float best = curvature > 0 ? slope / curvature : 0, changed = to_bfloat16(s * (1 + best));
            float step = changed / s - 1;
            if (!(changed > 0) || !(fabsf(step - best) < fabsf(best))) {
                step = 0;
                changed = s;
            }
            for (int i = first; i < first + count; i++) {
                change[i] = step * codes[column + i] * s;
                errors[column + i] -= change[i];
                scales[column + i] = changed;
            }
        }
        for (int k = j; k < width; k++)
            for (int i = 0; i < out; i++) residual[(long)k * out + i] -= change[i] * h[j * width + k];
    }
}
