#include "life_ring.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../sweep/grown_memory.h"
#include "host_facts.h"
#include "refusal.h"

namespace tidemark {
namespace {

constexpr size_t kLogBytes = 1 << 20;

}  // namespace

LifeRing::~LifeRing() {
  Unmap();
  if (object_.destroy) object_.destroy(&object_);
}

void LifeRing::Unmap() {
  if (consumed_) munmap(consumed_, page_);
  if (produced_) munmap(produced_, page_ + ring_bytes_);
  consumed_ = nullptr;
  produced_ = nullptr;
}

int LifeRing::Open(uint32_t ring_bytes, const tidemark_selection& selection, bool is_initial_namespace,
                   uint32_t exact_cpus) {
  GrownMemory<char> log;
  if (!log.Reserve(kLogBytes)) {
    reason_ = RefusalOf(-ENOMEM, "");
    return -ENOMEM;
  }
  log[0] = 0;
  const tidemark_sizes sizes{0, 0, 0, ring_bytes};
  int error = tidemark_load_lives(&sizes, &object_, log.data(), log.size());
  if (error < 0) {
    reason_ = RefusalOf(error, log.data());
    return error;
  }
  page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  ring_bytes_ = ring_bytes;
  void* consumer = mmap(nullptr, page_, PROT_READ | PROT_WRITE, MAP_SHARED, object_.lives_map, 0);
  void* producer = consumer == MAP_FAILED ? MAP_FAILED
                                          : mmap(nullptr, page_ + ring_bytes_, PROT_READ, MAP_SHARED, object_.lives_map,
                                                 static_cast<off_t>(page_));
  error = consumer == MAP_FAILED || producer == MAP_FAILED ? -errno : 0;
  if (consumer != MAP_FAILED) consumed_ = static_cast<uint64_t*>(consumer);
  if (error < 0) {
    reason_ = RefusalOf(error, "");
    return error;
  }
  produced_ = static_cast<uint64_t*>(producer);
  data_ = static_cast<uint8_t*>(producer) + page_;
  const uint32_t cpus = PossibleCpus();
  const int prepared = tidemark_run(object_.prepare);
  object_.ask->cpus = prepared == 0 && cpus <= std::min<uint32_t>(exact_cpus, TIDEMARK_MOST_CPUS) ? cpus : 0;
  if (is_initial_namespace) object_.ask->level = 0;
  object_.selection->uid = selection.uid;
  object_.selection->cgroup = selection.cgroup;
  object_.selection->pid_namespace = selection.pid_namespace;
  __atomic_store_n(&object_.selection->kind, selection.kind, __ATOMIC_RELEASE);
  return 0;
}

int LifeRing::Add(uint32_t tgid) {
  const uint32_t one = 1;
  return tidemark_put(object_.members_map, &tgid, &one);
}

// The kernel could map the data twice in a row, so that no record is in two pieces, but then they count twice as
// memory.
void LifeRing::CopyOut(size_t at, tidemark_life* out) const {
  at &= ring_bytes_ - 1;
  const size_t first = std::min(sizeof *out, ring_bytes_ - at);
  std::memcpy(out, data_ + at, first);
  std::memcpy(reinterpret_cast<uint8_t*>(out) + first, data_, sizeof *out - first);
}

size_t LifeRing::Drain(tidemark_life* out, size_t capacity) {
  size_t taken = 0;
  uint64_t position = __atomic_load_n(consumed_, __ATOMIC_RELAXED);
  const uint64_t end = __atomic_load_n(produced_, __ATOMIC_ACQUIRE);
  while (position < end && taken < capacity) {
    const size_t at = position & (ring_bytes_ - 1);
    const uint8_t* record = data_ + at;
    const uint32_t header = __atomic_load_n(reinterpret_cast<const uint32_t*>(record), __ATOMIC_ACQUIRE);
    // Still being written; those behind it wait, so that the order stays.
    if (header & BPF_RINGBUF_BUSY_BIT) break;
    const uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if (!(header & BPF_RINGBUF_DISCARD_BIT) && length == sizeof(tidemark_life)) {
      CopyOut(at + BPF_RINGBUF_HDR_SZ, &out[taken++]);
    }
    position += (uint64_t{length} + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
    __atomic_store_n(consumed_, position, __ATOMIC_RELEASE);
  }
  return taken;
}

}  // namespace tidemark
