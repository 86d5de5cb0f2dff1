// One deep read of one process in a reader thread: opened, read and tokenized into memory of its own.
//
// The trap: both files hold the target's mmap lock for as long as the kernel walks, so the duration of the read goes
// with its values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../procfs/mapping_table.h"
#include "../procfs/smaps_rollup.h"
#include "proc_tree.h"
#include "reader_pool.h"

namespace tidemark {

class DeepRead : public GuardedRead {
 public:
  void Ask(std::shared_ptr<const ProcFolder> folder, int pid) {
    folder_ = std::move(folder);
    pid_ = pid;
  }
  int64_t length() const { return length_; }  // bytes, or -errno; -ENOMEM when there was no memory for them
  uint64_t hold_ns() const { return hold_ns_; }
  int64_t ended_ns() const { return ended_ns_; }

 protected:
  std::shared_ptr<const ProcFolder> folder_;
  int pid_ = 0;
  int64_t length_ = 0;
  uint64_t hold_ns_ = 0;
  int64_t ended_ns_ = 0;
};

class RollupRead final : public DeepRead {
 public:
  // False when the text was not one record.
  bool is_readable() const { return is_readable_; }
  const double* values() const { return values_; }

 protected:
  void Run() override;

 private:
  bool is_readable_ = false;
  double values_[kRollupFields] = {};
};

class MappingsRead final : public DeepRead {
 public:
  // The rows and the text that their spans point into.
  MappingTable table() const;
  const uint8_t* text() const { return text_.data(); }

 protected:
  void Run() override;

 private:
  GrownMemory<uint8_t> text_;
  GrownMemory<uint64_t> memory_;  // of the table, 8-byte aligned
  size_t rows_ = 8 * 127;
};

// Rows of many processes one after the other, and the text of their names and flags. `firsts[i]` and `counts[i]` are
// the rows of the i-th slot that was read.
struct MappingRows {
  MappingTable table;
  uint8_t* text;
  size_t text_bytes;
  uint32_t* firsts;
  uint32_t* counts;
  uint64_t* holds;  // nanoseconds of the read
};

// Bytes of the names and flags of all rows.
size_t SpanBytes(const MappingTable& rows);

// Copies all rows, whose spans lie in `text`, behind the first `row` rows of `out`, with names and flags; there must be
// room.
void AppendRows(const MappingTable& from, const uint8_t* text, MappingRows& out, size_t row, size_t* text_used);

}  // namespace tidemark
