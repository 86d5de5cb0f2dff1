/* Smallest and largest resident memory between two sweeps, from the tracepoint at which the kernel counts pages.
 *
 * The traps: it fires at every page, so most events only count down; the memory that changes is not always the running
 * process's own (reclaim, ptrace), so it is attributed to the owner of the mm; and the counts are the raw ones, which
 * lag by the parts that each processor keeps, so what is found is a bound that the sweep's exact number completes. */
#ifndef TIDEMARK_PEAKS_H
#define TIDEMARK_PEAKS_H

/* Pages of an mm are looked at once in so many events of a processor. */
#define TIDEMARK_EVENTS_PER_LOOK 16

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, struct tidemark_peak);
} peaks SEC(".maps");

/* Events of each processor so far, from which the loader knows what this costs. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} peak_events SEC(".maps");

/* Hands over what was seen since the last sweep and begins anew. Both numbers are one more than the pages; 0: nothing.
 */
static __always_inline void take_peak(struct tidemark_row *row, __u32 slot) {
  struct tidemark_peak *peak = bpf_map_lookup_elem(&peaks, &slot);
  if (!peak) return;
  row->rss_low = peak->low;
  row->rss_high = peak->high;
  peak->low = 0;
  peak->high = 0;
  row->flags |= ROW_HAS_PEAKS;
}

SEC("tp_btf/rss_stat")
int BPF_PROG(watch_peaks, struct mm_struct *mm, int member) {
  __u32 zero = 0;
  __u64 *events = bpf_map_lookup_elem(&peak_events, &zero);
  if (!events) return 0;
  __u64 count = ++*events;
  if (count % TIDEMARK_EVENTS_PER_LOOK != 0) return 0;
  if (!bpf_core_field_exists(mm->owner)) return 0;
  struct task_struct *owner = mm->owner;
  if (!owner) return 0;
  __u32 slot = slot_of(owner->tgid);
  if (slot-- == 0) return 0;
  struct tidemark_peak *peak = bpf_map_lookup_elem(&peaks, &slot);
  if (!peak) return 0;
  __s64 sums[4];
  read_resident(mm, sums);
  __s64 now = resident_of(sums);
  if (now + 1 > peak->high) peak->high = now + 1;
  if (peak->low == 0 || now + 1 < peak->low) peak->low = now + 1;
  return 0;
}

#endif
