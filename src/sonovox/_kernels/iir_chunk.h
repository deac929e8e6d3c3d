/* The two parts of a recursive filter on one chunk, for vectors of WIDTH doubles. Included by iir.c once for each instruction set,
   so that one object serves every processor of its family. */

#define LANES NAMED(lanes, VARIANT)
#define VECTORS (BLOCK / WIDTH)

typedef double LANES __attribute__((vector_size(WIDTH * 8), aligned(8)));

TARGET static void NAMED(feed, VARIANT)(const double *b, int64_t taps, const double *x, double *u, int64_t count) {
    for (int64_t t = 0; t < count; t++) u[t] = b[0] * x[t];
    for (int64_t k = 1; k < taps; k++) {
        const double weight = b[k];
        for (int64_t t = 0; t < count; t++) u[t] += weight * x[t - k];
    }
}

TARGET static void NAMED(chunk, VARIANT)(const section *f, const double *u, double *y, int64_t count) {
    int64_t t = 0;
    for (; t + BLOCK <= count; t += BLOCK) {
        LANES sum[VECTORS] = {{0}};
#pragma GCC unroll 16
        for (int j = 0; j < BLOCK; j++) {
#pragma GCC unroll 8
            for (int v = j / WIDTH; v < VECTORS; v++) sum[v] += *(const LANES *)(f->columns[j] + v * WIDTH) * u[t + j];
        }
        for (int64_t k = 0; k < f->order; k++) {
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++) sum[v] += *(const LANES *)(f->echoes[k] + v * WIDTH) * y[t - 1 - k];
        }
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) *(LANES *)(y + t + v * WIDTH) = sum[v];
        /* Zeros above the diagonal, times infinity, would carry it to samples before it. */
        const double last = y[t + BLOCK - 1];
        if (!(last - last == 0.0)) recursion(f, u + t, y + t, BLOCK);
    }
    recursion(f, u + t, y + t, count - t);
}

#undef LANES
#undef VECTORS
#undef VARIANT
#undef WIDTH
#undef TARGET
