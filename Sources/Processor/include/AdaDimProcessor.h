// What this processor can compute with, as CPUID and the operating system say: Swift has no way to ask.
#ifndef ADADIM_PROCESSOR_H
#define ADADIM_PROCESSOR_H

#include <stdint.h>

// Bits of adadim_processor_features(). A set counts only if the operating system keeps its registers, too.
enum {
    ADADIM_PROCESSOR_AVX = 1,
    // AVX2 with FMA.
    ADADIM_PROCESSOR_AVX2 = 2,
    // F, CD, DQ, BW and VL: what every server processor with AVX-512 has.
    ADADIM_PROCESSOR_AVX512 = 4,
    ADADIM_PROCESSOR_AVX512_BF16 = 8,
    ADADIM_PROCESSOR_IS_AMD = 16
};

// 0 on a processor that is not x86-64. Not for users of a shared library that this is linked into.
__attribute__((visibility("hidden"))) uint32_t adadim_processor_features(void);

#endif
