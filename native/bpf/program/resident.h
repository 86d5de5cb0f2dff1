/* Resident pages of a process by kind.
 *
 * The traps: since Linux 6.2 each processor keeps a part of every counter to itself, so the number in `mm_struct` alone
 * is off by dozens of pages. The parts are added up, as the kernel does for statm; where a processor's part lies is
 * told by `cpu_offset` (see prepare.h). A sum may be below zero for a moment, and whoever shows it takes that for none.
 * And what stands in a loop is verified once for each path that leads to it, until the kernel takes minutes: so there
 * are few branches here, and the loop is in a function that is verified on its own, since it is not static and takes
 * numbers only. */
#ifndef TIDEMARK_RESIDENT_H
#define TIDEMARK_RESIDENT_H

/* What the loader asks and is answered; it maps this. */
struct tidemark_ask ask = {};

/* The number at an address of the kernel; 0 where there is nothing. */
static __always_inline __u64 number_at(const void *place) {
#ifdef TIDEMARK_WALK
  /* A plain load, where a helper call would take several times as long. */
  struct timespec64 *number = bpf_rdonly_cast(place, bpf_core_type_id_kernel(struct timespec64));
  return number->tv_sec;
#else
  __u64 number = 0;
  bpf_probe_read_kernel(&number, sizeof number, place);
  return number;
#endif
}

/* The parts of two counters that lie side by side, each added up in its half of the result. */
__attribute__((noinline)) __u64 parts_of_two(__u64 base) {
  __u32 first = 0;
  __u32 second = 0;
  for (__u32 cpu = 0; cpu < TIDEMARK_MOST_CPUS; cpu++) {
    if (cpu >= ask.cpus) break;
    __u64 parts = number_at((void *)(base + ask.cpu_offset[cpu]));
    first += (__u32)parts;
    second += (__u32)(parts >> 32);
  }
  return first | (__u64)second << 32;
}

/* `sums` in the order of MM_FILEPAGES and its siblings. */
static __always_inline void read_resident(struct mm_struct *mm, __s64 *sums) {
  if (bpf_core_field_exists(mm->rss_stat[0].count)) {
    __u64 base = number_at(&mm->rss_stat[0].counters);
    __u64 apart = number_at(&mm->rss_stat[1].counters) - base;
    /* Since Linux 6.6 the parts of all four lie in one piece; before, each has a piece of its own. */
    __u64 low = parts_of_two(base);
    __u64 high = parts_of_two(number_at(&mm->rss_stat[2].counters));
    __s32 second = low >> 32;
    __s32 fourth = high >> 32;
    if (apart != sizeof(__s32)) {
      second = (__s32)parts_of_two(base + apart);
      fourth = (__s32)parts_of_two(number_at(&mm->rss_stat[3].counters));
    }
    sums[0] = mm->rss_stat[0].count + (__s32)low;
    sums[1] = mm->rss_stat[1].count + second;
    sums[2] = mm->rss_stat[2].count + (__s32)high;
    sums[3] = mm->rss_stat[3].count + fourth;
  } else {
    struct mm_struct___old *old = (void *)mm;
    sums[0] = old->rss_stat.count[0].counter;
    sums[1] = old->rss_stat.count[1].counter;
    sums[2] = old->rss_stat.count[2].counter;
    sums[3] = old->rss_stat.count[3].counter;
  }
}

/* Resident pages of all kinds; none is below zero. */
static __always_inline __s64 resident_of(const __s64 *sums) {
  __s64 file = sums[MM_FILEPAGES];
  __s64 anon = sums[MM_ANONPAGES];
  __s64 shmem = sums[MM_SHMEMPAGES];
  return (file & ~(file >> 63)) + (anon & ~(anon >> 63)) + (shmem & ~(shmem >> 63));
}

#endif
