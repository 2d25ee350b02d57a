// A bounded arena in the place of malloc for one protobuf-c message: allocation is an addition, and the whole message
// goes at once.
#ifndef HC_ARENA_H
#define HC_ARENA_H
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct hc_arena hc_arena;

// An empty arena; NULL without memory.
hc_arena *hc_arena_new(void);
void hc_arena_delete(hc_arena *arena);
// Makes everything allocated so far invalid, and sets the bytes that may be allocated from now on. Blocks of up to
// `kept` bytes altogether stay for the next message.
void hc_arena_reset(hc_arena *arena, size_t limit, size_t kept);
// Whether an allocation was refused since the last reset, by the limit or by the system.
bool hc_arena_is_exhausted(const hc_arena *arena);
// The allocator to unpack with; it lives as long as the arena. What it allocates must not be freed one by one.
ProtobufCAllocator *hc_arena_allocator(hc_arena *arena);
#endif
