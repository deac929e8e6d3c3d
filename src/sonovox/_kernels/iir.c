/* Recursive filters: y[t] = sum_k b[k] x[t-k] - sum_k a[k] y[t-k], one filter for each channel, where 1 / A may be
   given as a cascade of sections.

   Sixteen samples at a time. With u the feedforward part and h the response of
   1 / (1 + a1 z^-1 + ...) to an impulse, the samples of a block are
       y[t+i] = sum_j h[i-j] u[t+j] + sum_k o[k][i] y[t-k],
   a product with a triangular matrix, which needs no earlier block, and one
   with the last outputs, the only thing that a block waits for. */
#include "kernels.h"

#define BLOCK 16
#define CHUNK 1024 /* samples between conversions; with their histories they stay in the first cache */

typedef struct {
    int64_t order;
    const double *a;          /* without its leading 1 */
    double (*columns)[BLOCK]; /* BLOCK of them: what an impulse at j does to each sample of the block */
    double (*echoes)[BLOCK];  /* order of them: what y[t-1-k] does to each sample of the block */
} section;

static void prepare(section *f) {
    for (int64_t k = 0; k < f->order; k++) {
        for (int i = 0; i < BLOCK; i++) {
            double sum = i + k < f->order ? -f->a[i + k] : 0.0;
            for (int j = 1; j <= i && j <= f->order; j++) sum -= f->a[j - 1] * f->echoes[k][i - j];
            f->echoes[k][i] = sum;
        }
    }
    for (int j = 0; j < BLOCK; j++) {
        for (int i = 0; i < BLOCK; i++) {
            double sum = i == j ? 1.0 : 0.0;
            for (int k = 1; k <= i - j && k <= f->order; k++) sum -= f->a[k - 1] * f->columns[j][i - k];
            f->columns[j][i] = i < j ? 0.0 : sum;
        }
    }
}

static void recursion(const section *f, const double *u, double *y, int64_t count) {
    for (int64_t t = 0; t < count; t++) {
        double sum = u[t];
        for (int64_t k = 0; k < f->order; k++) sum -= f->a[k] * y[t - 1 - k];
        y[t] = sum;
    }
}

#define PASTE(name, suffix) name##_##suffix
#define NAMED(name, suffix) PASTE(name, suffix)

#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
#define VARIANT avx512
#define WIDTH 8
#define TARGET __attribute__((target("avx512f,fma")))
#include "iir_chunk.h"
#define VARIANT avx2
#define WIDTH 4
#define TARGET __attribute__((target("avx2,fma")))
#include "iir_chunk.h"
#endif
#define VARIANT plain
#define WIDTH 2
#define TARGET
#include "iir_chunk.h"

typedef void (*feed_function)(const double *, int64_t, const double *, double *, int64_t);
typedef void (*chunk_function)(const section *, const double *, double *, int64_t);

static void choose(feed_function *feed, chunk_function *chunk) {
    *feed = feed_plain, *chunk = chunk_plain;
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
    if (!__builtin_cpu_supports("fma")) return;
    if (__builtin_cpu_supports("avx2")) *feed = feed_avx2, *chunk = chunk_avx2;
    if (__builtin_cpu_supports("avx512f")) *feed = feed_avx512, *chunk = chunk_avx512;
#endif
}

/* x and y: (rows, filters, time); a: (filters, sections, order); b: (filters, taps). */
EXPORT int sonovox_iir(const void *x, void *y, const double *a, const double *b, int64_t rows, int64_t filters,
                       int64_t time, int64_t sections, int64_t order, int64_t taps, int is_double) {
    feed_function feed;
    chunk_function chunk;
    choose(&feed, &chunk);
    const int64_t before = taps - 1;                          /* inputs that the next chunk needs */
    const int64_t table = (BLOCK + order) * BLOCK + order;    /* of one section, with its last outputs */
    const int64_t line = order + CHUNK;                       /* a signal between sections, after its history */
    double *memory = malloc((size_t)(sections * table + before + CHUNK + 2 * line) * sizeof(double));
    section *cascade = malloc((size_t)(sections ? sections : 1) * sizeof(section));
    if (!memory || !cascade) {
        free(memory), free(cascade);
        return 1;
    }
    double *inputs = memory + sections * table, *lines = inputs + before + CHUNK;
    for (int64_t c = 0; c < filters; c++) {
        for (int64_t s = 0; s < sections; s++) {
            double *of_section = memory + s * table;
            cascade[s] = (section){order, a + (c * sections + s) * order, (double(*)[BLOCK])of_section,
                                   (double(*)[BLOCK])(of_section + BLOCK * BLOCK)};
            prepare(cascade + s);
        }
        for (int64_t r = 0; r < rows; r++) {
            const int64_t first = (r * filters + c) * time;
            memset(inputs, 0, (size_t)before * sizeof(double));
            for (int64_t s = 1; s <= sections; s++) memset(memory + s * table - order, 0, (size_t)order * sizeof(double));
            for (int64_t t = 0; t < time; t += CHUNK) {
                const int64_t count = time - t < CHUNK ? time - t : CHUNK;
                double *from = lines + order, *to = from + line;
                read_samples(x, first + t, count, is_double, inputs + before);
                feed(b + c * taps, taps, inputs + before, from, count);
                memmove(inputs, inputs + count, (size_t)before * sizeof(double));
                for (int64_t s = 0; s < sections; s++) {
                    double *history = memory + (s + 1) * table - order;
                    memcpy(to - order, history, (size_t)order * sizeof(double));
                    chunk(cascade + s, from, to, count);
                    memcpy(history, to + count - order, (size_t)order * sizeof(double));
                    double *const swapped = from;
                    from = to, to = swapped;
                }
                write_samples(from, count, y, first + t, is_double);
            }
        }
    }
    free(memory), free(cascade);
    return 0;
}
