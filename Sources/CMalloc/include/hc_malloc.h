// What Swift's view of the C library leaves out of malloc.h.
#ifndef HC_MALLOC_H
#define HC_MALLOC_H

// Makes all threads share one arena; without effect where the C library has no arenas.
void hc_malloc_use_one_arena(void);

// Gives memory that nobody uses back to the system; without effect where the C library cannot.
void hc_malloc_trim(void);

#endif
