// vsnprintf, which allocates nothing for the whole numbers and words that our messages are made of.
#include "runtime/core/text.h"

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

}  // namespace sparsec::rt
