// The operators of the Graph: one struct each, Op = std::variant of them.
//
// Two dialects share the type. The *real* dialect is what import makes: float operators, with QuantizeLinear and
// DequantizeLinear saying where integers lie. The *integer* dialect (QConv, QBinary, Lookup, and the layout operators
// on u8 tensors) is what the `integerise` pass makes of it. docs/design.md tells how one becomes the other; each struct
// says what its inputs and outputs are. All four-dimensional tensors are N,C,H,W.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/quant.h"
#include "compiler/ir/tensor.h"

namespace sparsec {

struct Pads {
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  bool operator==(const Pads&) const = default;
};

// A window that slides over H and W: for convolution and pooling.
struct Window {
  std::array<int64_t, 2> kernel{1, 1}, strides{1, 1}, dilations{1, 1};
  Pads pads;
  bool operator==(const Window&) const = default;
};

// What happens to a value on its way out of a convolution, in float.
enum class Activation : uint8_t { none, silu, sigmoid, relu, leaky_relu, hard_swish };
const char* name_of(Activation);

// ---- both dialects -------------------------------------------------------------------------------------------------

// x -> x; element for element. `alpha`, `beta`: leaky_relu's slope; clip's bounds.
enum class UnaryKind : uint8_t {
  sigmoid,
  silu,
  relu,
  leaky_relu,
  hard_swish,
  hard_sigmoid,
  tanh,
  exp,
  sqrt,
  neg,
  abs,
  clip
};
struct Unary {
  UnaryKind kind;
  float alpha = 0, beta = 0;
};

// a, b -> element for element with NumPy's broadcasting.
enum class BinaryKind : uint8_t { add, sub, mul, div, pow, min, max };
struct Binary {
  BinaryKind kind;
};

struct Concat {  // n inputs -> one, joined along axis
  int64_t axis = 1;
};
struct MaxPool {  // x [N,C,H,W]; the padding never wins
  Window window;
};
struct Resize {  // nearest neighbour: out[y][x] = in[source_row[y]][source_col[x]], resolved at import
  std::vector<int64_t> source_row, source_col;
};
struct Slice {  // one entry per dimension; out[i] = in[start + i * step]
  std::vector<int64_t> starts, steps, extents;
};
struct Reshape {};  // the target is the output's shape
struct Transpose {
  std::vector<int64_t> perm;
};
struct Pad {  // constant; one entry per dimension, may not be negative
  std::vector<int64_t> before, after;
  float value = 0;  // for u8: the stored value
};
struct Cast {
  DType to;
};
struct Softmax {
  int64_t axis = -1;
};
// [N,C,H,W] -> [N, rows*cols*C, ceil(H/rows), ceil(W/cols)]: output channel (py * cols + px) * C + c is the picture of
// the pixels (y*rows + py, x*cols + px). Where H or W does not divide, the missing pixels hold `fill`.
struct SpaceToDepth {
  int64_t rows = 2, cols = 2;
  float fill = 0;  // stored value
};

// ---- the real dialect ----------------------------------------------------------------------------------------------

struct Conv {  // x [N,C,H,W], w [O,C/groups,kh,kw], optional b [O] -> [N,O,H',W']
  Window window;
  int64_t groups = 1;
};
struct BatchNorm {  // x, scale [C], b [C], mean [C], var [C]
  float epsilon = 1e-5f;
};
struct Quantize {  // f32 -> u8, s8 or s32 (the output value's type): saturate(round_half_even(x / scale) + zero_point)
  QuantParams q;
};
struct Dequantize {  // u8, s8 or s32 -> f32: scale * (q - zero_point)
  QuantParams q;
};

// ---- fused convolutions --------------------------------------------------------------------------------------------

// How one output of a convolution leaves the epilogue. u8 outputs are requantised to the value's own `quant`; with a
// lookup they are requantised to `before` first and then go through `table`.
struct Lookup256 {
  Quant before;
  std::array<uint8_t, 256> table;
};

// Integer convolution. Inputs: x u8 (its value has `quant`), w s8 constant [O,C,kh,kw], and when `residual` a u8 tensor
// of the output's shape. Outputs: one or more of [N,O,H',W'], each u8 (with `quant`) or f32. Outside the picture x
// reads as its zero point.
//
//   acc = sum x * w                                                          exact in int32 (proved at import)
//   f   = fma(float(acc), m, b)                                              in float32, to nearest even
//   a   = fma(float(r - r.zero_point), r.scale, activation(f))               activation(f) alone without `residual`
//   out = a                                                                  for f32; for u8, and then table[out]:
//   out = clamp(round_half_even(fma(a, 1 / scale, zero_point)), 0, 255)
//
// with m = multiplier[o] and b = acc_bias[o] * multiplier[o] + bias[o], computed in double (numerics::scaling); but
// where acc may pass 2^24, which float rounds, acc_bias[o] is added to acc. sigmoid and silu are by table
// (compiler/oracle/piecewise.h), and then m and b are in its segments.
//
// Where one u8 output is all there is, fewer steps lie between (EpilogueForm; constants: compiler/oracle/epilogue.h).
// With no activation and no residual, accumulator and quantiser are one rounding apart, as in QLinearConv:
//
//   m = multiplier[o] / scale, b = bias[o] / scale
//   out = clamp(round_half_even(fma(float(acc + acc_bias[o]), m, b)) + zero_point, 0, 255)
//
// and with silu the table gives steps of the output, so that a is
//
//   a   = fma(float(r), r.scale / scale, silu(table, f))                     the zero points are in the table
//   out = clamp(round_half_even(a), 0, 255)
//
// What is beyond int32 steps of the output, which no sensible scale makes it, comes out as 0.
enum class EpilogueForm : uint8_t { general, requantise, silu_steps };
inline EpilogueForm epilogue_form(Activation activation, bool residual, bool one_u8_output) {
  if (!one_u8_output) return EpilogueForm::general;
  if (activation == Activation::silu) return EpilogueForm::silu_steps;
  return activation == Activation::none && !residual ? EpilogueForm::requantise : EpilogueForm::general;
}
struct QConv {
  Window window;
  // Above 1: x is so many copies of a tensor side by side, and the weights of the copies sum up to those of the model,
  // which are beyond s8. The formulas know nothing of it; reports count the model's weights.
  int64_t summands = 1;
  std::vector<int32_t> acc_bias;  // [O]; quantised bias, less x.zero_point * sum of w: what acc lacks
  std::vector<float> multiplier;  // [O]; x.scale * w.scale[o]
  std::vector<float> bias;        // [O]
  Activation activation = Activation::none;
  float alpha = 0;  // leaky_relu's slope
  bool residual = false;
  std::vector<std::optional<Lookup256>> lookup;  // one per output
};

// Float convolution. Inputs: x f32, w f32 constant [O,C,kh,kw], and when `residual` an f32 tensor added after the
// activation. acc starts at bias[o]; products are added by fma in the order input channel, then tap row, then tap
// column.
struct FConv {
  Window window;
  std::vector<float> bias;  // [O]
  Activation activation = Activation::none;
  float alpha = 0;
  bool residual = false;
};

// ---- the integer dialect -------------------------------------------------------------------------------------------

// u8 -> u8 through a table: every chain of unary float operators between a DequantizeLinear and a QuantizeLinear,
// computed at compile time.
struct Lookup {
  std::array<uint8_t, 256> table;
};
// u8, u8 (same shape) -> u8: clamp(round_half_even((real(a) op real(b)) * (1 / scale)) + zero_point),
// with real(x) = float(x - zero_point) * scale.
struct QBinary {
  BinaryKind kind;
};

// ---- the detection head --------------------------------------------------------------------------------------------

// Inputs: one f32 tensor [N, A*(5+classes), H, W] per level (A = anchors of that level), before the sigmoid
// (`sigmoid_done` false) or after. Output 0: [N, sum A*H*W, 5+classes], box centre and size in pixels of the network's
// input, objectness, class scores: xy = (2p - 0.5 + cell) * stride, wh = (2p)^2 * anchor, with p = sigmoid(t); levels
// and anchors in the order of the inputs.
struct DecodeLevel {
  float stride = 0;                           // pixels per cell
  std::vector<std::array<float, 2>> anchors;  // width, height in pixels
};
struct Decode {
  std::vector<DecodeLevel> levels;
  int64_t classes = 0;
  bool sigmoid_done = false;
};

using Op = std::variant<Unary, Binary, Concat, MaxPool, Resize, Slice, Reshape, Transpose, Pad, Cast, Softmax,
                        SpaceToDepth, Conv, BatchNorm, Quantize, Dequantize, QConv, FConv, Lookup, QBinary, Decode>;

const char* name_of(const Op&);  // "Conv", "QConv", ...
const char* name_of(UnaryKind);
const char* name_of(BinaryKind);

}  // namespace sparsec
