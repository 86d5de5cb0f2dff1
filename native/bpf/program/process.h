/* One process into one row.
 *
 * The traps: a kernel thread may borrow the memory of others, so its flag decides and not its pointer; and a process
 * may change or drop its memory while it is read, so the pointer is looked at again behind the reads. */
#ifndef TIDEMARK_PROCESS_H
#define TIDEMARK_PROCESS_H

#include "namespaces.h"
#include "resident.h"

static __always_inline void read_memory(struct tidemark_row *row, struct task_struct *task) {
  row->flags &= ~(ROW_HAS_MEMORY | ROW_TORN);
  struct mm_struct *mm = task->mm;
  if (!mm || (row->flags & ROW_KERNEL_THREAD)) return;
  __s64 sums[4];
  read_resident(mm, sums);
  row->file = sums[MM_FILEPAGES];
  row->anon = sums[MM_ANONPAGES];
  row->swap = sums[MM_SWAPENTS];
  row->shmem = sums[MM_SHMEMPAGES];
  row->total_vm = mm->total_vm;
  row->data_vm = mm->data_vm;
  row->stack_vm = mm->stack_vm;
  row->locked_vm = mm->locked_vm;
  row->hiwater_rss = mm->hiwater_rss;
  row->hiwater_vm = mm->hiwater_vm;
  row->page_table_bytes = mm->pgtables_bytes.counter;
  row->flags |= task->mm == mm ? ROW_HAS_MEMORY : ROW_TORN;
}

static __always_inline void read_process(struct tidemark_row *row, struct task_struct *task) {
  row->start_ns = task->start_boottime;
  row->sweep = ask.sweep;
  row->flags = task->flags & PF_KTHREAD ? ROW_KERNEL_THREAD : 0;
  read_memory(row, task);
  row->tgid = task->tgid;
  row->pid = pid_in(task, ask.level, ask.namespace_address);
  row->threads = task->signal->nr_threads;
  row->parent = pid_in(task->real_parent, ask.level, ask.namespace_address);
  row->uid = task->cred->euid.val;
  row->pid_namespace = namespace_of(task);
  row->cgroup = task->cgroups->dfl_cgrp->kn->id;
  __builtin_memcpy(row->comm, task->comm, sizeof row->comm);
}

/* The part of the times that is a process's own; those of its threads are added by who visits them. */
static __always_inline void begin_times(struct tidemark_row *row, struct task_struct *leader) {
  struct signal_struct *signal = leader->signal;
  row->user_time = signal->utime + leader->utime;
  row->system_time = signal->stime + leader->stime;
  row->run_time = signal->sum_sched_runtime + leader->se.sum_exec_runtime;
  row->told_user_time = signal->prev_cputime.utime;
  row->told_system_time = signal->prev_cputime.stime;
  row->minor_faults = signal->min_flt + leader->min_flt;
  row->major_faults = signal->maj_flt + leader->maj_flt;
  row->flags |= ROW_HAS_TIMES;
}

static __always_inline void add_times(struct tidemark_row *row, struct task_struct *thread) {
  row->user_time += thread->utime;
  row->system_time += thread->stime;
  row->run_time += thread->se.sum_exec_runtime;
  row->minor_faults += thread->min_flt;
  row->major_faults += thread->maj_flt;
}

#endif
