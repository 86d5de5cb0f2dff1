// How far ahead of others a thread runs, and where.
#pragma once

#include <dirent.h>
#include <sched.h>

#include <cerrno>
#include <cstdlib>

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

// Gives the threads of this process that run where the calling one ran, `before`, its processors.
inline void TakeAlong(const cpu_set_t& before, const cpu_set_t& set) {
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return;
  while (const dirent* task = readdir(tasks)) {
    const pid_t thread = static_cast<pid_t>(strtol(task->d_name, nullptr, 10));
    cpu_set_t theirs;
    // One that has ended meanwhile, or that somebody put elsewhere.
    if (thread <= 0 || sched_getaffinity(thread, sizeof theirs, &theirs) != 0 || !CPU_EQUAL(&theirs, &before)) continue;
    sched_setaffinity(thread, sizeof set, &set);
  }
  closedir(tasks);
}

// Keeps the calling thread off one processor, in place of the one before; -1: off none. With `takes_all`, all threads
// of this process that may run where it may. Returns an errno, and EINVAL where it would have no processor left.
//
// The trap: whoever gives the thread other processors meanwhile means it, so what was set here counts only as long as
// it stands.
inline int StayOff(int processor, bool takes_all) {
  thread_local cpu_set_t given, set;
  thread_local bool is_set = false;
  cpu_set_t now;
  if (sched_getaffinity(0, sizeof now, &now) != 0) return errno;
  if (!is_set || !CPU_EQUAL(&now, &set)) given = now;
  set = given;
  if (processor >= 0 && processor < CPU_SETSIZE) CPU_CLR(processor, &set);
  const bool has_any = CPU_COUNT(&set) > 0;
  if (!has_any) set = given;
  is_set = true;
  if (!CPU_EQUAL(&now, &set)) {
    if (sched_setaffinity(0, sizeof set, &set) != 0) return errno;
    if (takes_all) TakeAlong(now, set);
  }
  return has_any ? 0 : EINVAL;
}

}  // namespace tidemark
