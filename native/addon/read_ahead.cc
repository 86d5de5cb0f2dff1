#include "read_ahead.h"

#include <cerrno>
#include <new>

#include "../sweep/read_ahead.h"
#include "arguments.h"

namespace tidemark {
namespace {

constexpr int64_t kMostPiece = int64_t{1} << 30;

// (path, bytes of a piece) -> a handle, or the negative errno
Napi::Value Start(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int64_t piece_bytes = TakeIndex(info[1], kMostPiece);
  if (!info[0].IsString() || piece_bytes < 1) {
    Refuse(env, "Expected a path and the bytes of a piece");
    return env.Undefined();
  }
  auto* reader = new (std::nothrow) ReadAhead;
  if (reader == nullptr) return Napi::Number::New(env, -ENOMEM);
  int error = reader->Start(info[0].As<Napi::String>().Utf8Value(), static_cast<size_t>(piece_bytes));
  if (error != 0) {
    delete reader;
    return Napi::Number::New(env, -error);
  }
  return Napi::External<ReadAhead>::New(env, reader, [](Napi::Env, ReadAhead* old) { delete old; });
}

// (handle) -> the next piece as a Buffer, undefined at the end, or -ETIMEDOUT when nothing came in time
Napi::Value Take(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsExternal()) {
    Refuse(env, "Expected a handle of startReading");
    return env.Undefined();
  }
  ReadAhead::Piece piece;
  int error = info[0].As<Napi::External<ReadAhead>>().Data()->Take(&piece);
  if (error != 0) return Napi::Number::New(env, -error);
  if (piece.length == 0) return env.Undefined();
  return Napi::Buffer<uint8_t>::Copy(env, piece.bytes.get(), piece.length);
}

}  // namespace

void ExportReadAhead(Napi::Env env, Napi::Object exports) {
  exports.Set("startReading", Napi::Function::New<Start>(env, "startReading"));
  exports.Set("takePiece", Napi::Function::New<Take>(env, "takePiece"));
}

}  // namespace tidemark
