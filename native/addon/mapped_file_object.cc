#include "mapped_file_object.h"

#include <cerrno>

#include "arguments.h"

namespace tidemark {
namespace {

constexpr int64_t kOffsetMost = int64_t{1} << 53;

Napi::Value Number(Napi::Env env, int value) { return Napi::Number::New(env, value); }

}  // namespace

void MappedFileObject::Export(Napi::Env env, Napi::Object exports) {
  exports.Set(
      "MappedFile",
      DefineClass(
          env, "MappedFile",
          {InstanceMethod<&MappedFileObject::Error>("error"), InstanceMethod<&MappedFileObject::Write>("write"),
           InstanceMethod<&MappedFileObject::Commit>("commit"), InstanceMethod<&MappedFileObject::Settle>("settle"),
           InstanceMethod<&MappedFileObject::Gather>("gather"), InstanceMethod<&MappedFileObject::Kick>("kick"),
           InstanceMethod<&MappedFileObject::TakeError>("takeError"),
           InstanceMethod<&MappedFileObject::Close>("close")}));
}

// (fd, bytes, periodMs): maps the file; `error` says whether that was possible
MappedFileObject::MappedFileObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<MappedFileObject>(info) {
  int64_t fd = TakeIndex(info[0], INT32_MAX);
  int64_t bytes = TakeIndex(info[1], kOffsetMost);
  int64_t period_ms = TakeIndex(info[2], 3600000);
  if (fd < 0 || bytes < 0 || period_ms < 1) {
    Refuse(info.Env(), "Expected a descriptor, a number of bytes and a period in milliseconds");
    return;
  }
  error_ = MappedFile::Open(static_cast<int>(fd), static_cast<uint64_t>(bytes), period_ms, &file_);
}

// () -> 0, or the negative errno with which the file could not be mapped
Napi::Value MappedFileObject::Error(const Napi::CallbackInfo& info) { return Number(info.Env(), error_); }

// (at, bytes, from, length) -> 0 or a negative errno
Napi::Value MappedFileObject::Write(const Napi::CallbackInfo& info) {
  uint8_t* bytes = nullptr;
  size_t available = 0;
  int64_t at = TakeIndex(info[0], kOffsetMost);
  int64_t from = TakeIndex(info[2], kOffsetMost);
  int64_t length = TakeIndex(info[3], kOffsetMost);
  constexpr const char* kSentence = "Expected an offset, a Uint8Array, and a part of it";
  if (!TakeArray(info[1], 0, &bytes, &available, kSentence)) return info.Env().Undefined();
  if (at < 0 || from < 0 || length < 0 || static_cast<uint64_t>(from) + static_cast<uint64_t>(length) > available) {
    Refuse(info.Env(), kSentence);
    return info.Env().Undefined();
  }
  if (!file_) return Number(info.Env(), -EBADF);
  return Number(info.Env(), file_->Write(static_cast<uint64_t>(at), bytes + from, static_cast<size_t>(length)));
}

// (at, length, crc) -> 0 or a negative errno
Napi::Value MappedFileObject::Commit(const Napi::CallbackInfo& info) {
  int64_t at = TakeIndex(info[0], kOffsetMost);
  int64_t length = TakeIndex(info[1], UINT32_MAX);
  int64_t crc = TakeIndex(info[2], UINT32_MAX);
  if (at < 0 || length < 0 || crc < 0) {
    Refuse(info.Env(), "Expected an offset and two words");
    return info.Env().Undefined();
  }
  if (!file_) return Number(info.Env(), -EBADF);
  return Number(info.Env(),
                file_->Commit(static_cast<uint64_t>(at), static_cast<uint32_t>(length), static_cast<uint32_t>(crc)));
}

// () -> 0 when all is in the file, or a negative errno
Napi::Value MappedFileObject::Settle(const Napi::CallbackInfo& info) {
  return Number(info.Env(), file_ ? file_->Settle() : 0);
}

// (gathers): whether what is committed from now on is stored together, when that ends
void MappedFileObject::Gather(const Napi::CallbackInfo& info) {
  if (file_) file_->Gather(info[0].ToBoolean());
}

void MappedFileObject::Kick(const Napi::CallbackInfo&) {
  if (file_) file_->Kick();
}

// () -> the errno of a flush that failed, or 0
Napi::Value MappedFileObject::TakeError(const Napi::CallbackInfo& info) {
  return Number(info.Env(), file_ ? file_->TakeError() : 0);
}

void MappedFileObject::Close(const Napi::CallbackInfo&) { file_.reset(); }

}  // namespace tidemark
