#include "guarded_file.h"

#include <cstring>

#include "../sweep/guarded_file.h"
#include "arguments.h"

namespace tidemark {
namespace {

// (path, most) -> the bytes of the file, up to `most`, or the negative errno; -ETIMEDOUT when it did not
// answer in time
Napi::Value Read(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int64_t most = TakeIndex(info[1], int64_t{1} << 32);
  if (!info[0].IsString() || most < 1) {
    Refuse(env, "Expected the path of a file and how many bytes of it to read at most");
    return env.Undefined();
  }
  int error = 0;
  auto read = ReadGuarded(info[0].As<Napi::String>().Utf8Value(), static_cast<size_t>(most), &error);
  if (!read) return Napi::Number::New(env, -error);
  if (read->length() < 0) return Napi::Number::New(env, static_cast<double>(read->length()));
  size_t length = static_cast<size_t>(read->length());
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, length);
  if (env.IsExceptionPending()) return env.Undefined();
  if (length > 0) std::memcpy(buffer.Data(), read->bytes().data(), length);
  return Napi::Uint8Array::New(env, length, buffer, 0);
}

}  // namespace

void ExportGuardedFile(Napi::Env env, Napi::Object exports) {
  exports.Set("readGuarded", Napi::Function::New<Read>(env, "readGuarded"));
}

}  // namespace tidemark
