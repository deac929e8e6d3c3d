/* Rounds of Griffin-Lim on magnitudes of float. A group of WIDTH frames goes from the signal of one round to that of the
   next without leaving the first two caches: transform, wanted magnitudes, inverse transform and overlap-add in one pass. */
#include "fourier.h"

#define TINY 1e-32f /* squares below it have no phase that means anything */

typedef struct {
    const float *magnitudes;    /* of one signal: (count,) rows of `stride` */
    const float *window;        /* filled up to a multiple of 16, as is the next */
    const float *synthesis;     /* window of the inverse transform, with its factor */
    const float *scale;         /* (length,): what overlapping windows are divided by */
    int64_t count, stride, hop, length, rounds;
    float momentum;
} task;

#define BODY "griffin_lim_group.h"
#include "variants.h"

typedef int (*griffin_lim_function)(const plan *, const task *, float *, float *, int64_t);

/* signals: (rows, length), where the rounds begin; magnitudes: (rows, count, stride), of which each has up to `stride`
   numbers, a multiple of 16; spectra: (rows, count, M + 1), complex, those of the last round. */
EXPORT int sonovox_griffin_lim(const plan *p, float *signals, const float *magnitudes, const float *window,
                               const float *synthesis, const float *scale, float *spectra, int64_t rows, int64_t count,
                               int64_t stride, int64_t hop, int64_t length, int64_t rounds, double momentum) {
    const task t = {magnitudes, window, synthesis, scale, count, stride, hop, length, rounds, (float)momentum};
    const griffin_lim_function function = CHOOSE(griffin_lim);
    return function(p, &t, signals, spectra, rows);
}
