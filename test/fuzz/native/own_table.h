// A mapping table in memory of exactly its size, and what must hold of any table that a tokenizer has filled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "../../../native/procfs/mapping_table.h"
#include "padded_text.h"

namespace tidemark::fuzz {

using TokenizeTable = void (*)(const uint8_t*, size_t, MappingTable&);

class OwnTable {
 public:
  OwnTable(size_t capacity, uint8_t rubbish)
      : memory_(new uint8_t[MappingTable::Bytes(capacity)]), table_(memory_.get(), capacity) {
    std::memset(memory_.get(), rubbish, MappingTable::Bytes(capacity));
  }
  MappingTable* operator->() { return &table_; }
  MappingTable& operator*() { return table_; }

 private:
  std::unique_ptr<uint8_t[]> memory_;
  MappingTable table_;
};

// A capacity that is enough for any text with so many lines.
size_t RoomFor(const uint8_t* text, size_t length);

// Spans inside the text, names that end with their line, sums that agree. `sizes`: the text is smaps.
void CheckTable(const MappingTable& table, const uint8_t* text, size_t length, bool sizes);

// The same rows: `count` of them from `row_a` of the one and from `row_b` of the other, whose text begins `shift` bytes
// later.
void CheckSameRows(const MappingTable& a, size_t row_a, const MappingTable& b, size_t row_b, size_t count, size_t shift,
                   bool sizes);

// Tokenizes the text twice, before different paddings and over different rubbish, and into a table that may be too
// small; checks all that can be checked of any such text. Returns the table.
OwnTable TokenizeChecked(TokenizeTable tokenize, const uint8_t* text, size_t length, bool sizes);

// Offset of the beginning of the line of a row.
size_t LineOfRow(const MappingTable& table, size_t row, const uint8_t* text);

}  // namespace tidemark::fuzz
