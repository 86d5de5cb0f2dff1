// Starting a program beside this one.
#pragma once

#include <napi.h>

namespace tidemark {

void ExportStartProcess(Napi::Env env, Napi::Object exports);

}  // namespace tidemark
