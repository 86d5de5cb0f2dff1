// Stores on their way to a file: one thread puts them in, another takes them out in the same order.
//
// What waits lies in one run of memory, which the taker swaps for an empty one. So it stays as small as what came while
// the taker was busy, a few kilobytes that are warm in the cache, and only a disk that holds the taker up makes it
// grow.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tidemark {

struct Store {
  uint64_t at;
  uint32_t length;
  // Eight bytes that are seen at once, after everything before them.
  uint32_t is_commit;
};

class StoreQueue {
 public:
  // `most`: bytes that may wait. One store may be larger, as long as nothing else waits.
  explicit StoreQueue(size_t most) : most_(most) {}
  ~StoreQueue();
  StoreQueue(const StoreQueue&) = delete;
  StoreQueue& operator=(const StoreQueue&) = delete;

  // Of the putting thread, under the lock of the queue's owner. Returns 0; -ENOBUFS when too much waits; -ENOMEM.
  int Put(const Store& store, const uint8_t* bytes);
  // Of the taking thread, under the same lock: true when there is something to take afterwards.
  bool Refill();

  // Of the taking thread: the store to be done next, and its bytes. Null when all are done.
  const Store* Next(const uint8_t** bytes) const;
  void Done();

  // Under the lock: whether nothing waits and nothing is being done.
  bool IsEmpty() const { return put_.used == 0 && done_ == taken_.used; }
  size_t waiting() const { return put_.used + taken_.used; }

 private:
  struct Run {
    uint8_t* bytes = nullptr;
    size_t used = 0;
    size_t room = 0;
  };

  const size_t most_;
  Run put_;
  Run taken_;
  // Written by the taking thread alone, without the lock.
  std::atomic<size_t> done_{0};
};

}  // namespace tidemark
