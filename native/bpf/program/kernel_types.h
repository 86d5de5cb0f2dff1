/* The fields of the kernel's own types that are read here, and no others. Their places are found when the program is
 * loaded (CO-RE), so only the names must be the kernel's. `___old` and the like are flavours: other forms of a type in
 * other kernels; what stands behind three underscores is not part of the name. */
#ifndef TIDEMARK_KERNEL_TYPES_H
#define TIDEMARK_KERNEL_TYPES_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES };

typedef struct {
  __s64 counter;
} atomic_long_t;

struct percpu_counter {
  __s64 count;
  __s32 *counters;
};

struct mm_struct {
  struct percpu_counter rss_stat[4]; /* since Linux 6.2 */
  atomic_long_t pgtables_bytes;
  unsigned long hiwater_rss;
  unsigned long hiwater_vm;
  unsigned long total_vm;
  unsigned long locked_vm;
  unsigned long data_vm;
  unsigned long stack_vm;
  struct task_struct *owner; /* with CONFIG_MEMCG */
};

struct mm_rss_stat {
  atomic_long_t count[4];
};

struct mm_struct___old {
  struct mm_rss_stat rss_stat; /* before Linux 6.2 */
};

struct ns_common {
  unsigned int inum;
};

struct pid_namespace {
  struct ns_common ns;
};

struct upid {
  int nr;
  struct pid_namespace *ns;
};

struct pid {
  unsigned int level;
  struct upid numbers[1];
};

struct prev_cputime {
  __u64 utime;
  __u64 stime;
};

typedef struct {
  int counter;
} atomic_t;

struct signal_struct {
  atomic_t live;
  int nr_threads;
  int group_exit_code;
  unsigned int flags;
  __u64 utime;
  __u64 stime;
  struct prev_cputime prev_cputime;
  unsigned long min_flt;
  unsigned long maj_flt;
  unsigned long long sum_sched_runtime;
};

typedef struct {
  unsigned int val;
} kuid_t;

struct cred {
  kuid_t uid;
  kuid_t euid;
};

struct kernfs_node {
  __u64 id;
};

struct cgroup_subsys_state {
  struct cgroup_subsys_state *parent;
};

struct cgroup {
  struct cgroup_subsys_state self; /* the first field, so that a cgroup is where its state is */
  struct kernfs_node *kn;
};

struct css_set {
  struct cgroup *dfl_cgrp;
};

struct sched_entity {
  __u64 sum_exec_runtime;
};

struct task_struct {
  unsigned int flags;
  struct sched_entity se;
  struct mm_struct *mm;
  int exit_code;
  int pid;
  int tgid;
  struct task_struct *real_parent;
  struct task_struct *group_leader;
  struct pid *thread_pid;
  __u64 utime;
  __u64 stime;
  __u64 start_boottime;
  unsigned long min_flt;
  unsigned long maj_flt;
  const struct cred *cred;
  char comm[16];
  struct signal_struct *signal;
  struct css_set *cgroups;
};

struct bpf_array {
  union {
    void *pptrs[1];
  };
};

/* Two numbers of 64 bits that follow each other, which is all that it stands for here. */
struct timespec64 {
  __s64 tv_sec;
  long tv_nsec;
};

struct bpf_iter_meta {
  struct seq_file *seq;
};

struct bpf_iter__task {
  struct bpf_iter_meta *meta;
  struct task_struct *task;
};

#pragma clang attribute pop

#define PF_KTHREAD 0x00200000
#define SIGNAL_GROUP_EXIT 0x00000004
/* The number of the initial pid namespace, part of the kernel's interface to user space. */
#define INITIAL_PID_NAMESPACE 0xEFFFFFFCU

#endif
