// /proc/PID/status: one "Key:<tab>value" line per fact. Twin of src/procfs/status.ts, which explains the traps.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidemark {

struct StatusKey {
  const char* key;
  bool kilobytes;
};
constexpr StatusKey kStatusKeys[] = {
    {"Tgid", false},
    {"Ngid", false},
    {"Pid", false},
    {"PPid", false},
    {"TracerPid", false},
    {"FDSize", false},
    {"VmPeak", true},
    {"VmSize", true},
    {"VmLck", true},
    {"VmPin", true},
    {"VmHWM", true},
    {"VmRSS", true},
    {"RssAnon", true},
    {"RssFile", true},
    {"RssShmem", true},
    {"VmData", true},
    {"VmStk", true},
    {"VmExe", true},
    {"VmLib", true},
    {"VmPTE", true},
    {"VmSwap", true},
    {"HugetlbPages", true},
    {"Threads", false},
    {"voluntary_ctxt_switches", false},
    {"nonvoluntary_ctxt_switches", false},
};
constexpr int kStatusFields = sizeof kStatusKeys / sizeof kStatusKeys[0];
constexpr uint32_t kMaxStatusOthers = 256;
constexpr int kStatusOtherWords = 4;

// Fills `fields[kStatusFields]` (NaN where absent), `others[kMaxStatusOthers * kStatusOtherWords]` and `counts[2]` from
// a padded text; false when not one line of it is "Key:<blank>value".
bool TokenizeStatus(const uint8_t* bytes, size_t length, double* fields, uint32_t* others, uint32_t* counts);

}  // namespace tidemark
