#include "reader_pool.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <limits>
#include <vector>

#include "clock.h"

namespace tidemark {
namespace {

// A thread that has been blocked for so long is replaced, so that others do not wait for the verdict.
constexpr int64_t kSpareAfterNs = 5'000'000;
// One that runs is left after so many deadlines: a walk over terabytes takes seconds.
constexpr int64_t kMostDeadlines = 20;
// Threads that may be stuck at once. Beyond that reads wait for one to come back, and time out.
constexpr size_t kMostStuck = 512;
constexpr size_t kStackBytes = 256 * 1024;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

}  // namespace

struct ReaderPool::Core {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t work = PTHREAD_COND_INITIALIZER;
  pthread_cond_t ended_more;
  std::deque<std::shared_ptr<GuardedRead>> queue;
  std::vector<std::shared_ptr<GuardedRead>> running;
  size_t readers = 0;
  int64_t deadline_ns = 0;
  size_t serving = 0;  // threads that were neither replaced nor left
  size_t idle = 0;
  size_t stuck = 0;
  uint64_t ended = 0;
  uint64_t wake_at = std::numeric_limits<uint64_t>::max();
  bool is_closing = false;
  std::atomic<int64_t> cpu_ns{0};

  Core() {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&ended_more, &attributes);
    pthread_condattr_destroy(&attributes);
  }
  ~Core() {
    pthread_cond_destroy(&ended_more);
    pthread_cond_destroy(&work);
    pthread_mutex_destroy(&lock);
  }

  void Ends() {
    ended++;
    if (ended < wake_at) return;
    wake_at = std::numeric_limits<uint64_t>::max();
    pthread_cond_broadcast(&ended_more);
  }
};

namespace {

class Locked {
 public:
  explicit Locked(pthread_mutex_t& lock) : lock_(lock) { pthread_mutex_lock(&lock_); }
  ~Locked() { pthread_mutex_unlock(&lock_); }

 private:
  pthread_mutex_t& lock_;
};

}  // namespace

ReaderPool::ReaderPool(size_t readers, int64_t deadline_ns)
    : readers_(std::min(std::max<size_t>(readers, 1), kMostReaders)), core_(std::make_shared<Core>()) {
  core_->readers = readers_;
  core_->deadline_ns = deadline_ns;
}

ReaderPool::~ReaderPool() {
  Locked locked(core_->lock);
  core_->is_closing = true;
  core_->queue.clear();
  pthread_cond_broadcast(&core_->work);
}

bool ReaderPool::Submit(const std::shared_ptr<GuardedRead>& read) {
  Locked locked(core_->lock);
  read->spared_ = false;
  read->returned_.store(false, std::memory_order_relaxed);
  read->state_.store(GuardedRead::State::kQueued, std::memory_order_relaxed);
  core_->queue.push_back(read);
  if (StartIfNeeded(core_)) return true;
  core_->queue.pop_back();
  read->state_.store(GuardedRead::State::kNew, std::memory_order_relaxed);
  return false;
}

bool ReaderPool::Recall(GuardedRead& read) {
  Locked locked(core_->lock);
  auto& queue = core_->queue;
  auto found = std::find_if(queue.begin(), queue.end(), [&](const auto& queued) { return queued.get() == &read; });
  if (found == queue.end()) return false;
  queue.erase(found);
  read.state_.store(GuardedRead::State::kNew, std::memory_order_relaxed);
  return true;
}

uint64_t ReaderPool::Ended() const {
  Locked locked(core_->lock);
  return core_->ended;
}

size_t ReaderPool::Stuck() const {
  Locked locked(core_->lock);
  return core_->stuck;
}

int64_t ReaderPool::CpuNs() const { return core_->cpu_ns.load(std::memory_order_relaxed); }

// Wakes an idle thread, or starts one while there are fewer than there may be. False when none serves the queue.
bool ReaderPool::StartIfNeeded(const std::shared_ptr<Core>& core) {
  if (core->idle > 0) pthread_cond_signal(&core->work);
  if (core->idle >= core->queue.size() || core->serving >= core->readers || core->stuck >= kMostStuck) {
    return core->serving > 0;
  }
  auto* argument = new std::shared_ptr<Core>(core);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  // Signals are the business of the program that we are in.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  bool is_started = pthread_create(&thread, &attributes, Serve, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (is_started)
    core->serving++;
  else
    delete argument;
  return core->serving > 0;
}

