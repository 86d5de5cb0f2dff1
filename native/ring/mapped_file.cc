#include "mapped_file.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "../sweep/clock.h"

namespace tidemark {
namespace {

constexpr size_t kStackBytes = 64 * 1024;
// What a recording of 2,000 processes at 100 Hz brings in half a minute.
constexpr size_t kMostWaiting = 8 * 1024 * 1024;
// Where ticks come faster than this, the storing thread rests for so long behind each batch, and nobody wakes it: at
// 10 kHz waking it was a seventh of what recording cost, and being woken another.
constexpr int64_t kRestNs = 4'000'000;

thread_local sigjmp_buf* guard = nullptr;
struct sigaction before;
pthread_once_t guarded = PTHREAD_ONCE_INIT;
pthread_mutex_t all_mutex = PTHREAD_MUTEX_INITIALIZER;
MappedFile* all = nullptr;

void OnBus(int, siginfo_t*, void*) {
  if (guard) siglongjmp(*guard, 1);
  // Not ours: whoever was there before us gets it when the instruction faults again.
  sigaction(SIGBUS, &before, nullptr);
}

void GuardAll() {
  struct sigaction action = {};
  action.sa_sigaction = OnBus;
  // Not deferred: the handler does not return, and the mask is not saved, which would cost two calls per store.
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &before);
}

// Runs `store`, which touches mapped memory and owns nothing. Returns 0 or -EFAULT.
template <typename Store>
int Guarded(Store store) {
  sigjmp_buf place;
  if (sigsetjmp(place, 0) != 0) {
    guard = nullptr;
    return -EFAULT;
  }
  guard = &place;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  store();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  guard = nullptr;
  return 0;
}

int StartThread(void* (*run)(void*), void* self, pthread_t* thread) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, std::max<size_t>(kStackBytes, PTHREAD_STACK_MIN));
  sigset_t all, own_mask;
  sigfillset(&all);
  // A SIGBUS of its own must reach the guard.
  sigdelset(&all, SIGBUS);
  pthread_sigmask(SIG_SETMASK, &all, &own_mask);
  int error = pthread_create(thread, &attributes, run, self);
  pthread_sigmask(SIG_SETMASK, &own_mask, nullptr);
  pthread_attr_destroy(&attributes);
  return -error;
}

}  // namespace

int MappedFile::Open(int fd, uint64_t size, int64_t period_ms, std::unique_ptr<MappedFile>* out) {
  struct stat status;
  if (fstat(fd, &status) != 0) return -errno;
  if (size == 0 || static_cast<uint64_t>(status.st_size) < size) return -EINVAL;
  int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (own < 0) return -errno;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
  if (memory == MAP_FAILED) {
    int error = errno;
    close(own);
    return -error;
  }
  pthread_once(&guarded, [] {
    GuardAll();
    // A program may end without closing anything: what was handed over is in the file all the same.
    atexit(SettleAll);
  });
  std::unique_ptr<MappedFile> file(new MappedFile(own, static_cast<uint8_t*>(memory), size, period_ms));
  int error = StartThread(RunStores, file.get(), &file->storer_);
  if (error != 0) return error;
  file->storing_ = true;
  error = StartThread(RunFlushes, file.get(), &file->flusher_);
  if (error != 0) return error;
  file->flushing_ = true;
  pthread_mutex_lock(&all_mutex);
  file->next_ = all;
  all = file.get();
  pthread_mutex_unlock(&all_mutex);
  *out = std::move(file);
  return 0;
}

MappedFile::MappedFile(int fd, uint8_t* memory, uint64_t size, int64_t period_ms)
    : fd_(fd), memory_(memory), size_(size), period_ms_(period_ms), queue_(kMostWaiting) {
  pthread_mutex_init(&mutex_, nullptr);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  for (pthread_cond_t* one : {&store_, &rest_, &flush_, &settled_}) pthread_cond_init(one, &attributes);
  pthread_condattr_destroy(&attributes);
}

