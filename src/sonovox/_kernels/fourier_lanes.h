/* The transforms of fourier.h for WIDTH frames beside each other. Included once for each instruction set. */

#define LANES NAMED(lanes)
#define COMPLEX NAMED(complex_lanes)
#define INLINE TARGET static inline __attribute__((always_inline))

typedef float LANES __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
typedef struct {
    LANES re, im;
} COMPLEX;

/* ---- Rows to lanes ---- */

#define LOW(j, s) ((j) & (s) ? WIDTH + (j) - (s) : (j))
#define HIGH(j, s) ((j) & (s) ? WIDTH + (j) : (j) + (s))
#define FOUR(f, j, s) f(j, s), f(j + 1, s), f(j + 2, s), f(j + 3, s)
#if WIDTH == 16
#define EACH(f, s) FOUR(f, 0, s), FOUR(f, 4, s), FOUR(f, 8, s), FOUR(f, 12, s)
#elif WIDTH == 8
#define EACH(f, s) FOUR(f, 0, s), FOUR(f, 4, s)
#else
#define EACH(f, s) FOUR(f, 0, s)
#endif
#if defined(__clang__)
#define MIXED(a, b, f, s) __builtin_shufflevector(a, b, EACH(f, s))
#else
typedef int32_t NAMED(indices) __attribute__((vector_size(WIDTH * 4)));
#define MIXED(a, b, f, s) __builtin_shuffle(a, b, (NAMED(indices)){EACH(f, s)})
#endif
#define EXCHANGE(s)                                                                       \
    _Pragma("GCC unroll 16") for (int i = 0; i < WIDTH; i++) {                            \
        if (i & (s)) continue;                                                            \
        const LANES a = v[i], b = v[i + (s)];                                             \
        v[i] = MIXED(a, b, LOW, s), v[i + (s)] = MIXED(a, b, HIGH, s);                    \
    }

/* Makes lane j of vector i lane i of vector j. */
INLINE void NAMED(transpose)(LANES *v) {
#if WIDTH == 16
    EXCHANGE(8)
#endif
#if WIDTH >= 8
    EXCHANGE(4)
#endif
    EXCHANGE(2)
    EXCHANGE(1)
}

/* `size` samples of each frame, times those of the window, to as many vectors of `z`, up to a multiple of WIDTH. */
TARGET static void NAMED(gather)(const float *const *frames, const float *window, LANES *z, int64_t size) {
    for (int64_t t = 0; t < size; t += WIDTH) {
        LANES v[WIDTH];
        const LANES weights = *(const LANES *)(window + t);
#pragma GCC unroll 16
        for (int i = 0; i < WIDTH; i++) v[i] = *(const LANES *)(frames[i] + t) * weights;
        NAMED(transpose)(v);
#pragma GCC unroll 16
        for (int i = 0; i < WIDTH; i++) z[t + i] = v[i];
    }
}

/* `size` vectors of `z`, which has WIDTH more, to the rows of `frames` frames that begin at `out`. */
TARGET static void NAMED(scatter)(const LANES *z, int64_t size, float *out, int64_t stride, int64_t frames) {
    for (int64_t t = 0; t < size; t += WIDTH) {
        LANES v[WIDTH];
#pragma GCC unroll 16
        for (int i = 0; i < WIDTH; i++) v[i] = z[t + i];
        NAMED(transpose)(v);
        if (frames == WIDTH && t + WIDTH <= size) {
#pragma GCC unroll 16
            for (int i = 0; i < WIDTH; i++) *(LANES *)(out + i * stride + t) = v[i];
        } else {
            const int64_t left = size - t < WIDTH ? size - t : WIDTH;
            for (int64_t i = 0; i < frames; i++) memcpy(out + i * stride + t, v + i, (size_t)left * sizeof(float));
        }
    }
}

/* ---- Complex numbers ---- */

INLINE COMPLEX NAMED(at)(const LANES *z, int64_t k) { return (COMPLEX){z[2 * k], z[2 * k + 1]}; }

INLINE void NAMED(put)(LANES *z, int64_t k, COMPLEX a) { z[2 * k] = a.re, z[2 * k + 1] = a.im; }

INLINE COMPLEX NAMED(plus)(COMPLEX a, COMPLEX b) { return (COMPLEX){a.re + b.re, a.im + b.im}; }

INLINE COMPLEX NAMED(minus)(COMPLEX a, COMPLEX b) { return (COMPLEX){a.re - b.re, a.im - b.im}; }

