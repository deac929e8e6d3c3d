/* Convolution of two long signals of float, by blocks of both. The output of a block is a sum over blocks of the shorter
   signal: Y[t] = sum_p H[p] X[t - p], where X[t] is the transform of two blocks of the longer signal, the second its own,
   H[p] that of a block of the shorter and one of zeros, and the second half of the inverse transform is kept (overlap-save;
   Stockham, AFIPS 1966; Kulp, "Digital equivalent of Fourier transform deconvolution", 85th AES Convention, 1988). No
   transform outgrows the caches, however long the signals are. */
#include "fourier.h"

typedef struct {
    const float *x, *y; /* rows of the longer and of the shorter signals */
    int64_t time, length;
    int64_t start, count; /* which samples of the full convolution are wanted */
} task;

#define BODY "convolve_blocks.h"
#include "variants.h"

typedef int (*convolve_function)(const plan *, const task *, const int64_t *, const int64_t *, float *, int64_t);

/* x_rows, y_rows: (rows,), which of the signals are convolved; out: (rows, count). */
EXPORT int sonovox_convolve(const plan *p, const float *x, const float *y, const int64_t *x_rows, const int64_t *y_rows,
                            float *out, int64_t rows, int64_t time, int64_t length, int64_t start, int64_t count) {
    const task t = {x, y, time, length, start, count};
    const convolve_function function = CHOOSE(convolve);
    return function(p, &t, x_rows, y_rows, out, rows);
}
