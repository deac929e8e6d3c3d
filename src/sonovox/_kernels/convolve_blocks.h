/* The body of convolve.c for one instruction set. Spectra of blocks lie side by side: real parts of a bin for all blocks,
   then its imaginary parts. */

/* The spectra of WIDTH frames to columns of `spectra`, whose rows have `stride` numbers. */
TARGET static void NAMED(store)(const plan *p, const LANES *z, float *spectra, int64_t stride) {
    const int64_t size = p->size;
    for (int64_t k = 0; k <= size / 2; k++) {
        COMPLEX low, high;
        NAMED(disentangle)(p, z, k, &low, &high);
        *(LANES *)(spectra + 2 * k * stride) = low.re, *(LANES *)(spectra + (2 * k + 1) * stride) = low.im;
        float *const mirrored = spectra + 2 * (size - k) * stride;
        *(LANES *)mirrored = high.re, *(LANES *)(mirrored + stride) = high.im;
    }
}

/* sum over p of filter[p] times signal[-p], for WIDTH numbers of the signal at once. */
INLINE COMPLEX NAMED(products)(const float *filter, int64_t filters, const float *signal, int64_t stride, int64_t first,
                               int64_t end) {
    COMPLEX even = {{0}, {0}}, odd = {{0}, {0}};
    for (int64_t i = first; i < end; i++) {
        const LANES re = *(const LANES *)(signal - i), im = *(const LANES *)(signal + stride - i);
        even.re += re * filter[i], even.im += re * filter[filters + i];
        odd.re += im * filter[filters + i], odd.im += im * filter[i];
    }
    return (COMPLEX){even.re - odd.re, even.im + odd.im};
}

/* Sums of products, ready for the inverse transform. `signal` is the column of the first of WIDTH blocks. */
TARGET static void NAMED(multiply)(const plan *p, const float *filter, int64_t filters, const float *signal,
                                   int64_t stride, int64_t first, int64_t end, LANES *next) {
    const int64_t size = p->size;
    for (int64_t k = 0; k <= size / 2; k++) {
        const int64_t m = size - k;
        const COMPLEX low =
            NAMED(products)(filter + 2 * k * filters, filters, signal + 2 * k * stride, stride, first, end);
        const COMPLEX high =
            NAMED(products)(filter + 2 * m * filters, filters, signal + 2 * m * stride, stride, first, end);
        NAMED(entangle)(p, next, k, low, high);
    }
}

TARGET static int NAMED(convolve)(const plan *p, const task *o, const int64_t *x_rows, const int64_t *y_rows, float *out,
                                  int64_t rows) {
    const int64_t block = p->size, n_fft = 2 * block, bins = block + 1;
    const int64_t padded = (n_fft + WIDTH - 1) / WIDTH * WIDTH;
    const int64_t filters = (o->length + block - 1) / block, rounded = (filters + WIDTH - 1) / WIDTH * WIDTH;
    const int64_t before = filters - 1, stride = before + WIDTH;
    const int64_t inputs = (o->time + block - 1) / block + 1; /* blocks that are not zeros alone */
    const int64_t first_output = o->start / block / WIDTH * WIDTH, end = (o->start + o->count + block - 1) / block;
    const int64_t floats = 2 * bins * (rounded + stride) + 3 * padded + WIDTH * (3 * padded + block);
    float *const memory = aligned_memory((size_t)floats * sizeof(float));
    if (!memory) return 1;
    LANES *const z = (LANES *)memory, *const next = z + padded;
    float *const rooms = (float *)(next + padded), *const pieces = rooms + WIDTH * padded;
    float *const zeros = pieces + WIDTH * block, *const ones = zeros + padded, *const scale = ones + padded;
    float *const responses = scale + padded, *const spectra = responses + 2 * bins * rounded;
    for (int64_t t = 0; t < padded; t++) zeros[t] = 0.0f, ones[t] = 1.0f, scale[t] = 1.0f / (float)n_fft;
    for (int64_t r = 0; r < rows; r++) {
        const float *starts[WIDTH];
        if (r == 0 || y_rows[r] != y_rows[r - 1]) {
            const float *const y = o->y + y_rows[r] * o->length;
            for (int64_t first = 0; first < filters; first += WIDTH) {
                for (int64_t i = 0; i < WIDTH; i++) {
                    const int64_t begin = (first + i) * block, left = o->length - begin;
                    float *const room = rooms + i * padded;
                    starts[i] = left > 0 ? room : zeros;
                    if (left <= 0) continue;
                    const int64_t count = left < block ? left : block;
                    memcpy(room, y + begin, (size_t)count * sizeof(float));
                    memset(room + count, 0, (size_t)(padded - count) * sizeof(float));
                }
                NAMED(gather)(starts, scale, z, n_fft);
                NAMED(transform)(p, z, p->size, p->size, 0, p->twiddles);
                NAMED(store)(p, z, responses + first, rounded);
            }
        }
        memset(spectra, 0, (size_t)(2 * bins * stride) * sizeof(float));
        const framing f = {o->x + x_rows[r] * o->time, o->time, o->time, inputs, block, block, ZEROS};
        for (int64_t first = 0; first < end; first += WIDTH) {
            if (first > 0) { /* the last blocks become those before */
                for (int64_t k = 0; k < 2 * bins; k++) {
                    float *const row = spectra + k * stride;
                    memmove(row, row + WIDTH, (size_t)before * sizeof(float));
                }
            }
            if (first < inputs) {
                for (int64_t i = 0; i < WIDTH; i++) {
                    starts[i] = first + i < inputs ? frame_of(&f, first + i, padded, rooms + i * padded) : zeros;
                }
                NAMED(gather)(starts, ones, z, n_fft);
                NAMED(transform)(p, z, p->size, p->size, 0, p->twiddles);
                NAMED(store)(p, z, spectra + before, stride);
            } else if (first < inputs + WIDTH) {
                for (int64_t k = 0; k < 2 * bins; k++) memset(spectra + k * stride + before, 0, WIDTH * sizeof(float));
            }
            if (first < first_output) continue;
            const int64_t last = first + WIDTH < filters ? first + WIDTH : filters;
            const int64_t from = first - inputs + 1 > 0 ? first - inputs + 1 : 0;
            NAMED(multiply)(p, responses, rounded, spectra + before, stride, from, last, next);
            NAMED(transform)(p, next, p->size, p->size, 0, p->twiddles);
            float *places[WIDTH];
            for (int64_t i = 0; i < WIDTH; i++) {
                const int64_t begin = (first + i) * block - o->start;
                const int whole = begin >= 0 && begin + block <= o->count;
                places[i] = whole ? out + r * o->count + begin : pieces + i * block;
            }
            for (int64_t t = block; t < n_fft; t += WIDTH) {
                LANES v[WIDTH];
                NAMED(samples)(p, next, t, v);
#pragma GCC unroll 16
                for (int i = 0; i < WIDTH; i++) *(LANES *)(places[i] + t - block) = v[i];
            }
            for (int64_t i = 0; i < WIDTH; i++) {
                const int64_t begin = (first + i) * block - o->start;
                if (begin >= 0 && begin + block <= o->count) continue;
                const int64_t skipped = begin < 0 ? -begin : 0;
                int64_t kept = o->count - begin < block ? o->count - begin : block;
                kept -= skipped;
                if (kept <= 0) continue;
                memcpy(out + r * o->count + begin + skipped, places[i] + skipped, (size_t)kept * sizeof(float));
            }
        }
    }
    free(memory);
    return 0;
}
