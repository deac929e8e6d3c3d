/* The body of griffin_lim.c for one instruction set. */

/* From the spectra of a group, in the places of `z`, to `spectra` with the wanted magnitudes and their phases, the momentum
   taken into account. `factors` has room for a number of each bin. */
TARGET static void NAMED(project)(const plan *p, const LANES *z, const LANES *wanted, LANES *previous, float momentum,
                                  LANES *factors, LANES *spectra) {
    const int64_t size = p->size;
    for (int64_t k = 0; k <= size / 2; k++) {
        COMPLEX low, high;
        NAMED(disentangle)(p, z, k, &low, &high);
        const COMPLEX before_low = NAMED(at)(previous, k), before_high = NAMED(at)(previous, size - k);
        NAMED(put)(previous, k, low), NAMED(put)(previous, size - k, high);
        low = (COMPLEX){low.re - before_low.re * momentum, low.im - before_low.im * momentum};
        high = (COMPLEX){high.re - before_high.re * momentum, high.im - before_high.im * momentum};
        NAMED(put)(spectra, k, low), NAMED(put)(spectra, size - k, high);
        factors[k] = low.re * low.re + low.im * low.im;
        factors[size - k] = high.re * high.re + high.im * high.im;
    }
    float *const numbers = (float *)factors;
    const float *const magnitudes = (const float *)wanted;
    for (int64_t i = 0; i < (size + 1) * WIDTH; i++) {
        numbers[i] = magnitudes[i] / __builtin_sqrtf(numbers[i] > TINY ? numbers[i] : TINY);
    }
    for (int64_t k = 0; k <= size; k++) spectra[2 * k] *= factors[k], spectra[2 * k + 1] *= factors[k];
}

/* Mirrors the signal between `margin` samples at both ends. */
static void NAMED(mirror)(float *signal, int64_t length, int64_t margin) {
    float *const first = signal + margin, *const last = first + length - 1;
    for (int64_t t = 1; t <= margin; t++) first[-t] = first[t], last[t] = last[-t];
}

TARGET static int NAMED(griffin_lim)(const plan *p, const task *o, float *signals, float *spectra, int64_t rows) {
    const int64_t n_fft = 2 * p->size, bins = p->size + 1, margin = p->size;
    const int64_t padded = (n_fft + WIDTH - 1) / WIDTH * WIDTH, groups = (o->count + WIDTH - 1) / WIDTH;
    int64_t room = o->length + 2 * margin;
    if (room < (o->count - 1) * o->hop) room = (o->count - 1) * o->hop;
    room = (room + padded + WIDTH) / WIDTH;
    const int64_t wanted_size = groups * o->stride, of_group = 2 * bins + WIDTH;
    const int64_t vectors = wanted_size + groups * 2 * bins + 2 * padded + of_group + 2 * room;
    LANES *const wanted = aligned_memory((size_t)vectors * sizeof(LANES));
    float *const ones = aligned_memory((size_t)o->stride * sizeof(float));
    if (!wanted || !ones) {
        free(wanted), free(ones);
        return 1;
    }
    LANES *const previous = wanted + wanted_size, *const z = previous + groups * 2 * bins, *const next = z + padded;
    LANES *const results = next + padded;
    float *from = (float *)(results + of_group), *to = from + room * WIDTH;
    for (int64_t t = 0; t < o->stride; t++) ones[t] = 1.0f;
    for (int64_t r = 0; r < rows; r++) {
        memset(previous, 0, (size_t)(vectors - wanted_size) * sizeof(LANES));
        memcpy(from + margin, signals + r * o->length, (size_t)o->length * sizeof(float));
        NAMED(mirror)(from, o->length, margin);
        for (int64_t round = 1; round <= o->rounds; round++) {
            for (int64_t g = 0; g < groups; g++) {
                const int64_t first = g * WIDTH, frames = o->count - first < WIDTH ? o->count - first : WIDTH;
                const float *starts[WIDTH];
                if (round == 1) {
                    for (int64_t i = 0; i < WIDTH; i++) {
                        starts[i] = o->magnitudes + (r * o->count + first + (i < frames ? i : 0)) * o->stride;
                    }
                    NAMED(gather)(starts, ones, wanted + g * o->stride, o->stride);
                }
                for (int64_t i = 0; i < WIDTH; i++) starts[i] = from + (first + (i < frames ? i : 0)) * o->hop;
                NAMED(gather)(starts, o->window, z, n_fft);
                NAMED(transform)(p, z, p->size, p->size, 0, p->twiddles);
                NAMED(project)(p, z, wanted + g * o->stride, previous + g * 2 * bins, o->momentum, next, results);
                if (round == o->rounds) {
                    NAMED(scatter)(results, 2 * bins, spectra + (r * o->count + first) * 2 * bins, 2 * bins, frames);
                    continue;
                }
                NAMED(inverse)(p, results, next);
                NAMED(overlap_add)(p, next, o->synthesis, to + first * o->hop, o->hop, frames);
            }
            for (int64_t t = 0; t < o->length; t++) to[margin + t] *= o->scale[t];
            NAMED(mirror)(to, o->length, margin);
            float *const used = from;
            from = to, to = used;
            memset(to, 0, (size_t)(room * WIDTH) * sizeof(float));
        }
    }
    free(wanted), free(ones);
    return 0;
}
