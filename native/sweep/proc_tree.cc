#include "proc_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "../procfs/digits.h"
#include "../procfs/padding.h"
#include "hostile_file.h"

namespace tidemark {
namespace {

constexpr size_t kListingBytes = 64 * 1024;

// Spans of a text are 32 bits wide. 2.2 million mappings, the most seen in the field, make 1.8 GB.
constexpr size_t kMaxText = size_t{3} << 30;

// The record that getdents64 fills; glibc has no name for it.
struct KernelDirent {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[1];
};

}  // namespace

ProcFolder::ProcFolder(const std::string& root) : fd_(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) error_ = errno;
}

ProcFolder::~ProcFolder() {
  if (fd_ >= 0) close(fd_);
}

ProcTree::ProcTree(const std::string& root) : folder_(std::make_shared<ProcFolder>(root)) {}

ProcTree::~ProcTree() {
  if (loadavg_ >= 0) close(loadavg_);
}

int ProcFolder::Open(int pid, const char* file) const {
  char path[48];
  std::snprintf(path, sizeof path, "%d/%s", pid, file);
  // O_NONBLOCK: a captured or hostile tree may hold a FIFO, which must not stop a sweep.
  int fd = openat(fd_, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

int64_t ProcTree::ReadStart(int fd, uint8_t* into, size_t size) {
  ssize_t got;
  do got = pread(fd, into, size, 0);
  while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

int64_t ProcTree::ReadOnce(int fd, uint8_t* into, size_t size) {
  ssize_t got;
  do got = read(fd, into, size);
  while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

int64_t ProcTree::ReadAll(int fd, GrownMemory<uint8_t>& into) {
  if (IsDevice(fd)) return -ENOTSUP;
  size_t total = 0;
  for (;;) {
    if (total > kMaxText) return -EFBIG;
    if (into.size() < total + kPadding + kListingBytes && !into.Reserve(into.size() * 2 + kPadding + kListingBytes)) {
      return -ENOMEM;
    }
    ssize_t got = read(fd, into.data() + total, into.size() - kPadding - total);
    if (got == 0) return static_cast<int64_t>(total);
    if (got < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    if (IsBoundless(fd, total, total + static_cast<size_t>(got))) return -EFBIG;
    total += static_cast<size_t>(got);
  }
}

int64_t ProcTree::ListPids(int32_t* out, size_t capacity) {
  if (!listing_.Reserve(kListingBytes)) return -ENOMEM;
  // A folder that cannot seek is opened anew for each listing.
  const bool can_seek = lseek(folder_->fd(), 0, SEEK_SET) == 0;
  const int fd = can_seek ? folder_->fd() : openat(folder_->fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  const int64_t found = ListFrom(fd, out, capacity);
  if (!can_seek) close(fd);
  return found;
}

int64_t ProcTree::ListFrom(int fd, int32_t* out, size_t capacity) {
  int64_t found = 0;
  for (;;) {
    long got = syscall(SYS_getdents64, fd, listing_.data(), listing_.size());
    if (got < 0) return -errno;
    if (got == 0) return found;
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const KernelDirent*>(listing_.data() + at);
      at += entry->length;
      const auto* name = reinterpret_cast<const uint8_t*>(entry->name);
      size_t length = std::strlen(entry->name);
      uint64_t pid;
      if (name[0] == '0' || Decimal(name, 0, length, &pid) != length || pid > INT32_MAX) continue;
      if (static_cast<size_t>(found) < capacity) out[found] = static_cast<int32_t>(pid);
      found++;
    }
  }
}

int64_t ProcTree::LastPid() {
  if (loadavg_ < 0) {
    loadavg_ = openat(folder_->fd(), "loadavg", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (loadavg_ < 0) return -1;
  }
  uint8_t text[128];
  int64_t length = ReadStart(loadavg_, text, sizeof text);
  if (length == -ESPIPE) {
    length = ReadOnce(loadavg_, text, sizeof text);
    close(loadavg_);
    loadavg_ = -1;
  }
  while (length > 0 && text[length - 1] == '\n') length--;
  int64_t start = length;
  while (start > 0 && text[start - 1] != ' ') start--;
  uint64_t pid;
  if (start >= length || Decimal(text, start, length, &pid) != static_cast<size_t>(length)) return -1;
  return pid > INT32_MAX ? -1 : static_cast<int64_t>(pid);
}

Status StatusOfErrno(int error) {
  switch (error) {
    case ESRCH:
    case ENOENT:
      return Status::kGone;
    case EACCES:
    case EPERM:
      return Status::kDenied;
    case ETIMEDOUT:
      return Status::kTimeout;
    case ENODATA:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return Status::kLost;
    default:
      return Status::kUnsupported;
  }
}

}  // namespace tidemark
