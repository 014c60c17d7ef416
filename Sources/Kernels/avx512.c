#include "AdaDimKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 16
#define WIDE_COLUMNS 8
#define TARGET __attribute__((target("avx512f,fma")))
#define vector_min(a, b) ((vector)_mm512_min_ps((__m512)(a), (__m512)(b)))
#define vector_max(a, b) ((vector)_mm512_max_ps((__m512)(a), (__m512)(b)))

// Sixteen whole numbers in 0 … 255 as bytes.
#define store_codes(place, values) \
    _mm_storeu_si128((__m128i *)(place), _mm512_cvtepi32_epi8(_mm512_cvttps_epi32((__m512)(values))))

#include "tile_kernels.h"

static const adadim_tile_kernels table = {
    "AVX-512", multiply_add, update_column, solve_column, column_range,
    row_ranges, search_rows, search_column, quantize_column};

const adadim_tile_kernels *adadim_tile_kernels_avx512(void) {
    return __builtin_cpu_supports("avx512f") ? &table : 0;
}
#else
const adadim_tile_kernels *adadim_tile_kernels_avx512(void) { return 0; }
#endif
