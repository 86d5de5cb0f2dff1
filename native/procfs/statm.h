// /proc/PID/statm: seven numbers, in pages. Twin of src/procfs/statm.ts, which explains the traps.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidemark {

enum StatmField { kStatmSize, kStatmResident, kStatmShared, kStatmText, kStatmLib, kStatmData, kStatmDt, kStatmFields };

// Fills `out[kStatmFields]` from a padded text; false when it does not hold seven numbers.
bool TokenizeStatm(const uint8_t* bytes, size_t length, uint64_t* out);

}  // namespace tidemark
