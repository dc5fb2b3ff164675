// Whose fault a failed job is. Over the backend's border comes text alone, and the linker says why the system refused
// it a file as the C library words it; so the words are what tells a full disk or a lack of memory from a bug of ours.
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include "compiler/engine/backend_module.h"
#include "compiler/error.h"

namespace sparsec::engine {
namespace {

bool says(const std::string& message, const char* words) { return message.find(words) != message.npos; }

}  // namespace

void backend_failed(const std::string& message) {
  if (says(message, std::strerror(ENOMEM)) || says(message, "std::bad_alloc")) throw std::bad_alloc();
  constexpr std::array kRefusals{ENOSPC, EDQUOT, EFBIG, EIO, EROFS, EACCES, EPERM, EMFILE, ENFILE};
  for (const int refusal : kRefusals)
    if (const char* const words = std::strerror(refusal); says(message, words))
      throw CompileError(std::string("cannot link in the temporary folder: ") + words +
                         "; let TMPDIR name another folder, or make room");
  throw InternalError("internal error: the backend: " + message);
}

}  // namespace sparsec::engine
