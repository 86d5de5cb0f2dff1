// Points in time, and the wait for one.
#pragma once

#include <sys/prctl.h>
#include <time.h>

#include <cerrno>
#include <cstdint>

namespace tidemark {

inline int64_t Nanoseconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

inline int64_t MonotonicNs() { return Nanoseconds(CLOCK_MONOTONIC); }

inline timespec TimeOf(int64_t ns) {
  return {static_cast<time_t>(ns / 1000000000), static_cast<long>(ns % 1000000000)};
}

// Sleeps until the monotonic deadline; returns at once when it has passed. The kernel may delay a timer by the thread's
// slack, 50 us unless told otherwise, so that is set to the least first.
inline void SleepUntil(int64_t deadline_ns) {
  thread_local bool slack_set = prctl(PR_SET_TIMERSLACK, 1UL) == 0;
  (void)slack_set;
  const timespec deadline = TimeOf(deadline_ns);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nullptr) == EINTR) {
  }
}

}  // namespace tidemark
