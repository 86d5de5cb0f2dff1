/* Who belongs to what is watched, as the kernel itself can tell: a cgroup with those below it, an effective user, or
 * the pid namespace that a process lives in, without those below.
 *
 * The trap: as in resident.h, so what loops is verified on its own and takes addresses as numbers. */
#ifndef TIDEMARK_SELECTION_H
#define TIDEMARK_SELECTION_H

#include "namespaces.h"
#include "resident.h"

#define TIDEMARK_CGROUP_DEPTH 32

/* Whether a cgroup is the one with this number, or below it. */
__attribute__((noinline)) int is_below(__u64 cgroup, __u64 wanted) {
  for (int depth = 0; depth < TIDEMARK_CGROUP_DEPTH && cgroup; depth++) {
    __u64 node = number_at((void *)(cgroup + bpf_core_field_offset(struct cgroup, kn)));
    if (number_at((void *)(node + bpf_core_field_offset(struct kernfs_node, id))) == wanted) return 1;
    cgroup = number_at((void *)(cgroup + bpf_core_field_offset(struct cgroup_subsys_state, parent)));
  }
  return 0;
}

static __always_inline int is_in_cgroup(struct task_struct *task, __u64 wanted) {
  return is_below(number_at(&task->cgroups->dfl_cgrp), wanted);
}

#endif
