#include "hc_arena.h"

#include <stdint.h>
#include <stdlib.h>

enum { ALIGNMENT = 16, FIRST_BLOCK = 1 << 16, LARGEST_BLOCK = 1 << 22 };

typedef struct block {
  struct block *next;
  size_t capacity;
} block;

struct hc_arena {
  ProtobufCAllocator allocator;
  block *first;    // all blocks, in the order of their use
  block *current;  // the block that is being filled
  size_t used;     // bytes of the current block
  size_t spent;    // bytes of all allocations since the last reset
  size_t limit;
  bool exhausted;
};

static size_t header_size(void) { return (sizeof(block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

// Makes `current` a block with room for `size` bytes: one that is left from before, or a new one.
static bool advance(hc_arena *arena, size_t size) {
  block *next = arena->current ? arena->current->next : arena->first;
  if (!next || next->capacity < size) {
    size_t capacity = arena->current ? arena->current->capacity * 2 : FIRST_BLOCK;
    if (capacity > LARGEST_BLOCK) capacity = LARGEST_BLOCK;
    if (capacity < size) capacity = size;
    block *made = malloc(header_size() + capacity);
    if (!made) return false;
    made->capacity = capacity;
    made->next = next;
    if (arena->current) {
      arena->current->next = made;
    } else {
      arena->first = made;
    }
    next = made;
  }
  arena->current = next;
  arena->used = 0;
  return true;
}

static void *arena_alloc(void *data, size_t size) {
  hc_arena *arena = data;
  if (size > SIZE_MAX - ALIGNMENT || arena->exhausted) {
    arena->exhausted = true;
    return NULL;
  }
  // protobuf-c asks for zero bytes for an empty string and takes NULL for a failure.
  size_t rounded = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (rounded > arena->limit - arena->spent ||
      ((!arena->current || rounded > arena->current->capacity - arena->used) && !advance(arena, rounded))) {
    arena->exhausted = true;
    return NULL;
  }
  void *result = (char *)arena->current + header_size() + arena->used;
  arena->used += rounded;
  arena->spent += rounded;
  return result;
}

// After a failure protobuf-c frees what it has built piece by piece.
static void arena_free(void *data, void *pointer) {
  (void)data;
  (void)pointer;
}

hc_arena *hc_arena_new(void) {
  hc_arena *arena = calloc(1, sizeof(hc_arena));
  if (!arena) return NULL;
  arena->allocator.alloc = arena_alloc;
  arena->allocator.free = arena_free;
  arena->allocator.allocator_data = arena;
  return arena;
}

static void free_blocks(block *each) {
  while (each) {
    block *next = each->next;
    free(each);
    each = next;
  }
}

void hc_arena_delete(hc_arena *arena) {
  if (!arena) return;
  free_blocks(arena->first);
  free(arena);
}

void hc_arena_reset(hc_arena *arena, size_t limit, size_t kept) {
  block **link = &arena->first;
  size_t total = 0;
  while (*link && total + (*link)->capacity <= kept) {
    total += (*link)->capacity;
    link = &(*link)->next;
  }
  free_blocks(*link);
  *link = NULL;
  arena->current = NULL;
  arena->used = 0;
  arena->spent = 0;
  arena->limit = limit;
  arena->exhausted = false;
}

bool hc_arena_is_exhausted(const hc_arena *arena) { return arena->exhausted; }

ProtobufCAllocator *hc_arena_allocator(hc_arena *arena) { return &arena->allocator; }
