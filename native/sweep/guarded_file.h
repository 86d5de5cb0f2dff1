// One file that can block for ever, read with a deadline by a thread that this process keeps for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "grown_memory.h"
#include "reader_pool.h"

namespace tidemark {

class FileRead final : public GuardedRead {
 public:
  // Up to `most` bytes of the file at `path`.
  FileRead(std::string path, size_t most) : path_(std::move(path)), most_(most) {}
  const std::string& path() const { return path_; }
  const uint8_t* bytes() const { return bytes_.data(); }
  // Of `bytes`, or -errno.
  int64_t length() const { return length_; }

 protected:
  void Run() override;

 private:
  std::string path_;
  size_t most_;
  GrownMemory<uint8_t> bytes_;
  int64_t length_ = 0;
};

// Begins a read. Nothing when one of the same file did not come back (ETIMEDOUT), or no thread could be started
// (EAGAIN).
std::shared_ptr<FileRead> BeginGuarded(std::string path, size_t most, int* error);

// Whether a read is over, waiting for it until the monotonic time `stop_ns` at most (0: to its end). `*error` is 0
// then, or ETIMEDOUT when its deadline passed.
bool TakeGuarded(const std::shared_ptr<FileRead>& read, int64_t stop_ns, int* error);

// Both in one: the read when it is over, or nothing when its deadline passed; `*error` says ETIMEDOUT then, EAGAIN when
// no thread could be started.
std::shared_ptr<FileRead> ReadGuarded(std::string path, size_t most, int* error);

}  // namespace tidemark
