// The reads of Sweeper that walk a target's page tables, smaps_rollup and smaps, made by reader threads.
//
// The traps: a read that is stuck must hold up neither the others nor the caller's next tick, so what has not ended
// when the time is over is left to go on, and who comes later is taken first; but a value must not be told as of now
// that was read long ago. A slot knows its read by pointer, so one of an earlier process in the slot can never be taken
// for it.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <new>
#include <type_traits>

#include "clock.h"
#include "sweeper.h"

namespace tidemark {
namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

// Reads that are begun at once: enough to keep the readers busy, and few enough to hold in memory.
constexpr size_t kRollupsBegun = 64;
constexpr size_t kMappingsPerReader = 2;
// For so long the first one is waited for before those behind it are taken.
constexpr int64_t kPatienceNs = 20'000'000;
// What ended earlier is read again.
constexpr int64_t kMostAgeNs = 1'000'000'000;
// A slot whose read was stuck is left alone for so long, twice as long each time.
constexpr int64_t kBackOffNs = 1'000'000'000;
constexpr int64_t kMostBackOffNs = 64 * kBackOffNs;

// A read in pieces takes its time, and its end is known.
constexpr int64_t kMostPacedAgeNs = 60'000'000'000;

// All holds of a read.
uint64_t HeldBy(const MappingsRead& read) { return read.hold_ns(); }
uint64_t HeldBy(const PacedRead& read) { return read.held_ns(); }

bool Passed(int64_t stop_ns) { return stop_ns != 0 && MonotonicNs() >= stop_ns; }

}  // namespace

void Sweeper::Forget(Slot& slot) {
  if (!slot.reads) return;
  const Reads& reads = *slot.reads;
  if (reads.rollup) pool_.Recall(*reads.rollup);
  if (reads.mappings) pool_.Recall(*reads.mappings);
  if (reads.paced) paced_pool_.Recall(*reads.paced);
  if (reads.paced_mappings) paced_pool_.Recall(*reads.paced_mappings);
  slot.reads.reset();
}

bool Sweeper::IsBackedOff(Slot& slot) {
  if (!slot.reads) return false;
  Reads& reads = *slot.reads;
  if (reads.stuck && !reads.stuck->HasReturned()) return true;
  reads.stuck.reset();
  return MonotonicNs() < reads.retry_ns;
}

Status Sweeper::StatusOfRead(Slot& slot, const std::shared_ptr<DeepRead>& read) {
  Reads& reads = *slot.reads;
  if (read->IsLeft()) {
    reads.stuck = read;
    reads.back_off_ns = std::min(std::max(reads.back_off_ns * 2, kBackOffNs), kMostBackOffNs);
    reads.retry_ns = MonotonicNs() + reads.back_off_ns;
    return Status::kTimeout;
  }
  reads.back_off_ns = 0;
  if (read->length() < 0) return StatusOfFailure(slot, -read->length());
  Status presence = Presence(slot);
  if (presence != Status::kOk) return presence;
  return read->length() == 0 ? Status::kNoMm : Status::kOk;
}

