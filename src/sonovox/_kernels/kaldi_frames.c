/* Frames of a signal as Kaldi prepares them for the transform: mean removed, preemphasised, windowed; and their energy.
   Of float alone: the torch reference serves double. */
#include "kernels.h"

#define LANES 16 /* sums that run beside each other, so that they fit registers and lose fewer digits */

WIDER static float sum_of(const float *restrict x, int64_t size) {
    float lanes[LANES] = {0}, total = 0;
    int64_t t = 0;
    for (; t + LANES <= size; t += LANES) {
        for (int i = 0; i < LANES; i++) lanes[i] += x[t + i];
    }
    for (; t < size; t++) total += x[t];
    for (int i = 0; i < LANES; i++) total += lanes[i];
    return total;
}

WIDER static float energy_of(const float *restrict x, int64_t size, float mean) {
    float lanes[LANES] = {0}, total = 0;
    int64_t t = 0;
    for (; t + LANES <= size; t += LANES) {
        for (int i = 0; i < LANES; i++) lanes[i] += (x[t + i] - mean) * (x[t + i] - mean);
    }
    for (; t < size; t++) total += (x[t] - mean) * (x[t] - mean);
    for (int i = 0; i < LANES; i++) total += lanes[i];
    return total;
}

WIDER static void prepare(const float *restrict x, float *restrict y, const float *restrict window, int64_t size,
                          float mean, float preemphasis) {
    y[0] = ((x[0] - mean) - preemphasis * (x[0] - mean)) * window[0];
    for (int64_t t = 1; t < size; t++) y[t] = ((x[t] - mean) - preemphasis * (x[t - 1] - mean)) * window[t];
}

/* x: frame i begins at i * hop; y: frame i at i * padded, of which the first `size` samples are written;
   energies: (count,), or none. */
EXPORT int sonovox_kaldi_frames(const float *x, float *y, const float *window, float *energies, int64_t count,
                                int64_t size, int64_t hop, int64_t padded, double preemphasis, int remove_mean,
                                int raw_energy) {
    for (int64_t i = 0; i < count; i++) {
        const float *frame = x + i * hop;
        float *ready = y + i * padded;
        const float mean = remove_mean ? sum_of(frame, size) / (float)size : 0.0f;
        prepare(frame, ready, window, size, mean, (float)preemphasis);
        if (energies) energies[i] = raw_energy ? energy_of(frame, size, mean) : energy_of(ready, size, 0.0f);
    }
    return 0;
}
