// The two kinds of failure, never mixed.
//
// CompileError is the user's: a file, a node or an option that sparsec cannot take. Its message names the place, what
// is wrong and what would have worked, in one line. SPARSEC_CHECK is ours: a broken invariant, reported as an internal
// error.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace sparsec {

// What a user can mend. The message is one line and complete: "model.onnx: node /model.4/Conv (Conv): group=2 is
// unsupported; supported: 1".
class CompileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A bug in sparsec.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] inline void check_failed(const char* file, int line, const char* condition, std::string_view message) {
  throw InternalError(std::string("internal error: ") + file + ":" + std::to_string(line) + ": " + condition +
                      (message.empty() ? "" : ": ") + std::string(message));
}

}  // namespace sparsec

#define SPARSEC_CHECK(condition, message)                                               \
  do {                                                                                  \
    if (!(condition)) ::sparsec::check_failed(__FILE__, __LINE__, #condition, message); \
  } while (0)
