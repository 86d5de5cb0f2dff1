// Reading ahead as JavaScript sees it: a thin skin over native/sweep/read_ahead.h.
#pragma once

#include <napi.h>

namespace tidemark {

void ExportReadAhead(Napi::Env env, Napi::Object exports);

}  // namespace tidemark
