#include "read_ahead.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <new>

#include "clock.h"
#include "hostile_file.h"
#include "reader_pool.h"

namespace tidemark {
namespace {

// One that waits for a processor, or walks a large mapping, is not stuck; it is left after so many deadlines.
constexpr int64_t kMostDeadlines = 20;
// Pieces that wait to be taken: a thread that is quicker than its caller must not fill the memory with a text that has
// no end.
constexpr size_t kMostAhead = 64;

}  // namespace

// What the caller and the thread have in common.
struct ReadAhead::Shared {
  Shared() {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &monotonic);
    pthread_cond_init(&taken, &monotonic);
    pthread_condattr_destroy(&monotonic);
  }

  std::string path;
  size_t piece_bytes = 0;
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed;
  // A piece was taken, or none is wanted any more.
  pthread_cond_t taken;
  // When the thread last came back from the kernel, and which one it is; 0 before it runs.
  std::atomic<int64_t> beat_ns{MonotonicNs()};
  std::atomic<int> thread{0};
  // Under the lock:
  std::deque<Piece> pieces;
  int open_error = 0;
  // That of a read, behind the last of the pieces.
  int read_error = 0;
  bool is_open = false;
  bool has_ended = false;
  bool is_unwanted = false;
};

ReadAhead::ReadAhead() = default;

ReadAhead::~ReadAhead() {
  if (!shared_) return;
  pthread_mutex_lock(&shared_->lock);
  shared_->is_unwanted = true;
  pthread_cond_signal(&shared_->taken);
  pthread_mutex_unlock(&shared_->lock);
}

int ReadAhead::Start(const std::string& path, size_t piece_bytes) {
  auto shared = std::make_shared<Shared>();
  shared->path = path;
  shared->piece_bytes = piece_bytes;
  auto* own = new (std::nothrow) std::shared_ptr<Shared>(shared);
  pthread_t thread;
  int error = own == nullptr ? ENOMEM : pthread_create(&thread, nullptr, Run, own);
  if (error != 0) {
    delete own;
    return error;
  }
  pthread_detach(thread);
  shared_ = std::move(shared);
  pthread_mutex_lock(&shared_->lock);
  error = Await(*shared_, Wanted::kOpen) ? shared_->open_error : ETIMEDOUT;
  pthread_mutex_unlock(&shared_->lock);
  return error;
}

// Waits, with the lock held, for what is wanted or the end of the thread. False when the thread is stuck.
bool ReadAhead::Await(Shared& shared, Wanted wanted) {
  int64_t until_ns = MonotonicNs() + kReadDeadlineNs;
  while (!shared.has_ended && (wanted == Wanted::kOpen ? !shared.is_open : shared.pieces.empty())) {
    timespec until{static_cast<time_t>(until_ns / 1000000000), static_cast<long>(until_ns % 1000000000)};
    if (pthread_cond_timedwait(&shared.changed, &shared.lock, &until) != ETIMEDOUT) continue;
    const int64_t now_ns = MonotonicNs();
    const int64_t silent_ns = now_ns - shared.beat_ns.load(std::memory_order_relaxed);
    const int thread = shared.thread.load(std::memory_order_relaxed);
    const bool is_blocked = thread != 0 && IsBlockedThread(thread);
    if (silent_ns >= kReadDeadlineNs * (is_blocked ? 1 : kMostDeadlines)) {
      shared.is_unwanted = true;
      return false;
    }
    until_ns = now_ns + std::max(kReadDeadlineNs - silent_ns, kReadDeadlineNs / 10);
  }
  return true;
}

int ReadAhead::Take(Piece* piece) {
  Shared& shared = *shared_;
  *piece = Piece();
  pthread_mutex_lock(&shared.lock);
  const bool has_come = Await(shared, Wanted::kPiece);
  int error = has_come ? 0 : ETIMEDOUT;
  if (!shared.pieces.empty()) {
    *piece = std::move(shared.pieces.front());
    shared.pieces.pop_front();
    pthread_cond_signal(&shared.taken);
  }
  // A text that lacks its end for another reason than that of its process is not told as a whole one.
  if (has_come && piece->length == 0) error = shared.read_error;
  pthread_mutex_unlock(&shared.lock);
  return error;
}

void* ReadAhead::Run(void* argument) {
  std::unique_ptr<std::shared_ptr<Shared>> own(static_cast<std::shared_ptr<Shared>*>(argument));
  Shared& shared = **own;
  shared.thread.store(static_cast<int>(syscall(SYS_gettid)), std::memory_order_relaxed);
  shared.beat_ns.store(MonotonicNs(), std::memory_order_relaxed);
  // Not by the caller: a FIFO in a tree that somebody makes up, or a process in the middle of an exec, blocks here.
  const int fd = open(shared.path.c_str(), O_RDONLY | O_CLOEXEC);
  const int open_error = fd < 0 ? errno : IsDevice(fd) ? ENOTSUP : 0;
  pthread_mutex_lock(&shared.lock);
  shared.is_open = open_error == 0;
  shared.open_error = open_error;
  shared.has_ended = open_error != 0;
  pthread_cond_signal(&shared.changed);
  pthread_mutex_unlock(&shared.lock);
  if (open_error != 0 && fd >= 0) close(fd);
  if (open_error != 0) return nullptr;
  for (bool is_last = false; !is_last;) {
    Piece piece;
    piece.bytes.reset(new (std::nothrow) uint8_t[shared.piece_bytes]);
    int read_error = piece.bytes ? 0 : ENOMEM;
    // The kernel gives about a page at a time.
    while (piece.bytes && piece.length < shared.piece_bytes) {
      ssize_t got = read(fd, piece.bytes.get() + piece.length, shared.piece_bytes - piece.length);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno != ESRCH) read_error = errno;
      if (got <= 0) break;
      shared.beat_ns.store(MonotonicNs(), std::memory_order_relaxed);
      piece.length += static_cast<size_t>(got);
    }
    is_last = piece.length < shared.piece_bytes;
    // Not left to the caller, whose garbage may be collected much later.
    if (is_last) close(fd);
    pthread_mutex_lock(&shared.lock);
    if (shared.is_unwanted && !is_last) {
      is_last = true;
      close(fd);
    }
    shared.has_ended = is_last;
    shared.read_error = read_error;
    shared.pieces.push_back(std::move(piece));
    pthread_cond_signal(&shared.changed);
    while (!is_last && !shared.is_unwanted && shared.pieces.size() >= kMostAhead) {
      pthread_cond_wait(&shared.taken, &shared.lock);
    }
    shared.beat_ns.store(MonotonicNs(), std::memory_order_relaxed);
    pthread_mutex_unlock(&shared.lock);
  }
  return nullptr;
}

}  // namespace tidemark
