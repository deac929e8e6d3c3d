/* One instruction set of variants.h. */
#include "fourier_lanes.h"
#include BODY

#undef VARIANT
#undef WIDTH
#undef TARGET
#undef LANES
#undef COMPLEX
#undef INLINE
#undef LOW
#undef HIGH
#undef FOUR
#undef EACH
#undef MIXED
#undef EXCHANGE
#undef STEP
#undef DISPATCH
