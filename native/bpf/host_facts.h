// What the programs must be told of the host, or what their answers must be corrected by.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>

namespace tidemark {

// Processors that can ever be there: their numbers are below this.
inline uint32_t PossibleCpus() {
  FILE* file = fopen("/sys/devices/system/cpu/possible", "re");
  if (!file) return 0;
  char text[256] = {};
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  // `0-3`, `0`, `0,2-5`: the last number is the largest.
  uint32_t last = 0;
  uint32_t number = 0;
  bool any = false;
  for (size_t i = 0; i <= length; i++) {
    if (std::isdigit(static_cast<unsigned char>(text[i]))) {
      number = number * 10 + static_cast<uint32_t>(text[i] - '0');
      any = true;
    } else {
      if (any) last = number;
      number = 0;
      any = false;
    }
  }
  return last + 1;
}

// Pids are below this. A namespace may have a limit of its own, which says nothing of the pids of the initial one.
inline uint32_t PidLimit(bool is_initial_namespace) {
  constexpr uint32_t kMost = 4194304;
  if (!is_initial_namespace) return kMost;
  FILE* file = fopen("/proc/sys/kernel/pid_max", "re");
  if (!file) return kMost;
  unsigned limit = kMost;
  if (fscanf(file, "%u", &limit) != 1) limit = kMost;
  fclose(file);
  return std::min<uint32_t>(limit, kMost);
}

// What a time namespace adds to the time since boot, which stat shows with it.
inline int64_t BoottimeOffsetNs() {
  FILE* file = fopen("/proc/self/timens_offsets", "re");
  if (!file) return 0;
  char name[32];
  long long seconds = 0;
  long long nanoseconds = 0;
  int64_t offset = 0;
  while (fscanf(file, "%31s %lld %lld", name, &seconds, &nanoseconds) == 3) {
    if (name[0] == 'b') offset = seconds * 1000000000 + nanoseconds;
  }
  fclose(file);
  return offset;
}

}  // namespace tidemark
