#include "AdaDimProcessor.h"

#if defined(__x86_64__)
uint32_t adadim_processor_features(void) {
    uint32_t features = 0;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx")) features |= ADADIM_PROCESSOR_AVX;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) features |= ADADIM_PROCESSOR_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
        features |= ADADIM_PROCESSOR_AVX512;
        if (__builtin_cpu_supports("avx512bf16")) features |= ADADIM_PROCESSOR_AVX512_BF16;
    }
    if (__builtin_cpu_is("amd")) features |= ADADIM_PROCESSOR_IS_AMD;
    return features;
}
#else
uint32_t adadim_processor_features(void) { return 0; }
#endif
