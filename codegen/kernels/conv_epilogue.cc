// Every line is a line of the formulas of QConv and FConv in ir/op.h, in the same order and rounding; but for signed
// levels, whose numbers are others with the same result.
#include "codegen/kernels/conv_epilogue.h"

#include "compiler/error.h"

namespace sparsec::kernels {

using kir::Opcode;

namespace {

constexpr int kQuad = 4;  // rows of a plane of bytes

int registers_of(const Isa& isa, const ConvSpec& spec) {
  return isa.registers - (spec.by_bits.empty() ? 0 : isa.pack_half_registers);
}

}  // namespace

ConvPointers::ConvPointers(const ConvSpec& spec) : list{ConvPointer::input, ConvPointer::stream, ConvPointer::pool} {
  if (spec.masked()) {
    mask = int(list.size());
    list.push_back(ConvPointer::mask);
  }
  if (spec.residual) {
    residual = int(list.size());
    list.push_back(ConvPointer::residual);
  }
  output = int(list.size());
  list.insert(list.end(), spec.outputs.size(), ConvPointer::output);
  SPARSEC_CHECK(list.size() <= size_t(kir::kMaxPointers), "too many outputs for one convolution");
}

void ConvPointers::advance(Builder& b, const Isa& isa, int vectors) const {
  advance_input(b, isa, vectors);
  advance_outputs(b, isa, vectors);
}

void ConvPointers::advance_input(Builder& b, const Isa& isa, int vectors) const {
  b.advance(kInputPointer, int64_t(vectors) * isa.vector_bytes());
}

void ConvPointers::advance_outputs(Builder& b, const Isa& isa, int vectors) const {
  for (int p = kInputPointer + 1; p < int(list.size()); ++p) {
    const ConvPointer kind = list[size_t(p)];
    if (kind != ConvPointer::mask && kind != ConvPointer::residual && kind != ConvPointer::output) continue;
    b.advance(p, vectors * (kind == ConvPointer::mask ? isa.mask_bytes() : isa.vector_bytes()));
  }
}

ConvEpilogue::ConvEpilogue(const Isa& isa, const ConvSpec& spec, const ConvPointers& pointers, int64_t first_row,
                           Builder& builder, WordStream& stream, WordPool& pool, int temps, bool wide)
    : isa_(isa),
      spec_(spec),
      pointers_(pointers),
      first_(first_row),
      b_(builder),
      stream_(stream),
      constants_(builder, pool, isa, temps + (wide ? kQuad : 1) * kActivationTemps, registers_of(isa, spec)),
      wide_(wide),
      temps_{temps, temps + 1, temps + 2, temps + 3} {
  SPARSEC_CHECK(temps + kActivationTemps <= registers_of(isa, spec), "too many rows for the registers");
}

// The rows of a plane, side by side where there are registers for that.
template <typename F>
void ConvEpilogue::each_row(F emit) {
  const int n = spec_.rows_per_plane();
  if (!wide_) {
    for (int j = 0; j < n; ++j) emit(j);
    return;
  }
  stream_.reach(2 * n);  // a bias and a multiplier each
  b_.in_turn(n, emit);
}

void ConvEpilogue::finish(int r0, int x0) {
  const int n = spec_.rows_per_plane();
  const int64_t plane = r0 / n;  // of the group's own
  const int64_t pixels = vector_ * isa_.vector_bytes();
  const Mem first_output{pointers_.output, plane * spec_.outputs[0].plane_bytes + pixels};
  switch (spec_.form()) {
    case EpilogueForm::requantise:
      each_row([&](int j) { requantise(r0 + j, x0 + j, temp(j, 0)); });
      return store_bytes(spec_.outputs[0], first_output, x0);
    case EpilogueForm::silu_steps:
      each_row([&](int j) { silu_steps(r0 + j, x0 + j, j, plane); });
      return store_bytes(spec_.outputs[0], first_output, x0);
    case EpilogueForm::general:
      break;
  }
  each_row([&](int j) {
    const Temps temps{temp(j, 0), temp(j, 1), temp(j, 2), temp(j, 3)};
    const int x = x0 + j;
    if (spec_.integer) scale(r0 + j, x, temps[0]);
    if (spec_.has_curve())
      b_.two(Opcode::move, x, emit_piecewise(b_, constants_, spec_.curve, x, temps));
    else
      emit_activation(b_, constants_, spec_.activation, spec_.alpha, x, temps);
  });
  if (spec_.residual) add_residual(x0, plane);
  for (size_t k = 0; k < spec_.outputs.size(); ++k) {
    const ConvOutput& out = spec_.outputs[k];
    const int pointer = pointers_.output + int(k);
    if (!out.f32) {
      const Quant q = out.quantiser();
      each_row([&](int j) {
        constants_.copy(temps_[j], float(q.zero_point));
        constants_.fma(temps_[j], x0 + j, 1.0f / q.scale);
        b_.two(Opcode::to_int, temps_[j], temps_[j]);
      });
      store_bytes(out, {pointer, plane * out.plane_bytes + pixels}, temps_[0]);
      continue;
    }
    for (int j = 0; j < n; ++j)
      if (first_ + r0 + j < out.planes) store(out, {pointer, (r0 + j) * out.plane_bytes + pixels}, x0 + j, temps_[1]);
  }
}

bool ConvEpilogue::by_bits(int r) const { return !spec_.by_bits.empty() && spec_.by_bits[row(r)]; }

// v[x] = fma(float(v[x]), multiplier, bias) of row r, or by bits with v[x] read as a float.
void ConvEpilogue::scale(int r, int x, int free) {
  if (!by_bits(r)) b_.two(Opcode::to_float, x, x);
  b_.broadcast(free, stream_.next(spec_.bias[row(r)]));
  b_.with_memory(Opcode::fma_scale, x, free, stream_.next(spec_.multiplier[row(r)]));
}

// v[x]: row r's quantised accumulator v[x], before it is clamped; by bits in its low half.
void ConvEpilogue::requantise(int r, int x, int free) {
  scale(r, x, free);
  if (by_bits(r)) return;
  b_.two(Opcode::to_int, x, x);
  if (const int32_t offset = spec_.offset.empty() ? 0 : spec_.offset[row(r)]; offset != 0)
    b_.three(Opcode::add_i32, x, x, constants_.in_register(free, offset));
}

// The same with SiLU and the residual, for row j of a plane.
void ConvEpilogue::silu_steps(int r, int x, int j, int64_t plane) {
  const Temps temps{temp(j, 0), temp(j, 1), temp(j, 2), temp(j, 3)};
  scale(r, x, temps[0]);
  const int sum = emit_piecewise(b_, constants_, spec_.curve, x, temps);
  if (spec_.residual) {
    b_.load(x, residual_at(plane));
    b_.two(Opcode::unpack, x, x, j);
    b_.two(Opcode::to_float, x, x);
    constants_.fma(sum, x, spec_.residual_quant.scale / spec_.outputs[0].quantiser().scale);
  }
  b_.two(Opcode::to_int, x, sum);
}

Mem ConvEpilogue::residual_at(int64_t plane) const {
  return {pointers_.residual, plane * spec_.residual_plane_bytes + vector_ * isa_.vector_bytes()};
}

void ConvEpilogue::add_residual(int x0, int64_t plane) {
  b_.load(temps_[0], residual_at(plane));
  if (!spec_.integer) return b_.three(Opcode::add, x0, x0, temps_[0]);
  each_row([&](int j) {
    const int part = temp(j, 1);
    b_.two(Opcode::unpack, part, temps_[0], j);
    b_.two(Opcode::to_float, part, part);
    if (spec_.residual_quant.zero_point != 0) constants_.add(part, part, float(-spec_.residual_quant.zero_point));
    constants_.fma(x0 + j, part, spec_.residual_quant.scale);
  });
}

// Four rows in registers x0 to x0 + 3 as the four bytes of each pixel.
void ConvEpilogue::store_bytes(const ConvOutput& out, Mem to, int x0) {
  const bool levels = spec_.signed_levels;
  SPARSEC_CHECK(!levels || spec_.form() == EpilogueForm::requantise, "levels that are not requantised");
  const Opcode pack = !levels ? Opcode::pack : spec_.by_bits.empty() ? Opcode::pack_s8 : Opcode::pack_half;
  b_.pack(pack, temps_[0], x0, x0 + 1, x0 + 2, x0 + 3);
  const size_t sign = levels ? 128 : 0;  // what the packed bytes lack, modulo 256
  if (out.lookup) {
    std::vector<uint32_t> table(64);
    for (size_t i = 0; i < 256; ++i) table[i / 4] |= uint32_t(out.lookup->table[i ^ sign]) << (8 * (i % 4));
    constants_.lookup256(temps_[0], temps_[0], out.lookup, table);
  } else if (sign != 0) {
    b_.three(Opcode::bit_xor, temps_[0], temps_[0], constants_.in_register(temps_[1], 0x80808080u));
  }
  store(out, to, temps_[0], temps_[1]);
}

void ConvEpilogue::store(const ConvOutput& out, Mem to, int x, int free) {
  if (!out.keep_border) return b_.store(to, x);
  constants_.copy(free, out.border);
  b_.with_memory(Opcode::select, free, x, {pointers_.mask, vector_ * isa_.mask_bytes()});
  b_.store(to, free);
}

}  // namespace sparsec::kernels
