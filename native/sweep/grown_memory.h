// Memory whose size the input decides, such as the text of a target with two million mappings.
//
// The trap: this is built without exceptions, where a std::vector or a `new` that gets no memory ends the whole program
// around us. What grows with the input grows here instead, and says so when it cannot: that read is lost, and told.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace tidemark {

template <typename T>
class GrownMemory {
 public:
  static_assert(std::is_trivially_copyable<T>::value, "it moves by realloc");

  GrownMemory() = default;
  ~GrownMemory() { free(memory_); }
  GrownMemory(const GrownMemory&) = delete;
  GrownMemory& operator=(const GrownMemory&) = delete;

  // Room for `count` values at least. What was there stays, what is new is not set to anything. False when there is no
  // memory: all is then as it was.
  bool Reserve(size_t count) {
    if (count <= size_) return true;
    if (count > SIZE_MAX / sizeof(T)) return false;
    T* larger = static_cast<T*>(realloc(static_cast<void*>(memory_), count * sizeof(T)));
    if (!larger) return false;
    memory_ = larger;
    size_ = count;
    return true;
  }

  T* data() { return memory_; }
  const T* data() const { return memory_; }
  T& operator[](size_t index) { return memory_[index]; }
  const T& operator[](size_t index) const { return memory_[index]; }
  // How many values there is room for.
  size_t size() const { return size_; }

 private:
  T* memory_ = nullptr;
  size_t size_ = 0;
};

// The same of objects that have to be moved one by one; new ones are made as `T()`.
template <typename T>
class GrownList {
 public:
  bool Reserve(size_t count) {
    if (count <= size_) return true;
    std::unique_ptr<T[]> larger(new (std::nothrow) T[count]);
    if (!larger) return false;
    for (size_t i = 0; i < size_; i++) larger[i] = std::move(items_[i]);
    items_ = std::move(larger);
    size_ = count;
    return true;
  }

  T& operator[](size_t index) { return items_[index]; }
  const T& operator[](size_t index) const { return items_[index]; }
  T* begin() { return items_.get(); }
  T* end() { return items_.get() + size_; }
  size_t size() const { return size_; }

 private:
  std::unique_ptr<T[]> items_;
  size_t size_ = 0;
};

}  // namespace tidemark
