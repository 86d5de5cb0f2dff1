#include "mapping_table.h"

#include <vector>

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

  std::vector<uint8_t> memory(MappingTable::Bytes(capacity));
  MappingTable table(memory.data(), capacity);
  auto offset = [&](const void* place) {
    return static_cast<size_t>(static_cast<const uint8_t*>(place) - memory.data());
  };
  for (int c = 0; c < kAddressColumns; c++) *out++ = {kAddressNames[c], "u64", offset(table.addresses + c * capacity)};
  for (int c = 0; c < kSmapsColumns; c++) *out++ = {kSmapsKeys[c].name, "f64", offset(table.sizes + c * capacity)};
  for (int c = 0; c < kWordColumns; c++) *out++ = {kWordNames[c], "u32", offset(table.words + c * capacity)};
  for (int c = 0; c < kOtherColumns; c++) *out++ = {kOtherNames[c], "u32", offset(table.others + c * capacity)};
  *out = {"perms", "u8", offset(table.perms)};
}

}  // namespace tidemark
