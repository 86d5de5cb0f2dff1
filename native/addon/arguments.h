// What the addon's functions accept. They are called by src/engine/native-binding.ts only, so a wrong argument is our
// own mistake: it throws a TypeError that says what was expected, and never reaches memory.
#pragma once

#include <napi.h>

#include <cstdint>

#include "../procfs/padding.h"

namespace tidemark {

// Throws once: a second exception while one is pending would end the process.
inline bool Refuse(Napi::Env env, const char* sentence) {
  if (env.IsExceptionPending()) return false;
  Napi::TypeError::New(env, sentence).ThrowAsJavaScriptException();
  return false;
}

template <typename T>
constexpr napi_typedarray_type kArrayType = napi_uint8_array;
template <>
inline constexpr napi_typedarray_type kArrayType<int32_t> = napi_int32_array;
template <>
inline constexpr napi_typedarray_type kArrayType<uint32_t> = napi_uint32_array;
template <>
inline constexpr napi_typedarray_type kArrayType<int64_t> = napi_bigint64_array;
template <>
inline constexpr napi_typedarray_type kArrayType<uint64_t> = napi_biguint64_array;
template <>
inline constexpr napi_typedarray_type kArrayType<double> = napi_float64_array;

// A typed array argument with at least `least` elements. One over shared memory is refused: its address is not told.
template <typename T>
bool TakeArray(const Napi::Value& value, size_t least, T** data, size_t* length, const char* sentence) {
  if (!value.IsTypedArray()) return Refuse(value.Env(), sentence);
  Napi::TypedArray array = value.As<Napi::TypedArray>();
  if (array.TypedArrayType() != kArrayType<T> || array.ElementLength() < least ||
      !array.ArrayBuffer().IsArrayBuffer()) {
    return Refuse(value.Env(), sentence);
  }
  *data = reinterpret_cast<T*>(static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset());
  if (length) *length = array.ElementLength();
  return true;
}

// A whole number from 0 to `most`; anything else is -1.
inline int64_t TakeIndex(const Napi::Value& value, int64_t most) {
  if (!value.IsNumber()) return -1;
  double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= 0) || number > static_cast<double>(most)) return -1;
  int64_t index = static_cast<int64_t>(number);
  return static_cast<double>(index) == number ? index : -1;
}

inline bool TakeInstant(const Napi::Value& value, int64_t* out) {
  if (!value.IsBigInt()) return Refuse(value.Env(), "Expected a bigint of monotonic nanoseconds");
  bool lossless;
  *out = value.As<Napi::BigInt>().Int64Value(&lossless);
  return true;
}

// Arguments 0 and 1: a text in a padded buffer.
inline bool TakeText(const Napi::CallbackInfo& info, const uint8_t** bytes, size_t* length) {
  constexpr const char* kSentence = "Expected a Uint8Array with 64 bytes of padding after the text, and its length";
  static_assert(kPadding == 64, "the sentence above names it");
  uint8_t* data = nullptr;
  size_t available = 0;
  if (!TakeArray(info[0], 0, &data, &available, kSentence)) return false;
  int64_t wanted = TakeIndex(info[1], static_cast<int64_t>(available) - int64_t{kPadding});
  if (wanted < 0) return Refuse(info.Env(), kSentence);
  *bytes = data;
  *length = static_cast<size_t>(wanted);
  return true;
}

}  // namespace tidemark
