/* The filters of one spectrum, for vectors of WIDTH numbers. Included by filter_power.c once for each instruction set. */

#define LANES NAMED(lanes)

typedef float LANES __attribute__((vector_size(WIDTH * 4), aligned(4)));

#include "fold.h"

TARGET static void NAMED(frame)(const bank *b, const float *spectrum, float *out) {
    for (int64_t f = 0; f < b->filters; f += WIDTH) {
        const int64_t left = b->filters - f < WIDTH ? b->filters - f : WIDTH;
        LANES sums[WIDTH];
#pragma GCC unroll 16
        for (int j = 0; j < WIDTH; j++) {
            const float *x = spectrum + b->firsts[f + j], *w = b->weights + b->begins[f + j];
            const float *const end = b->weights + b->begins[f + j + 1];
            LANES sum = {0};
            for (; w < end; w += GROUP, x += GROUP) {
#pragma GCC unroll 4
                for (int i = 0; i < GROUP; i += WIDTH) {
                    const LANES part = *(const LANES *)(x + i);
                    sum += part * part * *(const LANES *)(w + i);
                }
            }
            sums[j] = sum;
        }
        NAMED(sums)(sums);
        memcpy(out + f, sums, (size_t)left * sizeof(float));
    }
}

#undef LANES
#undef VARIANT
#undef WIDTH
#undef TARGET