INLINE COMPLEX NAMED(times)(COMPLEX a, float re, float im) {
    return (COMPLEX){a.re * re - a.im * im, a.re * im + a.im * re};
}

/* a - i b, and a + i b */
INLINE COMPLEX NAMED(right)(COMPLEX a, COMPLEX b) { return (COMPLEX){a.re + b.im, a.im - b.re}; }

INLINE COMPLEX NAMED(left)(COMPLEX a, COMPLEX b) { return (COMPLEX){a.re - b.im, a.im + b.re}; }

/* b c + d e */
INLINE COMPLEX NAMED(mix)(COMPLEX b, float c, COMPLEX d, float e) {
    return (COMPLEX){b.re * c + d.re * e, b.im * c + d.im * e};
}

/* ---- Transforms of 2 to 8 numbers, in place ---- */

INLINE void NAMED(two)(COMPLEX *a) {
    const COMPLEX b = a[1];
    a[1] = NAMED(minus)(a[0], b), a[0] = NAMED(plus)(a[0], b);
}

INLINE void NAMED(three)(COMPLEX *a) {
    const COMPLEX both = NAMED(plus)(a[1], a[2]), apart = NAMED(minus)(a[1], a[2]);
    const COMPLEX even = {a[0].re - both.re * 0.5f, a[0].im - both.im * 0.5f};
    const COMPLEX odd = {apart.re * 0.8660254037844386f, apart.im * 0.8660254037844386f}; /* sin(2 pi / 3) */
    a[0] = NAMED(plus)(a[0], both), a[1] = NAMED(right)(even, odd), a[2] = NAMED(left)(even, odd);
}

INLINE void NAMED(four)(COMPLEX *a) {
    const COMPLEX p = NAMED(plus)(a[0], a[2]), q = NAMED(minus)(a[0], a[2]);
    const COMPLEX r = NAMED(plus)(a[1], a[3]), s = NAMED(minus)(a[1], a[3]);
    a[0] = NAMED(plus)(p, r), a[1] = NAMED(right)(q, s), a[2] = NAMED(minus)(p, r), a[3] = NAMED(left)(q, s);
}

INLINE void NAMED(five)(COMPLEX *a) {
    const float c1 = 0.30901699437494745f, c2 = -0.8090169943749475f; /* cosines of 2 pi / 5 and 4 pi / 5 */
    const float s1 = 0.9510565162951535f, s2 = 0.5877852522924731f;   /* and sines */
    const COMPLEX p = NAMED(plus)(a[1], a[4]), q = NAMED(minus)(a[1], a[4]);
    const COMPLEX r = NAMED(plus)(a[2], a[3]), s = NAMED(minus)(a[2], a[3]);
    const COMPLEX even1 = NAMED(plus)(a[0], NAMED(mix)(p, c1, r, c2));
    const COMPLEX even2 = NAMED(plus)(a[0], NAMED(mix)(p, c2, r, c1));
    const COMPLEX odd1 = NAMED(mix)(q, s1, s, s2), odd2 = NAMED(mix)(q, s2, s, -s1);
    a[0] = NAMED(plus)(a[0], NAMED(plus)(p, r));
    a[1] = NAMED(right)(even1, odd1), a[4] = NAMED(left)(even1, odd1);
    a[2] = NAMED(right)(even2, odd2), a[3] = NAMED(left)(even2, odd2);
}

