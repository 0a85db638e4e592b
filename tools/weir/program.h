#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace weir {

// The end of another program.
struct ProgramResult {
  int status = 0;      // its exit code; 128 and more: the signal that ended it
  std::string output;  // of both standard output and standard error
};

// The path of a program in the folders of the system, whatever PATH says; empty: it is not there.
std::string systemProgram(const std::string& name);

// Runs a program, without a shell and with an empty environment, and waits for its end. `input` is
// its standard input.
Result<ProgramResult> runProgram(const std::string& path, const std::vector<std::string>& arguments,
                                 const std::string& input);

}  // namespace weir
