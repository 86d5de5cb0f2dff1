#include "guarded_file.h"

#include <cstring>
#include <string>

#include "../sweep/guarded_file.h"
#include "arguments.h"

namespace tidemark {
namespace {

constexpr int64_t kMost = int64_t{1} << 32;

struct Request {
  std::string path;
  size_t most = 0;
};

// The first two arguments of a call; false when they were refused.
bool TakeRequest(const Napi::CallbackInfo& info, Request* request) {
  int64_t most = TakeIndex(info[1], kMost);
  if (!info[0].IsString() || most < 1) {
    Refuse(info.Env(), "Expected the path of a file and how many bytes of it to read at most");
    return false;
  }
  request->path = info[0].As<Napi::String>().Utf8Value();
  request->most = static_cast<size_t>(most);
  return true;
}

// What was read, or the negative errno.
Napi::Value ResultOf(Napi::Env env, const FileRead& read) {
  if (read.length() < 0) return Napi::Number::New(env, static_cast<double>(read.length()));
  size_t length = static_cast<size_t>(read.length());
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, length);
  // In a worker that is being ended none is made, and no exception is pending either.
  if (buffer.IsEmpty() || env.IsExceptionPending()) return env.Undefined();
  if (length > 0) std::memcpy(buffer.Data(), read.bytes(), length);
  return Napi::Uint8Array::New(env, length, buffer, 0);
}

// (path, most) -> the bytes of the file, up to `most`, or the negative errno; -ETIMEDOUT when it did not
// answer in time
Napi::Value Read(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Request request;
  if (!TakeRequest(info, &request)) return env.Undefined();
  int error = 0;
  auto read = ReadGuarded(request.path, request.most, &error);
  if (!read) return Napi::Number::New(env, -error);
  return ResultOf(env, *read);
}

using Handle = std::shared_ptr<FileRead>;

// (path, most) -> a handle for takeGuarded, or the negative errno
Napi::Value Begin(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Request request;
  if (!TakeRequest(info, &request)) return env.Undefined();
  int error = 0;
  auto read = BeginGuarded(request.path, request.most, &error);
  if (!read) return Napi::Number::New(env, -error);
  return Napi::External<Handle>::New(env, new Handle(std::move(read)), [](Napi::Env, Handle* old) { delete old; });
}

// (handle, stop: bigint), until there is a result -> the bytes, the negative errno, or undefined when it is not over at
// the monotonic time `stop`
Napi::Value Take(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int64_t stop_ns = 0;
  if (!TakeInstant(info[1], &stop_ns)) return env.Undefined();
  if (!info[0].IsExternal()) {
    Refuse(env, "Expected a handle of beginGuarded");
    return env.Undefined();
  }
  Handle& handle = *info[0].As<Napi::External<Handle>>().Data();
  if (!handle) {
    Refuse(env, "What this handle is of has been taken");
    return env.Undefined();
  }
  int error = 0;
  if (!TakeGuarded(handle, stop_ns, &error)) return env.Undefined();
  // Its buffer must not wait for the collector, which sees a small object.
  const Handle read = std::move(handle);
  if (error != 0) return Napi::Number::New(env, -error);
  return ResultOf(env, *read);
}

}  // namespace

void ExportGuardedFile(Napi::Env env, Napi::Object exports) {
  exports.Set("readGuarded", Napi::Function::New<Read>(env, "readGuarded"));
  exports.Set("beginGuarded", Napi::Function::New<Begin>(env, "beginGuarded"));
  exports.Set("takeGuarded", Napi::Function::New<Take>(env, "takeGuarded"));
}

}  // namespace tidemark
