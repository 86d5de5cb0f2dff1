#include "mapping_table.h"

namespace tidemark {

MappingTable::MappingTable(uint8_t* memory, size_t rows)
    : capacity(rows),
      header(reinterpret_cast<uint32_t*>(memory)),
      addresses(reinterpret_cast<uint64_t*>(memory + kHeaderWords * 4)),
      sizes(reinterpret_cast<double*>(addresses + kAddressColumns * rows)),
      words(reinterpret_cast<uint32_t*>(sizes + kSmapsColumns * rows)),
      others(words + kWordColumns * rows),
      perms(reinterpret_cast<uint8_t*>(others + kOtherColumns * rows)) {}

void DescribeTable(size_t capacity, ColumnPlace* out) {
  static constexpr const char* kAddressNames[] = {"start", "end", "offset", "inode"};
  static constexpr const char* kWordNames[] = {"nameStart",   "nameLength",  "flagsStart", "flagsLength",
                                               "deviceMajor", "deviceMinor", "firstOther", "otherCount"};
  static constexpr const char* kOtherNames[] = {"keyStart", "keyLength", "valueStart", "valueLength"};
  static_assert(sizeof kAddressNames / sizeof *kAddressNames == kAddressColumns, "one name per address column");
  static_assert(sizeof kWordNames / sizeof *kWordNames == kWordColumns, "one name per word column");
  static_assert(sizeof kOtherNames / sizeof *kOtherNames == kOtherColumns, "one name per column of unknown fields");

  // Of a table of no rows, one column behind the other, so that the layout is told without the memory of a table.
  size_t at = kHeaderWords * 4;
  auto tell = [&](const char* name, const char* type, size_t width) {
    *out++ = {name, type, at};
    at += width * capacity;
  };
  for (const char* name : kAddressNames) tell(name, "u64", 8);
  for (const SmapsKey& key : kSmapsKeys) tell(key.name, "f64", 8);
  for (const char* name : kWordNames) tell(name, "u32", 4);
  for (const char* name : kOtherNames) tell(name, "u32", 4);
  tell("perms", "u8", 1);
}

}  // namespace tidemark