MappedFile::~MappedFile() {
  pthread_mutex_lock(&all_mutex);
  for (MappedFile** place = &all; *place; place = &(*place)->next_) {
    if (*place != this) continue;
    *place = next_;
    break;
  }
  pthread_mutex_unlock(&all_mutex);
  Close();
  munmap(memory_, size_);
  close(fd_);
  for (pthread_cond_t* one : {&store_, &rest_, &flush_, &settled_}) pthread_cond_destroy(one);
  pthread_mutex_destroy(&mutex_);
}

int MappedFile::Write(uint64_t at, const uint8_t* bytes, size_t length) {
  if (length > size_ || at > size_ - length || length > UINT32_MAX) return -EINVAL;
  return Put({at, static_cast<uint32_t>(length), 0}, bytes);
}

int MappedFile::Commit(uint64_t at, uint32_t length, uint32_t crc) {
  if (size_ < 8 || at > size_ - 8 || at % 8 != 0) return -EINVAL;
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the length is the low word of the two");
  const uint64_t both = length | static_cast<uint64_t>(crc) << 32;
  return Put({at, sizeof both, 1}, reinterpret_cast<const uint8_t*>(&both));
}

int MappedFile::Put(const Store& store, const uint8_t* bytes) {
  pthread_mutex_lock(&mutex_);
  int error = queue_.Put(store, bytes);
  if (error == -ENOBUFS && fault_ != 0) error = fault_;
  // What is written is of use to nobody before it is committed.
  const bool wake = error != 0 || (store.is_commit != 0 && !gathers_);
  if (store.is_commit != 0) gathered_ = gathers_;
  if (wake) Wake(error != 0 || queue_.waiting() > kMostWaiting / 8);
  pthread_mutex_unlock(&mutex_);
  return error;
}

void MappedFile::Gather(bool gathers) {
  pthread_mutex_lock(&mutex_);
  const bool wake = !gathers && gathered_;
  gathers_ = gathers;
  if (wake) gathered_ = false;
  if (wake) Wake(false);
  pthread_mutex_unlock(&mutex_);
}

// Under the lock. A thread that rests finds what waits when its rest is over; `now` ends the rest, or leaves out the
// next.
void MappedFile::Wake(bool now) {
  wakes_++;
  if (now && resting_) pthread_cond_signal(&rest_);
  if (now) hurried_ = true;
  if (!resting_) pthread_cond_signal(&store_);
}

int MappedFile::Settle() {
  pthread_mutex_lock(&mutex_);
  fault_ = 0;
  Wake(true);
  while (fault_ == 0 && !queue_.IsEmpty()) pthread_cond_wait(&settled_, &mutex_);
  const int error = fault_;
  pthread_mutex_unlock(&mutex_);
  return error;
}

void MappedFile::SettleAll() {
  pthread_mutex_lock(&all_mutex);
  for (MappedFile* file = all; file; file = file->next_) file->Settle();
  pthread_mutex_unlock(&all_mutex);
}

void MappedFile::Kick() {
  pthread_mutex_lock(&mutex_);
  kicked_ = true;
  pthread_cond_signal(&flush_);
  pthread_mutex_unlock(&mutex_);
}

void MappedFile::Close() {
  pthread_mutex_lock(&mutex_);
  stopping_ = true;
  Wake(true);
  pthread_cond_signal(&flush_);
  pthread_mutex_unlock(&mutex_);
  if (storing_) pthread_join(storer_, nullptr);
  if (flushing_) pthread_join(flusher_, nullptr);
  storing_ = flushing_ = false;
}

void* MappedFile::RunStores(void* self) {
  static_cast<MappedFile*>(self)->StoreAll();
  return nullptr;
}

void* MappedFile::RunFlushes(void* self) {
  static_cast<MappedFile*>(self)->FlushAll();
  return nullptr;
}

void MappedFile::StoreAll() {
  int64_t last_ns = 0;
  pthread_mutex_lock(&mutex_);
  for (;;) {
    while (!stopping_ && !queue_.Refill()) pthread_cond_wait(&store_, &mutex_);
    if (!queue_.Refill()) break;
    const int64_t now_ns = MonotonicNs();
    const bool often = wakes_ > 1 || now_ns - last_ns < kRestNs / 2;
    last_ns = now_ns;
    wakes_ = 0;
    pthread_mutex_unlock(&mutex_);
    const int error = StoreQueued();
    pthread_mutex_lock(&mutex_);
    fault_ = error;
    if (error != 0 || queue_.IsEmpty()) pthread_cond_broadcast(&settled_);
    if (error == 0) {
      if (often) Rest(now_ns + kRestNs);
      continue;
    }
    if (stopping_) break;
    // What waits is tried again with the next that comes: by then the disk may have room.
    pthread_cond_wait(&store_, &mutex_);
  }
  pthread_mutex_unlock(&mutex_);
}

