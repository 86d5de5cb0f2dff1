#include "smaps_rollup.h"

#include "smaps.h"

namespace tidemark {

bool TokenizeSmapsRollup(const uint8_t* bytes, size_t length, MappingTable& table) {
  TokenizeSmaps(bytes, length, table);
  return table.header[kRows] == 1;
}

}  // namespace tidemark
