// Why the kernel did not take a program, in half a sentence.
#pragma once

#include <string>

namespace tidemark {

// `error` is a negative errno, `log` what the verifier wrote, which may be nothing.
std::string RefusalOf(int error, const char* log);

}  // namespace tidemark