INLINE void NAMED(seven)(COMPLEX *a) {
    const float c1 = 0.6234898018587336f, c2 = -0.2225209339563144f, c3 = -0.9009688679024191f; /* of 2, 4, 6 pi / 7 */
    const float s1 = 0.7818314824680298f, s2 = 0.9749279121818236f, s3 = 0.4338837391175581f;
    const COMPLEX p = NAMED(plus)(a[1], a[6]), q = NAMED(minus)(a[1], a[6]);
    const COMPLEX r = NAMED(plus)(a[2], a[5]), s = NAMED(minus)(a[2], a[5]);
    const COMPLEX u = NAMED(plus)(a[3], a[4]), v = NAMED(minus)(a[3], a[4]), first = a[0];
    const COMPLEX even1 = NAMED(plus)(NAMED(mix)(p, c1, r, c2), NAMED(mix)(u, c3, first, 1.0f));
    const COMPLEX even2 = NAMED(plus)(NAMED(mix)(p, c2, r, c3), NAMED(mix)(u, c1, first, 1.0f));
    const COMPLEX even3 = NAMED(plus)(NAMED(mix)(p, c3, r, c1), NAMED(mix)(u, c2, first, 1.0f));
    const COMPLEX odd1 = {q.re * s1 + s.re * s2 + v.re * s3, q.im * s1 + s.im * s2 + v.im * s3};
    const COMPLEX odd2 = {q.re * s2 - s.re * s3 - v.re * s1, q.im * s2 - s.im * s3 - v.im * s1};
    const COMPLEX odd3 = {q.re * s3 - s.re * s1 + v.re * s2, q.im * s3 - s.im * s1 + v.im * s2};
    a[0] = NAMED(plus)(NAMED(plus)(first, p), NAMED(plus)(r, u));
    a[1] = NAMED(right)(even1, odd1), a[6] = NAMED(left)(even1, odd1);
    a[2] = NAMED(right)(even2, odd2), a[5] = NAMED(left)(even2, odd2);
    a[3] = NAMED(right)(even3, odd3), a[4] = NAMED(left)(even3, odd3);
}

INLINE void NAMED(eight)(COMPLEX *a) {
    const float h = 0.7071067811865476f;
    COMPLEX even[4] = {a[0], a[2], a[4], a[6]}, odd[4] = {a[1], a[3], a[5], a[7]};
    NAMED(four)(even), NAMED(four)(odd);
    const COMPLEX one = {(odd[1].re + odd[1].im) * h, (odd[1].im - odd[1].re) * h}; /* times exp(-i pi / 4) */
    const COMPLEX three = {(odd[3].im - odd[3].re) * h, -(odd[3].re + odd[3].im) * h};
    a[0] = NAMED(plus)(even[0], odd[0]), a[4] = NAMED(minus)(even[0], odd[0]);
    a[1] = NAMED(plus)(even[1], one), a[5] = NAMED(minus)(even[1], one);
    a[2] = NAMED(right)(even[2], odd[2]), a[6] = NAMED(left)(even[2], odd[2]);
    a[3] = NAMED(plus)(even[3], three), a[7] = NAMED(minus)(even[3], three);
}

/* ---- Steps ---- */

#define STEP(name, radix)                                                                                   \
    TARGET static void NAMED(step_##name)(LANES *z, int64_t size, int64_t part, const float *twiddles) {    \
        const int64_t apart = part / radix;                                                                 \
        for (LANES *const end = z + 2 * size; z < end; z += 2 * part) {                                     \
            const float *w = twiddles;                                                                      \
            for (int64_t j = 0; j < apart; j++, w += 2 * (radix - 1)) {                                     \
                COMPLEX a[radix];                                                                           \
                _Pragma("GCC unroll 8") for (int k = 0; k < radix; k++) a[k] = NAMED(at)(z, j + k * apart); \
                NAMED(name)(a);                                                                             \
                NAMED(put)(z, j, a[0]);                                                                     \
                _Pragma("GCC unroll 8") for (int k = 1; k < radix; k++)                                     \
                    NAMED(put)(z, j + k * apart, NAMED(times)(a[k], w[2 * k - 2], w[2 * k - 1]));           \
            }                                                                                               \
        }                                                                                                   \
    }                                                                                                       \
    /* the last step, without factors */                                                                    \
    TARGET static void NAMED(last_##name)(LANES *z, int64_t size) {                                         \
        for (LANES *const end = z + 2 * size; z < end; z += 2 * radix) {                                    \
            COMPLEX a[radix];                                                                               \
            _Pragma("GCC unroll 8") for (int k = 0; k < radix; k++) a[k] = NAMED(at)(z, k);                 \
            NAMED(name)(a);                                                                                 \
            _Pragma("GCC unroll 8") for (int k = 0; k < radix; k++) NAMED(put)(z, k, a[k]);                 \
        }                                                                                                   \
    }

STEP(two, 2)
STEP(three, 3)
STEP(four, 4)
STEP(five, 5)
STEP(seven, 7)
STEP(eight, 8)

