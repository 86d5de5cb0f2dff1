/* The maps of a program that sweeps. All of them are mapped by the loader, so that nothing is copied by a system call.
 * Their sizes are those of a small host; the loader gives the real ones. */
#ifndef TIDEMARK_MAPS_H
#define TIDEMARK_MAPS_H

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, struct tidemark_row);
} rows SEC(".maps");

/* By pid of the initial namespace: the slot of the process, and one more. In pieces, since an array spends eight bytes
 * on each value, however small. */
struct slot_piece {
  __u32 slots[TIDEMARK_SLOT_PIECE];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, struct slot_piece);
} slots SEC(".maps");

/* Pids of the initial namespace: asked for one by one, or the answer to a listing. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u64);
} wanted SEC(".maps");

/* Two numbers for each process of a listing: its pid in the namespace that was asked for, and in the initial one. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u64);
} pids SEC(".maps");

/* The slot of a process, and one more; 0: it has none. */
static __always_inline __u32 slot_of(__u32 tgid) {
  __u32 piece = tgid / TIDEMARK_SLOT_PIECE;
  struct slot_piece *found = bpf_map_lookup_elem(&slots, &piece);
  return found ? found->slots[tgid % TIDEMARK_SLOT_PIECE] : 0;
}

#endif
