// The reads of Sweeper that walk a target's page tables: smaps_rollup and smaps, whole.
//
// The trap: both hold the target's mmap lock for as long as the walk lasts, so the duration of the read is stored with
// its values.
#include <unistd.h>

#include <cstring>
#include <limits>

#include "../procfs/padding.h"
#include "../procfs/smaps.h"
#include "../procfs/smaps_rollup.h"
#include "clock.h"
#include "sweeper.h"

namespace tidemark {
namespace {

constexpr size_t kRollupText = 4096;
constexpr size_t kRollupRows = 24;  // the record, and fields that are not known
constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

bool Passed(int64_t stop_ns) { return stop_ns != 0 && MonotonicNs() >= stop_ns; }

// Copies the rows of `from`, whose spans lie in `text`, behind the first `rows` rows of `out`, with names and flags.
void AppendRows(const MappingTable& from, const uint8_t* text, MappingRows& out, size_t row, size_t* text_used) {
  const size_t rows = from.header[kRows];
  MappingTable& to = out.table;
  for (int column = 0; column < kAddressColumns; column++) {
    std::memcpy(to.addresses + column * to.capacity + row, from.addresses + column * from.capacity, rows * 8);
  }
  for (int column = 0; column < kSmapsColumns; column++) {
    std::memcpy(to.sizes + column * to.capacity + row, from.sizes + column * from.capacity, rows * 8);
  }
  for (int column : {kDeviceMajor, kDeviceMinor}) {
    std::memcpy(to.words + column * to.capacity + row, from.words + column * from.capacity, rows * 4);
  }
  std::memcpy(to.perms + row, from.perms, rows);
  size_t used = *text_used;
  auto copy_span = [&](WordColumn start, WordColumn length, size_t i) {
    uint32_t from_start = from.words[start * from.capacity + i];
    uint32_t span = from.words[length * from.capacity + i];
    to.words[length * to.capacity + row + i] = span;
    to.words[start * to.capacity + row + i] = from_start == kNoSpan ? kNoSpan : static_cast<uint32_t>(used);
    if (from_start == kNoSpan) return;
    std::memcpy(out.text + used, text + from_start, span);
    used += span;
  };
  for (size_t i = 0; i < rows; i++) {
    copy_span(kNameStart, kNameLength, i);
    copy_span(kFlagsStart, kFlagsLength, i);
    to.words[kFirstOther * to.capacity + row + i] = 0;
    to.words[kOtherCount * to.capacity + row + i] = 0;
  }
  *text_used = used;
}

size_t TextOfRows(const MappingTable& table) {
  size_t bytes = 0;
  for (size_t i = 0; i < table.header[kRows]; i++) {
    bytes += table.words[kNameLength * table.capacity + i] + table.words[kFlagsLength * table.capacity + i];
  }
  return bytes;
}

}  // namespace

Status Sweeper::ReadRollup(Slot& slot, uint32_t index, const Columns& out) {
  if (slot.kernel_thread) return Status::kNoMm;
  int fd = OpenFor(slot, "smaps_rollup");
  if (fd < 0) return StatusOfFailure(slot, -fd);
  uint8_t text[kRollupText + kPadding];
  int64_t start = MonotonicNs();
  int64_t length = ProcTree::ReadStart(fd, text, kRollupText);
  int64_t hold = MonotonicNs() - start;
  close(fd);
  if (length < 0) return StatusOfFailure(slot, -length);
  Status presence = Presence(slot);
  if (presence != Status::kOk) return presence;
  if (length == 0) return Status::kNoMm;
  alignas(8) uint8_t memory[MappingTable::Bytes(kRollupRows)];
  MappingTable table(memory, kRollupRows);
  bool readable = TokenizeSmapsRollup(text, static_cast<size_t>(length), table);
  if (!readable || table.header[kFull]) return Status::kUnsupported;
  double* cell = out.values + index;
  for (int column = 0; column < kRollupFields; column++) {
    cell[column * out.stride] = RollupValue(table, kRollupColumns[column]);
  }
  cell[kRollupFields * out.stride] = static_cast<double>(hold);
  return Status::kOk;
}

size_t Sweeper::SweepRollup(const uint32_t* slots, size_t count, const Columns& out, int64_t stop_ns) {
  size_t done = 0;
  for (; done < count && !Passed(stop_ns); done++) {
    for (int column = 0; column <= kRollupFields; column++) out.values[column * out.stride + slots[done]] = kAbsent;
    Slot* slot = Find(slots[done]);
    Status status = slot ? ReadRollup(*slot, slots[done], out) : Status::kGone;
    out.status[slots[done]] = static_cast<uint8_t>(status);
  }
  return done;
}

size_t Sweeper::SweepMappings(const uint32_t* slots, size_t count, uint8_t* status, MappingRows& out, int64_t stop_ns,
                              size_t* needed_rows, size_t* needed_text) {
  size_t row = 0;
  size_t text_used = 0;
  size_t done = 0;
  *needed_rows = *needed_text = 0;
  for (; done < count && !Passed(stop_ns); done++) {
    out.firsts[done] = static_cast<uint32_t>(row);
    out.counts[done] = 0;
    out.holds[done] = 0;
    Slot* slot = Find(slots[done]);
    auto finish = [&](Status value) { status[slots[done]] = static_cast<uint8_t>(value); };
    if (!slot) {
      finish(Status::kGone);
      continue;
    }
    if (slot->kernel_thread) {
      finish(Status::kNoMm);
      continue;
    }
    int fd = OpenFor(*slot, "smaps");
    if (fd < 0) {
      finish(StatusOfFailure(*slot, -fd));
      continue;
    }
    int64_t start = MonotonicNs();
    int64_t length = ProcTree::ReadAll(fd, text_);
    out.holds[done] = static_cast<uint64_t>(MonotonicNs() - start);
    close(fd);
    if (length < 0) {
      finish(StatusOfFailure(*slot, -length));
      continue;
    }
    Status presence = Presence(*slot);
    if (presence != Status::kOk) {
      finish(presence);
      continue;
    }
    if (length == 0) {
      finish(Status::kNoMm);
      continue;
    }
    if (table_rows_ == 0) table_rows_ = 8 * 127;
    for (;;) {
      table_memory_.resize(MappingTable::Bytes(table_rows_) / 8 + 1);
      MappingTable table(reinterpret_cast<uint8_t*>(table_memory_.data()), table_rows_);
      TokenizeSmaps(text_.data(), static_cast<size_t>(length), table);
      if (!table.header[kFull]) break;
      table_rows_ = table_rows_ * 2 + 8;
    }
    MappingTable table(reinterpret_cast<uint8_t*>(table_memory_.data()), table_rows_);
    size_t text_bytes = TextOfRows(table);
    if (row + table.header[kRows] > out.table.capacity || text_used + text_bytes > out.text_bytes) {
      if (done == 0) {
        *needed_rows = table.header[kRows];
        *needed_text = text_bytes;
      }
      break;
    }
    AppendRows(table, text_.data(), out, row, &text_used);
    out.counts[done] = table.header[kRows];
    row += table.header[kRows];
    finish(Status::kOk);
  }
  out.table.header[kRows] = static_cast<uint32_t>(row);
  return done;
}

}  // namespace tidemark
