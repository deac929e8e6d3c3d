/* Includes BODY once for each instruction set, with WIDTH floats in a vector, and the transforms of fourier_lanes.h before
   it; CHOOSE(name) is the function of that name that this processor can run. */
#define PASTE(name, variant) name##_##variant
#define PASTED(name, variant) PASTE(name, variant)
#define NAMED(name) PASTED(name, VARIANT)

#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
#define VARIANT avx512
#define WIDTH 16
#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,fma")))
#include "variant.h"
#define VARIANT avx2
#define WIDTH 8
#define TARGET __attribute__((target("avx2,fma")))
#include "variant.h"
#define CHOOSE(name)                                                                                        \
    (!__builtin_cpu_supports("fma")                                            ? name##_plain               \
     : __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") ? name##_avx512              \
     : __builtin_cpu_supports("avx2")                                          ? name##_avx2                \
                                                                               : name##_plain)
#else
#define CHOOSE(name) name##_plain
#endif
#define VARIANT plain
#define WIDTH 4
#define TARGET
#include "variant.h"
