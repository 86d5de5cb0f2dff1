// The tokenizers as functions that fill the caller's arrays.
#include "tokenizers.h"

#include "../procfs/maps.h"
#include "../procfs/smaps.h"
#include "../procfs/stat.h"
#include "../procfs/statm.h"
#include "../procfs/status.h"
#include "arguments.h"

namespace tidemark {
namespace {

// (bytes, length, table: ArrayBuffer, capacity)
template <void (*Tokenize)(const uint8_t*, size_t, MappingTable&)>
void IntoTable(const Napi::CallbackInfo& info) {
  constexpr const char* kSentence = "Expected the ArrayBuffer of a mapping table and its capacity";
  const uint8_t* bytes = nullptr;
  size_t length = 0;
  if (!TakeText(info, &bytes, &length)) return;
  if (!info[2].IsArrayBuffer()) {
    Refuse(info.Env(), kSentence);
    return;
  }
  Napi::ArrayBuffer memory = info[2].As<Napi::ArrayBuffer>();
  int64_t taken = TakeIndex(info[3], UINT32_MAX);
  size_t capacity = static_cast<size_t>(taken);
  if (taken < 1 || capacity % 8 != 0 || memory.ByteLength() != MappingTable::Bytes(capacity)) {
    Refuse(info.Env(), kSentence);
    return;
  }
  MappingTable table(static_cast<uint8_t*>(memory.Data()), capacity);
  Tokenize(bytes, length, table);
}

Napi::Value Statm(const Napi::CallbackInfo& info) {
  const uint8_t* bytes = nullptr;
  size_t length = 0;
  uint64_t* fields = nullptr;
  if (!TakeText(info, &bytes, &length) ||
      !TakeArray(info[2], kStatmFields, &fields, nullptr, "Expected a BigUint64Array for the fields of statm")) {
    return info.Env().Undefined();
  }
  return Napi::Boolean::New(info.Env(), TokenizeStatm(bytes, length, fields));
}

Napi::Value Stat(const Napi::CallbackInfo& info) {
  const uint8_t* bytes = nullptr;
  size_t length = 0;
  uint64_t* fields = nullptr;
  uint32_t* words = nullptr;
  if (!TakeText(info, &bytes, &length) ||
      !TakeArray(info[2], kStatFields, &fields, nullptr, "Expected a BigUint64Array for the fields of stat") ||
      !TakeArray(info[3], kStatWords, &words, nullptr, "Expected a Uint32Array for the words of stat")) {
    return info.Env().Undefined();
  }
  return Napi::Boolean::New(info.Env(), TokenizeStat(bytes, length, fields, words));
}

Napi::Value StatusFile(const Napi::CallbackInfo& info) {
  const uint8_t* bytes = nullptr;
  size_t length = 0;
  double* fields = nullptr;
  uint32_t* others = nullptr;
  uint32_t* counts = nullptr;
  if (!TakeText(info, &bytes, &length) ||
      !TakeArray(info[2], kStatusFields, &fields, nullptr, "Expected a Float64Array for the fields of status") ||
      !TakeArray(info[3], kMaxStatusOthers * kStatusOtherWords, &others, nullptr,
                 "Expected a Uint32Array for the other lines of status") ||
      !TakeArray(info[4], 2, &counts, nullptr, "Expected a Uint32Array of two counts")) {
    return info.Env().Undefined();
  }
  return Napi::Boolean::New(info.Env(), TokenizeStatus(bytes, length, fields, others, counts));
}

}  // namespace

void ExportTokenizers(Napi::Env env, Napi::Object exports) {
  exports.Set("tokenizeMaps", Napi::Function::New<IntoTable<TokenizeMaps>>(env, "tokenizeMaps"));
  exports.Set("tokenizeSmaps", Napi::Function::New<IntoTable<TokenizeSmaps>>(env, "tokenizeSmaps"));
  exports.Set("tokenizeStatm", Napi::Function::New<Statm>(env, "tokenizeStatm"));
  exports.Set("tokenizeStat", Napi::Function::New<Stat>(env, "tokenizeStat"));
  exports.Set("tokenizeStatus", Napi::Function::New<StatusFile>(env, "tokenizeStatus"));
}

}  // namespace tidemark
