/* A delay line whose output returns to its input: y[t] = x[t] + sum_j w[t,j] y[t - d[t] - j], one line for each channel.

   Its transpose, which a gradient needs, sends instead of fetching:
   from the last sample to the first, y[t - d[t] - j] += w[t,j] y[t]. */
#include "kernels.h"

/* x and y: (rows, lines, time); delays: (lines, time), at least 1; weights: (lines, time, taps). */
EXPORT int sonovox_feedback(const void *x, void *y, const int64_t *delays, const double *weights, int64_t rows,
                            int64_t lines, int64_t time, int64_t taps, int transposed, int is_double) {
    if (!time) return 0; /* empty tensors may have no memory at all */
    double *signal = malloc((size_t)time * sizeof(double));
    if (!signal) return 1;
    for (int64_t line = 0; line < rows * lines; line++) {
        const int64_t *delay = delays + line % lines * time;
        const double *weight = weights + line % lines * time * taps;
        read_samples(x, line * time, time, is_double, signal);
        for (int64_t step = 0; step < time; step++) {
            const int64_t t = transposed ? time - 1 - step : step;
            for (int64_t j = 0; j < taps; j++) {
                const int64_t source = t - delay[t] - j;
                if (source < 0) break;
                if (transposed)
                    signal[source] += weight[t * taps + j] * signal[t];
                else
                    signal[t] += weight[t * taps + j] * signal[source];
            }
        }
        write_samples(signal, time, y, line * time, is_double);
    }
    free(signal);
    return 0;
}
