#include "deep_read.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../procfs/padding.h"
#include "../procfs/smaps.h"
#include "clock.h"

namespace tidemark {
namespace {

constexpr size_t kRollupText = 4096;
constexpr size_t kRollupRows = 24;  // the record, and fields that are not known

}  // namespace

void RollupRead::Run() {
  hold_ns_ = 0;
  is_readable_ = false;
  int fd = folder_->Open(pid_, "smaps_rollup");
  length_ = fd;
  ended_ns_ = MonotonicNs();
  if (fd < 0) return;
  uint8_t text[kRollupText + kPadding];
  int64_t start = MonotonicNs();
  length_ = ProcTree::ReadOnce(fd, text, kRollupText);
  ended_ns_ = MonotonicNs();
  hold_ns_ = static_cast<uint64_t>(ended_ns_ - start);
  close(fd);
  if (length_ <= 0) return;
  alignas(8) uint8_t memory[MappingTable::Bytes(kRollupRows)];
  MappingTable table(memory, kRollupRows);
  is_readable_ = TokenizeSmapsRollup(text, static_cast<size_t>(length_), table) && !table.header[kFull];
  if (!is_readable_) return;
  for (int column = 0; column < kRollupFields; column++) values_[column] = RollupValue(table, kRollupColumns[column]);
}

void MappingsRead::Run() {
  hold_ns_ = 0;
  int fd = folder_->Open(pid_, "smaps");
  length_ = fd;
  ended_ns_ = MonotonicNs();
  if (fd < 0) return;
  int64_t start = MonotonicNs();
  length_ = ProcTree::ReadAll(fd, text_);
  ended_ns_ = MonotonicNs();
  hold_ns_ = static_cast<uint64_t>(ended_ns_ - start);
  close(fd);
  if (length_ <= 0) return;
  for (;;) {
    if (!memory_.Reserve(MappingTable::Bytes(rows_) / 8 + 1)) {
      length_ = -ENOMEM;
      return;
    }
    MappingTable table(reinterpret_cast<uint8_t*>(memory_.data()), rows_);
    TokenizeSmaps(text_.data(), static_cast<size_t>(length_), table);
    if (!table.header[kFull]) return;
    rows_ = rows_ * 2 + 8;
  }
}

MappingTable MappingsRead::table() const {
  return MappingTable(const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(memory_.data())), rows_);
}

size_t SpanBytes(const MappingTable& rows) {
  size_t bytes = 0;
  for (size_t i = 0; i < rows.header[kRows]; i++) {
    bytes += rows.words[kNameLength * rows.capacity + i] + rows.words[kFlagsLength * rows.capacity + i];
  }
  return bytes;
}

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

}  // namespace tidemark
