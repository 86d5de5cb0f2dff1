// What a procfs never holds, and a tree that somebody made up may: devices, and files that have no end.
#pragma once

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cstddef>

namespace tidemark {

// What a file that says no size may have, unless it is of the kernel's own procfs, whose files end.
constexpr size_t kMostUnsized = size_t{16} << 20;

// A FIFO is none: it has a deadline, or is opened so that it does not block.
inline bool IsDevice(int fd) {
  struct stat about;
  return fstat(fd, &about) == 0 && (S_ISCHR(about.st_mode) || S_ISBLK(about.st_mode));
}

// Whether a text that grew from `before` to `total` bytes is of a file that has no end: looked at once, where it
// becomes long.
inline bool IsBoundless(int fd, size_t before, size_t total) {
  if (before > kMostUnsized || total <= kMostUnsized) return false;
  struct stat about;
  struct statfs system;
  if (fstat(fd, &about) != 0 || fstatfs(fd, &system) != 0) return false;
  return static_cast<size_t>(about.st_size) < total && system.f_type != PROC_SUPER_MAGIC;
}

}  // namespace tidemark
