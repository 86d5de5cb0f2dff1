// /proc/PID/stat: pid, name in parentheses, state letter, numbers. Twin of src/procfs/stat.ts, which explains the
// traps.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidemark {

constexpr size_t kStatFields = 52;

// Fields that sweeps use; the numbers are places in the text, from 0.
enum StatField : size_t {
  kStatPpid = 3,
  kStatFlags = 8,
  kStatMinflt = 9,
  kStatMajflt = 11,
  kStatUtime = 13,
  kStatStime = 14,
  kStatNumThreads = 19,
  kStatStarttime = 21,
};

// Words beside the numbers.
enum StatWord { kStatCount, kStatState, kStatCommStart, kStatCommLength, kStatWords };

// Fills `fields[kStatFields]` (two's complement) and `words[kStatWords]` from a padded text; false when it has no name
// in parentheses or ends before `starttime`. Reads no more than the first `most` fields.
bool TokenizeStat(const uint8_t* bytes, size_t length, uint64_t* fields, uint32_t* words, size_t most = kStatFields);

}  // namespace tidemark
