#include "sweeper.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

#include "../procfs/padding.h"
#include "../procfs/stat.h"
#include "../procfs/statm.h"
#include "clock.h"

namespace tidemark {
namespace {

constexpr size_t kSmallText = 4096;                 // stat, statm and smaps_rollup come whole in one read of this size
constexpr uint64_t kKernelThreadFlag = 0x00200000;  // PF_KTHREAD
constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

// The fields of stat that are used here, up to the start time: the rest of the line costs more than these.
bool TokenizeIdentity(const uint8_t* bytes, size_t length, uint64_t* fields, uint32_t* words) {
  return TokenizeStat(bytes, length, fields, words, kStatStarttime + 1);
}

struct SmallText {
  uint8_t bytes[kSmallText + kPadding];
};

}  // namespace

Sweeper::Sweeper(const std::string& root, uint64_t page_size, uint64_t ticks_per_second, size_t max_kept,
                 size_t readers, int64_t deadline_ns)
    : tree_(root),
      page_size_(static_cast<double>(page_size)),
      tick_ns_(1e9 / static_cast<double>(ticks_per_second)),
      max_kept_(max_kept),
      pool_(readers, deadline_ns),
      paced_pool_(1, deadline_ns) {}

Sweeper::~Sweeper() {
  for (Slot& slot : slots_) CloseKept(slot);
}

void Sweeper::CloseKept(Slot& slot) {
  for (int* fd : {&slot.statm, &slot.stat}) {
    if (*fd < 0) continue;
    close(*fd);
    *fd = -1;
    kept_--;
  }
}

// Someone else in this process may need descriptors too, so a quarter of the kept ones goes at once.
void Sweeper::GiveBackDescriptors() {
  max_kept_ = kept_ - kept_ / 4 - (kept_ > 0);
  for (size_t slot = slots_.size(); slot-- > 0 && kept_ > max_kept_;) CloseKept(slots_[slot]);
}

int Sweeper::OpenFor(const Slot& slot, const char* file) {
  int fd = tree_.Open(slot.pid, file);
  while ((fd == -EMFILE || fd == -ENFILE) && kept_ > 0) {
    GiveBackDescriptors();
    fd = tree_.Open(slot.pid, file);
  }
  return fd;
}

int64_t Sweeper::ReadSmall(const Slot& slot, int* kept, const char* file, uint8_t* into) {
  if (*kept >= 0) {
    int64_t got = ProcTree::ReadStart(*kept, into, kSmallText);
    if (got != -ESPIPE) return got;
    can_keep_ = false;
    close(*kept);
    *kept = -1;
    kept_--;
  }
  int fd = OpenFor(slot, file);
  if (fd < 0) return fd;
  if (can_keep_ && kept_ < max_kept_) {
    int64_t got = ProcTree::ReadStart(fd, into, kSmallText);
    if (got >= 0) {
      *kept = fd;
      kept_++;
      return got;
    }
    if (got != -ESPIPE) {
      close(fd);
      return got;
    }
    can_keep_ = false;
  }
  ssize_t got;
  do got = read(fd, into, kSmallText);
  while (got < 0 && errno == EINTR);
  int64_t result = got < 0 ? -errno : got;
  close(fd);
  return result;
}

Status Sweeper::Attach(uint32_t index, int pid, Identity* out) {
  if (index >= slots_.size() && !slots_.Reserve(index + size_t{index} / 2 + 64)) return Status::kLost;
  Slot& slot = slots_[index];
  CloseKept(slot);
  Forget(slot);
  slot = Slot{};
  slot.pid = pid;
  SmallText text;
  int64_t length = ReadSmall(slot, &slot.stat, "stat", text.bytes);
  uint64_t fields[kStatFields];
  uint32_t words[kStatWords];
  Status status = Status::kOk;
  if (length < 0)
    status = StatusOfErrno(static_cast<int>(-length));
  else if (!TokenizeIdentity(text.bytes, static_cast<size_t>(length), fields, words))
    status = Status::kUnsupported;
  if (status != Status::kOk) {
    Detach(index);
    return status;
  }
  slot.start_ticks = fields[kStatStarttime];
  slot.kernel_thread = fields[kStatFlags] & kKernelThreadFlag;
  slot.comm_length = words[kStatCommLength] < kMaxComm ? words[kStatCommLength] : kMaxComm;
  std::memcpy(slot.comm, text.bytes + words[kStatCommStart], slot.comm_length);
  out->start_ticks = slot.start_ticks;
  out->parent_pid = fields[kStatPpid];
  out->flags = fields[kStatFlags];
  out->comm_length = slot.comm_length;
  std::memcpy(out->comm, slot.comm, kMaxComm);
  return Status::kOk;
}

void Sweeper::Detach(uint32_t index) {
  if (index >= slots_.size()) return;
  CloseKept(slots_[index]);
  Forget(slots_[index]);
  slots_[index].pid = 0;
}

const uint8_t* Sweeper::Comm(uint32_t index, uint32_t* length) const {
  if (index >= slots_.size() || !slots_[index].pid) {
    *length = 0;
    return nullptr;
  }
  *length = slots_[index].comm_length;
  return slots_[index].comm;
}

Status Sweeper::ReadCounters(Slot& slot, uint32_t index, const Columns& out, bool stat_is_due, bool* renamed) {
  double* cell = out.values + index;
  const size_t stride = out.stride;
  // A kept statm says ESRCH when its process has gone, so it needs no stat to prove whose memory it is.
  const bool may_skip = !stat_is_due && slot.proven && (slot.kernel_thread || slot.statm >= 0);
  if (may_skip && slot.kernel_thread) return Status::kNoMm;
  for (int column = 0; column < kMemoryFields; column++) cell[column * stride] = kAbsent;
  SmallText text;
  Status status = slot.kernel_thread ? Status::kNoMm : Status::kOk;
  if (!slot.kernel_thread) {
    // Where only one of the two can be kept it is statm: it is read at every tick, and its ESRCH is proof enough then.
    if (slot.statm < 0 && slot.stat >= 0 && kept_ >= max_kept_) CloseKept(slot);
    int64_t length = ReadSmall(slot, &slot.statm, "statm", text.bytes);
    uint64_t statm[kStatmFields];
    if (length < 0) {
      status = StatusOfErrno(static_cast<int>(-length));
    } else if (!TokenizeStatm(text.bytes, static_cast<size_t>(length), statm)) {
      status = Status::kUnsupported;
    } else if (statm[kStatmSize] == 0) {
      status = Status::kNoMm;
    } else {
      double resident = static_cast<double>(statm[kStatmResident]);
      cell[0 * stride] = resident * page_size_;
      cell[1 * stride] = (resident - static_cast<double>(statm[kStatmShared])) * page_size_;
      cell[2 * stride] = static_cast<double>(statm[kStatmSize]) * page_size_;
      cell[3 * stride] = static_cast<double>(statm[kStatmData]) * page_size_;
    }
  }
  if (may_skip && status == Status::kOk && slot.statm >= 0) return status;
  for (int column = kMemoryFields; column < kCounterFields; column++) cell[column * stride] = kAbsent;
  int64_t length = ReadSmall(slot, &slot.stat, "stat", text.bytes);
  uint64_t fields[kStatFields];
  uint32_t words[kStatWords];
  bool readable = length >= 0 && TokenizeIdentity(text.bytes, static_cast<size_t>(length), fields, words);
  if (!readable || fields[kStatStarttime] != slot.start_ticks) {
    // Without the start time nothing proves whose memory was read, nor whose statm is kept.
    slot.proven = false;
    for (int column = 0; column < kCounterFields; column++) cell[column * stride] = kAbsent;
    if (readable) return Status::kGone;
    return length < 0 ? StatusOfErrno(static_cast<int>(-length)) : Status::kUnsupported;
  }
  slot.proven = true;
  // A helper that the kernel starts is a kernel thread until its exec.
  slot.kernel_thread = fields[kStatFlags] & kKernelThreadFlag;
  // statm says ENOENT of a tree that does not have the file, while the process is plainly there.
  if (status == Status::kGone) status = Status::kUnsupported;
  cell[4 * stride] = static_cast<double>(fields[kStatMinflt]);
  cell[5 * stride] = static_cast<double>(fields[kStatMajflt]);
  cell[6 * stride] = static_cast<double>(fields[kStatUtime]) * tick_ns_;
  cell[7 * stride] = static_cast<double>(fields[kStatStime]) * tick_ns_;
  cell[8 * stride] = static_cast<double>(fields[kStatNumThreads]);
  cell[9 * stride] = static_cast<double>(fields[kStatPpid]);
  uint32_t comm_length = words[kStatCommLength] < kMaxComm ? words[kStatCommLength] : kMaxComm;
  const uint8_t* comm = text.bytes + words[kStatCommStart];
  if (comm_length != slot.comm_length || std::memcmp(comm, slot.comm, comm_length) != 0) {
    slot.comm_length = comm_length;
    std::memcpy(slot.comm, comm, comm_length);
    *renamed = true;
  }
  return status;
}

size_t Sweeper::SweepCounters(const uint32_t* slots, size_t count, const Columns& out, uint32_t stat_every,
                              uint32_t phase, uint32_t* renamed) {
  size_t renames = 0;
  for (size_t i = 0; i < count; i++) {
    Slot* slot = Find(slots[i]);
    if (!slot) {
      for (int column = 0; column < kCounterFields; column++) out.values[column * out.stride + slots[i]] = kAbsent;
      out.status[slots[i]] = static_cast<uint8_t>(Status::kGone);
      continue;
    }
    bool is_renamed = false;
    out.status[slots[i]] = static_cast<uint8_t>(
        ReadCounters(*slot, slots[i], out, stat_every <= 1 || slots[i] % stat_every == phase, &is_renamed));
    if (is_renamed) renamed[renames++] = slots[i];
  }
  return renames;
}

Status Sweeper::Presence(Slot& slot) {
  SmallText text;
  int64_t length = ReadSmall(slot, &slot.stat, "stat", text.bytes);
  uint64_t fields[kStatFields];
  uint32_t words[kStatWords];
  if (length < 0) return StatusOfErrno(static_cast<int>(-length));
  if (!TokenizeIdentity(text.bytes, static_cast<size_t>(length), fields, words)) return Status::kUnsupported;
  return fields[kStatStarttime] == slot.start_ticks ? Status::kOk : Status::kGone;
}

// A deep read that failed: ESRCH is said of a zombie as well, ENOENT of a kernel that lacks the file.
Status Sweeper::StatusOfFailure(Slot& slot, int64_t error) {
  Status status = StatusOfErrno(static_cast<int>(error));
  if (status != Status::kGone) return status;
  Status presence = Presence(slot);
  if (presence != Status::kOk) return presence;
  return error == ESRCH ? Status::kNoMm : Status::kUnsupported;
}

}  // namespace tidemark
