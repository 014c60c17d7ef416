/* What the C programs that test the library share: numbers that are the same everywhere, and a way to end. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <adadim.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A generator of numbers, SplitMix64. */
static inline uint64_t next_of(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* From -1 to 1. */
static inline float number_of(uint64_t *state) { return (float)((int64_t)(next_of(state) >> 40) - (1 << 23)) / (1 << 23); }

static inline void fail(const char *what, int64_t figure) {
    fprintf(stderr, "%s (%" PRId64 ")\n", what, figure);
    abort();
}

/* FNV-1a over bytes, going on from `digest`. */
static inline uint64_t digest_of(const void *bytes, size_t count, uint64_t digest) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i++) digest = (digest ^ byte[i]) * 0x100000001b3u;
    return digest;
}

#endif
