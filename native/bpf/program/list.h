/* The pids of a namespace, of everybody or only of those that can belong to what is watched.
 *
 * The trap: whoever is not listed is not looked at, so a list may have too many and never too few. A process belongs to
 * a tree by an ancestor that has a slot, also when it has been adopted and the root is no ancestor of it any more. */
#ifndef TIDEMARK_LIST_H
#define TIDEMARK_LIST_H

#include "selection.h"

#define TIDEMARK_TREE_DEPTH 64

/* Whether a process has an ancestor that is kept, or is the root of the tree, or too deep for that to be known. */
__attribute__((noinline)) int descends(__u64 task) {
  for (int depth = 0; depth < TIDEMARK_TREE_DEPTH; depth++) {
    __u32 tgid = number_at((void *)(task + bpf_core_field_offset(struct task_struct, tgid)));
    if (tgid <= 1) return tgid == ask.list_root;
    if (tgid == ask.list_root || slot_of(tgid) != 0) return 1;
    task = number_at((void *)(task + bpf_core_field_offset(struct task_struct, real_parent)));
  }
  return 1;
}

static __always_inline int is_listed(struct task_struct *leader) {
  switch (ask.list_kind) {
    case SELECT_TREE:
      return descends(number_at(&leader->group_leader));
    case SELECT_CGROUP:
      return is_in_cgroup(leader, ask.list_cgroup);
    case SELECT_UID:
      return leader->cred->euid.val == ask.list_uid;
    case SELECT_NAMESPACE:
      return namespace_of(leader) == ask.list_namespace;
    default:
      return 1;
  }
}

static __always_inline void list(struct task_struct *leader) {
  ask.visited++;
  if (!is_listed(leader)) return;
  __u32 pid = pid_in(leader, ask.level, ask.namespace_address);
  if (pid == 0) return;
  __u32 index = ask.listed;
  __u64 *place = bpf_map_lookup_elem(&pids, &index);
  if (place) *place = pid | (__u64)leader->tgid << 32;
  ask.listed = index + 1;
}

#endif
