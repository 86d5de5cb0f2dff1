#include "kept_reads.h"

#include "../sweep/kept_reads.h"
#include "arguments.h"

namespace tidemark {
namespace {

constexpr int64_t kMostText = int64_t{1} << 30;

// (descriptors: Int32Array, count, most, bytes: Uint8Array, starts: Uint32Array, lengths: Int32Array) -> 0 or -errno
Napi::Value Read(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int32_t* descriptors = nullptr;
  size_t available = 0;
  SweptTexts texts{};
  if (!TakeArray(info[0], 0, &descriptors, &available, "Expected an Int32Array of descriptors")) return env.Undefined();
  const int64_t count = TakeIndex(info[1], static_cast<int64_t>(available));
  const int64_t most = TakeIndex(info[2], kMostText);
  if (count < 0 || most < 0) {
    Refuse(env, "Expected descriptors, their count and at most a gigabyte of each");
    return env.Undefined();
  }
  if (!TakeArray(info[3], kPadding, &texts.bytes, &texts.size, "Expected a buffer for texts") ||
      !TakeArray(info[4], static_cast<size_t>(count), &texts.starts, nullptr,
                 "Expected a Uint32Array for the starts") ||
      !TakeArray(info[5], static_cast<size_t>(count), &texts.lengths, nullptr,
                 "Expected an Int32Array for the lengths")) {
    return env.Undefined();
  }
  return Napi::Number::New(env, ReadKept(descriptors, static_cast<size_t>(count), static_cast<size_t>(most), texts));
}

}  // namespace

void ExportKeptReads(Napi::Env env, Napi::Object exports) {
  exports.Set("readKept", Napi::Function::New<Read>(env, "readKept"));
}

}  // namespace tidemark
