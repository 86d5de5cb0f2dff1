// The values of an array map, mapped into this process.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>

namespace tidemark {

template <typename T>
class Mapped {
 public:
  Mapped() = default;
  ~Mapped() { Unmap(); }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;

  // 0 or an errno.
  int Map(int map, size_t count) {
    Unmap();
    void* memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
    if (memory == MAP_FAILED) return errno;
    values_ = static_cast<T*>(memory);
    bytes_ = count * sizeof(T);
    return 0;
  }

  void Unmap() {
    if (values_) munmap(values_, bytes_);
    values_ = nullptr;
  }

  T& operator[](size_t index) { return values_[index]; }
  explicit operator bool() const { return values_ != nullptr; }

 private:
  T* values_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace tidemark
