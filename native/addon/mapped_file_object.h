// The class `MappedFile` as JavaScript sees it: a thin skin over native/ring/mapped_file.h.
#pragma once

#include <napi.h>

#include <memory>

#include "../ring/mapped_file.h"

namespace tidemark {

class MappedFileObject : public Napi::ObjectWrap<MappedFileObject> {
 public:
  static void Export(Napi::Env env, Napi::Object exports);
  explicit MappedFileObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value Error(const Napi::CallbackInfo& info);
  Napi::Value Write(const Napi::CallbackInfo& info);
  Napi::Value Commit(const Napi::CallbackInfo& info);
  Napi::Value Settle(const Napi::CallbackInfo& info);
  void Gather(const Napi::CallbackInfo& info);
  void Kick(const Napi::CallbackInfo& info);
  Napi::Value TakeError(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  std::unique_ptr<MappedFile> file_;
  int error_ = 0;
};

}  // namespace tidemark
