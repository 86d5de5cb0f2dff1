// The `stat` of many processes at once, as numbers: for a list that shows all of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "stat.h"

namespace tidemark {

// Words of a row: fields in the text (0: it is in no known form), byte of the state, where the name begins and ends.
constexpr size_t kStatRowWords = 4;

// Row r is `lengths[r * stride]` bytes at `starts[r * stride]`; a length that is not positive is no text. Fills
// kStatFields doubles for each row (0 for a field that the text does not have) and kStatRowWords words.
void TokenizeStatRows(const uint8_t* bytes, const uint32_t* starts, const int32_t* lengths, size_t stride, size_t rows,
                      double* numbers, uint32_t* words);

}  // namespace tidemark
