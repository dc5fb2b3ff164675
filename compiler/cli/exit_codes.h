// What the shell gets back from every command.
#pragma once

namespace sparsec::cli {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,     // something the user can mend, told in one line: a file, a model, an option's value
  kUsage = 2,      // a command line that makes no sense
  kInternal = 70,  // a bug of ours
};

}  // namespace sparsec::cli
