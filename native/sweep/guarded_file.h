// One file that can block for ever, read with a deadline by a thread that this process keeps for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "reader_pool.h"

namespace tidemark {

class FileRead final : public GuardedRead {
 public:
  // Up to `most` bytes of the file at `path`. With `takes_part`, one that can be opened and not read to its end is as
  // long as what was read of it.
  FileRead(std::string path, size_t most, bool takes_part)
      : path_(std::move(path)), most_(most), takes_part_(takes_part) {}
  const std::string& path() const { return path_; }
  const std::vector<uint8_t>& bytes() const { return bytes_; }
  // Of `bytes`, or -errno.
  int64_t length() const { return length_; }

 protected:
  void Run() override;

 private:
  std::string path_;
  size_t most_;
  bool takes_part_;
  std::vector<uint8_t> bytes_;
  int64_t length_ = 0;
};

// The read when it is over, or nothing when its deadline passed; `*error` says ETIMEDOUT then, EAGAIN when no thread
// could be started.
std::shared_ptr<FileRead> ReadGuarded(std::string path, size_t most, bool takes_part, int* error);

}  // namespace tidemark
