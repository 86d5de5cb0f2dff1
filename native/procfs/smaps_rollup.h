// /proc/PID/smaps_rollup: one record in the form of smaps. Twin of src/procfs/smaps-rollup.ts, which explains the
// traps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mapping_table.h"

namespace tidemark {

// The rollup columns of src/schema.ts, in its order, without the last one, which is the duration of the read.
struct RollupColumn {
  const char* name;
  int field;      // column of the table
  int plus = -1;  // a second one that is added
};
constexpr RollupColumn kRollupColumns[] = {
    {"pss", SmapsColumn("pss")},
    {"pssAnon", SmapsColumn("pssAnon")},
    {"pssFile", SmapsColumn("pssFile")},
    {"pssShmem", SmapsColumn("pssShmem")},
    {"pssDirty", SmapsColumn("pssDirty")},
    {"uss", SmapsColumn("privateClean"), SmapsColumn("privateDirty")},
    {"ussHugetlb", SmapsColumn("privateHugetlb")},
    {"swap", SmapsColumn("swap")},
    {"swapPss", SmapsColumn("swapPss")},
    {"referenced", SmapsColumn("referenced")},
    {"anonHugePages", SmapsColumn("anonHugePages")},
    {"locked", SmapsColumn("locked")},
};
constexpr int kRollupFields = sizeof kRollupColumns / sizeof kRollupColumns[0];

// Fills row 0 of the table from a padded text; false when the text is not one record.
bool TokenizeSmapsRollup(const uint8_t* bytes, size_t length, MappingTable& table);

// The value of a rollup column in bytes, from row 0; NaN where this kernel does not say.
inline double RollupValue(const MappingTable& table, const RollupColumn& column) {
  double value = table.sizes[column.field * table.capacity];
  return column.plus < 0 ? value : value + table.sizes[column.plus * table.capacity];
}

}  // namespace tidemark
