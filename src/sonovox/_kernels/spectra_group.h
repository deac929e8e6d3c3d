/* The body of spectra.c for one instruction set. */

TARGET static void NAMED(finish)(const plan *p, const LANES *z, LANES *out, int what) {
    const int64_t size = p->size;
    for (int64_t k = 0; k <= size / 2; k++) {
        COMPLEX low, high;
        NAMED(disentangle)(p, z, k, &low, &high);
        if (what == COMPLEX_SPECTRA) {
            NAMED(put)(out, k, low), NAMED(put)(out, size - k, high);
        } else {
            out[k] = low.re * low.re + low.im * low.im;
            out[size - k] = high.re * high.re + high.im * high.im;
        }
    }
    if (what == MAGNITUDES) {
        for (int64_t k = 0; k <= size; k++) {
            float *const lanes = (float *)(out + k);
            for (int i = 0; i < WIDTH; i++) lanes[i] = __builtin_sqrtf(lanes[i]);
        }
    }
}

TARGET static void NAMED(filter)(const bank *b, const LANES *bins, LANES *out) {
    for (int64_t f = 0; f < b->filters; f++) {
        const float *w = b->weights + b->begins[f];
        const LANES *x = bins + b->firsts[f];
        const int64_t count = b->begins[f + 1] - b->begins[f];
        LANES sums[4] = {{0}}; /* since each waits for itself */
        int64_t k = 0;
        for (; k + 4 <= count; k += 4) {
#pragma GCC unroll 4
            for (int i = 0; i < 4; i++) sums[i] += x[k + i] * w[k + i];
        }
        for (; k < count; k++) sums[0] += x[k] * w[k];
        out[f] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
}

TARGET static int NAMED(spectra)(const plan *p, const framing *f, const bank *b, const float *window, float *out,
                                 int64_t rows, int what) {
    const int64_t n_fft = 2 * p->size, padded = (n_fft + WIDTH - 1) / WIDTH * WIDTH, total = rows * f->count;
    const int64_t bins = (what == COMPLEX_SPECTRA ? 2 : 1) * (p->size + 1), results = b->filters ? b->filters : bins;
    /* Frames, spectra, sums and the frames that reach beyond a signal. */
    const int64_t vectors = padded + bins + WIDTH + results + WIDTH + padded;
    LANES *const z = aligned_memory((size_t)vectors * sizeof(LANES));
    if (!z) return 1;
    LANES *const spectra = z + padded, *const sums = spectra + bins + WIDTH;
    float *const rooms = (float *)(sums + results + WIDTH);
    memset(spectra, 0, (size_t)(bins + WIDTH + results + WIDTH) * sizeof(LANES));
    for (int64_t first = 0; first < total; first += WIDTH) {
        const int64_t frames = total - first < WIDTH ? total - first : WIDTH;
        const float *starts[WIDTH];
        for (int64_t i = 0; i < WIDTH; i++) {
            starts[i] = i < frames ? frame_of(f, first + i, padded, rooms + i * padded) : starts[0];
        }
        NAMED(gather)(starts, window, z, n_fft);
        NAMED(transform)(p, z, p->size, p->size, 0, p->twiddles);
        NAMED(finish)(p, z, spectra, what);
        if (b->filters) NAMED(filter)(b, spectra, sums);
        NAMED(scatter)(b->filters ? sums : spectra, results, out + first * results, results, frames);
    }
    free(z);
    return 0;
}
