/* Sums across lanes, of WIDTH vectors at a time. Included once for each type LANES of WIDTH samples, INDEX being an integer
   of their size, TARGET the instructions, and NAMED a name for both. */

/* Of two vectors in a row, the lanes whose number has bit `s` clear, or set: picked(j, s) and picked(j, s) + s. */
#define PICKED(j, s) ((j) / (s) * 2 * (s) + (j) % (s))
#define TWO(j, s, o) PICKED(j, s) + (o), PICKED(j + 1, s) + (o)
#define FOUR(j, s, o) TWO(j, s, o), TWO(j + 2, s, o)
#define EIGHT(j, s, o) FOUR(j, s, o), FOUR(j + 4, s, o)
#if WIDTH == 16
#define EACH(s, o) EIGHT(0, s, o), EIGHT(8, s, o)
#elif WIDTH == 8
#define EACH(s, o) EIGHT(0, s, o)
#elif WIDTH == 4
#define EACH(s, o) FOUR(0, s, o)
#else
#define EACH(s, o) TWO(0, s, o)
#endif
#if defined(__clang__)
#define HALF(a, b, s, o) __builtin_shufflevector(a, b, EACH(s, o))
#else
typedef INDEX NAMED(indices) __attribute__((vector_size(WIDTH * sizeof(INDEX))));
#define HALF(a, b, s, o) __builtin_shuffle(a, b, (NAMED(indices)){EACH(s, o)})
#endif
#define FOLD(s) \
    _Pragma("GCC unroll 8") for (int j = 0; j < s; j++) {                                                  \
        v[j] = HALF(v[2 * j], v[2 * j + 1], s, 0) + HALF(v[2 * j], v[2 * j + 1], s, s);                   \
    }

/* Writes to each lane of v[0] the sum of one of the WIDTH vectors, in their order. */
TARGET static inline void NAMED(sums)(LANES *v) {
#if WIDTH == 16
    FOLD(8)
#endif
#if WIDTH >= 8
    FOLD(4)
#endif
#if WIDTH >= 4
    FOLD(2)
#endif
    FOLD(1)
}

#undef PICKED
#undef TWO
#undef FOUR
#undef EIGHT
#undef EACH
#undef HALF
#undef FOLD
