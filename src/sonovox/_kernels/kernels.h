/* What the kernels share. Plain C11 on raw pointers: no torch, no Python, no allocation that outlives a call.

   Every function returns 0, or 1 where memory ran out. Signals are float or
   double (`is_double`); arithmetic of recursions is double, so that their
   rounding stays far below that of the samples. */
#ifndef SONOVOX_KERNELS_H
#define SONOVOX_KERNELS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* Compiled once more for wider registers, of which the loader takes what the processor has. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__)
#define WIDER __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDER
#endif

static inline void read_samples(const void *from, int64_t first, int64_t count, int is_double, double *to) {
    if (is_double) {
        memcpy(to, (const double *)from + first, (size_t)count * sizeof(double));
    } else {
        const float *samples = (const float *)from + first;
        for (int64_t i = 0; i < count; i++) to[i] = samples[i];
    }
}

static inline void write_samples(const double *from, int64_t count, void *to, int64_t first, int is_double) {
    if (is_double) {
        memcpy((double *)to + first, from, (size_t)count * sizeof(double));
    } else {
        float *samples = (float *)to + first;
        for (int64_t i = 0; i < count; i++) samples[i] = (float)from[i];
    }
}

#endif
