#include "text_sweep.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "../procfs/padding.h"
#include "clock.h"
#include "grown_memory.h"
#include "proc_tree.h"
#include "reader_pool.h"

namespace tidemark {
namespace {

// The kernel's locks make more threads useless, and a reader that takes a whole host is no guest.
constexpr size_t kMostThreads = 4;
// Rows that pay for a thread: it takes some 30 us to start, a row some 20 us to read.
constexpr size_t kRowsPerThread = 32;
// Rows that a thread takes from the counter at once.
constexpr size_t kRowsAtOnce = 8;
// How often the caller looks at threads that do not come back.
constexpr int64_t kLookEveryNs = 10'000'000;
// Bytes of a guarded text at first: most command lines are shorter.
constexpr size_t kFirstBytes = 4096;

// Files whose read needs the target's memory map, which somebody may hold for ever.
constexpr const char* kGuarded[] = {"cmdline", "environ", "maps", "smaps", "smaps_rollup"};

struct Sweep {
  const ProcFolder& folder;
  const int32_t* pids;
  size_t count;
  const std::vector<TextFile>& files;
  std::vector<bool> is_guarded;
  const SweptTexts& texts;
  std::atomic<size_t> next{0};
  std::atomic<bool> full{false};
};

// Rows first to last (exclusive) of the sweep, from a file of the first on, into a part of the buffer.
struct Part {
  size_t at = 0;
  size_t end = 0;
  size_t row = 0;
  size_t last = 0;
  size_t file = 0;
  size_t stuck_row = SIZE_MAX;  // whose guarded files are not asked for any more
};

// A thread and all that it may touch once nobody waits for it any more. What belongs to the caller it touches only in
// state kReading.
struct Worker {
  // kLeft: the caller has gone on without it. Above 0: since that monotonic time it is in a read that may never end,
  // with nothing but this object.
  enum State : int64_t { kLeft = -2, kOver = -1, kReading = 0 };