#define DISPATCH(name)                                                             \
    apart == 1 ? NAMED(last_##name)(z, size) : NAMED(step_##name)(z, size, part, w)

/* Transforms parts of `part` numbers that lie one after the other, from `step` on. */
TARGET static void NAMED(transform)(const plan *p, LANES *z, int64_t size, int64_t part, int64_t step,
                                    const float *w) {
    for (; step < p->steps; step++) {
        const int64_t radix = p->radices[step], apart = part / radix;
        switch (radix) {
            case 2: DISPATCH(two); break;
            case 3: DISPATCH(three); break;
            case 4: DISPATCH(four); break;
            case 5: DISPATCH(five); break;
            case 7: DISPATCH(seven); break;
            default: DISPATCH(eight);
        }
        w += 2 * (radix - 1) * apart, part = apart;
        /* Parts that the first cache holds are finished one by one. */
        if (size > part && size * (int64_t)sizeof(COMPLEX) > 32768) {
            for (int64_t first = 0; first < size; first += part) NAMED(transform)(p, z + 2 * first, part, part, step + 1, w);
            return;
        }
    }
}

/* ---- Real signals ---- */

/* Bins k and M - k of x, for k up to M / 2, from those of z. */
INLINE void NAMED(disentangle)(const plan *p, const LANES *z, int64_t k, COMPLEX *low, COMPLEX *high) {
    if (k == 0) {
        const LANES none = {0};
        *low = (COMPLEX){z[0] + z[1], none}, *high = (COMPLEX){z[0] - z[1], none};
        return;
    }
    const COMPLEX a = NAMED(at)(z, p->places[k]), b = NAMED(at)(z, p->places[p->size - k]);
    const COMPLEX even = {(a.re + b.re) * 0.5f, (a.im - b.im) * 0.5f};
    const COMPLEX odd = NAMED(times)((COMPLEX){a.re - b.re, a.im + b.im}, p->turns[2 * k], p->turns[2 * k + 1]);
    *low = NAMED(plus)(even, odd);
    *high = (COMPLEX){even.re - odd.re, odd.im - even.im};
}

/* The opposite, for an inverse transform: twice the bins k and M - k of z, real and imaginary parts exchanged, in their
   order. Imaginary parts of the first and the last bin of x are taken for zeros. */
INLINE void NAMED(entangle)(const plan *p, LANES *z, int64_t k, COMPLEX low, COMPLEX high) {
    if (k == 0) {
        NAMED(put)(z, 0, (COMPLEX){low.re - high.re, low.re + high.re});
        return;
    }
    const COMPLEX even = {low.re + high.re, low.im - high.im};
    const COMPLEX odd = NAMED(times)((COMPLEX){low.re - high.re, low.im + high.im}, 2 * p->turns[2 * k],
                                     -2 * p->turns[2 * k + 1]);
    NAMED(put)(z, k, (COMPLEX){even.im + odd.im, even.re + odd.re});
    NAMED(put)(z, p->size - k, (COMPLEX){odd.im - even.im, even.re - odd.re});
}

/* `spectra` in their order to N times what they are spectra of, in the places of `z`. */
TARGET static void NAMED(inverse)(const plan *p, const LANES *spectra, LANES *z) {
    for (int64_t k = 0; k <= p->size / 2; k++) {
        NAMED(entangle)(p, z, k, NAMED(at)(spectra, k), NAMED(at)(spectra, p->size - k));
    }
    NAMED(transform)(p, z, p->size, p->size, 0, p->twiddles);
}

/* WIDTH samples from `t` on of each frame, after an inverse transform; zeros behind the last. */
INLINE void NAMED(samples)(const plan *p, const LANES *z, int64_t t, LANES *v) {
    const LANES none = {0};
    const int64_t pairs = p->size - t / 2;
#pragma GCC unroll 8
    for (int i = 0; i < WIDTH / 2; i++) {
        const LANES *const pair = z + 2 * p->places[i < pairs ? t / 2 + i : 0];
        v[2 * i] = i < pairs ? pair[1] : none, v[2 * i + 1] = i < pairs ? pair[0] : none;
    }
    NAMED(transpose)(v);
}

/* Adds frames, times the window, to a signal with room for WIDTH more samples. */
TARGET static void NAMED(overlap_add)(const plan *p, const LANES *z, const float *window, float *signal, int64_t hop,
                                      int64_t frames) {
    for (int64_t t = 0; t < 2 * p->size; t += WIDTH) {
        const LANES weights = *(const LANES *)(window + t);
        LANES v[WIDTH];
        NAMED(samples)(p, z, t, v);
        for (int64_t i = 0; i < frames; i++) *(LANES *)(signal + i * hop + t) += v[i] * weights;
    }
}
