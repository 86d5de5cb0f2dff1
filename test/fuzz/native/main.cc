// One program for all targets, since what they link is the same: FUZZ_TARGET says which one it is.
#include <cstdlib>
#include <cstring>

#include "targets.h"

namespace {

using Target = void (*)(const uint8_t*, size_t);

struct Named {
  const char* name;
  Target target;
};
constexpr Named kTargets[] = {
    {"breaks", tidemark::fuzz::Breaks},   {"digits", tidemark::fuzz::Digits},
    {"loadavg", tidemark::fuzz::Loadavg}, {"maps", tidemark::fuzz::Maps},
    {"smaps", tidemark::fuzz::Smaps},     {"smaps_rollup", tidemark::fuzz::SmapsRollup},
    {"stat", tidemark::fuzz::Stat},       {"stat_rows", tidemark::fuzz::StatRows},
    {"statm", tidemark::fuzz::Statm},     {"status", tidemark::fuzz::Status},
};

Target chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* wanted = std::getenv("FUZZ_TARGET");
  for (const Named& one : kTargets) {
    if (wanted && std::strcmp(wanted, one.name) == 0) chosen = one.target;
  }
  // Not the exit code of a finding.
  if (!chosen) std::_Exit(2);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* text, size_t length) {
  chosen(text, length);
  return 0;
}
