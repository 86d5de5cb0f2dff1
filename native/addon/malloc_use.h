// What malloc of this process says of itself.
#pragma once

#include <napi.h>

namespace tidemark {

void ExportMallocUse(Napi::Env env, Napi::Object exports);

}  // namespace tidemark