  std::atomic<int64_t> state{kReading};
  std::atomic<int> thread{0};
  Sweep* sweep = nullptr;
  Part part;
  std::shared_ptr<const ProcFolder> folder;
  GrownMemory<uint8_t> text;  // of a guarded file
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

// Reads up to `most` bytes of a file into the worker's own memory.
int64_t ReadOwn(Worker& worker, int pid, const char* name, size_t most) {
  int fd = worker.folder->Open(pid, name);
  if (fd < 0) return fd;
  size_t total = 0;
  int64_t got = 0;
  while (total < most) {
    if (worker.text.size() < std::min(most, total + 1) &&
        !worker.text.Reserve(std::min(most, std::max(kFirstBytes, total * 2)))) {
      got = -ENOMEM;
      break;
    }
    size_t room = std::min(most, worker.text.size()) - total;
    got = ReadUpTo(fd, worker.text.data() + total, room);
    if (got < 0) break;
    total += static_cast<size_t>(got);
    if (static_cast<size_t>(got) < room) break;
  }
  close(fd);
  return got < 0 ? got : static_cast<int64_t>(total);
}

enum class Outcome { kRead, kFull, kLeft };

// The text of a guarded file, unless the caller has gone on meanwhile: then nothing but the worker may be touched.
Outcome ReadGuardedText(Worker& worker, int pid, const TextFile& wanted, size_t room, int64_t* got) {
  const std::string name = wanted.name;
  const size_t most = std::min(wanted.most, room);
  int64_t since_ns = MonotonicNs();
  worker.state.store(since_ns, std::memory_order_release);
  int64_t length = ReadOwn(worker, pid, name.c_str(), most);
  if (!worker.state.compare_exchange_strong(since_ns, Worker::kReading, std::memory_order_acq_rel)) {
    return Outcome::kLeft;
  }
  *got = length;
  return Outcome::kRead;
}

Outcome ReadText(Worker& worker, size_t row, size_t file) {
  Sweep& sweep = *worker.sweep;
  Part& part = worker.part;
  const TextFile& wanted = sweep.files[file];
  size_t index = row * sweep.files.size() + file;
  size_t room = part.end - part.at;
  int64_t got = 0;
  sweep.texts.starts[index] = static_cast<uint32_t>(part.at);
  if (sweep.is_guarded[file] && row == part.stuck_row) {
    got = -ETIMEDOUT;
  } else if (sweep.is_guarded[file]) {
    Outcome outcome = ReadGuardedText(worker, sweep.pids[row], wanted, room, &got);
    if (outcome == Outcome::kLeft) return outcome;
    if (got > 0) std::memcpy(sweep.texts.bytes + part.at, worker.text.data(), static_cast<size_t>(got));
  } else {
    int fd = sweep.folder.Open(sweep.pids[row], wanted.name.c_str());
    got = fd;
    if (fd >= 0) {
      got = ReadUpTo(fd, sweep.texts.bytes + part.at, std::min(wanted.most, room));
      close(fd);
    }
  }
  if (got >= static_cast<int64_t>(room) && room < wanted.most) return Outcome::kFull;
  sweep.texts.lengths[index] = static_cast<int32_t>(got);
  if (got > 0) part.at += static_cast<size_t>(got);
  return Outcome::kRead;
}

// False when the caller has gone on without this worker.
bool Work(Worker& worker) {
  Sweep& sweep = *worker.sweep;
  Part& part = worker.part;
  while (!sweep.full.load(std::memory_order_relaxed)) {
    if (part.row >= part.last) {
      part.row = sweep.next.fetch_add(kRowsAtOnce, std::memory_order_relaxed);
      if (part.row >= sweep.count) return true;
      part.last = std::min(part.row + kRowsAtOnce, sweep.count);
      part.file = 0;
    }
    for (; part.row < part.last; part.row++, part.file = 0) {
      for (; part.file < sweep.files.size(); part.file++) {
        Outcome outcome = ReadText(worker, part.row, part.file);
        if (outcome == Outcome::kLeft) return false;
        if (outcome == Outcome::kFull) {
          sweep.full.store(true, std::memory_order_relaxed);
          return true;
        }
      }
    }
  }
  return true;
}

// What the caller waits on; it lives as long as the last thread.
struct Ending {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t one_more;
  Ending() {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&one_more, &attributes);
    pthread_condattr_destroy(&attributes);
  }
};

struct Start {
  std::shared_ptr<Worker> worker;
  std::shared_ptr<Ending> ending;
};

void* Serve(void* argument) {
  auto* start = static_cast<Start*>(argument);
  std::shared_ptr<Worker> worker = std::move(start->worker);
  std::shared_ptr<Ending> ending = std::move(start->ending);
  delete start;
  worker->thread.store(static_cast<int>(syscall(SYS_gettid)), std::memory_order_relaxed);
  if (!Work(*worker)) return nullptr;
  pthread_mutex_lock(&ending->lock);
  worker->state.store(Worker::kOver, std::memory_order_release);
  pthread_cond_signal(&ending->one_more);
  pthread_mutex_unlock(&ending->lock);
  return nullptr;
}

bool StartThread(const std::shared_ptr<Worker>& worker, const std::shared_ptr<Ending>& ending) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  // Signals are the business of the program that we are in.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  auto* start = new Start{worker, ending};
  pthread_t thread;
  bool is_started = pthread_create(&thread, &attributes, Serve, start) == 0;
  if (!is_started) delete start;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return is_started;
}

// A worker that goes on where another one is stuck, behind the file that does not answer.
std::shared_ptr<Worker> Replacement(const Worker& stuck) {
  auto worker = std::make_shared<Worker>();
  Sweep& sweep = *stuck.sweep;
  worker->sweep = stuck.sweep;
  worker->folder = stuck.folder;
  worker->part = stuck.part;
  sweep.texts.lengths[stuck.part.row * sweep.files.size() + stuck.part.file] = -ETIMEDOUT;
  worker->part.stuck_row = stuck.part.row;
  worker->part.file++;
  return worker;
}

// Waits for all workers; one that is blocked for longer than a read may take is left, and another goes on for it. When
// none can be started, its rows cannot be read by anybody: false.
bool WaitForAll(std::vector<std::shared_ptr<Worker>>& workers, const std::shared_ptr<Ending>& ending) {
  bool is_whole = true;
  pthread_mutex_lock(&ending->lock);
  while (!workers.empty()) {
    for (size_t i = 0; i < workers.size();) {
      Worker& worker = *workers[i];
      int64_t state = worker.state.load(std::memory_order_acquire);
      bool is_stuck = state > 0 && MonotonicNs() - state >= kReadDeadlineNs && IsBlockedThread(worker.thread.load());
      if (is_stuck && worker.state.compare_exchange_strong(state, Worker::kLeft, std::memory_order_acq_rel)) {
        std::shared_ptr<Worker> next = Replacement(worker);
        if (StartThread(next, ending)) {
          workers[i] = next;
          continue;
        }
        is_whole = false;
        state = Worker::kOver;
      }
      if (state == Worker::kOver)
        workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(i));
      else
        i++;
    }
    if (workers.empty()) break;
    int64_t wake_ns = MonotonicNs() + kLookEveryNs;
    timespec wake{static_cast<time_t>(wake_ns / 1000000000), static_cast<long>(wake_ns % 1000000000)};
    pthread_cond_timedwait(&ending->one_more, &ending->lock, &wake);
  }
  pthread_mutex_unlock(&ending->lock);
  return is_whole;
}

}  // namespace

int ReadTexts(const std::string& root, const int32_t* pids, size_t count, const std::vector<TextFile>& files,
              const SweptTexts& texts) {
  auto folder = std::make_shared<const ProcFolder>(root);
  if (folder->error()) return -folder->error();
  std::vector<bool> is_guarded;
  for (const TextFile& file : files) {
    auto is_same = [&](const char* name) { return file.name == name; };
    is_guarded.push_back(std::any_of(std::begin(kGuarded), std::end(kGuarded), is_same));
  }
  bool has_guarded = std::find(is_guarded.begin(), is_guarded.end(), true) != is_guarded.end();
  Sweep sweep{*folder, pids, count, files, std::move(is_guarded), texts};
  size_t threads = std::max<size_t>(1, std::min({AllowedCpus(), kMostThreads, count / kRowsPerThread}));
  size_t share = (texts.size - kPadding) / threads;
  auto ending = std::make_shared<Ending>();
  std::vector<std::shared_ptr<Worker>> workers;
  auto worker_for = [&](size_t i) {
    auto worker = std::make_shared<Worker>();
    worker->sweep = &sweep;
    worker->folder = folder;
    worker->part.at = i * share;
    worker->part.end = (i + 1) * share;
    return worker;
  };
  // The caller's thread takes part where no read can hold it for ever.
  for (size_t i = has_guarded ? 0 : 1; i < threads; i++) {
    std::shared_ptr<Worker> worker = worker_for(i);
    if (StartThread(worker, ending)) workers.push_back(worker);
  }
  if (!has_guarded) Work(*worker_for(0));
  if (has_guarded && workers.empty()) return -EAGAIN;
  if (!WaitForAll(workers, ending)) return -EAGAIN;
  return sweep.full.load() ? -EOVERFLOW : 0;
}

}  // namespace tidemark
