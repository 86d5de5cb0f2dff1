// The columns of the counters tier, in the order of src/schema.ts, checked when an addon is loaded.
#pragma once

namespace tidemark {

constexpr const char* kCounterColumns[] = {
    "rss",     "rssAnon",   "vsize",   "dataSize", "minorFaults", "majorFaults", "userTime",    "systemTime",
    "threads", "parentPid", "rssFile", "rssShmem", "swapAnon",    "pageTables",  "stackSize",   "lockedSize",
    "hwm",     "vsizePeak", "rssLow",  "rssHigh",  "uid",         "cgroupId",    "pidNamespace"};
constexpr int kCounterFields = sizeof kCounterColumns / sizeof kCounterColumns[0];

constexpr int kMemoryFields = 4;   // the first of them, which come from statm
constexpr int kProcfsFields = 10;  // those that statm and stat tell; the others are for engines that see more

}  // namespace tidemark
