#include "text_sweep.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>

#include "../procfs/padding.h"

namespace tidemark {
namespace {

// The kernel's locks make more threads useless, and a reader that takes a whole host is no guest.
constexpr size_t kMostThreads = 4;
// Rows that pay for a thread: it takes some 30 us to start, a row some 20 us to read.
constexpr size_t kRowsPerThread = 32;
// Rows that a thread takes from the counter at once.
constexpr size_t kRowsAtOnce = 8;

struct Sweep {
  int root;
  const int32_t* pids;
  size_t count;
  const std::vector<TextFile>& files;
  const SweptTexts& texts;
  std::atomic<size_t> next{0};
  std::atomic<bool> full{false};
};

struct Part {
  Sweep* sweep;
  size_t at;
  size_t end;
};

// Bytes up to `size`, or the negative errno. A text that ends with a short read has ended for good in procfs, and a
// regular file of a captured tree is read until it says so.
int64_t ReadUpTo(int fd, uint8_t* into, size_t size) {
  size_t got = 0;
  while (got < size) {
    ssize_t piece = read(fd, into + got, size - got);
    if (piece == 0) break;
    if (piece < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    got += static_cast<size_t>(piece);
  }
  return static_cast<int64_t>(got);
}

// False when the row does not fit.
bool ReadRow(Part& part, size_t row) {
  Sweep& sweep = *part.sweep;
  char path[280];
  for (size_t file = 0; file < sweep.files.size(); file++) {
    const TextFile& wanted = sweep.files[file];
    size_t index = row * sweep.files.size() + file;
    sweep.texts.starts[index] = static_cast<uint32_t>(part.at);
    std::snprintf(path, sizeof path, "%d/%s", sweep.pids[row], wanted.name.c_str());
    // O_NONBLOCK: a captured or hostile tree may hold a FIFO, which must not stop a sweep.
    int fd = openat(sweep.root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
      sweep.texts.lengths[index] = -errno;
      continue;
    }
    size_t room = part.end - part.at;
    int64_t got = ReadUpTo(fd, sweep.texts.bytes + part.at, std::min(wanted.most, room));
    close(fd);
    if (got >= static_cast<int64_t>(room) && room < wanted.most) return false;
    sweep.texts.lengths[index] = static_cast<int32_t>(got);
    if (got > 0) part.at += static_cast<size_t>(got);
  }
  return true;
}

void* Work(void* argument) {
  Part& part = *static_cast<Part*>(argument);
  Sweep& sweep = *part.sweep;
  while (!sweep.full.load(std::memory_order_relaxed)) {
    size_t first = sweep.next.fetch_add(kRowsAtOnce, std::memory_order_relaxed);
    if (first >= sweep.count) break;
    for (size_t row = first; row < std::min(first + kRowsAtOnce, sweep.count); row++) {
      if (!ReadRow(part, row)) {
        sweep.full.store(true, std::memory_order_relaxed);
        return nullptr;
      }
    }
  }
  return nullptr;
}

size_t ThreadsFor(size_t rows) {
  cpu_set_t allowed;
  size_t cpus = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? static_cast<size_t>(CPU_COUNT(&allowed)) : 1;
  return std::max<size_t>(1, std::min({cpus, kMostThreads, rows / kRowsPerThread}));
}

}  // namespace

int ReadTexts(const std::string& root, const int32_t* pids, size_t count, const std::vector<TextFile>& files,
              const SweptTexts& texts) {
  int folder = open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return -errno;
  Sweep sweep{folder, pids, count, files, texts};
  size_t threads = ThreadsFor(count);
  size_t share = (texts.size - kPadding) / threads;
  Part parts[kMostThreads];
  pthread_t started[kMostThreads];
  bool is_started[kMostThreads] = {};
  for (size_t i = 0; i < threads; i++) parts[i] = {&sweep, i * share, (i + 1) * share};
  // The caller's thread takes part; where no other can be started it does all of it.
  for (size_t i = 1; i < threads; i++) is_started[i] = pthread_create(&started[i], nullptr, Work, &parts[i]) == 0;
  Work(&parts[0]);
  for (size_t i = 1; i < threads; i++) {
    if (is_started[i]) pthread_join(started[i], nullptr);
  }
  close(folder);
  return sweep.full.load() ? -EOVERFLOW : 0;
}

}  // namespace tidemark
