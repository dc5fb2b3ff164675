// Messages and small files in fixed buffers.
#pragma once

#include <cstddef>

namespace sparsec::rt {

// snprintf that takes no buffer (null or 0 bytes) as well.
void format(char* text, size_t bytes, const char* pattern, ...) __attribute__((format(printf, 3, 4)));

// The beginning of a file of the system as text, as far as there is room; false when it cannot be read. At least 1
// byte.
bool read_text(const char* path, char* text, size_t bytes);

}  // namespace sparsec::rt
