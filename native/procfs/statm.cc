#include "statm.h"

#include "digits.h"

namespace tidemark {

bool TokenizeStatm(const uint8_t* bytes, size_t length, uint64_t* out) {
  size_t at = 0;
  for (int field = 0; field < kStatmFields; field++) {
    if (field > 0) {
      if (at >= length || bytes[at] != ' ') return false;
      at++;
    }
    size_t end = Decimal(bytes, at, length, &out[field]);
    if (end == at) return false;
    at = end;
  }
  return at == length || bytes[at] == '\n';
}

}  // namespace tidemark
