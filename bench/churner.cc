// Processes that change at a steady pace and leave the processors mostly idle: each maps one to eight pages every ten
// milliseconds, touches them, and unmaps them when it maps the next.
//
// First argument: how many. Their pids are printed on one line once all have begun; they end with standard input.
//
// The trap is a herd that wakes in step and fights for the processors at each tick: each has a phase of its own.
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr int64_t kPeriodNs = 10000000;
constexpr size_t kMostPages = 8;

[[noreturn]] void Churn(uint32_t seed, int64_t phase_ns) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  next.tv_nsec += phase_ns;
  char* held = nullptr;
  size_t held_bytes = 0;
  for (;;) {
    seed = seed * 1664525 + 1013904223;
    if (held) munmap(held, held_bytes);
    held_bytes = (1 + (seed >> 16) % kMostPages) * page;
    void* mapped = mmap(nullptr, held_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) _exit(1);
    held = static_cast<char*>(mapped);
    for (size_t at = 0; at < held_bytes; at += page) held[at] = 1;
    next.tv_nsec += kPeriodNs;
    while (next.tv_nsec >= 1000000000) {
      next.tv_nsec -= 1000000000;
      next.tv_sec++;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
  }
}

}  // namespace

int main(int, char** arguments) {
  const int count = atoi(arguments[1]);
  std::vector<pid_t> pids;
  for (int i = 0; i < count; i++) {
    pid_t pid = fork();
    if (pid == 0) Churn(static_cast<uint32_t>(i) * 2654435761u + 1, kPeriodNs / count * i);
    if (pid > 0) pids.push_back(pid);
  }
  for (size_t i = 0; i < pids.size(); i++) printf("%s%d", i ? " " : "", pids[i]);
  printf("\n");
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  for (pid_t pid : pids) kill(pid, SIGKILL);
  for (pid_t pid : pids) waitpid(pid, nullptr, 0);
}
