// A procfs tree: opening and reading its files, and listing its processes.
//
// The traps: a bare path of a process may belong to another one after pid reuse (callers verify the start time);
// procfs files of some kernels cannot seek, so a kept descriptor is tried once and given up for good on ESPIPE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "grown_memory.h"
#include "status.h"

namespace tidemark {

// The open folder of a tree. It stays open for as long as a thread may still open something in it.
class ProcFolder {
 public:
  explicit ProcFolder(const std::string& root);
  ~ProcFolder();
  ProcFolder(const ProcFolder&) = delete;
  ProcFolder& operator=(const ProcFolder&) = delete;

  // -1 when it could not be opened.
  int fd() const { return fd_; }
  // 0, or the errno with which it could not be opened.
  int error() const { return error_; }
  // Descriptor of ROOT/PID/FILE, or -errno.
  int Open(int pid, const char* file) const;

 private:
  int fd_;
  int error_ = 0;
};

class ProcTree {
 public:
  explicit ProcTree(const std::string& root);
  ~ProcTree();
  ProcTree(const ProcTree&) = delete;
  ProcTree& operator=(const ProcTree&) = delete;

  // 0, or the errno with which the root could not be opened.
  int error() const { return folder_->error(); }
  const std::shared_ptr<const ProcFolder>& folder() const { return folder_; }

  // Descriptor of ROOT/PID/FILE, or -errno.
  int Open(int pid, const char* file) const { return folder_->Open(pid, file); }

  // One read of up to `size` bytes from the start of an open file. Returns bytes, or -errno; -ESPIPE means that this
  // tree's files must be opened anew for each read.
  static int64_t ReadStart(int fd, uint8_t* into, size_t size);

  // One read from the current position: all of a small file that has just been opened, also where it cannot seek.
  static int64_t ReadOnce(int fd, uint8_t* into, size_t size);

  // Reads on from the current position to the end. Returns bytes (total), or -errno; -ENOMEM when `into`, which grows,
  // padding included, cannot; -EFBIG for what does not end, -ENOTSUP for a device.
  static int64_t ReadAll(int fd, GrownMemory<uint8_t>& into);

  // The pids of the tree, ascending as procfs lists them. Returns how many there are, even when more than `capacity`;
  // -errno when the directory cannot be read.
  int64_t ListPids(int32_t* out, size_t capacity);

  // The last pid that was given out, from ROOT/loadavg: when it has not changed, nothing has been forked. -1 if
  // unknown.
  int64_t LastPid();

 private:
  int64_t ListFrom(int fd, int32_t* out, size_t capacity);

  std::shared_ptr<const ProcFolder> folder_;
  int loadavg_ = -1;
  GrownMemory<uint8_t> listing_;
};

// What an errno of open or read says about a row.
Status StatusOfErrno(int error);

}  // namespace tidemark