// Under the lock.
void MappedFile::Rest(int64_t until_ns) {
  const timespec deadline = TimeOf(until_ns);
  resting_ = true;
  int waited = 0;
  while (!stopping_ && !hurried_ && waited == 0) waited = pthread_cond_timedwait(&rest_, &mutex_, &deadline);
  resting_ = hurried_ = false;
}

// Returns 0 when all that was taken out is stored, else the negative errno of the one that comes next.
int MappedFile::StoreQueued() {
  const uint8_t* bytes = nullptr;
  while (const Store* store = queue_.Next(&bytes)) {
    uint8_t* target = memory_ + store->at;
    int error = 0;
    if (store->is_commit) {
      uint64_t both;
      memcpy(&both, bytes, sizeof both);
      error = Guarded([=] { __atomic_store_n(reinterpret_cast<uint64_t*>(target), both, __ATOMIC_RELEASE); });
      if (error == 0) Track(store->at, static_cast<uint32_t>(both));
    } else {
      const size_t length = store->length;
      error = Guarded([=] { memcpy(target, bytes, length); });
      dirty_.store(true, std::memory_order_release);
    }
    if (error != 0) return error;
    queue_.Done();
  }
  return 0;
}

// Notes that the frame at `at` is stored, and so where its ring goes on.
void MappedFile::Track(uint64_t at, uint32_t length) {
  const uint64_t end = at + ((static_cast<uint64_t>(length) + 7) & ~uint64_t{7});
  Tail* tail = nullptr;
  for (Tail& one : tails_) {
    if (one.end.load(std::memory_order_relaxed) == at) tail = &one;
  }
  if (!tail) {
    tail = &tails_[next_tail_++ % kTails];
    tail->written.store(0, std::memory_order_relaxed);
  }
  tail->end.store(end, std::memory_order_relaxed);
  tail->written.fetch_add(end - at, std::memory_order_relaxed);
  dirty_.store(true, std::memory_order_release);
}

void MappedFile::FlushAll() {
  timespec deadline;
  clock_gettime(CLOCK_MONOTONIC, &deadline);
  pthread_mutex_lock(&mutex_);
  for (;;) {
    deadline.tv_sec += period_ms_ / 1000;
    deadline.tv_nsec += period_ms_ % 1000 * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
      deadline.tv_sec++;
      deadline.tv_nsec -= 1000000000;
    }
    int waited = 0;
    while (!stopping_ && !kicked_ && waited == 0) waited = pthread_cond_timedwait(&flush_, &mutex_, &deadline);
    // What is written last, whoever closes the file flushes.
    if (stopping_) break;
    kicked_ = false;
    pthread_mutex_unlock(&mutex_);
    if (dirty_.exchange(false, std::memory_order_acquire)) {
      if (fdatasync(fd_) != 0) error_.store(errno);
      DropFullPages();
    }
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    pthread_mutex_lock(&mutex_);
  }
  pthread_mutex_unlock(&mutex_);
}

// What is full need not stay mapped: it would count as memory of this process.
void MappedFile::DropFullPages() {
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  for (Tail& tail : tails_) {
    const uint64_t written = tail.written.exchange(0, std::memory_order_relaxed);
    if (written == 0) continue;
    const uint64_t full = tail.end.load(std::memory_order_relaxed) & ~(page - 1);
    if (full > size_) continue;
    if (tail.dropped > full || full - tail.dropped > 2 * written + 16 * page) {
      tail.dropped = full - std::min(full, written & ~(page - 1));
    }
    if (full > tail.dropped) madvise(memory_ + tail.dropped, full - tail.dropped, MADV_DONTNEED);
    tail.dropped = full;
  }
}

}  // namespace tidemark
