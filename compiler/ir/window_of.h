// The window that a node slides over a picture.
#pragma once

#include <variant>

#include "compiler/ir/op.h"

namespace sparsec {

// Of a convolution or pool; null for everything else.
inline const Window* window_of(const Op& op) {
  return std::visit(
      [](const auto& o) -> const Window* {
        if constexpr (requires { o.window; })
          return &o.window;
        else
          return nullptr;
      },
      op);
}

}  // namespace sparsec
