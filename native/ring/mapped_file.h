// A file that is written through memory by a thread of its own, and kept on stable storage by another.
//
// The traps: write(2) waits for the journal of the file system, and so does the first store to a page of a mapping
// after each flush, of ours or of the kernel: beside a busy disk tens of milliseconds, and seconds now and then. So the
// thread that records stores nothing itself: it hands over what is to be stored. And a store to a mapped file that was
// cut, or whose disk is full after all, is a SIGBUS, which must not end the program around us: every store here is
// guarded, and tried again until it succeeds.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "store_queue.h"

namespace tidemark {

class MappedFile {
 public:
  // Maps `size` bytes of the file, of which it keeps a descriptor of its own. Returns 0, or the negative errno.
  static int Open(int fd, uint64_t size, int64_t period_ms, std::unique_ptr<MappedFile>* out);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Both hand over and return at once: 0; -EINVAL beyond the mapping; when too much waits already, -EFAULT where the
  // file has no such page any more, else -ENOBUFS; -ENOMEM.
  int Write(uint64_t at, const uint8_t* bytes, size_t length);
  // Stores both words at once, after everything that was written before.
  int Commit(uint64_t at, uint32_t length, uint32_t crc);
  // While it gathers, the storing thread sleeps over what is handed over, and takes all of it in one go when that ends:
  // to wake it costs more than most of what it does.
  void Gather(bool gathers);
  // Waits until all of it is in the file, where every other process sees it and the end of this one does no harm.
  // Returns 0, or -EFAULT where the file has no such page any more; what waits is then kept, and tried again.
  int Settle();
  // Has the other thread flush now.
  void Kick();
  // The errno of the last flush that failed since this was asked, or 0.
  int TakeError() { return error_.exchange(0); }

 private:
  MappedFile(int fd, uint8_t* memory, uint64_t size, int64_t period_ms);
  // Ends the threads, once they are through with what they do.
  void Close();
  static void SettleAll();
  static void* RunStores(void* self);
  static void* RunFlushes(void* self);
  int Put(const Store& store, const uint8_t* bytes);
  void Wake(bool now);
  void Rest(int64_t until_ns);
  void StoreAll();
  int StoreQueued();
  void Track(uint64_t at, uint32_t length);
  void FlushAll();
  void DropFullPages();

  // Where one of the rings of the file goes on. The storing thread writes, the flushing one reads.
  struct Tail {
    std::atomic<uint64_t> end{0};
    std::atomic<uint64_t> written{0};
    // Of the flushing thread: up to here nothing is mapped any more.
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
  // Guards what follows.
  pthread_mutex_t mutex_;
  pthread_cond_t store_;
  pthread_cond_t rest_;
  pthread_cond_t flush_;
  pthread_cond_t settled_;
  StoreQueue queue_;
  // With which the last try to store what waits ended.
  int fault_ = 0;
  bool stopping_ = false;
  bool kicked_ = false;
  // Whether the storing thread rests, and whether it must not; and how often it was to be woken since it took anything.
  bool resting_ = false;
  bool hurried_ = false;
  uint32_t wakes_ = 0;
  // Whether it gathers, and whether something was committed since.
  bool gathers_ = false;
  bool gathered_ = false;
  // Of the thread that opened it: how many of the two run.
  bool storing_ = false;
  bool flushing_ = false;
  pthread_t storer_;
  // Of the list of all that are open.
  MappedFile* next_ = nullptr;
  pthread_t flusher_;
};

}  // namespace tidemark
