// /proc/PID/maps: one line per mapping, and the head of each record of smaps. Twin of src/procfs/maps.ts, which
// explains the traps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mapping_table.h"

namespace tidemark {

// Fills the table with one row per mapping of a padded text; lines that are no mapping are counted in its header.
void TokenizeMaps(const uint8_t* bytes, size_t length, MappingTable& table);

// Resets the header of the table for a new text.
void StartTable(MappingTable& table, const uint8_t* bytes, size_t length);

void NoteMalformed(MappingTable& table, size_t at);

// Offset of the newline that ends the line at `at`, or `length`.
size_t LineEnd(const uint8_t* bytes, size_t at, size_t length);

// Tokenizes the mapping line at `from` into `row`. Returns the offset of its newline (or `length`), or kNoMapping, with
// the row in an undefined state, when the line is no mapping.
constexpr size_t kNoMapping = ~size_t{0};
size_t TokenizeHead(const uint8_t* bytes, size_t from, size_t length, MappingTable& table, size_t row);

}  // namespace tidemark
