// Memory for one message at a time: protobuf-c takes its pieces from large blocks, which are all given back at once.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

typedef struct remote_write_arena remote_write_arena;

// An arena that gives out at most `limit` bytes between two resets; NULL if there is no memory.
remote_write_arena *remote_write_arena_create(size_t limit);
void remote_write_arena_destroy(remote_write_arena *arena);
// Everything that was given out is free again; the blocks stay for the next message.
void remote_write_arena_reset(remote_write_arena *arena);
ProtobufCAllocator *remote_write_arena_allocator(remote_write_arena *arena);
