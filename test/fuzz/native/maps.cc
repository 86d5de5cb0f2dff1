// maps: each line is a row or is counted as none, whatever stands before and behind it.
#include "../../../native/procfs/maps.h"

#include <algorithm>

#include "hold.h"
#include "own_table.h"
#include "targets.h"

namespace tidemark::fuzz {

void Maps(const uint8_t* input, size_t length) {
  OwnTable whole = TokenizeChecked(TokenizeMaps, input, length, false);
  const size_t newlines = static_cast<size_t>(std::count(input, input + length, '\n'));
  const size_t rows = whole->header[kRows], wrong = whole->header[kMalformedLines];
  Hold(rows + wrong == newlines + whole->header[kUnterminated], "each line is a row or is wrong");

  const size_t cut = MiddleLine(input, length);
  OwnTable first(RoomFor(input, cut), 0x11), second(RoomFor(input + cut, length - cut), 0x22);
  TokenizeMaps(PaddedText(input, cut, 1).bytes(), cut, *first);
  TokenizeMaps(PaddedText(input + cut, length - cut, 2).bytes(), length - cut, *second);
  const size_t before = first->header[kRows], behind = second->header[kRows];
  Hold(rows == before + behind, "two pieces have the rows of the whole");
  Hold(wrong == first->header[kMalformedLines] + second->header[kMalformedLines], "and its wrong lines");
  CheckSameRows(*whole, 0, *first, 0, before, 0, false);
  CheckSameRows(*whole, before, *second, 0, behind, cut, false);
}

}  // namespace tidemark::fuzz
