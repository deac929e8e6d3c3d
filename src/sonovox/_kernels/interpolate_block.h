/* The outputs of one block, for registers of BYTES bytes. Included by interpolate.c once for each instruction set, so
   that one object serves every processor of its family; it includes itself once for each type of sample. */

#ifndef SAMPLE
#define SAMPLE float
#define INDEX int32_t
#define WIDTH (BYTES / 4)
#include "interpolate_block.h"
#undef SAMPLE
#undef INDEX
#undef WIDTH
#define SAMPLE double
#define INDEX int64_t
#define WIDTH (BYTES / 8)
#include "interpolate_block.h"
#undef SAMPLE
#undef INDEX
#undef WIDTH
#undef VARIANT
#undef BYTES
#undef TARGET
#else

#define LANES NAMED(lanes)
#define PARTS (TAPS / WIDTH)

typedef SAMPLE LANES __attribute__((vector_size(BYTES), aligned(sizeof(SAMPLE))));

#include "fold.h"

/* The polynomials of the part of [0, 1) in which the fraction lies, and how far into it that is. */
TARGET static inline const SAMPLE *NAMED(find)(const grid *g, int64_t rest, double scale, SAMPLE *within) {
    const double at = (double)rest * scale;
    const int64_t floor = (int64_t)at, phase = floor < g->phases ? floor : g->phases - 1;
    *within = (SAMPLE)(at - (double)phase);
    return (const SAMPLE *)g->table + phase * TERMS * TAPS;
}

TARGET static inline LANES NAMED(weights)(const SAMPLE *polynomials, SAMPLE within) {
    LANES sum = *(const LANES *)polynomials;
#pragma GCC unroll 4
    for (int k = 1; k < TERMS; k++) sum = sum * within + *(const LANES *)(polynomials + k * TAPS);
    return sum;
}

/* Each tap times its weight, in one vector whose lanes are still to be added. */
TARGET static inline LANES NAMED(product)(const grid *g, const SAMPLE *x, place p, double scale) {
    SAMPLE within;
    const SAMPLE *polynomials = NAMED(find)(g, p.rest, scale, &within);
    LANES sum = {0};
#pragma GCC unroll 8
    for (int v = 0; v < PARTS; v++) {
        sum += NAMED(weights)(polynomials + v * WIDTH, within) * *(const LANES *)(x + p.position + v * WIDTH);
    }
    return sum;
}

TARGET static void NAMED(read)(const grid *g, void *block, void *outputs, place p, int64_t count) {
    const SAMPLE *x = block;
    SAMPLE *y = outputs;
    const int64_t whole = g->step / g->unit, part = g->step % g->unit;
    const double scale = (double)g->phases / (double)g->unit;
    int64_t m = 0;
    for (; m + WIDTH <= count; m += WIDTH) {
        LANES products[WIDTH];
#pragma GCC unroll 16
        for (int j = 0; j < WIDTH; j++) {
            products[j] = NAMED(product)(g, x, p, scale);
            advance(&p, whole, part, g->unit);
        }
        NAMED(sums)(products);
        *(LANES *)(y + m) = products[0];
    }
    for (; m < count; m++) {
        const LANES product = NAMED(product)(g, x, p, scale);
        SAMPLE sum = 0;
        for (int v = 0; v < WIDTH; v++) sum += product[v];
        y[m] = sum;
        advance(&p, whole, part, g->unit);
    }
}

TARGET static void NAMED(spread)(const grid *g, void *block, void *outputs, place p, int64_t count) {
    SAMPLE *x = block;
    const SAMPLE *y = outputs;
    const int64_t whole = g->step / g->unit, part = g->step % g->unit;
    const double scale = (double)g->phases / (double)g->unit;
    for (int64_t m = 0; m < count; m++) {
        SAMPLE within;
        const SAMPLE *polynomials = NAMED(find)(g, p.rest, scale, &within);
#pragma GCC unroll 8
        for (int v = 0; v < PARTS; v++) {
            *(LANES *)(x + p.position + v * WIDTH) += NAMED(weights)(polynomials + v * WIDTH, within) * y[m];
        }
        advance(&p, whole, part, g->unit);
    }
}

#undef LANES
#undef PARTS
#endif
