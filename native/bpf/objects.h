// The compiled programs, put into the kernel. In C, since the skeletons that bpftool makes are.
#pragma once

#include <stddef.h>

#include "program/shared.h"

#ifdef __cplusplus
extern "C" {
#endif

// Descriptors of what was loaded; -1 where the object has no such thing. They belong to `skeleton`.
struct tidemark_object {
  void* skeleton;
  void (*destroy)(struct tidemark_object*);
  int prepare;
  int walk;
  int list;
  int pick;
  int look;
  int watch_peaks;
  int iterate;
  int rows_map;
  int slots_map;
  int wanted_map;
  int pids_map;
  int peaks_map;
  int peak_events_map;
  int lives_map;
  int members_map;
  struct tidemark_ask* ask;
  struct tidemark_selection* selection;
};

struct tidemark_sizes {
  unsigned rows;
  unsigned slot_pieces;
  unsigned pids;
  unsigned ring_bytes;
};

// Each returns 0, or a negative errno; then `log` says what the kernel had against the program, as far as it told.
int tidemark_load_walk(const struct tidemark_sizes*, struct tidemark_object*, char* log, size_t log_bytes);
int tidemark_load_iterate(const struct tidemark_sizes*, struct tidemark_object*, char* log, size_t log_bytes);
int tidemark_load_lives(const struct tidemark_sizes*, struct tidemark_object*, char* log, size_t log_bytes);

// Runs a SEC("syscall") program. Returns what it returned, or a negative errno.
int tidemark_run(int program);
// Opens the link of a tracepoint program, by name where its type does not tell. Returns a descriptor or a negative
// errno.
int tidemark_attach(int program, const char* name);
// Opens the link of an iterator program, and a file whose reading runs it once.
int tidemark_link_iterator(int program);
int tidemark_open_iterator(int link);
int tidemark_put(int map, const void* key, const void* value);
int tidemark_get(int map, const void* key, void* value);

#ifdef __cplusplus
}
#endif
