#include "AdaDimKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 8
#define WIDE_COLUMNS 4
#define TARGET __attribute__((target("avx2,fma")))
#define vector_min(a, b) ((vector)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define vector_max(a, b) ((vector)_mm256_max_ps((__m256)(a), (__m256)(b)))

// Eight whole numbers in 0 … 255 as bytes.
#define store_codes(place, values)                                                          \
    do {                                                                                    \
        __m256i whole = _mm256_cvttps_epi32((__m256)(values));                              \
        __m128i halves = _mm_packus_epi32(                                                  \
            _mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));             \
        _mm_storel_epi64((__m128i *)(place), _mm_packus_epi16(halves, halves));             \
    } while (0)

#include "tile_kernels.h"

static const adadim_tile_kernels table = {
    "AVX2", multiply_add, update_column, solve_column, column_range,
    row_ranges, search_rows, search_column, quantize_column};

const adadim_tile_kernels *adadim_tile_kernels_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table : 0;
}
#else
const adadim_tile_kernels *adadim_tile_kernels_avx2(void) { return 0; }
#endif
