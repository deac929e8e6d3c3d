/* The body of overlap_add.c for one instruction set. */

TARGET static int NAMED(signals)(const plan *p, const float *spectra, const float *window, float *signals, int64_t rows,
                                 int64_t count, int64_t hop, int64_t length) {
    const int64_t numbers = 2 * (p->size + 1), rounded = (numbers + WIDTH - 1) / WIDTH * WIDTH;
    LANES *const lanes = aligned_memory((size_t)(3 * rounded * WIDTH + rounded) * sizeof(float));
    if (!lanes) return 1;
    LANES *const z = lanes + rounded;
    float *const rooms = (float *)(z + rounded), *const ones = rooms + WIDTH * rounded;
    const float *const end = spectra + rows * count * numbers;
    memset(rooms, 0, (size_t)(WIDTH * rounded) * sizeof(float));
    for (int64_t k = 0; k < rounded; k++) ones[k] = 1.0f;
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t first = 0; first < count; first += WIDTH) {
            const int64_t frames = count - first < WIDTH ? count - first : WIDTH;
            const float *starts[WIDTH];
            for (int64_t i = 0; i < WIDTH; i++) {
                starts[i] = spectra + (r * count + first + (i < frames ? i : 0)) * numbers;
                if (starts[i] + rounded > end) { /* where nothing may be read */
                    memcpy(rooms + i * rounded, starts[i], (size_t)numbers * sizeof(float));
                    starts[i] = rooms + i * rounded;
                }
            }
            NAMED(gather)(starts, ones, lanes, numbers);
            NAMED(inverse)(p, lanes, z);
            NAMED(overlap_add)(p, z, window, signals + r * length + first * hop, hop, frames);
        }
    }
    free(lanes);
    return 0;
}
