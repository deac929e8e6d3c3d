/* Which sources this object was made of: the loader refuses one whose functions may take other arguments. */
#include "kernels.h"

EXPORT const char *sonovox_sources(void) { return SONOVOX_SOURCES; }
