// Lists of pids, and whose a pid of our namespace is.
//
// The trap: from a pid of another namespace than the initial one only a list of all leads to its process, and a list
// for each of thousands of processes takes minutes. So one is remembered, and counts where the process itself says the
// same.
#include <algorithm>
#include <cerrno>

#include "kernel_counters.h"

namespace tidemark {

uint32_t KernelCounters::TgidOf(uint32_t pid) {
  if (!is_loaded()) return 0;
  if (object_.ask->level == 0) return pid;
  const uint32_t tgid = ListedTgidOf(pid);
  if (tgid != 0) return tgid;
  return List(SELECT_ALL) < 0 ? 0 : ListedTgidOf(pid);
}

uint32_t KernelCounters::ListedTgidOf(uint32_t pid) {
  const auto is_less = [](uint64_t one, uint64_t other) {
    return static_cast<uint32_t>(one) < static_cast<uint32_t>(other);
  };
  if (listed_count_ == 0) return 0;
  uint64_t* begin = &pids_[0];
  uint64_t* end = begin + listed_count_;
  if (!is_sorted_) std::sort(begin, end, is_less);
  is_sorted_ = true;
  const uint64_t* found = std::lower_bound(begin, end, uint64_t{pid}, is_less);
  return found != end && static_cast<uint32_t>(*found) == pid ? static_cast<uint32_t>(*found >> 32) : 0;
}

int64_t KernelCounters::List(uint32_t kind) {
  if (!is_loaded()) return -ENOMEM;
  tidemark_ask& ask = *object_.ask;
  ask.sweep = ++sweep_;
  ask.is_listing = 1;
  ask.list_kind = kind;
  ask.list_root = listed_root_;
  ask.list_uid = listed_.uid;
  ask.list_cgroup = listed_.cgroup;
  ask.list_namespace = listed_.pid_namespace;
  ask.visited = 0;
  ask.listed = 0;
  ask.wanted = 0;
  listed_count_ = 0;
  const int error = Run();
  ask.is_listing = 0;
  if (error < 0) return error;
  processes_ = ask.visited;
  listed_count_ = std::min<uint32_t>(ask.listed, pid_room_);
  is_sorted_ = false;
  return listed_count_;
}

int64_t KernelCounters::ListPids(int32_t* out, size_t capacity) {
  const int64_t listed = List(listed_.kind);
  for (int64_t i = 0; i < std::min<int64_t>(listed, static_cast<int64_t>(capacity)); i++) {
    out[i] = static_cast<int32_t>(pids_[i]);
  }
  return listed;
}

void KernelCounters::Narrow(const tidemark_selection& selection, uint32_t root) {
  listed_ = selection;
  // Some pids are asked for by each of them.
  if (listed_.kind == SELECT_PIDS) listed_.kind = SELECT_ALL;
  listed_root_ = root > 0 ? TgidOf(root) : 0;
}

}  // namespace tidemark
