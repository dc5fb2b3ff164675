// One write per line, so that lines of several processes do not mix; its failure is ignored.
#include "compiler/cli/tell.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace sparsec::cli {

void tell(std::string_view message) {
  std::fflush(stdout);
  std::string line = "sparsec: ";
  line.append(message).append("\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

// open() takes the lowest descriptor that is free: the one asked about, as those below it are filled by then.
void fill_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    if (::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd) return;
  }
}

}  // namespace sparsec::cli
