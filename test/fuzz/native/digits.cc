// The numbers of native/procfs/digits.h against those of the standard library.
#include "../../../native/procfs/digits.h"

#include "hold.h"
#include "padded_text.h"
#include "plain_numbers.h"
#include "targets.h"

namespace tidemark::fuzz {

void Digits(const uint8_t* input, size_t length) {
  PaddedText text(input, length, PaddingFor(input, length));
  const uint8_t* bytes = text.bytes();
  for (size_t at = 0; at <= length; at += 1 + at / 4) {
    uint64_t value = 0;
    PlainNumber plain = PlainUnsigned(bytes, at, length, 10);
    Hold(Decimal(bytes, at, length, &value) == plain.end, "a decimal ends where its digits end");
    Hold(value == plain.value, "a decimal is its digits, saturated");
    plain = PlainUnsigned(bytes, at, length, 16);
    Hold(Hex(bytes, at, length, &value) == plain.end, "a hexadecimal ends where its digits end");
    Hold(value == plain.value, "a hexadecimal is its digits, saturated");
    plain = PlainSigned(bytes, at, length);
    Hold(Signed(bytes, at, length, &value) == plain.end, "a signed number ends where its digits end");
    if (plain.end > at) Hold(value == plain.value, "a signed number is its digits, saturated, in two's complement");
  }
}

}  // namespace tidemark::fuzz
