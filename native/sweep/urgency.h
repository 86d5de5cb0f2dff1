// How far ahead of others a thread runs.
#pragma once

#include <sched.h>

#include <cerrno>

namespace tidemark {

// Runs the calling thread ahead of all ordinary work, or as ordinary work again; its nice value stays for then. Threads
// that it makes are ordinary ones. Returns an errno: EPERM where that is not permitted.
//
// The trap: the least real-time priority is enough, and any other would compete with what really needs one.
inline int RunAhead(bool is_ahead) {
  sched_param parameters{};
  parameters.sched_priority = is_ahead ? sched_get_priority_min(SCHED_FIFO) : 0;
  const int policy = (is_ahead ? SCHED_FIFO : SCHED_OTHER) | SCHED_RESET_ON_FORK;
  return sched_setscheduler(0, policy, &parameters) == 0 ? 0 : errno;
}

}  // namespace tidemark
