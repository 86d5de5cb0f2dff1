/* Pids as a namespace counts them.
 *
 * The trap: the kernel's own pids are those of the initial namespace. A process has one more number in each namespace
 * below, down to its own, in an array that only a copy can be taken of. */
#ifndef TIDEMARK_NAMESPACES_H
#define TIDEMARK_NAMESPACES_H

/* The number that a pid has at a level of namespaces; 0: it is not visible in the one that is there. */
static __always_inline __u32 number_in(struct pid *pid, __u32 level, __u64 namespace) {
  __u32 own_level = 0;
  bpf_probe_read_kernel(&own_level, sizeof own_level, (char *)pid + bpf_core_field_offset(struct pid, level));
  if (!pid || own_level < level) return 0;
  __u64 place = (__u64)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
  __s32 nr = 0;
  __u64 ns = 0;
  bpf_probe_read_kernel(&nr, sizeof nr, (void *)(place + bpf_core_field_offset(struct upid, nr)));
  bpf_probe_read_kernel(&ns, sizeof ns, (void *)(place + bpf_core_field_offset(struct upid, ns)));
  return ns == namespace ? nr : 0;
}

/* The number that a process has in the namespace that was asked for; 0: it is not visible there. */
static __always_inline __u32 pid_in(struct task_struct *task, __u32 level, __u64 namespace) {
  return level == 0 ? task->tgid : number_in(task->thread_pid, level, namespace);
}

/* The number of the pid namespace at the level of a pid, which is the one that its process lives in. */
static __always_inline __u32 namespace_at(struct pid *pid, __u32 level) {
  if (level == 0) return INITIAL_PID_NAMESPACE;
  __u64 place = (__u64)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
  __u64 ns = 0;
  __u32 inum = 0;
  bpf_probe_read_kernel(&ns, sizeof ns, (void *)(place + bpf_core_field_offset(struct upid, ns)));
  bpf_probe_read_kernel(
      &inum, sizeof inum,
      (void *)(ns + bpf_core_field_offset(struct pid_namespace, ns) + bpf_core_field_offset(struct ns_common, inum)));
  return inum;
}

/* The number of the pid namespace that a process lives in; 0 once it has been reaped. */
static __always_inline __u32 namespace_of(struct task_struct *task) {
  struct pid *pid = task->thread_pid;
  return pid ? namespace_at(pid, pid->level) : 0;
}

/* As `namespace_of`, by an address that is not known to be a pid's. */
static __always_inline __u32 namespace_of_pid(struct pid *pid) {
  __u32 level = 0;
  if (!pid || bpf_probe_read_kernel(&level, sizeof level, (char *)pid + bpf_core_field_offset(struct pid, level)))
    return 0;
  return namespace_at(pid, level);
}

#endif
