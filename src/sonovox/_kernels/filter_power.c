/* Power spectra, summed by filters of which each covers a few neighbouring bins. Of float alone: torch serves double. */
#include "kernels.h"

#define GROUP 16 /* numbers of which each filter has a multiple, zeros included */

typedef struct {
    const float *weights;
    const int64_t *firsts, *begins;
    int64_t filters;
} bank;

#define PASTE(name, variant) name##_##variant
#define NAMED_(name, variant) PASTE(name, variant)
#define NAMED(name) NAMED_(name, VARIANT)
#define INDEX int32_t /* of fold.h */

#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
#define VARIANT avx512
#define WIDTH 16
#define TARGET __attribute__((target("avx512f,avx512dq,fma")))
#include "filter_power_frame.h"
#define VARIANT avx2
#define WIDTH 8
#define TARGET __attribute__((target("avx2,fma")))
#include "filter_power_frame.h"
#endif
#define VARIANT plain
#define WIDTH 4
#define TARGET
#include "filter_power_frame.h"

typedef void (*frame_function)(const bank *, const float *, float *);

static frame_function choose(void) {
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
    if (__builtin_cpu_supports("fma")) {
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return frame_avx512;
        if (__builtin_cpu_supports("avx2")) return frame_avx2;
    }
#endif
    return frame_plain;
}

/* spectra: (count, numbers), real and imaginary parts in turn; filter f weights the squares of those from firsts[f] on
   by weights[begins[f]] ... weights[begins[f + 1] - 1]; out: (count, filters). firsts and begins go on, with filters of no
   weights, up to a multiple of GROUP. */
EXPORT int sonovox_filter_power(const float *spectra, float *out, const float *weights, const int64_t *firsts,
                                const int64_t *begins, int64_t count, int64_t numbers, int64_t filters) {
    const bank of = {weights, firsts, begins, filters};
    const frame_function frame = choose();
    for (int64_t t = 0; t < count; t++) frame(&of, spectra + t * numbers, out + t * filters);
    return 0;
}
