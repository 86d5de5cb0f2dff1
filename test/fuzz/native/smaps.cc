// smaps and smaps_rollup. What a line means must not depend on the records before it: the tokenizer guesses the next
// key from them, and a text that begins at a later record has nothing to guess from.
#include "../../../native/procfs/smaps.h"

#include <cmath>

#include "../../../native/procfs/smaps_rollup.h"
#include "hold.h"
#include "own_table.h"
#include "targets.h"

namespace tidemark::fuzz {
namespace {

// Splits the text at a row and holds both pieces against the whole.
void CheckSplit(MappingTable& whole, size_t row, const uint8_t* input, size_t length) {
  const size_t rows = whole.header[kRows];
  const size_t cut = LineOfRow(whole, row, input);
  OwnTable first(RoomFor(input, cut), 0x11), second(RoomFor(input + cut, length - cut), 0x22);
  TokenizeSmaps(PaddedText(input, cut, 1).bytes(), cut, *first);
  TokenizeSmaps(PaddedText(input + cut, length - cut, 2).bytes(), length - cut, *second);
  Hold(first->header[kRows] == row && second->header[kRows] == rows - row, "two pieces have the rows of the whole");
  Hold(whole.header[kMalformedLines] == first->header[kMalformedLines] + second->header[kMalformedLines],
       "and its wrong lines");
  CheckSameRows(whole, 0, *first, 0, row, 0, true);
  CheckSameRows(whole, row, *second, 0, rows - row, cut, true);
}

}  // namespace

void Smaps(const uint8_t* input, size_t length) {
  OwnTable whole = TokenizeChecked(TokenizeSmaps, input, length, true);
  const size_t rows = whole->header[kRows];
  if (rows == 0) return;
  CheckSplit(*whole, rows / 2, input, length);
  if (rows > 2) CheckSplit(*whole, rows - 1, input, length);
}

void SmapsRollup(const uint8_t* input, size_t length) {
  OwnTable whole = TokenizeChecked(TokenizeSmaps, input, length, true);
  OwnTable table(RoomFor(input, length), 0x44);
  PaddedText text(input, length, 3);
  const bool accepted = TokenizeSmapsRollup(text.bytes(), length, *table);
  Hold(accepted == (whole->header[kRows] == 1), "a rollup is one record");
  if (!accepted) return;
  CheckSameRows(*whole, 0, *table, 0, 1, 0, true);
  for (const RollupColumn& column : kRollupColumns) {
    const double value = RollupValue(*table, column);
    Hold(std::isnan(value) || value >= 0, "a column of a rollup is a number that is not negative");
  }
}

}  // namespace tidemark::fuzz
