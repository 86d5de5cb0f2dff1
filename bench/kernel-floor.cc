// What the kernel alone charges for the reads of a sweep, with nothing parsed: the floor that our sweeps are held
// against.
//
// First line of standard input: the pids. Then each line names a work, which is done once for all of them:
//   counters   pread of statm and of stat from kept descriptors
//   rollup     open, one read, close of smaps_rollup
//   smaps      open, read until the end, close of smaps
// and is answered with "CPU_NS BYTES PROCESSES": CPU time of this process in that round, user and system.
//
// The trap is a floor that does other work than the sweep: the order of the reads, the flags of the opens and the sizes
// of the buffers are those of native/sweep.
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr size_t kSmallText = 4096;
constexpr size_t kChunk = 64 * 1024;

struct Process {
  std::string smaps, rollup;  // relative to /proc
  int statm, stat;            // kept open
};

int proc_root;
std::vector<Process> processes;
std::vector<uint8_t> text(kChunk);

int64_t CpuNs() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

int OpenFile(const std::string& path) { return openat(proc_root, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }

// Returns the bytes read, or a negative number if something could not be read. So do the others.
int64_t ReadCounters(const Process& process) {
  uint8_t small[kSmallText];
  ssize_t statm = pread(process.statm, small, kSmallText, 0);
  ssize_t stat = pread(process.stat, small, kSmallText, 0);
  return statm <= 0 || stat <= 0 ? -1 : statm + stat;
}

int64_t ReadRollup(const Process& process) {
  uint8_t small[kSmallText];
  int fd = OpenFile(process.rollup);
  if (fd < 0) return -1;
  ssize_t got = pread(fd, small, kSmallText, 0);
  close(fd);
  return got <= 0 ? -1 : got;
}

int64_t ReadSmaps(const Process& process) {
  int fd = OpenFile(process.smaps);
  if (fd < 0) return -1;
  size_t total = 0;
  for (;;) {
    if (text.size() < total + kChunk) text.resize(text.size() * 2 + kChunk);
    ssize_t got = read(fd, text.data() + total, text.size() - total);
    if (got <= 0) {
      close(fd);
      return got < 0 || total == 0 ? -1 : static_cast<int64_t>(total);
    }
    total += static_cast<size_t>(got);
  }
}

void Round(int64_t (*read_one)(const Process&)) {
  int64_t bytes = 0;
  size_t count = 0;
  int64_t start = CpuNs();
  for (const Process& process : processes) {
    int64_t got = read_one(process);
    if (got < 0) continue;
    bytes += got;
    count++;
  }
  int64_t spent = CpuNs() - start;
  std::cout << spent << ' ' << bytes << ' ' << count << std::endl;
}

}  // namespace

int main() {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  proc_root = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  std::string line;
  std::getline(std::cin, line);
  std::istringstream pids(line);
  for (std::string pid; pids >> pid;) {
    Process process{pid + "/smaps", pid + "/smaps_rollup", OpenFile(pid + "/statm"), OpenFile(pid + "/stat")};
    if (process.statm < 0 || process.stat < 0) {
      std::fprintf(stderr, "kernel-floor: cannot keep statm and stat of %zu processes open\n", processes.size() + 1);
      return 1;
    }
    processes.push_back(process);
  }
  std::cout << processes.size() << std::endl;

  while (std::getline(std::cin, line)) {
    if (line == "counters")
      Round(ReadCounters);
    else if (line == "rollup")
      Round(ReadRollup);
    else if (line == "smaps")
      Round(ReadSmaps);
    else
      return 2;
  }
}
