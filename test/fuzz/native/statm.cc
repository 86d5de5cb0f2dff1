// statm against the numbers of the standard library.
#include "../../../native/procfs/statm.h"

#include "hold.h"
#include "padded_text.h"
#include "plain_numbers.h"
#include "targets.h"

namespace tidemark::fuzz {
namespace {

bool PlainStatm(const uint8_t* bytes, size_t length, uint64_t* fields) {
  size_t at = 0;
  for (int field = 0; field < kStatmFields; field++) {
    if (field > 0 && (at == length || bytes[at++] != ' ')) return false;
    PlainNumber number = PlainUnsigned(bytes, at, length, 10);
    if (number.end == at) return false;
    fields[field] = number.value;
    at = number.end;
  }
  return at == length || bytes[at] == '\n';
}

}  // namespace

void Statm(const uint8_t* input, size_t length) {
  PaddedText text(input, length, PaddingFor(input, length));
  uint64_t plain[kStatmFields];
  uint64_t fields[kStatmFields];
  const bool accepted = TokenizeStatm(text.bytes(), length, fields);
  Hold(accepted == PlainStatm(input, length, plain), "statm is seven numbers and nothing else");
  for (int field = 0; accepted && field < kStatmFields; field++) {
    Hold(fields[field] == plain[field], "a field of statm is its digits");
  }
}

}  // namespace tidemark::fuzz