void* ReaderPool::Serve(void* argument) {
  auto* given = static_cast<std::shared_ptr<Core>*>(argument);
  std::shared_ptr<Core> core = std::move(*given);
  delete given;
  const int thread = static_cast<int>(syscall(SYS_gettid));
  int64_t cpu_ns = 0;
  pthread_mutex_lock(&core->lock);
  for (;;) {
    while (core->queue.empty() && !core->is_closing) {
      core->idle++;
      pthread_cond_wait(&core->work, &core->lock);
      core->idle--;
    }
    if (core->is_closing) break;
    std::shared_ptr<GuardedRead> read = std::move(core->queue.front());
    core->queue.pop_front();
    read->state_.store(GuardedRead::State::kRunning, std::memory_order_relaxed);
    read->thread_ = thread;
    read->started_ns_ = MonotonicNs();
    read->beat_ns_.store(read->started_ns_, std::memory_order_relaxed);
    read->look_ns_ = read->started_ns_ + std::min(kSpareAfterNs, core->deadline_ns);
    core->running.push_back(read);
    pthread_mutex_unlock(&core->lock);

    read->Run();

    int64_t cpu_now = Nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    core->cpu_ns.fetch_add(cpu_now - cpu_ns, std::memory_order_relaxed);
    cpu_ns = cpu_now;
    pthread_mutex_lock(&core->lock);
    if (read->state_.load(std::memory_order_relaxed) == GuardedRead::State::kLeft) {
      core->stuck--;
      read->returned_.store(true, std::memory_order_release);
      pthread_mutex_unlock(&core->lock);
      return nullptr;
    }
    auto& running = core->running;
    running.erase(std::find(running.begin(), running.end(), read));
    read->state_.store(GuardedRead::State::kDone, std::memory_order_release);
    core->Ends();
    if (!read->spared_) continue;
    if (core->serving >= core->readers) {
      pthread_mutex_unlock(&core->lock);
      return nullptr;
    }
    core->serving++;
  }
  core->serving--;
  pthread_mutex_unlock(&core->lock);
  return nullptr;
}

// Leaves reads that are stuck, replaces threads that are blocked. Returns when to look again.
int64_t ReaderPool::LookAtRunning(const std::shared_ptr<Core>& core, int64_t now_ns) {
  int64_t next_ns = kNever;
  auto& running = core->running;
  for (size_t i = 0; i < running.size();) {
    GuardedRead& read = *running[i];
    if (now_ns >= read.look_ns_) {
      const int64_t alive_ns = std::max(read.started_ns_, read.beat_ns_.load(std::memory_order_relaxed));
      int64_t elapsed_ns = now_ns - alive_ns;
      bool is_blocked = elapsed_ns >= std::min(kSpareAfterNs, core->deadline_ns) && IsBlockedThread(read.thread_);
      if (is_blocked && !read.spared_) {
        read.spared_ = true;
        core->serving--;
        if (!core->queue.empty()) StartIfNeeded(core);
      }
      if (elapsed_ns >= core->deadline_ns * (is_blocked ? 1 : kMostDeadlines)) {
        if (!read.spared_) core->serving--;
        read.state_.store(GuardedRead::State::kLeft, std::memory_order_release);
        core->stuck++;
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
        core->Ends();
        if (!core->queue.empty()) StartIfNeeded(core);
        continue;
      }
      int64_t deadline_ns = alive_ns + core->deadline_ns;
      read.look_ns_ = now_ns < deadline_ns && is_blocked ? deadline_ns : now_ns + kSpareAfterNs;
    }
    next_ns = std::min(next_ns, read.look_ns_);
    i++;
  }
  return next_ns;
}

bool ReaderPool::Wait(uint64_t ended, int64_t until_ns) {
  Locked locked(core_->lock);
  while (core_->ended < ended) {
    int64_t now_ns = MonotonicNs();
    // Also for those who ask without waiting: else nobody would ever find that a read is stuck.
    int64_t look_ns = LookAtRunning(core_, now_ns);
    if (core_->ended >= ended) return true;
    if (until_ns != 0 && now_ns >= until_ns) return true;
    // With every thread stuck nothing takes from the queue, so nothing in it can end.
    if (core_->running.empty() && core_->serving == 0) return false;
    int64_t wake_ns = std::min(look_ns, until_ns == 0 ? kNever : until_ns);
    // A read that is taken from the queue meanwhile is looked at in time as well.
    wake_ns = std::min(wake_ns, now_ns + kSpareAfterNs);
    core_->wake_at = std::min(core_->wake_at, ended);
    timespec wake{static_cast<time_t>(wake_ns / 1000000000), static_cast<long>(wake_ns % 1000000000)};
    pthread_cond_timedwait(&core_->ended_more, &core_->lock, &wake);
  }
  return true;
}

bool IsBlockedThread(int thread) {
  char path[48];
  char text[256];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return true;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return true;
  text[length] = 0;
  const char* name_end = std::strrchr(text, ')');
  return !name_end || name_end[1] != ' ' || name_end[2] != 'R';
}

size_t AllowedCpus() {
  cpu_set_t allowed;
  return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? static_cast<size_t>(CPU_COUNT(&allowed)) : 1;
}

}  // namespace tidemark
