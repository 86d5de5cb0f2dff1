#include "kernel_counters.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "host_facts.h"
#include "refusal.h"

namespace tidemark {
namespace {

constexpr uint32_t kRowsAtFirst = 4096;
constexpr uint32_t kLogBytes = 1 << 20;
// Below this share of all processes it is cheaper to look each one up than to walk over all of them.
constexpr uint32_t kPickShare = 4;

}  // namespace

KernelCounters::KernelCounters(uint64_t page_size, uint64_t ticks_per_second, uint32_t exact_cpus)
    : page_size_(static_cast<double>(page_size)),
      tick_ns_(1000000000 / ticks_per_second),
      boottime_offset_ns_(BoottimeOffsetNs()),
      exact_cpus_(exact_cpus) {
  listed_.kind = SELECT_ALL;
  uint32_t cpus = PossibleCpus();
  exact_cpus_ = cpus <= std::min<uint32_t>(exact_cpus, TIDEMARK_MOST_CPUS) ? cpus : 0;
}

KernelCounters::~KernelCounters() { Unload(); }

int KernelCounters::Open(Method method, bool is_initial_namespace) {
  is_initial_namespace_ = is_initial_namespace;
  pid_limit_ = PidLimit(is_initial_namespace);
  pid_room_ = std::min<uint32_t>(pid_limit_, 1 << 17);
  int error = -EINVAL;
  for (Method candidate : {Method::kWalk, Method::kIterate}) {
    if (method != Method::kBest && method != candidate) continue;
    method_ = candidate;
    error = Load(kRowsAtFirst);
    if (error == 0) return 0;
  }
  return error;
}

int KernelCounters::Load(uint32_t rows) {
  const bool had_peaks = are_peaks_on();
  // Rows may have times that no sweep has told yet.
  const size_t kept_rows = rows_ ? row_count_ : 0;
  GrownMemory<tidemark_row> kept;
  GrownMemory<char> log;
  if (!kept.Reserve(kept_rows) || !log.Reserve(kLogBytes)) return -ENOMEM;
  log[0] = 0;
  if (kept_rows > 0) std::copy_n(&rows_[0], kept_rows, kept.data());
  Unload();
  const tidemark_sizes sizes{rows + 1, pid_limit_ / TIDEMARK_SLOT_PIECE + 1, pid_room_, 0};
  int error = method_ == Method::kWalk ? tidemark_load_walk(&sizes, &object_, log.data(), log.size())
                                       : tidemark_load_iterate(&sizes, &object_, log.data(), log.size());
  if (error == 0) error = -rows_.Map(object_.rows_map, sizes.rows);
  if (error == 0) error = -slot_of_.Map(object_.slots_map, size_t{sizes.slot_pieces} * TIDEMARK_SLOT_PIECE);
  if (error == 0) error = -pids_.Map(object_.pids_map, sizes.pids);
  if (error == 0 && method_ == Method::kWalk) {
    error = -wanted_.Map(object_.wanted_map, sizes.rows);
    if (error == 0) error = -peaks_.Map(object_.peaks_map, sizes.rows);
  }
  if (error == 0 && method_ == Method::kIterate) {
    iterator_link_ = tidemark_link_iterator(object_.iterate);
    if (iterator_link_ < 0) error = iterator_link_;
  }
  if (error == 0) {
    std::copy_n(kept.data(), kept_rows, &rows_[0]);
    row_count_ = rows;
    object_.ask->rows = rows;
    int prepared = tidemark_run(object_.prepare);
    if (prepared < 0) error = prepared;
    // Without a yardstick the counters are what `mm_struct` alone says.
    object_.ask->cpus = prepared == 0 ? exact_cpus_ : 0;
    if (prepared != 0) exact_cpus_ = 0;
    // Pids of the initial namespace need no look-up.
    if (is_initial_namespace_) object_.ask->level = 0;
  }
  if (error != 0) {
    reason_ = RefusalOf(error, log.data());
    Unload();
    return error;
  }
  for (uint32_t index = 0; index < slots_.size(); index++) {
    if (slots_[index].pid) SetSlotOf(slots_[index].tgid, index + 1);
  }
  return had_peaks ? WatchPeaks(true) : 0;
}

void KernelCounters::Unload() {
  WatchPeaks(false);
  listed_count_ = 0;
  rows_.Unmap();
  slot_of_.Unmap();
  wanted_.Unmap();
  pids_.Unmap();
  peaks_.Unmap();
  if (iterator_link_ >= 0) close(iterator_link_);
  iterator_link_ = -1;
  if (object_.destroy) object_.destroy(&object_);
}

int KernelCounters::Run() {
  const tidemark_ask& ask = *object_.ask;
  if (method_ == Method::kWalk) {
    return tidemark_run(ask.is_listing ? object_.list : ask.wanted > 0 ? object_.pick : object_.walk);
  }
  int file = tidemark_open_iterator(iterator_link_);
  if (file < 0) return file;
  char nothing[64];
  ssize_t got;
  do got = read(file, nothing, sizeof nothing);
  while (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)));
  int error = got < 0 ? -errno : 0;
  close(file);
  return error;
}

