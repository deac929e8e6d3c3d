/* Spectra of the windowed frames of signals, their magnitudes or powers, or these summed by filters, in one pass over
   WIDTH frames at a time that leaves the first two caches for its results alone. Of float: torch serves double. */
#include "fourier.h"

/* Filter f weights bins firsts[f] to firsts[f] + begins[f + 1] - begins[f] - 1, by weights[begins[f]] and what follows. */
typedef struct {
    const float *weights;
    const int64_t *firsts, *begins;
    int64_t filters; /* 0: none, bins are the results */
} bank;

enum { COMPLEX_SPECTRA, MAGNITUDES, POWERS };

#define BODY "spectra_group.h"
#include "variants.h"

typedef int (*spectra_function)(const plan *, const framing *, const bank *, const float *, float *, int64_t, int);

/* window: (2 M,) and more, up to a multiple of 16; out: (rows, count, results), where a result is two numbers, a bin's
   magnitude or power, or a filter's sum of them. */
EXPORT int sonovox_spectra(const plan *p, const framing *f, const bank *b, const float *window, float *out, int64_t rows,
                           int what) {
    const spectra_function function = CHOOSE(spectra);
    return function(p, f, b, window, out, rows, what);
}
