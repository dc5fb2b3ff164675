// Why a job of the backend failed, told from its words.
#include <gtest/gtest.h>

#include <new>

#include "compiler/engine/backend_module.h"
#include "compiler/error.h"

namespace sparsec {
namespace {

// Over the backend's border comes text, of which the system's own refusals are the user's to mend.
TEST(Backend, WhatTheSystemRefusesIsNoBugOfOurs) {
  EXPECT_THROW(engine::backend_failed("linker: ld.lld: error: failed to open /tmp/linked: Cannot allocate memory"),
               std::bad_alloc);
  EXPECT_THROW(engine::backend_failed("std::bad_alloc"), std::bad_alloc);
  for (const char* refused :
       {"No space left on device", "Disk quota exceeded", "File too large", "Permission denied"}) {
    try {
      engine::backend_failed(std::string("linker: ld.lld: error: failed to write /tmp/linked: ") + refused);
    } catch (const CompileError& error) {
      EXPECT_NE(std::string(error.what()).find(refused), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("TMPDIR"), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(engine::backend_failed("assembly of conv: line 3: invalid operand"), InternalError);
}

}  // namespace
}  // namespace sparsec
