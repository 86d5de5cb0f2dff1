// How far ahead of others a thread runs.
#pragma once

#include <sched.h>

#include <cerrno>

namespace tidemark {

// Runs the calling thread ahead of all ordinary work, or as ordinary work again; its nice value stays for then. Threads
// that it makes are ordinary ones. Returns an errno: EPERM where that is not permitted.
//
// The traps: the least real-time priority is enough, and any other would compete with what really needs one; and
// whoever was started with one keeps it.
inline int RunAhead(bool is_ahead) {
  thread_local bool is_ours = false;
  if (!is_ours && (sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) != SCHED_OTHER) return 0;
  sched_param parameters{};
  parameters.sched_priority = is_ahead ? sched_get_priority_min(SCHED_FIFO) : 0;
  const int policy = (is_ahead ? SCHED_FIFO : SCHED_OTHER) | SCHED_RESET_ON_FORK;
  if (sched_setscheduler(0, policy, &parameters) != 0) return errno;
  is_ours = is_ahead;
  return 0;
}

}  // namespace tidemark
