/* The sweep for kernels with an open-coded iterator over tasks (Linux 6.7): one run of a program visits every process,
 * or only those that are wanted, and no thread that it does not need. */
#include "kernel.h"

#define TIDEMARK_WALK

struct bpf_iter_task {
  __u64 opaque[3];
} __attribute__((aligned(8)));

struct bpf_iter_num {
  __u64 opaque[1];
} __attribute__((aligned(8)));

enum { ALL_PROCESSES = 0, THREADS_OF_PROCESS = 2 };

extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern struct task_struct *bpf_task_acquire(struct task_struct *task) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
extern void *bpf_rdonly_cast(const void *address, __u32 type) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

/* Each of these builds on those before it. */
/* clang-format off */
#include "maps.h"
#include "process.h"
#include "list.h"
#include "peaks.h"
#include "prepare.h"
/* clang-format on */

/* Reads the task at this address into the row of a slot. Returns whether the times of its threads are to be added.
 *
 * Not static, so that it is verified once and not for each way through the loops that call it. */
__attribute__((noinline)) int read_one(__u64 address, __u32 slot) {
  struct task_struct *task = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct task_struct));
  struct tidemark_row *row = bpf_map_lookup_elem(&rows, &slot);
  if (!row) return 0;
  read_process(row, task);
  ask.found++;
  if (slot != ask.rows) {
    if (ask.are_peaks_on) take_peak(row, slot);
    if (ask.times_every > 1 && slot % ask.times_every != ask.times_phase) return 0;
  }
  begin_times(row, task);
  return row->threads > 1;
}

static __always_inline int read_leader(struct task_struct *leader, __u32 slot) {
  /* A leader leads itself, which gives its address as a number. */
  return read_one(number_at(&leader->group_leader), slot);
}

static __always_inline void add_threads(struct task_struct *leader, __u32 slot) {
  struct tidemark_row *row = bpf_map_lookup_elem(&rows, &slot);
  if (!row) return;
  struct bpf_iter_task it;
  struct task_struct *thread;
  bpf_iter_task_new(&it, leader, THREADS_OF_PROCESS);
  while ((thread = bpf_iter_task_next(&it))) {
    if (thread->pid != thread->tgid) add_times(row, thread);
  }
  bpf_iter_task_destroy(&it);
}

SEC("syscall")
int walk(void *context) {
  struct bpf_iter_task it;
  struct task_struct *task;
  bpf_rcu_read_lock();
  bpf_iter_task_new(&it, 0, ALL_PROCESSES);
  while ((task = bpf_iter_task_next(&it))) {
    __u32 slot = slot_of(task->tgid);
    if (slot-- == 0 || !read_leader(task, slot)) continue;
    struct task_struct *held = bpf_task_acquire(task);
    if (!held) continue;
    add_threads(held, slot);
    bpf_task_release(held);
  }
  bpf_iter_task_destroy(&it);
  bpf_rcu_read_unlock();
  return 0;
}

SEC("syscall")
int list_all(void *context) {
  struct bpf_iter_task it;
  struct task_struct *task;
  bpf_rcu_read_lock();
  bpf_iter_task_new(&it, 0, ALL_PROCESSES);
  while ((task = bpf_iter_task_next(&it))) list(task);
  bpf_iter_task_destroy(&it);
  bpf_rcu_read_unlock();
  return 0;
}

/* Reads the process with this pid of the initial namespace into the row of a slot. */
static __always_inline void read_pid(__u32 pid, __u32 slot) {
  struct task_struct *task = bpf_task_from_pid(pid);
  if (!task) return;
  if (task->pid == task->tgid) {
    bpf_rcu_read_lock();
    if (read_leader(task, slot)) add_threads(task, slot);
    bpf_rcu_read_unlock();
  }
  bpf_task_release(task);
}

/* Reads only the processes in `wanted`: ten of thousands cost as much as ten. */
SEC("syscall")
int pick(void *context) {
  struct bpf_iter_num it;
  int *next;
  bpf_iter_num_new(&it, 0, ask.wanted);
  while ((next = bpf_iter_num_next(&it))) {
    __u32 index = *next;
    __u64 *pid = bpf_map_lookup_elem(&wanted, &index);
    if (!pid) break;
    __u32 slot = slot_of(*pid);
    if (slot-- > 0) read_pid(*pid, slot);
  }
  bpf_iter_num_destroy(&it);
  return 0;
}

/* Reads one process, whether it has a slot or not, into the last row. */
SEC("syscall")
int look(void *context) {
  read_pid(ask.look, ask.rows);
  return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
