// A convolution's weights and bias, whichever way the graph holds them: float constants, or Dequantize of integer
// constants.
#pragma once

#include <optional>

#include "compiler/passes/rewrite.h"

namespace sparsec::passes {

// The constant under input `slot` of a Conv: the input itself, or what its Dequantize reads (`dequantize` then says
// how).
struct ConstantInput {
  const Tensor* tensor = nullptr;          // null when the input is not known at compile time
  const Dequantize* dequantize = nullptr;  // null for a float constant
};
ConstantInput constant_input(const Graph& graph, const Links& links, ValueId id);

// The bias of a Conv as floats, zeros when there is none; nothing when it is computed at run time.
std::optional<std::vector<float>> float_bias(const Graph& graph, const Links& links, const Node& conv);

// conv -> conv * scale[o] + shift[o]: float weights are multiplied; for integer weights the scale goes into their
// Dequantize, and as that must stay positive, a negative one turns the signs of the integers. The weights may be
// shared: the node gets its own. False, with nothing changed, when the weights or the bias are not known, or their
// integers cannot change sign.
bool scale_outputs(Graph& graph, const Links& links, size_t conv, const std::vector<float>& scale,
                   const std::vector<float>& shift);

// Permutes the input channels of a Conv: new input channel i reads old channel from[i].
bool can_permute_inputs(const Graph& graph, const Links& links, const Node& conv);
void permute_inputs(Graph& graph, const Links& links, size_t conv, const std::vector<int64_t>& from);

}  // namespace sparsec::passes
