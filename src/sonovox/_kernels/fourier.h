/* Fourier transforms of real signals, many beside each other: lane i of every vector belongs to frame i, so that no
   butterfly moves numbers between lanes and every reordering is one of whole vectors, which costs nothing.

   N real samples x are M = N / 2 complex numbers z[n] = x[2n] + i x[2n + 1]. Their transform runs in place, decimated in
   frequency: the steps of radix r_1, r_2, ... leave bin k = k_1 + r_1 (k_2 + r_2 (...)) at the place k_1 M / r_1 +
   k_2 M / (r_1 r_2) + ... From the bins k and M - k of z follow those of x. An inverse transform is the same one with real
   and imaginary parts exchanged. (Cooley and Tukey, Math. Comp. 19, 1965; Cooley, Lewis and Welch, J. Sound Vib. 12,
   1970.) */
#ifndef SONOVOX_FOURIER_H
#define SONOVOX_FOURIER_H

#include "kernels.h"

typedef struct {
    int64_t size;           /* M */
    int64_t steps;
    const int64_t *radices; /* 2, 3, 4, 5, 7 or 8, whose product is M */
    const int64_t *places;  /* of the bins of z */
    const float *twiddles;  /* of each step: for each of its positions the factors of all results but the first */
    const float *turns;     /* -i exp(-2 pi i k / N) / 2 for k from 0 to M / 2 */
} plan;

/* Signals that are cut into frames. Frame t of a row begins `margin` samples before t * hop. */
typedef struct {
    const float *samples;
    int64_t time, stride; /* of a row */
    int64_t count;        /* frames of a row */
    int64_t hop, margin;
    int64_t padding;      /* what lies beyond the ends, one of those below */
} framing;

enum { ZEROS, REFLECT, REPLICATE, CIRCULAR };

static inline float sample_beyond(const framing *f, const float *row, int64_t t) {
    if (t >= 0 && t < f->time) return row[t];
    switch (f->padding) {
        case REFLECT: t = t < 0 ? -t : 2 * (f->time - 1) - t; break;
        case REPLICATE: t = t < 0 ? 0 : f->time - 1; break;
        case CIRCULAR: t = t < 0 ? t + f->time : t - f->time; break;
        default: return 0.0f;
    }
    return t >= 0 && t < f->time ? row[t] : 0.0f; /* behind the padding: read in whole vectors, but not used */
}

/* Frame `index` of all rows, in place, or copied to `room` where its `size` samples reach beyond the row. */
static inline const float *frame_of(const framing *f, int64_t index, int64_t size, float *room) {
    const float *row = f->samples + index / f->count * f->stride;
    const int64_t first = index % f->count * f->hop - f->margin;
    if (first >= 0 && first + size <= f->time) return row + first;
    for (int64_t t = 0; t < size; t++) room[t] = sample_beyond(f, row, first + t);
    return room;
}

/* At the begin of a line of the cache where that is to be had: vectors across two lines are slower. */
static inline void *aligned_memory(size_t bytes) {
#if defined(_WIN32)
    return malloc(bytes);
#else
    void *memory = NULL;
    return posix_memalign(&memory, 64, bytes) ? NULL : memory;
#endif
}

#endif
