// Registers the comparison of the memory maps of two processes.
#pragma once

#include <napi.h>

namespace tidemark {

void ExportSameMemory(Napi::Env env, Napi::Object exports);

}  // namespace tidemark
