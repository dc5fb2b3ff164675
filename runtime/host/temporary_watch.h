// For a program that removes its temporaries when a signal ends it: who is told of those that write_file makes.
//
// Nobody is, unless the program says so: an application's signals are its own, and this is no part of what is
// installed.
#pragma once

#include <string>

namespace sparsec {

class TemporaryWatch {
 public:
  virtual ~TemporaryWatch() = default;
  // Held while a temporary is made or becomes a file, so that it is known whenever it is there.
  virtual void lock() = 0;
  virtual void unlock() = 0;
  virtual void made(const std::string& path) noexcept = 0;
  virtual void gone(const std::string& path) noexcept = 0;
};

// Before any thread writes.
void watch_temporaries(TemporaryWatch* watch);

}  // namespace sparsec
