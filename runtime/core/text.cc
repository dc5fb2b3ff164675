// vsnprintf, which allocates nothing for the whole numbers and words that our messages are made of; open and read,
// which never do.
#include "runtime/core/text.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

namespace sparsec::rt {

void format(char* text, size_t bytes, const char* pattern, ...) {
  if (text == nullptr || bytes == 0) return;
  va_list arguments;
  va_start(arguments, pattern);
  vsnprintf(text, bytes, pattern, arguments);
  va_end(arguments);
}

bool read_text(const char* path, char* text, size_t bytes) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  size_t used = 0;
  for (ssize_t n = 1; n > 0 && used < bytes - 1; used += size_t(n)) {
    n = read(file, text + used, bytes - 1 - used);
    if (n < 0) break;
  }
  close(file);
  text[used] = 0;
  return true;
}

}  // namespace sparsec::rt