// `take(place, slot, status, read)` gets the result for the place-th slot that was read; false when it has no room.
template <typename Read, typename Take>
size_t Sweeper::SweepDeep(ReaderPool& pool, std::shared_ptr<Read> Reads::*pending,
                          std::vector<std::shared_ptr<Read>>& spare, uint32_t* slots, size_t count, size_t most_begun,
                          int64_t stop_ns, Take take) {
  enum Taken : uint8_t { kNot, kYes, kHopeless };
  enum class Outcome { kTaken, kNotYet, kNoRoom };
  if (count == 0 || Passed(stop_ns)) return 0;
  // Without memory nothing is read in this sweep, as when its time is over.
  if (!taken_.Reserve(count) || !order_.Reserve(count)) return 0;
  std::fill_n(taken_.data(), count, kNot);
  ordered_ = 0;

  auto pending_of = [&](const Slot& slot) { return slot.reads ? ((*slot.reads).*pending).get() : nullptr; };
  auto begin = [&](size_t i) {
    Slot* slot = Find(slots[i]);
    if (!slot || slot->kernel_thread || pending_of(*slot) || IsBackedOff(*slot)) return;
    if (!slot->reads) slot->reads.reset(new (std::nothrow) Reads());
    if (!slot->reads) {
      taken_[i] = kHopeless;
      return;
    }
    std::shared_ptr<Read> read;
    if (spare.empty()) {
      read = std::make_shared<Read>();
    } else {
      read = std::move(spare.back());
      spare.pop_back();
    }
    read->Ask(tree_.folder(), slot->pid);
    if constexpr (std::is_same_v<Read, PacedRead>) {
      read->SetLimits(static_cast<uint64_t>(page_size_), max_hold_ns_);
    }
    if (pool.Submit(read))
      (*slot->reads).*pending = std::move(read);
    else
      taken_[i] = kHopeless;
  };
  auto drop = [&](Slot& slot) {
    std::shared_ptr<Read> read = std::move((*slot.reads).*pending);
    ((*slot.reads).*pending).reset();
    if (slot.reads->IsIdle()) slot.reads.reset();
    if (read->IsLeft()) return;
    read->Reset();
    spare.push_back(std::move(read));
  };
  auto try_to_take = [&](size_t i) {
    Slot* slot = Find(slots[i]);
    auto give = [&](Status status, const Read* read) {
      if (!take(ordered_, slots[i], status, read)) return Outcome::kNoRoom;
      taken_[i] = kYes;
      order_[ordered_++] = static_cast<uint32_t>(i);
      return Outcome::kTaken;
    };
    if (!slot) return give(Status::kGone, nullptr);
    if (slot->kernel_thread) return give(Status::kNoMm, nullptr);
    if (taken_[i] == kHopeless) return give(Status::kLost, nullptr);
    if (!pending_of(*slot)) {
      if (IsBackedOff(*slot)) return give(Status::kTimeout, nullptr);
      begin(i);
      return Outcome::kNotYet;
    }
    const std::shared_ptr<Read>& read = (*slot->reads).*pending;
    if (!read->IsDone() && !read->IsLeft()) return Outcome::kNotYet;
    bool is_short = read->IsDone() && (read->length() == -EMFILE || read->length() == -ENFILE) && kept_ > 0;
    if (is_short) GiveBackDescriptors();
    if (is_short ||
        (read->IsDone() && MonotonicNs() - read->ended_ns() > (&pool == &paced_pool_ ? kMostPacedAgeNs : kMostAgeNs))) {
      drop(*slot);
      begin(i);
      return Outcome::kNotYet;
    }
    Status status = StatusOfRead(*slot, read);
    Outcome outcome = give(status, status == Status::kOk ? read.get() : nullptr);
    if (outcome == Outcome::kTaken) drop(*slot);
    return outcome;
  };

  size_t head = 0;  // the first that was not taken
  size_t next = 0;  // the first that was not begun
  bool is_patient = true;
  for (;;) {
    for (; next < count && next - ordered_ < most_begun && !Passed(stop_ns); next++) begin(next);
    const uint64_t ended = pool.Ended();
    bool is_full = false;
    size_t reading = 0;
    for (size_t i = head; i < next && !is_full; i++) {
      if (taken_[i] == kYes) continue;
      if (is_patient && reading > 0) break;
      Outcome outcome = try_to_take(i);
      is_full = outcome == Outcome::kNoRoom;
      if (outcome == Outcome::kNotYet) reading++;
    }
    while (head < next && taken_[head] == kYes) head++;
    if (is_full || head == count) break;
    if (Passed(stop_ns)) {
      if (!is_patient) break;
      is_patient = false;  // once more, for all that has ended
      continue;
    }
    is_patient = true;
    if (reading == 0 || (next < count && next - ordered_ < most_begun)) continue;
    size_t under_way = 0;
    for (size_t i = head; i < next; i++) {
      Slot* slot = taken_[i] == kYes ? nullptr : Find(slots[i]);
      const Read* read = slot ? pending_of(*slot) : nullptr;
      if (read && !read->IsDone() && !read->IsLeft()) under_way++;
    }
    if (under_way == 0) continue;
    int64_t patience_ns = MonotonicNs() + kPatienceNs;
    bool is_served =
        pool.Wait(ended + std::max<size_t>(1, under_way / 2), stop_ns ? std::min(stop_ns, patience_ns) : patience_ns);
    is_patient = MonotonicNs() < patience_ns;
    if (is_served) continue;
    for (size_t i = head; i < next; i++) {
      Slot* slot = taken_[i] == kYes ? nullptr : Find(slots[i]);
      if (!slot || !pending_of(*slot) || !pool.Recall(*pending_of(*slot))) continue;
      drop(*slot);
      taken_[i] = kHopeless;
    }
  }
  for (size_t i = head; i < next; i++) {
    Slot* slot = taken_[i] == kYes ? nullptr : Find(slots[i]);
    if (slot && pending_of(*slot) && pool.Recall(*pending_of(*slot))) drop(*slot);
  }
  const size_t done = ordered_;
  if (head == done && std::is_sorted(order_.data(), order_.data() + done)) return done;
  // Those that were read first, the others behind them in their order.
  for (size_t i = 0; i < count; i++) {
    if (taken_[i] != kYes) order_[ordered_++] = static_cast<uint32_t>(i);
  }
  for (size_t i = 0; i < ordered_; i++) order_[i] = slots[order_[i]];
  std::copy_n(order_.data(), ordered_, slots);
  return done;
}

