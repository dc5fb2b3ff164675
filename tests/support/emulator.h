// Programs for 64-bit ARM on another machine: Debian's cross compiler builds them, qemu's user mode runs them.
#pragma once

#include <string>

#include "codegen/isa/isa.h"
#include "tests/support/shell.h"

namespace sparsec::testing {

// Why they cannot run, in one line; empty when they can.
inline std::string no_aarch64() {
  if (architecture_of(host_triple()) == "aarch64")
    return "this machine is 64-bit ARM: the tests of its own ISAs say it";
  for (const char* command : {"aarch64-linux-gnu-g++", "qemu-aarch64"})
    if (!has_command(command)) return std::string(command) + " is not installed";
  return "";
}

}  // namespace sparsec::testing
