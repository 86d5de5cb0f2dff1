// The rollup and the mappings of a process too large to be read in one go: its populated pages in small pieces, with
// pauses in which the target can have its memory map.
//
// The traps: pagemap costs the same for a page that is not there, so PAGEMAP_SCAN finds what is; the zero page and
// device memory are present and no resident memory; a descriptor of pagemap stays with the memory of before an exec and
// then reads nothing, which is no empty process; and a page that others map too has a share only where kpagecount may
// be read.
#pragma once

#include <cstdint>

#include "deep_read.h"

namespace tidemark {

class PacedRead final : public DeepRead {
 public:
  // No piece is meant to hold the target for longer.
  void SetLimits(uint64_t page_size, int64_t max_hold_ns) {
    page_size_ = page_size;
    max_hold_ns_ = max_hold_ns;
  }
  // In the order of kRollupColumns; NaN where this method cannot tell.
  const double* values() const { return values_; }
  // The sum of all holds; hold_ns() is the longest.
  uint64_t held_ns() const { return held_ns_; }
  uint64_t duration_ns() const { return duration_ns_; }
  // Of what others map too: the mean part of a page that counts for this process, of a sample, and the standard error
  // of that mean, both in millionths; NaN where all pages were counted, or none could be.
  double shared_part() const { return shared_part_; }
  double shared_part_error() const { return shared_part_error_; }
  // The mappings, as of the begin of the read, and the text that their spans point into. Of the sizes those that this
  // method can tell, NaN for the others.
  MappingTable table() const;
  const uint8_t* text() const { return text_.data(); }

 protected:
  void Run() override;

 private:
  struct Sums;
  int64_t ReadAllOf(Sums& sums, int pagemap, int kpagecount);
  int64_t ReadRange(Sums& sums, int pagemap, int kpagecount, uint64_t start, uint64_t end);
  int64_t ReadPages(int pagemap, uint64_t start, uint64_t end);
  void FillRow(MappingTable& table, size_t row, const Sums& sums, bool knows_swap) const;
  void CountShared(Sums& sums, int kpagecount);
  void SampleShared(Sums& sums, int kpagecount);
  void TellSample(const Sums& sums);
  void Held(int64_t ns, uint64_t pages);

  uint64_t page_size_ = 4096;
  int64_t max_hold_ns_ = 500'000;
  double values_[kRollupFields] = {};
  uint64_t held_ns_ = 0;
  uint64_t duration_ns_ = 0;
  int64_t burst_ns_ = 0;  // held since the last pause
  double shared_part_ = 0, shared_part_error_ = 0;
  uint64_t counted_ = 0;  // shared pages so far
  uint64_t random_ = 1;
  uint64_t piece_pages_ = 0;   // as many as keep a piece short
  GrownMemory<uint8_t> text_;  // of maps
  GrownMemory<uint64_t> table_memory_;
  size_t rows_ = 0;                // that the table has room for
  GrownMemory<uint64_t> entries_;  // of pagemap
  GrownMemory<uint64_t> shared_;   // PFNs of one piece; bit 63: of no file
  size_t shared_count_ = 0;
};

}  // namespace tidemark
