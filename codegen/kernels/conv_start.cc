// Whether there is something to add is asked of all of a kernel's rows at once, so that kernels whose rows differ in it
// share their code.
#include "codegen/kernels/conv_start.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

// Signed products are of x - 128, so the rest, 128 times the row's weights, is added here.
int32_t start_of(const Isa& isa, const ConvSpec& spec, int64_t row) {
  auto sum = spec.acc_bias.empty() ? 0 : uint32_t(spec.acc_bias[size_t(row)]);
  if (isa.signed_dot)
    for (int64_t plane = 0; plane < spec.in_planes; ++plane)
      for (size_t tap = 0; tap < spec.taps.size(); ++tap)
        for (int i = 0; i < 4; ++i) sum += 128u * uint32_t(int8_t(spec.word(row, plane, tap) >> (8 * i)));
  return int32_t(sum);
}

}  // namespace

void start_accumulator(const Isa& isa, const ConvSpec& spec, int64_t first, int rows, int r, Builder& b,
                       WordStream& stream) {
  const int64_t row = first + r;
  if (!spec.integer)
    b.broadcast(r, stream.next(spec.bias[size_t(row)]));
  else if (isa.signed_dot || spec.has_acc_bias(first, rows))
    b.broadcast(r, stream.next(start_of(isa, spec, row)));
  else
    b.one(Opcode::zero, r);
}

}  // namespace sparsec::kernels
