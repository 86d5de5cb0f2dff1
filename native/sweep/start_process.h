// Starting a program beside this one, with a line to it.
#pragma once

namespace tidemark {

// Starts `file` with nothing to read and nowhere to write but standard error, and a stream socket as its descriptor 3,
// whose other end is `*line`. Returns its pid, or a negative errno.
int StartProcess(const char* file, char* const* arguments, char* const* environment, int* line);

// 0 while the process that was started lives; 1 once it has ended, with its wait status in `*status`; else a negative
// errno: -ECHILD when somebody else has asked before.
int EndOfProcess(int pid, int* status);

}  // namespace tidemark
