/* Samples between samples: y[m] = sum_k w(m)[k] x[floor(p) - TAPS/2 + 1 + k], p = m * step / unit, and its transpose.

   The weights are polynomials of the fraction of p, in a table: (phases, TERMS, TAPS), lowest power last, one
   polynomial for each of the equal parts of [0, 1). x comes in blocks of `frame` samples of which `hop` are new, those
   in the middle, so that each output has its samples in one block. Arithmetic is that of the samples: sums are short. */
#include "kernels.h"

#define TAPS 16
#define TERMS 4 /* of a polynomial */

typedef struct {
    const void *table;
    int64_t frame, hop, step, unit, phases;
} grid;

/* Where output m lies: `position` whole samples and `rest` / unit of one. */
typedef struct {
    int64_t position, rest;
} place;

static inline place place_of(const grid *g, int64_t m) {
    return (place){m * g->step / g->unit, m * g->step % g->unit};
}

static inline void advance(place *p, int64_t whole, int64_t part, int64_t unit) {
    const int64_t rest = p->rest + part, carry = rest >= unit;
    p->position += whole + carry;
    p->rest = carry ? rest - unit : rest;
}

/* The first output at or after a sample. */
static inline int64_t first_after(const grid *g, int64_t sample) { return (sample * g->unit + g->step - 1) / g->step; }

#define PASTE(name, sample, variant) name##_##sample##_##variant
#define NAMED_(name, sample, variant) PASTE(name, sample, variant)
#define NAMED(name) NAMED_(name, SAMPLE, VARIANT)

#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
#define VARIANT avx512
#define BYTES 64
#define TARGET __attribute__((target("avx512f,avx512dq,fma")))
#include "interpolate_block.h"
#define VARIANT avx2
#define BYTES 32
#define TARGET __attribute__((target("avx2,fma")))
#include "interpolate_block.h"
#endif
#define VARIANT plain
#define BYTES 16
#define TARGET
#include "interpolate_block.h"

typedef void (*block_function)(const grid *, void *, void *, place, int64_t);

static void choose(block_function of_float[2], block_function of_double[2]) {
    of_float[0] = read_float_plain, of_float[1] = spread_float_plain;
    of_double[0] = read_double_plain, of_double[1] = spread_double_plain;
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
    if (!__builtin_cpu_supports("fma")) return;
    if (__builtin_cpu_supports("avx2")) {
        of_float[0] = read_float_avx2, of_float[1] = spread_float_avx2;
        of_double[0] = read_double_avx2, of_double[1] = spread_double_avx2;
    }
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
        of_float[0] = read_float_avx512, of_float[1] = spread_float_avx512;
        of_double[0] = read_double_avx512, of_double[1] = spread_double_avx512;
    }
#endif
}

/* blocks: (rows, count, frame), of which the first is number `first` of the signal; outputs: (rows, length), from the
   first one that lies in these blocks. One of both is read and the other, if the blocks then zeroed, written. */
EXPORT int sonovox_interpolate(void *blocks, void *outputs, const void *table, int64_t rows, int64_t count,
                               int64_t frame, int64_t hop, int64_t first, int64_t length, int64_t step, int64_t unit,
                               int64_t phases, int transposed, int is_double) {
    block_function of_float[2], of_double[2];
    choose(of_float, of_double);
    const block_function work = (is_double ? of_double : of_float)[transposed != 0];
    const int64_t size = is_double ? sizeof(double) : sizeof(float);
    const grid g = {table, frame, hop, step, unit, phases};
    const int64_t start = first_after(&g, first * hop), margin = (frame - hop) / 2;
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t b = 0; b < count; b++) {
            const int64_t from = first_after(&g, (first + b) * hop);
            int64_t to = first_after(&g, (first + b + 1) * hop);
            if (to > start + length) to = start + length;
            if (to <= from) continue;
            place p = place_of(&g, from);
            p.position += margin - (first + b) * hop - TAPS / 2 + 1;
            char *block = (char *)blocks + (row * count + b) * frame * size;
            work(&g, block, (char *)outputs + (row * length + from - start) * size, p, to - from);
        }
    }
    return 0;
}
