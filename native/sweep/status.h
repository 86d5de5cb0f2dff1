// Why a row holds what it holds. The numbers are those of STATUSES in src/schema.ts, checked when the addon is loaded.
#pragma once

#include <cstdint>

namespace tidemark {

enum class Status : uint8_t { kOk, kDenied, kGone, kNoMm, kTimeout, kUnsupported, kNotDue, kLost };

constexpr const char* kStatusNames[] = {"ok", "denied", "gone", "no-mm", "timeout", "unsupported", "not-due", "lost"};

}  // namespace tidemark
