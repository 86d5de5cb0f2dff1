// A file that is written through memory, and kept on stable storage by a thread of its own.
//
// The traps: write(2) waits for the journal of the file system, tens of milliseconds beside a busy disk, where a store
// to a page that is there waits for nothing; but the first store to a page after each flush faults, and the fault may
// wait. So the thread that flushes touches the pages that come next. And a store to a mapped file that was cut, or
// whose disk is full after all, is a SIGBUS, which must not end the program around us: every store here is guarded.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace tidemark {

class MappedFile {
 public:
  // Maps `size` bytes of the file, of which it keeps a descriptor of its own. Returns 0, or the negative errno.
  static int Open(int fd, uint64_t size, int64_t period_ms, std::unique_ptr<MappedFile>* out);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Both return 0; -EINVAL beyond the mapping; -EFAULT where the file has no such page any more.
  int Write(uint64_t at, const uint8_t* bytes, size_t length);
  // Stores both words at once, after everything that was written before.
  int Commit(uint64_t at, uint32_t length, uint32_t crc);
  // Has the other thread touch these bytes, which are written soon.
  void Prepare(uint64_t at, uint64_t length);
  // Has the other thread flush now.
  void Kick();
  // Ends the other thread, once it is through with what it does. Nothing may be written afterwards.
  void Close();
  // The errno of the last flush that failed since this was asked, or 0.
  int TakeError() { return error_.exchange(0); }

 private:
  MappedFile(int fd, uint8_t* memory, uint64_t size, int64_t period_ms);
  static void* Run(void* self);
  void Keep();
  void Touch(uint64_t from, uint64_t to);

  // Where one of the rings of the file goes on.
  struct Tail {
    std::atomic<uint64_t> end{0};
    std::atomic<uint64_t> written{0};
    // Of the keeping thread: up to here nothing is mapped any more.
    uint64_t dropped = 0;
  };
  static constexpr size_t kTails = 16;

  const int fd_;
  uint8_t* const memory_;
  const uint64_t size_;
  const int64_t period_ms_;
  Tail tails_[kTails];
  size_t next_tail_ = 0;
  std::atomic<bool> dirty_{false};
  std::atomic<int> error_{0};
  pthread_mutex_t mutex_;
  pthread_cond_t wake_;
  bool stopping_ = false;
  bool kicked_ = false;
  uint64_t prepare_from_ = 0;
  uint64_t prepare_to_ = 0;
  bool running_ = false;
  pthread_t thread_;
};

}  // namespace tidemark
