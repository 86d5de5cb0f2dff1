// The sweep over texts as a function of the addon.
#pragma once

#include <napi.h>

namespace tidemark {

void ExportTextSweep(Napi::Env env, Napi::Object exports);

}  // namespace tidemark
