#include "guarded_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "clock.h"
#include "hostile_file.h"

namespace tidemark {
namespace {

constexpr size_t kReaders = 2;
constexpr size_t kFirstBytes = 32 * 1024;
// The smaps of two million mappings takes the kernel a minute; what trickles for longer is nobody's memory map.
constexpr int64_t kMostReadNs = 180'000'000'000;

// Never destroyed: at the end of the process a thread may still be in a read.
ReaderPool& Pool() {
  static ReaderPool* pool = new ReaderPool(kReaders);
  return *pool;
}

// The reads that did not come back: the same file is not tried again while one of it has not.
struct StuckReads {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  std::vector<std::shared_ptr<FileRead>> reads;

  bool Holds(const std::string& path) {
    pthread_mutex_lock(&lock);
    reads.erase(std::remove_if(reads.begin(), reads.end(), [](const auto& read) { return read->HasReturned(); }),
                reads.end());
    bool is_there = std::any_of(reads.begin(), reads.end(), [&](const auto& read) { return read->path() == path; });
    pthread_mutex_unlock(&lock);
    return is_there;
  }

  void Add(std::shared_ptr<FileRead> read) {
    pthread_mutex_lock(&lock);
    reads.push_back(std::move(read));
    pthread_mutex_unlock(&lock);
  }
};

StuckReads& Stuck() {
  static auto* stuck = new StuckReads;
  return *stuck;
}

}  // namespace

void FileRead::Run() {
  // Not O_NONBLOCK: a FIFO in a tree that somebody makes up has its deadline as well.
  int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    length_ = -errno;
    return;
  }
  size_t total = 0;
  length_ = IsDevice(fd) ? -ENOTSUP : 0;
  if (length_ < 0) most_ = 0;
  const int64_t last_beat_ns = MonotonicNs() + kMostReadNs;
  while (total < most_) {
    if (total == bytes_.size() && !bytes_.Reserve(std::min(most_, std::max(kFirstBytes, total * 2)))) {
      length_ = -ENOMEM;
      break;
    }
    ssize_t got = read(fd, bytes_.data() + total, bytes_.size() - total);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) length_ = -errno;
    if (got <= 0) break;
    const size_t before = total;
    total += static_cast<size_t>(got);
    if (IsBoundless(fd, before, total)) {
      length_ = -EFBIG;
      break;
    }
    // Many mappings make a long text, and somebody who goes on is not stuck.
    if (MonotonicNs() < last_beat_ns) Beat();
  }
  if (length_ == 0) length_ = static_cast<int64_t>(total);
  close(fd);
}

std::shared_ptr<FileRead> BeginGuarded(std::string path, size_t most, int* error) {
  *error = ETIMEDOUT;
  if (Stuck().Holds(path)) return nullptr;
  auto read = std::make_shared<FileRead>(std::move(path), most);
  *error = EAGAIN;
  return Pool().Submit(read) ? read : nullptr;
}

bool TakeGuarded(const std::shared_ptr<FileRead>& read, int64_t stop_ns, int* error) {
  ReaderPool& pool = Pool();
  for (bool is_late = false;;) {
    const uint64_t ended = pool.Ended();
    *error = 0;
    if (read->IsDone()) return true;
    *error = ETIMEDOUT;
    if (read->IsLeft()) {
      Stuck().Add(read);
      return true;
    }
    if (is_late) return false;
    if (!pool.Wait(ended + 1, stop_ns) && pool.Recall(*read)) return true;
    is_late = stop_ns != 0 && MonotonicNs() >= stop_ns;
  }
}

std::shared_ptr<FileRead> ReadGuarded(std::string path, size_t most, int* error) {
  auto read = BeginGuarded(std::move(path), most, error);
  if (read) TakeGuarded(read, 0, error);
  return *error == 0 ? read : nullptr;
}

}  // namespace tidemark
