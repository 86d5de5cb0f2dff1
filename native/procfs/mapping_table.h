// The columns that maps, smaps and smaps_rollup are tokenized into: a struct of arrays in one block of memory that the
// caller owns. Twin of src/procfs/mapping-table.ts: the order of the columns there is the layout, and the addon's list
// is compared with it when it is loaded.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidemark {

enum HeaderWord { kRows, kOthers, kFull, kUnterminated, kMalformedLines, kFirstMalformed };
constexpr size_t kHeaderWords = 16;

enum AddressColumn { kStart, kEnd, kOffset, kInode, kAddressColumns };

struct SmapsKey {
  const char* key;   // as the kernel prints it
  const char* name;  // as the schema has it
  bool plain;        // a bare number, not kB
};
constexpr SmapsKey kSmapsKeys[] = {
    {"Size", "size", false},
    {"KernelPageSize", "kernelPageSize", false},
    {"MMUPageSize", "mmuPageSize", false},
    {"Rss", "rss", false},
    {"Pss", "pss", false},
    {"Pss_Dirty", "pssDirty", false},
    {"Pss_Anon", "pssAnon", false},
    {"Pss_File", "pssFile", false},
    {"Pss_Shmem", "pssShmem", false},
    {"Shared_Clean", "sharedClean", false},
    {"Shared_Dirty", "sharedDirty", false},
    {"Private_Clean", "privateClean", false},
    {"Private_Dirty", "privateDirty", false},
    {"Referenced", "referenced", false},
    {"Anonymous", "anonymous", false},
    {"KSM", "ksm", false},
    {"LazyFree", "lazyFree", false},
    {"AnonHugePages", "anonHugePages", false},
    {"ShmemPmdMapped", "shmemPmdMapped", false},
    {"FilePmdMapped", "filePmdMapped", false},
    {"Shared_Hugetlb", "sharedHugetlb", false},
    {"Private_Hugetlb", "privateHugetlb", false},
    {"Swap", "swap", false},
    {"SwapPss", "swapPss", false},
    {"Locked", "locked", false},
    {"THPeligible", "thpEligible", true},
    {"ProtectionKey", "protectionKey", true},
};
constexpr int kSmapsColumns = sizeof kSmapsKeys / sizeof kSmapsKeys[0];

// Index of the size column of that schema name; kSmapsColumns when there is none.
constexpr int SmapsColumn(const char* name) {
  for (int column = 0; column < kSmapsColumns; column++) {
    const char* a = kSmapsKeys[column].name;
    const char* b = name;
    while (*a && *a == *b) a++, b++;
    if (*a == *b) return column;
  }
  return kSmapsColumns;
}

enum WordColumn {
  kNameStart,
  kNameLength,
  kFlagsStart,
  kFlagsLength,
  kDeviceMajor,
  kDeviceMinor,
  kFirstOther,
  kOtherCount,
  kWordColumns
};
enum OtherColumn { kKeyStart, kKeyLength, kValueStart, kValueLength, kOtherColumns };

constexpr uint32_t kNoSpan = 0xffffffff;
enum Permission { kRead = 1, kWrite = 2, kExecute = 4, kShared = 8 };

// Views into one table. `capacity` rows and as many unknown fields; a multiple of 8.
struct MappingTable {
  size_t capacity;
  uint32_t* header;
  uint64_t* addresses;  // column c at addresses + c * capacity
  double* sizes;        // column c at sizes + c * capacity
  uint32_t* words;
  uint32_t* others;
  uint8_t* perms;

  MappingTable(uint8_t* memory, size_t rows);
  static constexpr size_t Bytes(size_t capacity) {
    return kHeaderWords * 4 +
           capacity * (8 * kAddressColumns + 8 * kSmapsColumns + 4 * kWordColumns + 4 * kOtherColumns + 1);
  }
};

struct ColumnPlace {
  const char* name;
  const char* type;
  size_t byte_offset;
};
constexpr int kTableColumns = kAddressColumns + kSmapsColumns + kWordColumns + kOtherColumns + 1;

// Where each column lies in a table for `capacity` rows: `out[kTableColumns]`.
void DescribeTable(size_t capacity, ColumnPlace* out);

}  // namespace tidemark