// Values of a row in the order of the schema: the fields, what the read itself was like, and what lies beside it.
void Sweeper::FillRollup(uint32_t slot, const Columns& out, Status status, const double* values, const Holds& holds) {
  double* cell = out.values + slot;
  for (int column = 0; column < kDeepFields; column++) cell[column * out.stride] = kAbsent;
  out.status[slot] = static_cast<uint8_t>(status);
  if (status != Status::kOk) return;
  for (int column = 0; column < kRollupFields; column++) cell[column * out.stride] = values[column];
  const double told[kHoldFields] = {
      holds.longest, holds.all, holds.duration, holds.is_paced ? 1.0 : 0.0, holds.shared_part, holds.shared_part_error};
  for (int column = 0; column < kHoldFields; column++) cell[(kRollupFields + column) * out.stride] = told[column];
  // Only what is in a slot is ok.
  const int pid = slots_[slot].pid;
  for (int column = 0; column < kScoreFields; column++) {
    cell[(kRollupFields + kHoldFields + column) * out.stride] = ReadScore(pid, kScoreColumns[column].file);
  }
}

double Sweeper::ReadScore(int pid, const char* file) const {
  const int fd = tree_.Open(pid, file);
  if (fd < 0) return kAbsent;
  char text[16];
  const int64_t length = ProcTree::ReadOnce(fd, reinterpret_cast<uint8_t*>(text), sizeof text - 1);
  close(fd);
  if (length <= 0) return kAbsent;
  text[length] = 0;
  char* end = text;
  const int64_t score = strtol(text, &end, 10);
  return end == text || (*end != '\n' && *end != 0) ? kAbsent : static_cast<double>(score);
}

size_t Sweeper::SweepPaced(uint32_t* slots, size_t count, const Columns& out, int64_t max_hold_ns, int64_t stop_ns) {
  max_hold_ns_ = max_hold_ns;
  auto take = [&](size_t, uint32_t slot, Status status, const PacedRead* read) {
    Holds holds;
    if (read) {
      holds = {static_cast<double>(read->hold_ns()),
               static_cast<double>(read->held_ns()),
               static_cast<double>(read->duration_ns()),
               true,
               read->shared_part(),
               read->shared_part_error()};
    }
    FillRollup(slot, out, status, read ? read->values() : nullptr, holds);
    return true;
  };
  return SweepDeep(paced_pool_, &Reads::paced, spare_paced_, slots, count, 2, stop_ns, take);
}

size_t Sweeper::SweepRollup(uint32_t* slots, size_t count, const Columns& out, int64_t stop_ns) {
  auto take = [&](size_t, uint32_t slot, Status status, const RollupRead* read) {
    if (status == Status::kOk && !read->is_readable()) status = Status::kUnsupported;
    const double hold = read ? static_cast<double>(read->hold_ns()) : 0;
    FillRollup(slot, out, status, read ? read->values() : nullptr, {hold, hold, hold, false});
    return true;
  };
  return SweepDeep(pool_, &Reads::rollup, spare_rollups_, slots, count, kRollupsBegun, stop_ns, take);
}

size_t Sweeper::SweepMappings(uint32_t* slots, size_t count, uint8_t* status, MappingRows& out, int64_t max_hold_ns,
                              int64_t stop_ns, size_t* needed_rows, size_t* needed_text) {
  size_t row = 0;
  size_t text_used = 0;
  *needed_rows = *needed_text = 0;
  auto take = [&](size_t place, uint32_t slot, Status result, const auto* read) {
    size_t rows = 0;
    if (read) {
      const MappingTable table = read->table();
      rows = table.header[kRows];
      size_t text_bytes = SpanBytes(table);
      if (row + rows > out.table.capacity || text_used + text_bytes > out.text_bytes) {
        if (place > 0) return false;
        *needed_rows = rows;
        *needed_text = text_bytes;
        return false;
      }
      AppendRows(table, read->text(), out, row, &text_used);
    }
    out.firsts[place] = static_cast<uint32_t>(row);
    out.counts[place] = static_cast<uint32_t>(rows);
    out.holds[place] = read ? HeldBy(*read) : 0;
    row += rows;
    status[slot] = static_cast<uint8_t>(result);
    return true;
  };
  max_hold_ns_ = max_hold_ns;
  size_t done = max_hold_ns == 0
                    ? SweepDeep(pool_, &Reads::mappings, spare_mappings_, slots, count,
                                kMappingsPerReader * pool_.readers(), stop_ns, take)
                    : SweepDeep(paced_pool_, &Reads::paced_mappings, spare_paced_, slots, count, 2, stop_ns, take);
  out.table.header[kRows] = static_cast<uint32_t>(row);
  return done;
}

}  // namespace tidemark
