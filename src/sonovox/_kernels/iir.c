/* Recursive filters: y[t] = sum_k b[k] x[t-k] - sum_k a[k] y[t-k], one filter for each channel.

   Sixteen samples at a time. With u the feedforward part and h the response of
   1 / (1 + a1 z^-1 + ...) to an impulse, the samples of a block are
       y[t+i] = sum_j h[i-j] u[t+j] + sum_k o[k][i] y[t-k],
   a product with a triangular matrix, which needs no earlier block, and one
   with the last outputs, the only thing that a block waits for. */
#include "kernels.h"

#define BLOCK 16
#define CHUNK 1024 /* samples between conversions; with their histories they stay in the first cache */

typedef struct {
    int64_t n_a, n_b;  /* a without its leading 1 */
    const double *a, *b;
    double (*columns)[BLOCK];  /* BLOCK of them: what an impulse at j does to each sample of the block */
    double (*echoes)[BLOCK];   /* n_a of them: what y[t-k] does to each sample of the block */
} filter;

static void prepare(filter *f) {
    for (int64_t k = 0; k < f->n_a; k++) {
        for (int i = 0; i < BLOCK; i++) {
            double sum = i + k < f->n_a ? -f->a[i + k] : 0.0;
            for (int j = 1; j <= i && j <= f->n_a; j++) sum -= f->a[j - 1] * f->echoes[k][i - j];
            f->echoes[k][i] = sum;
        }
    }
    for (int j = 0; j < BLOCK; j++) {
        for (int i = 0; i < BLOCK; i++) {
            double sum = i == j ? 1.0 : 0.0;
            for (int k = 1; k <= i - j && k <= f->n_a; k++) sum -= f->a[k - 1] * f->columns[j][i - k];
            f->columns[j][i] = i < j ? 0.0 : sum;
        }
    }
}

static void recursion(const filter *f, const double *u, double *y, int64_t count) {
    for (int64_t t = 0; t < count; t++) {
        double sum = u[t];
        for (int64_t k = 0; k < f->n_a; k++) sum -= f->a[k] * y[t - 1 - k];
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

typedef void (*chunk_function)(const filter *, const double *, double *, double *, int64_t);

static chunk_function best_chunk(void) {
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma")) return chunk_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return chunk_avx2;
#endif
    return chunk_plain;
}

/* x and y: (rows, filters, time); a: (filters, n_a); b: (filters, n_b). */
EXPORT int sonovox_iir(const void *x, void *y, const double *a, const double *b, int64_t rows, int64_t filters,
                       int64_t time, int64_t n_a, int64_t n_b, int is_double) {
    const chunk_function run = best_chunk();
    const int64_t before = n_b - 1; /* inputs, and n_a outputs, that the next chunk needs */
    double *memory = malloc((size_t)((BLOCK + n_a) * BLOCK + before + n_a + 3 * CHUNK) * sizeof(double));
    if (!memory) return 1;
    filter f = {n_a, n_b, NULL, NULL, (double(*)[BLOCK])memory, (double(*)[BLOCK])(memory + BLOCK * BLOCK)};
    double *inputs = memory + (BLOCK + n_a) * BLOCK, *outputs = inputs + before + CHUNK, *u = outputs + n_a + CHUNK;
    for (int64_t c = 0; c < filters; c++) {
        f.a = a + c * n_a, f.b = b + c * n_b;
        prepare(&f);
        for (int64_t r = 0; r < rows; r++) {
            const int64_t first = (r * filters + c) * time;
            memset(inputs, 0, (size_t)before * sizeof(double));
            memset(outputs, 0, (size_t)n_a * sizeof(double));
            for (int64_t t = 0; t < time; t += CHUNK) {
                const int64_t count = time - t < CHUNK ? time - t : CHUNK;
                read_samples(x, first + t, count, is_double, inputs + before);
                run(&f, inputs + before, u, outputs + n_a, count);
                write_samples(outputs + n_a, count, y, first + t, is_double);
                memmove(inputs, inputs + count, (size_t)before * sizeof(double));
                memmove(outputs, outputs + count, (size_t)n_a * sizeof(double));
            }
        }
    }
    free(memory);
    return 0;
}
