/* The sweep for kernels without an open-coded iterator over tasks (Linux 5.17 to 6.6): reading an iterator file runs
 * this program once for every thread of the host.
 *
 * The trap: threads come in the order of their numbers, so one may come before the leader whose row it adds to. */
#include "kernel.h"

/* Each of these builds on those before it. */
/* clang-format off */
#include "maps.h"
#include "process.h"
#include "list.h"
#include "prepare.h"
/* clang-format on */

static __always_inline int are_times_due(__u32 slot) {
  return ask.times_every <= 1 || slot % ask.times_every == ask.times_phase;
}

static __always_inline void visit_leader(struct tidemark_row *row, struct task_struct *task, __u32 slot) {
  struct tidemark_row before = {};
  if (row->sweep == ask.sweep) {
    before.user_time = row->user_time;
    before.system_time = row->system_time;
    before.run_time = row->run_time;
    before.minor_faults = row->minor_faults;
    before.major_faults = row->major_faults;
  }
  read_process(row, task);
  ask.found++;
  if (!are_times_due(slot)) return;
  begin_times(row, task);
  row->user_time += before.user_time;
  row->system_time += before.system_time;
  row->run_time += before.run_time;
  row->minor_faults += before.minor_faults;
  row->major_faults += before.major_faults;
}

static __always_inline void visit_thread(struct tidemark_row *row, struct task_struct *task, __u32 slot) {
  if (!are_times_due(slot)) return;
  if (row->sweep != ask.sweep) {
    row->sweep = ask.sweep;
    row->flags = 0;
    row->start_ns = 0;
    row->user_time = 0;
    row->system_time = 0;
    row->run_time = 0;
    row->minor_faults = 0;
    row->major_faults = 0;
  }
  add_times(row, task);
}

SEC("iter/task")
int iterate(struct bpf_iter__task *context) {
  struct task_struct *task = context->task;
  if (!task) return 0;
  int is_leader = task->pid == task->tgid;
  if (ask.is_listing) {
    if (is_leader) list(task);
    return 0;
  }
  __u32 slot = slot_of(task->tgid);
  if (slot-- == 0) return 0;
  struct tidemark_row *row = bpf_map_lookup_elem(&rows, &slot);
  if (!row) return 0;
  if (is_leader)
    visit_leader(row, task, slot);
  else
    visit_thread(row, task, slot);
  return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
