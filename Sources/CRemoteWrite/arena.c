#include "include/arena.h"

#include <stdint.h>
#include <stdlib.h>

enum { first_block = 1 << 18 };

struct block {
  struct block *next;
  size_t size;
  size_t used;
};

struct remote_write_arena {
  ProtobufCAllocator allocator;
  struct block *blocks;
  struct block *current;
  size_t limit;
  size_t given;
};

static void *take(void *data, size_t size) {
  remote_write_arena *arena = data;
  size = (size + 15) & ~(size_t)15;
  if (size > arena->limit - arena->given) return NULL;
  struct block *block = arena->current;
  while (block && block->size - block->used < size) block = arena->current = block->next;
  if (!block) {
    size_t wanted = arena->blocks ? arena->blocks->size * 2 : first_block;
    if (wanted < size) wanted = size;
    block = malloc(sizeof *block + wanted);
    if (!block) return NULL;
    block->size = wanted;
    block->used = 0;
    // The largest block comes first, so that the next message of this size needs one only.
    block->next = arena->blocks;
    arena->blocks = arena->current = block;
  }
  void *result = (char *)(block + 1) + block->used;
  block->used += size;
  arena->given += size;
  return result;
}

static void give_back(void *data, void *pointer) {
  (void)data;
  (void)pointer;
}

remote_write_arena *remote_write_arena_create(size_t limit) {
  remote_write_arena *arena = calloc(1, sizeof *arena);
  if (!arena) return NULL;
  arena->allocator.alloc = take;
  arena->allocator.free = give_back;
  arena->allocator.allocator_data = arena;
  arena->limit = limit;
  return arena;
}

void remote_write_arena_destroy(remote_write_arena *arena) {
  if (!arena) return;
  for (struct block *block = arena->blocks; block;) {
    struct block *next = block->next;
    free(block);
    block = next;
  }
  free(arena);
}

void remote_write_arena_reset(remote_write_arena *arena) {
  // Blocks but the largest are given up: a single huge message must not hold memory for ever.
  if (arena->blocks) {
    for (struct block *block = arena->blocks->next; block;) {
      struct block *next = block->next;
      free(block);
      block = next;
    }
    arena->blocks->next = NULL;
    arena->blocks->used = 0;
  }
  arena->current = arena->blocks;
  arena->given = 0;
}

ProtobufCAllocator *remote_write_arena_allocator(remote_write_arena *arena) { return &arena->allocator; }
