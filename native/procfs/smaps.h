// /proc/PID/smaps: the line of maps for each mapping, then its fields. Twin of src/procfs/smaps.ts, which explains the
// traps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mapping_table.h"

namespace tidemark {

// Fills the table with one row per mapping of a padded text and its fields in bytes.
void TokenizeSmaps(const uint8_t* bytes, size_t length, MappingTable& table);

}  // namespace tidemark
