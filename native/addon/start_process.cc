#include "start_process.h"

#include <string>
#include <vector>

#include "../sweep/start_process.h"
#include "arguments.h"

namespace tidemark {
namespace {

// Texts of an array, as a program is given them; they live as long as this.
class Texts {
 public:
  explicit Texts(const Napi::Array& from) {
    for (uint32_t at = 0; at < from.Length(); at++) {
      Napi::Value text = from[at];
      texts_.push_back(text.ToString());
    }
    for (std::string& text : texts_) places_.push_back(text.data());
    places_.push_back(nullptr);
  }

  char* const* data() const { return places_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> places_;
};

// (file: string, arguments: string[], environment: string[], out: Int32Array(2)) -> 0 or a negative errno: starts a
// program, and fills in its pid and a descriptor, the other end of which is its descriptor 3
Napi::Value Start(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int32_t* out = nullptr;
  if (!info[0].IsString() || !info[1].IsArray() || !info[2].IsArray()) {
    Refuse(env, "Expected a file, its arguments and its environment");
    return env.Undefined();
  }
  if (!TakeArray(info[3], 2, &out, nullptr, "Expected an Int32Array of two")) return env.Undefined();
  const std::string file = info[0].As<Napi::String>();
  const Texts arguments(info[1].As<Napi::Array>());
  const Texts environment(info[2].As<Napi::Array>());
  int line = -1;
  const int pid = StartProcess(file.c_str(), arguments.data(), environment.data(), &line);
  if (pid < 0) return Napi::Number::New(env, pid);
  out[0] = pid;
  out[1] = line;
  return Napi::Number::New(env, 0);
}

// (pid, out: Int32Array(1)) -> number: 0 while it lives, 1 once it has ended with the wait status that is filled in,
// else a negative errno
Napi::Value End(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const int64_t pid = TakeIndex(info[0], INT32_MAX);
  int32_t* out = nullptr;
  if (pid < 1) {
    Refuse(env, "Expected a pid");
    return env.Undefined();
  }
  if (!TakeArray(info[1], 1, &out, nullptr, "Expected an Int32Array of one")) return env.Undefined();
  return Napi::Number::New(env, EndOfProcess(static_cast<int>(pid), out));
}

}  // namespace

void ExportStartProcess(Napi::Env env, Napi::Object exports) {
  exports.Set("startProcess", Napi::Function::New<Start>(env, "startProcess"));
  exports.Set("processEnd", Napi::Function::New<End>(env, "processEnd"));
}

}  // namespace tidemark
