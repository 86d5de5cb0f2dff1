#include "store_queue.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace tidemark {
namespace {

constexpr size_t kFirstRoom = 64 * 1024;
// A run that became larger while the disk was slow is given back.
constexpr size_t kKeptRoom = 1024 * 1024;

size_t Padded(size_t length) { return (length + 7) & ~size_t{7}; }

}  // namespace

StoreQueue::~StoreQueue() {
  free(put_.bytes);
  free(taken_.bytes);
}

int StoreQueue::Put(const Store& store, const uint8_t* bytes) {
  const size_t needed = sizeof(Store) + Padded(store.length);
  if (!IsEmpty() && waiting() + needed > most_) return -ENOBUFS;
  if (put_.room - put_.used < needed) {
    const size_t room = std::max({kFirstRoom, 2 * put_.room, put_.used + needed});
    auto* larger = static_cast<uint8_t*>(realloc(put_.bytes, room));
    if (!larger) return -ENOMEM;
    put_.bytes = larger;
    put_.room = room;
  }
  memcpy(put_.bytes + put_.used, &store, sizeof store);
  memcpy(put_.bytes + put_.used + sizeof store, bytes, store.length);
  put_.used += needed;
  return 0;
}

bool StoreQueue::Refill() {
  if (done_ < taken_.used) return true;
  if (taken_.room > kKeptRoom) {
    free(taken_.bytes);
    taken_ = Run{};
  }
  taken_.used = 0;
  done_ = 0;
  std::swap(put_, taken_);
  return taken_.used > 0;
}

const Store* StoreQueue::Next(const uint8_t** bytes) const {
  if (done_ == taken_.used) return nullptr;
  *bytes = taken_.bytes + done_ + sizeof(Store);
  return reinterpret_cast<const Store*>(taken_.bytes + done_);
}

void StoreQueue::Done() {
  const size_t at = done_.load(std::memory_order_relaxed);
  const auto* store = reinterpret_cast<const Store*>(taken_.bytes + at);
  done_.store(at + sizeof(Store) + Padded(store->length), std::memory_order_release);
}

}  // namespace tidemark