int KernelCounters::MakeRoom(uint32_t slot) {
  if (slot >= slots_.size() && !slots_.Reserve(slot + size_t{slot} / 4 + 64)) return -ENOMEM;
  if (slot < row_count_) return 0;
  // For all that there are at once: each time everything is loaded anew takes the kernel a tenth of a second.
  uint32_t rows = std::max(row_count_, processes_ + processes_ / 8);
  while (rows <= slot) rows *= 2;
  const int error = Load(rows);
  // Those that had room go on. Where even that fails nothing is loaded any more, and each row is told as lost.
  if (error != 0) Load(row_count_);
  return error;
}

// Both are asked for pids of bound slots alone, which are below the limit (`BindTo`).
void KernelCounters::SetSlotOf(uint32_t tgid, uint32_t value) {
  if (slot_of_) slot_of_[tgid] = value;
}

uint32_t KernelCounters::SlotOf(uint32_t tgid) { return slot_of_ ? slot_of_[tgid] : 0; }

uint64_t KernelCounters::TicksOf(uint64_t start_ns) const {
  return (start_ns + static_cast<uint64_t>(boottime_offset_ns_)) / tick_ns_;
}

Status KernelCounters::Attach(uint32_t index, uint32_t pid, Identity* out) {
  Detach(index);
  if (!is_loaded()) return Status::kLost;
  uint32_t tgid = TgidOf(pid);
  Status presence = Look(pid, tgid);
  if (presence == Status::kGone && object_.ask->level != 0 && listed_count_ > 0) {
    // Who was listed may have gone since, and the pid may be another's: a list of now tells.
    listed_count_ = 0;
    tgid = TgidOf(pid);
    presence = Look(pid, tgid);
  }
  if (presence != Status::kOk) return presence;
  const tidemark_row& row = rows_[row_count_];
  const uint32_t length = static_cast<uint32_t>(strnlen(row.comm, sizeof row.comm));
  out->start_ticks = TicksOf(row.start_ns);
  out->parent_pid = row.parent;
  out->flags = row.flags & ROW_KERNEL_THREAD ? 0x00200000 : 0;
  out->comm_length = length;
  std::memset(out->comm, 0, kMaxComm);
  std::memcpy(out->comm, row.comm, length);
  tidemark_row seen = row;
  Status status = BindTo(index, pid, tgid, out->start_ticks, out->comm, length);
  if (status != Status::kOk) return status;
  Slot& slot = slots_[index];
  slot.start_ns = seen.start_ns;
  slot.kernel_thread = seen.flags & ROW_KERNEL_THREAD;
  slot.has_first_times = seen.flags & ROW_HAS_TIMES;
  seen.sweep = 0;
  rows_[index] = seen;
  return Status::kOk;
}

Status KernelCounters::Look(uint32_t pid, uint32_t tgid) {
  if (tgid == 0 || tgid > pid_limit_) return Status::kGone;
  object_.ask->look = tgid;
  object_.ask->sweep = ++sweep_;
  if (tidemark_run(object_.look) < 0) return Status::kLost;
  const tidemark_row& row = rows_[row_count_];
  return row.sweep == sweep_ && row.pid == pid ? Status::kOk : Status::kGone;
}

Status KernelCounters::Bind(uint32_t index, uint32_t pid, uint64_t start_ticks, const uint8_t* comm,
                            uint32_t comm_length) {
  Detach(index);
  if (!is_loaded()) return Status::kLost;
  return BindTo(index, pid, TgidOf(pid), start_ticks, comm, comm_length);
}

