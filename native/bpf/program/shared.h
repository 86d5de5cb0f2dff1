/* What the programs in the kernel and their loader share: the layout of rows, of events, and of what is asked.
 *
 * The trap: the two sides are compiled by different compilers for different machines, so every field has a fixed size
 * and a place that needs no padding. */
#ifndef TIDEMARK_BPF_SHARED_H
#define TIDEMARK_BPF_SHARED_H

#include <linux/types.h>

#define TIDEMARK_COMM 16
/* Processors whose parts of a counter are added up; with more, counters are approximate. */
#define TIDEMARK_MOST_CPUS 64

/* Pids of one value of the map from pids to slots. */
#define TIDEMARK_SLOT_PIECE 1024

enum {
  ROW_KERNEL_THREAD = 1, /* has no memory of its own */
  ROW_HAS_MEMORY = 2,
  ROW_HAS_TIMES = 4, /* the fields from `user_time` on belong to this sweep */
  ROW_HAS_PEAKS = 8,
  ROW_TORN = 16, /* the memory changed hands while it was read */
};

/* One process at one sweep. Memory in pages unless the name says otherwise. */
struct tidemark_row {
  __u64 start_ns; /* since boot, as field 22 of stat before it is made ticks */
  __u32 sweep;    /* number of the sweep that wrote this row */
  __u32 flags;
  __s64 file;
  __s64 anon;
  __s64 swap;
  __s64 shmem;
  __u64 total_vm;
  __u64 data_vm;

  __u64 stack_vm;
  __u64 locked_vm;
  __u64 hiwater_rss;
  __u64 hiwater_vm;
  __u64 page_table_bytes;
  __u64 cgroup;
  __u32 tgid; /* of the initial namespace */
  __u32 pid;  /* of the namespace that was asked for; 0: not visible there */
  __u32 parent;
  __u32 threads;

  __u32 uid;
  __u32 pid_namespace;
  char comm[TIDEMARK_COMM];
  __s64 rss_low; /* as in tidemark_peak */
  __s64 rss_high;
  __u64 unused[3];

  /* Of the whole thread group, only with ROW_HAS_TIMES. */
  __u64 user_time;
  __u64 system_time;
  __u64 run_time;
  __u64 told_user_time; /* what stat said last */
  __u64 told_system_time;
  __u64 minor_faults;
  __u64 major_faults;
  __u64 unused_too;
};

/* What the loader asks, in memory that both sides map. */
struct tidemark_ask {
  __u32 sweep;
  __u32 rows;        /* slots are below this; the row behind them is for a single look */
  __u32 times_every; /* times are read for slots with slot mod this = phase */
  __u32 times_phase;
  __u32 wanted;     /* how many pids of `wanted` to read one by one */
  __u32 look;       /* the one pid to look at, of the initial namespace */
  __u32 is_listing; /* list pids instead of filling rows */
  __u32 list_kind;  /* whom to list: SELECT_ALL, or of a tree, cgroup, uid or namespace */
  __u32 list_root;  /* of a tree, by its pid in the initial namespace */
  __u32 list_uid;
  __u32 list_namespace;
  __u64 list_cgroup;
  __u32 level;             /* of the pid namespace whose numbers are told; 0: the initial one */
  __u64 namespace_address; /* in the kernel */
  __u32 cpus;              /* processors to add up; 0: approximate */
  __u32 are_peaks_on;
  __u64 cpu_offset[TIDEMARK_MOST_CPUS];
  /* Answers. */
  __u32 found;
  __u32 listed;
  __u32 visited; /* processes that a listing came by */
  __u32 unused;
};

/* Smallest and largest resident pages of a slot since its last row, and one more; 0: none seen. */
struct tidemark_peak {
  __s64 low;
  __s64 high;
};

enum { LIFE_FORK = 1, LIFE_EXEC = 2, LIFE_EXIT = 3, LIFE_OOM = 4 };

/* What became of a process, through the ring buffer. */
struct tidemark_life {
  __u64 time_ns; /* monotonic */
  __u64 start_ns;
  __u64 peak_pages; /* resident high water mark since exec; only of LIFE_EXIT */
  __u64 run_time;
  __u32 type;
  __u32 pid;
  __u32 parent;
  __u32 exit_status; /* as wait() tells it */
  __u32 has_peak;
  __u32 uid;
  char comm[TIDEMARK_COMM];
};

/* The first of them tells of nobody until pids are added: programs are attached before they are told what to select. */
enum { SELECT_PIDS = 0, SELECT_TREE = 1, SELECT_CGROUP = 2, SELECT_UID = 3, SELECT_ALL = 4, SELECT_NAMESPACE = 5 };

/* Which processes' lives are told, in memory that both sides map. */
struct tidemark_selection {
  __u32 kind;
  __u32 uid;
  __u64 cgroup;
  __u32 pid_namespace;
  __u32 unused;
  /* Answers. */
  __u64 lost;
  __u64 told;
  __u64 forks; /* processes, whether selected or not */
};

#endif
