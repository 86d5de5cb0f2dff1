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
#include <cstring>
#include <new>

namespace tidemark {
namespace {

constexpr uint64_t kPage = 4096;  // at most the real one: touching more often than needed does no harm
constexpr size_t kStackBytes = 64 * 1024;

thread_local sigjmp_buf* guard = nullptr;
struct sigaction before;
pthread_once_t guarded = PTHREAD_ONCE_INIT;

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
  pthread_once(&guarded, GuardAll);
  std::unique_ptr<MappedFile> file(new MappedFile(own, static_cast<uint8_t*>(memory), size, period_ms));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, std::max<size_t>(kStackBytes, PTHREAD_STACK_MIN));
  sigset_t all, own_mask;
  sigfillset(&all);
  // A SIGBUS of its own must reach the guard.
  sigdelset(&all, SIGBUS);
  pthread_sigmask(SIG_SETMASK, &all, &own_mask);
  int error = pthread_create(&file->thread_, &attributes, Run, file.get());
  pthread_sigmask(SIG_SETMASK, &own_mask, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) return -error;
  file->running_ = true;
  *out = std::move(file);
  return 0;
}

MappedFile::MappedFile(int fd, uint8_t* memory, uint64_t size, int64_t period_ms)
    : fd_(fd), memory_(memory), size_(size), period_ms_(period_ms) {
  pthread_mutex_init(&mutex_, nullptr);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&wake_, &attributes);
  pthread_condattr_destroy(&attributes);
}

MappedFile::~MappedFile() {
  Close();
  munmap(memory_, size_);
  close(fd_);
  pthread_cond_destroy(&wake_);
  pthread_mutex_destroy(&mutex_);
}

int MappedFile::Write(uint64_t at, const uint8_t* bytes, size_t length) {
  if (length > size_ || at > size_ - length) return -EINVAL;
  uint8_t* target = memory_ + at;
  return Guarded([=] { memcpy(target, bytes, length); });
}

int MappedFile::Commit(uint64_t at, uint32_t length, uint32_t crc) {
  if (size_ < 8 || at > size_ - 8 || at % 8 != 0) return -EINVAL;
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the length is the low word of the two");
  uint64_t both = length | static_cast<uint64_t>(crc) << 32;
  auto* target = reinterpret_cast<uint64_t*>(memory_ + at);
  int error = Guarded([=] { __atomic_store_n(target, both, __ATOMIC_RELEASE); });
  if (error != 0) return error;
  uint64_t end = at + ((static_cast<uint64_t>(length) + 7) & ~uint64_t{7});
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
  return 0;
}

void MappedFile::Prepare(uint64_t at, uint64_t length) {
  if (at >= size_) return;
  pthread_mutex_lock(&mutex_);
  prepare_from_ = at;
  prepare_to_ = std::min(size_, at + std::min(length, size_));
  pthread_cond_signal(&wake_);
  pthread_mutex_unlock(&mutex_);
}

void MappedFile::Kick() {
  pthread_mutex_lock(&mutex_);
  kicked_ = true;
  pthread_cond_signal(&wake_);
  pthread_mutex_unlock(&mutex_);
}

void MappedFile::Close() {
  if (!running_) return;
  running_ = false;
  pthread_mutex_lock(&mutex_);
  stopping_ = true;
  pthread_cond_signal(&wake_);
  pthread_mutex_unlock(&mutex_);
  pthread_join(thread_, nullptr);
}

void* MappedFile::Run(void* self) {
  static_cast<MappedFile*>(self)->Keep();
  return nullptr;
}

void MappedFile::Keep() {
  const uint64_t kernel_page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
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
    while (!stopping_ && !kicked_ && waited == 0) {
      waited = pthread_cond_timedwait(&wake_, &mutex_, &deadline);
      if (prepare_to_ > prepare_from_) {
        uint64_t from = prepare_from_, to = prepare_to_;
        prepare_to_ = prepare_from_ = 0;
        pthread_mutex_unlock(&mutex_);
        Touch(from, to);
        pthread_mutex_lock(&mutex_);
      }
    }
    // What is written last, whoever closes the file flushes.
    if (stopping_) break;
    kicked_ = false;
    pthread_mutex_unlock(&mutex_);
    if (dirty_.exchange(false, std::memory_order_acquire)) {
      uint64_t expected[kTails];
      for (size_t i = 0; i < kTails; i++) expected[i] = tails_[i].written.exchange(0, std::memory_order_relaxed);
      if (fdatasync(fd_) != 0) error_.store(errno);
      for (size_t i = 0; i < kTails; i++) {
        if (expected[i] == 0) continue;
        Tail& tail = tails_[i];
        uint64_t page = tail.end.load(std::memory_order_relaxed) & ~(kPage - 1);
        Touch(page, page + kPage + 2 * expected[i]);
        // What is full need not stay mapped: it would count as memory of this process.
        uint64_t full = page & ~(kernel_page - 1);
        if (tail.dropped > full || full - tail.dropped > 2 * expected[i] + 16 * kernel_page) {
          tail.dropped = full - std::min(full, expected[i] & ~(kernel_page - 1));
        }
        if (full > tail.dropped) madvise(memory_ + tail.dropped, full - tail.dropped, MADV_DONTNEED);
        tail.dropped = full;
      }
    }
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    pthread_mutex_lock(&mutex_);
  }
  pthread_mutex_unlock(&mutex_);
}

// Makes the pages writable and leaves every byte as it is, also under the writer's hands.
void MappedFile::Touch(uint64_t from, uint64_t to) {
  uint64_t end = std::min(to, size_);
  for (uint64_t at = from; at < end; at += kPage) {
    uint8_t* byte = memory_ + at;
    if (Guarded([=] { __atomic_fetch_or(byte, uint8_t{0}, __ATOMIC_RELAXED); }) != 0) return;
  }
}

}  // namespace tidemark
