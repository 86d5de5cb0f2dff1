// What the addon's functions accept. They are called by src/engine/native-binding.ts only, so a wrong argument is our
// own mistake: it throws a TypeError that says what was expected, and never reaches memory.
#pragma once

#include <napi.h>

#include <cstdint>

#include "../procfs/padding.h"

namespace tidemark {

inline bool Refuse(Napi::Env env, const char* sentence) {
  Napi::TypeError::New(env, sentence).ThrowAsJavaScriptException();
  return false;
}

// A typed array argument with at least `least` elements.
template <typename T>
bool TakeArray(const Napi::Value& value, size_t least, T** data, size_t* length, const char* sentence) {
  if (!value.IsTypedArray()) return Refuse(value.Env(), sentence);
  Napi::TypedArray array = value.As<Napi::TypedArray>();
  if (array.ElementSize() != sizeof(T) || array.ElementLength() < least) return Refuse(value.Env(), sentence);
  *data = reinterpret_cast<T*>(static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset());
  if (length) *length = array.ElementLength();
  return true;
}

// Arguments 0 and 1: a text in a padded buffer.
inline bool TakeText(const Napi::CallbackInfo& info, const uint8_t** bytes, size_t* length) {
  constexpr const char* kSentence = "Expected a Uint8Array with 64 bytes of padding after the text, and its length";
  static_assert(kPadding == 64, "the sentence above names it");
  uint8_t* data = nullptr;
  size_t available = 0;
  if (!info[1].IsNumber() || !TakeArray(info[0], 0, &data, &available, kSentence)) return Refuse(info.Env(), kSentence);
  double wanted = info[1].As<Napi::Number>().DoubleValue();
  if (!(wanted >= 0) || wanted + kPadding > static_cast<double>(available)) return Refuse(info.Env(), kSentence);
  *bytes = data;
  *length = static_cast<size_t>(wanted);
  return true;
}

}  // namespace tidemark
