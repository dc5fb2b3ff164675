// What the shell gets back from every command.
#pragma once

#include <stdexcept>

namespace sparsec::cli {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,     // something the user can mend, told in one line: a file, a model, what this machine can't do
  kUsage = 2,      // a command line that makes no sense, whatever the files hold that it names
  kInternal = 70,  // a bug of ours
};

// A command line that makes no sense; main adds where to read more.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace sparsec::cli
