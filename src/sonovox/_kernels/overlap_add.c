/* Signals of the spectra of overlapping frames: inverse transform, window and overlap-add in one pass. Of float. */
#include "fourier.h"

#define BODY "overlap_add_group.h"
#include "variants.h"

typedef int (*overlap_add_function)(const plan *, const float *, const float *, float *, int64_t, int64_t, int64_t,
                                    int64_t);

/* spectra: (rows, count, M + 1), complex; window: (2 M,) and more, up to a multiple of 16; signals: (rows, length), zeros,
   with room for 15 samples behind the last frame. */
EXPORT int sonovox_overlap_add(const plan *p, const float *spectra, const float *window, float *signals, int64_t rows,
                               int64_t count, int64_t hop, int64_t length) {
    const overlap_add_function function = CHOOSE(signals);
    return function(p, spectra, window, signals, rows, count, hop, length);
}
