#include "hc_malloc.h"

#include <malloc.h>

void hc_malloc_use_one_arena(void) {
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, 1);
#endif
}

void hc_malloc_trim(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
