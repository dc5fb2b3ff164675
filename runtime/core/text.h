// Messages into fixed buffers.
#pragma once

#include <cstddef>

namespace sparsec::rt {

// snprintf that takes no buffer (null or 0 bytes) as well.
void format(char* text, size_t bytes, const char* pattern, ...) __attribute__((format(printf, 3, 4)));

}  // namespace sparsec::rt
