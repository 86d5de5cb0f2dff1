// What became of processes, from the programs at the kernel's tracepoints.
//
// The trap: the ring is finite. What did not fit is counted by the program, and is never mistaken for a process that
// did nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "objects.h"

namespace tidemark {

class LifeRing {
 public:
  LifeRing() = default;
  ~LifeRing();
  LifeRing(const LifeRing&) = delete;
  LifeRing& operator=(const LifeRing&) = delete;

  // Loads and attaches the programs. `ring_bytes` is a power of two, at least a page. 0, or a negative errno with
  // `reason()`.
  int Open(uint32_t ring_bytes, const tidemark_selection& selection, bool is_initial_namespace, uint32_t exact_cpus);
  const std::string& reason() const { return reason_; }

  // All that follows is for a ring that is open.

  // A process to tell of, where only some are; by its pid in the initial namespace. 0 or a negative errno.
  int Add(uint32_t tgid);
  // Takes what has come, at most `capacity` of them. Returns how many.
  size_t Drain(tidemark_life* out, size_t capacity);

  uint64_t lost() const { return object_.selection->lost; }
  uint64_t told() const { return object_.selection->told; }
  uint64_t forks() const { return object_.selection->forks; }

 private:
  void Unmap();
  void CopyOut(size_t at, tidemark_life* out) const;

  std::string reason_;
  tidemark_object object_{};
  size_t page_ = 0;
  size_t ring_bytes_ = 0;
  uint64_t* consumed_ = nullptr;
  uint64_t* produced_ = nullptr;
  uint8_t* data_ = nullptr;
};

}  // namespace tidemark
