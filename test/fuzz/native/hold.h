// What a target says must hold: on a breach the process ends, and libFuzzer keeps the input.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace tidemark::fuzz {

inline void Hold(bool holds, const char* sentence) {
  if (holds) return;
  std::fprintf(stderr, "DOES NOT HOLD: %s\n", sentence);
  std::abort();
}

}  // namespace tidemark::fuzz
