// The last pid in loadavg, read through a file as the engine reads it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "../../../native/sweep/proc_tree.h"
#include "hold.h"
#include "plain_numbers.h"
#include "targets.h"

namespace tidemark::fuzz {
namespace {

// What is read of the file; a kernel writes less than 50 bytes.
constexpr size_t kRead = 128;

class Folder {
 public:
  Folder() {
    char name[] = "/dev/shm/tidemark-fuzz-XXXXXX";
    Hold(mkdtemp(name) != nullptr, "a folder in memory can be made");
    path_ = name;
    fd_ = open((path_ + "/loadavg").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    Hold(fd_ >= 0, "a file in memory can be made");
  }
  ~Folder() {
    close(fd_);
    unlink((path_ + "/loadavg").c_str());
    rmdir(path_.c_str());
  }
  void Write(const uint8_t* text, size_t length) const {
    Hold(ftruncate(fd_, 0) == 0 && pwrite(fd_, text, length, 0) == static_cast<ssize_t>(length), "it can be written");
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int fd_ = -1;
};

int64_t PlainLastPid(const uint8_t* text, size_t length) {
  while (length > 0 && text[length - 1] == '\n') length--;
  size_t start = length;
  while (start > 0 && text[start - 1] != ' ') start--;
  PlainNumber number = PlainUnsigned(text, start, length, 10);
  if (number.end != length || start == length) return -1;
  return number.value > INT32_MAX ? -1 : static_cast<int64_t>(number.value);
}

}  // namespace

void Loadavg(const uint8_t* input, size_t length) {
  static Folder folder;
  static ProcTree tree(folder.path());
  folder.Write(input, length);
  Hold(tree.LastPid() == PlainLastPid(input, std::min(length, kRead)), "the last pid is the last number");
}

}  // namespace tidemark::fuzz