Status KernelCounters::BindTo(uint32_t index, uint32_t pid, uint32_t tgid, uint64_t start_ticks, const uint8_t* comm,
                              uint32_t comm_length) {
  if (tgid == 0 || tgid > pid_limit_) return Status::kGone;
  if (MakeRoom(index) != 0) return Status::kLost;
  Slot& slot = slots_[index];
  slot = Slot{};
  slot.pid = pid;
  slot.tgid = tgid;
  slot.start_ticks = start_ticks;
  slot.comm_length = std::min<uint32_t>(comm_length, kMaxComm);
  std::memcpy(slot.comm, comm, slot.comm_length);
  rows_[index].sweep = 0;
  if (peaks_) peaks_[index] = tidemark_peak{};
  SetSlotOf(tgid, index + 1);
  return Status::kOk;
}

void KernelCounters::Detach(uint32_t index) {
  Slot* slot = Find(index);
  if (!slot) return;
  // The pid may belong to a younger process with another slot.
  if (SlotOf(slot->tgid) == index + 1) SetSlotOf(slot->tgid, 0);
  slot->pid = 0;
}

void KernelCounters::Forget() {
  WatchPeaks(false);
  for (uint32_t index = 0; index < slots_.size(); index++) Detach(index);
  listed_ = tidemark_selection{};
  listed_.kind = SELECT_ALL;
  listed_root_ = 0;
}

const uint8_t* KernelCounters::Comm(uint32_t index, uint32_t* length) const {
  if (index >= slots_.size() || !slots_[index].pid) {
    *length = 0;
    return nullptr;
  }
  *length = slots_[index].comm_length;
  return slots_[index].comm;
}

size_t KernelCounters::Sweep(const uint32_t* slots, size_t count, const Columns& out, uint32_t times_every,
                             uint32_t phase, uint32_t* renamed) {
  if (!is_loaded()) {
    for (size_t i = 0; i < count; i++) Empty(slots[i], out, Find(slots[i]) ? Status::kLost : Status::kGone);
    return 0;
  }
  tidemark_ask& ask = *object_.ask;
  ask.sweep = ++sweep_;
  ask.times_every = times_every;
  ask.times_phase = phase;
  ask.is_listing = 0;
  ask.wanted = 0;
  ask.are_peaks_on = are_peaks_on();
  if (method_ == Method::kWalk && (processes_ == 0 ? count < 64 : count < processes_ / kPickShare)) {
    for (size_t i = 0; i < count; i++) {
      Slot* slot = Find(slots[i]);
      if (slot && SlotOf(slot->tgid) == slots[i] + 1) wanted_[ask.wanted++] = slot->tgid;
    }
  }
  const bool is_nothing_wanted = ask.wanted == 0 && count == 0;
  const int error = is_nothing_wanted ? 0 : Run();
  size_t renames = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t index = slots[i];
    Slot* slot = Find(index);
    if (!slot || error < 0) {
      Empty(index, out, slot ? Status::kLost : Status::kGone);
      continue;
    }
    tidemark_row row = rows_[index];
    if (row.sweep == sweep_ && slot->start_ns == 0 && TicksOf(row.start_ns) == slot->start_ticks) {
      slot->start_ns = row.start_ns;
    }
    if (row.sweep != sweep_ || row.start_ns != slot->start_ns || row.pid != slot->pid) {
      Empty(index, out, Status::kGone);
      continue;
    }
    bool is_renamed = false;
    WriteRow(*slot, index, row, out, &is_renamed);
    if (is_renamed) renamed[renames++] = index;
  }
  return renames;
}

int KernelCounters::WatchPeaks(bool is_on) {
  if (is_on == are_peaks_on()) return 0;
  if (!is_on) {
    close(peaks_link_);
    peaks_link_ = -1;
    return 0;
  }
  if (!is_loaded() || object_.watch_peaks < 0) return -EOPNOTSUPP;
  for (uint32_t index = 0; index < row_count_; index++) peaks_[index] = tidemark_peak{};
  int link = tidemark_attach(object_.watch_peaks, nullptr);
  if (link < 0) return link;
  peaks_link_ = link;
  return 0;
}

uint64_t KernelCounters::PeakEvents() {
  if (!is_loaded() || object_.peak_events_map < 0) return 0;
  std::vector<uint64_t> parts(PossibleCpus());
  uint32_t key = 0;
  if (tidemark_get(object_.peak_events_map, &key, parts.data()) < 0) return 0;
  uint64_t sum = 0;
  for (uint64_t part : parts) sum += part;
  return sum;
}

}  // namespace tidemark
