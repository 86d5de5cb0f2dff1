/* Tells of every process when it begins, runs another program, ends or is killed for want of memory.
 *
 * The traps: the tracepoints fire for threads as well, so a fork counts when it makes a leader and an exit when it was
 * the last of its group; the high-water mark of the memory is taken while the memory is still there, and the one in
 * `signal_struct` never, since it survives exec. */
#include "kernel.h"

/* Each of these builds on those before it. */
/* clang-format off */
#include "namespaces.h"
#include "resident.h"
#include "prepare.h"
#include "selection.h"
/* clang-format on */

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} lives SEC(".maps");

/* Pids of the initial namespace, where only some are told of. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 65536);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u32);
  __type(value, __u32);
} members SEC(".maps");

struct tidemark_selection selection = {};

static __always_inline int is_member(__u32 tgid) { return bpf_map_lookup_elem(&members, &tgid) != 0; }

static __always_inline int is_selected(struct task_struct *task) {
  switch (selection.kind) {
    case SELECT_ALL:
      return 1;
    case SELECT_CGROUP:
      return is_in_cgroup(task, selection.cgroup);
    case SELECT_UID:
      return task->cred->euid.val == selection.uid;
    case SELECT_NAMESPACE:
      return namespace_of(task) == selection.pid_namespace;
    default:
      return is_member(task->tgid);
  }
}

static __always_inline struct tidemark_life *begin(struct task_struct *task, __u32 type) {
  __u32 pid = pid_in(task, ask.level, ask.namespace_address);
  if (pid == 0) return 0;
  struct tidemark_life *life = bpf_ringbuf_reserve(&lives, sizeof *life, 0);
  if (!life) {
    __sync_fetch_and_add(&selection.lost, 1);
    return 0;
  }
  life->time_ns = bpf_ktime_get_ns();
  life->start_ns = task->start_boottime;
  life->peak_pages = 0;
  life->run_time = 0;
  life->type = type;
  life->pid = pid;
  life->parent = pid_in(task->real_parent, ask.level, ask.namespace_address);
  life->exit_status = 0;
  life->has_peak = 0;
  life->uid = task->cred->euid.val;
  __builtin_memcpy(life->comm, task->comm, sizeof life->comm);
  return life;
}

/* Whoever reads comes by at every tick, and need not be woken. */
static __always_inline void end(struct tidemark_life *life) {
  __sync_fetch_and_add(&selection.told, 1);
  bpf_ringbuf_submit(life, BPF_RB_NO_WAKEUP);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child) {
  if (child->pid != child->tgid) return 0;
  __sync_fetch_and_add(&selection.forks, 1);
  __u32 pid = child->tgid;
  __u32 one = 1;
  if (selection.kind == SELECT_TREE && is_member(parent->tgid)) bpf_map_update_elem(&members, &pid, &one, 0);
  if (!is_selected(child)) return 0;
  struct tidemark_life *life = begin(child, LIFE_FORK);
  if (life) end(life);
  return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task) {
  if (!is_selected(task)) return 0;
  struct tidemark_life *life = begin(task, LIFE_EXEC);
  if (life) end(life);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task) {
  struct signal_struct *signal = task->signal;
  if (signal->live.counter != 0 || !is_selected(task)) return 0;
  struct task_struct *leader = task->group_leader;
  struct tidemark_life *life = begin(leader, LIFE_EXIT);
  if (life) {
    life->run_time = signal->sum_sched_runtime + task->se.sum_exec_runtime;
    if (leader != task) life->run_time += leader->se.sum_exec_runtime;
    life->exit_status = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : leader->exit_code;
    struct mm_struct *mm = task->mm;
    if (mm && !(task->flags & PF_KTHREAD)) {
      __s64 sums[4];
      read_resident(mm, sums);
      __s64 now = resident_of(sums);
      __s64 mark = mm->hiwater_rss;
      life->peak_pages = mark > now ? mark : now;
      life->has_peak = 1;
    }
    end(life);
  }
  __u32 pid = task->tgid;
  if (selection.kind == SELECT_TREE || selection.kind == SELECT_PIDS) bpf_map_delete_elem(&members, &pid);
  return 0;
}

/* As `is_selected`, of an address that is not known to be a task's. */
static __always_inline int is_victim_selected(struct task_struct *task) {
  switch (selection.kind) {
    case SELECT_ALL:
      return 1;
    case SELECT_CGROUP:
      return is_below((__u64)BPF_CORE_READ(task, cgroups, dfl_cgrp), selection.cgroup);
    case SELECT_UID:
      return BPF_CORE_READ(task, cred, euid.val) == selection.uid;
    case SELECT_NAMESPACE:
      return namespace_of_pid(BPF_CORE_READ(task, thread_pid)) == selection.pid_namespace;
    default:
      return is_member(BPF_CORE_READ(task, tgid));
  }
}

/* The argument is the pid before Linux 6.10 and the task since: a small number is no address. Of a pid alone nothing
 * else is known, so it is told of where that is enough. */
SEC("raw_tp/mark_victim")
int on_oom(struct bpf_raw_tracepoint_args *context) {
  __u64 argument = context->args[0];
  struct task_struct *task = argument >> 32 ? (void *)argument : 0;
  __u32 pid = argument;
  if (task) {
    if (!is_victim_selected(task)) return 0;
    pid = BPF_CORE_READ(task, tgid);
    if (ask.level != 0) pid = number_in(BPF_CORE_READ(task, thread_pid), ask.level, ask.namespace_address);
  } else if (ask.level != 0 || (selection.kind != SELECT_ALL && !is_member(pid))) {
    return 0;
  }
  if (pid == 0) return 0;
  struct tidemark_life *life = bpf_ringbuf_reserve(&lives, sizeof *life, 0);
  if (!life) {
    __sync_fetch_and_add(&selection.lost, 1);
    return 0;
  }
  __builtin_memset(life, 0, sizeof *life);
  life->time_ns = bpf_ktime_get_ns();
  life->type = LIFE_OOM;
  life->pid = pid;
  if (task) {
    life->start_ns = BPF_CORE_READ(task, start_boottime);
    bpf_core_read(life->comm, sizeof life->comm, &task->comm);
  }
  end(life);
  return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
