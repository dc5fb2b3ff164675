// Families of convolutions.
#include <algorithm>

#include "codegen/kernels/conv.h"
#include "codegen/kernels/conv_amx.h"
#include "tests/codegen/family_maker.h"

namespace sparsec::testing {

using kernels::WordPool;

// Two planes, two taps, `rows` output channels, most blocks zero; extreme weights among the rest.
kernels::ConvSpec FamilyMaker::conv_spec(int64_t rows) {
  kernels::ConvSpec s;
  s.in_planes = 2;
  s.in_plane_bytes = 1024;
  s.taps = {0, 88};
  s.rows = rows;
  for (int64_t i = 0; i < rows * 4; ++i)
    s.words.push_back(i % 3 == 0 ? uint32_t(random_()) : i == 4 ? 0x80808080u : i == 5 ? 0x7f7f7f7fu : 0);
  for (int64_t r = 0; r < rows; ++r) {
    s.multiplier.push_back(0.0001f * float(1 + random_() % 3));
    s.bias.push_back(0.25f * float(r));
  }
  s.outputs.resize(1);
  s.outputs[0].quant = {0.03f, 77};
  s.outputs[0].plane_bytes = 1024;
  s.outputs[0].planes = rows / 4;
  return s;
}
int32_t FamilyMaker::sum(const kernels::ConvSpec& s, int64_t r, int64_t p) const {
  int32_t acc = s.acc_bias.empty() ? 0 : s.acc_bias[size_t(r)];
  for (int64_t plane = 0; plane < s.in_planes; ++plane)
    for (size_t t = 0; t < s.taps.size(); ++t)
      for (int j = 0; j < 4; ++j)
        acc += byte_of(word(plane * s.in_plane_bytes + s.taps[t] + 4 * p), j) * int8_t(s.word(r, plane, t) >> (8 * j));
  return acc;
}

// Accumulator and quantiser one rounding apart.
void FamilyMaker::conv(kernels::ConvFamily family, const char* name) {
  kernels::ConvSpec s = conv_spec(8);
  for (float& m : s.multiplier) m *= 30;  // in steps
  for (int r = 0; r < 8; ++r) s.acc_bias.push_back(int32_t(random_() % 4001) - 2000);
  const Quant q = s.outputs[0].quant;
  s.offset.assign(8, q.zero_point);
  WordPool pool(kernels::kPoolPointer);
  kernels::ConvKernel k =
      kernels::lower_conv(isa_, s, family, 0, 8, 1, pool, name, "8 channels of 8 at 2 taps").front();
  const int64_t y = new_region();
  add(std::move(k.function), {in(0), constants(k.stream), constants(pool.words()), out(y)});
  expect_bytes(y, 8, [&](int64_t r, int64_t p) {
    return numerics::clamp_u8(numerics::round_even(unit(s, r, p)) + q.zero_point);
  });
}

// Bytes less 128, of which the first four rows need no addition; through a table, or as they are.
void FamilyMaker::conv_levels(bool through_table) {
  kernels::ConvSpec s = conv_spec(8);
  for (float& m : s.multiplier) m *= 30;
  s.signed_levels = true;
  s.offset = {0, 0, 0, 0, 0, -20, 300, 0};
  s.acc_bias = {0, 0, 0, 0, 900, 0, -40000, 0};
  levels_.before = {0.05f, 100};
  random_table(levels_.table);
  if (through_table) s.outputs[0].lookup = &levels_;
  WordPool pool(kernels::kPoolPointer);
  kernels::ConvKernel k =
      kernels::lower_conv(isa_, s, kernels::ConvFamily::unrolled, 0, 8, 1, pool,
                          through_table ? "conv_levels_table" : "conv_levels", "levels counted from -128")
          .front();
  const int64_t y = new_region();
  add(std::move(k.function), {in(0), constants(k.stream), constants(pool.words()), out(y)});
  expect_bytes(y, 8, [&](int64_t r, int64_t p) {
    const int32_t level = std::clamp(numerics::round_even(unit(s, r, p)) + s.offset[size_t(r)], -128, 127) + 128;
    return through_table ? levels_.table[size_t(level)] : uint8_t(level);
  });
}

// Levels in the low halves of floats; rows 2 and 7 are rounded to integers.
void FamilyMaker::conv_halves() {
  kernels::ConvSpec s = conv_spec(8);
  s.signed_levels = true;
  s.multiplier.assign(8, 0.0012f);
  s.acc_bias.clear();
  for (int32_t r = 0; r < 8; ++r) {
    const bool bits = r != 2 && r != 7;
    const int32_t start = bits ? std::bit_cast<int32_t>(numerics::kRoundBits) + 1000 * r - 3000 : 5 * r;
    s.by_bits.push_back(bits);
    s.acc_bias.push_back(start);
    s.offset.push_back(bits ? 0 : 40 - r);
    s.bias.push_back(bits ? std::round(numerics::kRoundBits - 0.0012f * std::bit_cast<float>(start)) + 8 : 0.3f);
  }
  WordPool pool(kernels::kPoolPointer);
  kernels::ConvKernel k = kernels::lower_conv(isa_, s, kernels::ConvFamily::unrolled, 0, 8, 1, pool, "conv_halves",
                                              "levels in the low halves of floats")
                              .front();
  const int64_t y = new_region();
  add(std::move(k.function), {in(0), constants(k.stream), constants(pool.words()), out(y)});
  expect_bytes(y, 8, [&](int64_t r, int64_t p) {
    const int32_t acc = sum(s, r, p);
    const bool bits = s.by_bits[size_t(r)];
    const float f =
        numerics::fma(bits ? std::bit_cast<float>(acc) : float(acc), s.multiplier[size_t(r)], s.bias[size_t(r)]);
    const int32_t level = bits ? int16_t(std::bit_cast<uint32_t>(f)) : numerics::round_even(f) + s.offset[size_t(r)];
    return uint8_t(std::clamp(level, -128, 127) + 128);
  });
}

// SiLU in steps of the output, and a residual: every segment of the table, both signs.
void FamilyMaker::conv_silu() {
  kernels::ConvSpec s = conv_spec(4);
  s.activation = Activation::silu;
  s.residual = true;
  s.residual_quant = {0.02f, 100};
  s.residual_plane_bytes = 1024;
  const Quant q = s.outputs[0].quant;
  s.curve = numerics::silu_in_steps(q, &s.residual_quant);
  WordPool pool(kernels::kPoolPointer);
  kernels::ConvKernel k = kernels::lower_conv(isa_, s, kernels::ConvFamily::unrolled, 0, 4, 1, pool, "conv_silu",
                                              "SiLU and a residual, in steps")
                              .front();
  const int64_t y = new_region();
  add(std::move(k.function), {in(0), constants(k.stream), constants(pool.words()), in(2048), out(y)});
  expect_bytes(y, 4, [&](int64_t r, int64_t p) {
    const float a = numerics::fma(float(byte_of(word(2048 + 4 * p), int(r))), s.residual_quant.scale / q.scale,
                                  numerics::evaluate(s.curve, unit(s, r, p)));
    return numerics::clamp_u8(numerics::round_even(a));
  });
}

// As the head has it.
void FamilyMaker::conv_sigmoid() {
  kernels::ConvSpec s = conv_spec(4);
  s.activation = Activation::sigmoid;
  s.curve = numerics::sigmoid();
  s.outputs[0] = {};
  s.outputs[0].f32 = true;
  s.outputs[0].plane_bytes = 1024;
  s.outputs[0].planes = s.rows;
  WordPool pool(kernels::kPoolPointer);
  kernels::ConvKernel k =
      kernels::lower_conv(isa_, s, kernels::ConvFamily::dense, 0, 4, 1, pool, "conv_sigmoid", "sigmoid, floats out")
          .front();
  const int64_t y = new_region();
  add(std::move(k.function), {in(0), constants(k.stream), constants(pool.words()), out(y)});
  expect_floats(y, 4, 1024, [&](int64_t r, int64_t p) { return numerics::evaluate(s.curve, unit(s, r, p)); });
}

// Tiles: blocks of planes that overlap, sixteen rows and four, one tile all zero; a pair of vectors and a single one.
// The output is float, so that no wrong sum rounds to the right byte.
void FamilyMaker::conv_amx() {
  kernels::ConvSpec s = conv_spec(20);
  s.in_planes = 19;
  s.words.assign(size_t(s.rows * s.in_planes) * s.taps.size(), 0);
  for (int64_t r = 0; r < s.rows; ++r)
    for (int64_t plane = 0; plane < s.in_planes; ++plane)
      for (size_t t = 0; t < s.taps.size(); ++t)
        if (r < 16 || plane >= 10) s.words[size_t(r * s.in_planes + plane) * s.taps.size() + t] = uint32_t(random_());
  s.outputs[0] = {};
  s.outputs[0].f32 = true;
  s.outputs[0].plane_bytes = 256;
  s.outputs[0].planes = s.rows;
  WordPool pool(kernels::kPoolPointer);
  kernels::ConvKernel k = kernels::lower_conv(isa_, s, kernels::ConvFamily::amx, 0, s.rows, 1, pool, "conv_amx",
                                              "20 channels of 76 at 2 taps, in tiles")
                              .front();
  const int64_t y = new_region();
  add(std::move(k.function), {in(0), constants(k.stream), constants(pool.words()), out(y)});
  expect_floats(y, s.rows, 256, [&](int64_t r, int64_t p) { return unit(s, r, p); });
}

// SiLU, a residual, a border, and three outputs: u8, u8 through a table, f32.
void FamilyMaker::conv_with_everything() {
  kernels::ConvSpec s = conv_spec(4);
  s.activation = Activation::silu;
  s.residual = true;
  s.residual_quant = {0.02f, 100};
  s.residual_plane_bytes = 1024;
  s.outputs.resize(3, s.outputs[0]);
  s.outputs[0].keep_border = true;
  s.outputs[0].border = 0x4d4d4d4du;
  lookup_.before = {0.05f, 128};
  random_table(lookup_.table);
  s.outputs[1].lookup = &lookup_;
  s.outputs[2].f32 = true;
  s.outputs[2].planes = 3;  // the fourth channel is padding
  s.curve = numerics::silu();
  WordPool pool(kernels::kPoolPointer);
  kernels::ConvKernel k = kernels::lower_conv(isa_, s, kernels::ConvFamily::unrolled, 0, 4, 1, pool, "conv_full",
                                              "SiLU, residual, border, three outputs")
                              .front();
  const int64_t y0 = new_region(), y1 = new_region(), y2 = new_region();
  add(std::move(k.function),
      {in(0), constants(k.stream), constants(pool.words()), mask(), in(2048), out(y0), out(y1), out(y2)});
  for (int64_t r = 0; r < 4; ++r)
    for (int64_t p = 0; p < pixels_; ++p) {
      float a = numerics::evaluate(s.curve, unit(s, r, p));
      a = numerics::fma(float(byte_of(word(2048 + 4 * p), int(r)) - s.residual_quant.zero_point),
                        s.residual_quant.scale, a);
      const auto at = size_t(4 * p + r);
      made_.output[size_t(y0) + at] = inside_[size_t(p)] ? numerics::requantise(a, s.outputs[0].quant) : 0x4d;
      made_.output[size_t(y1) + at] = lookup_.table[numerics::requantise(a, lookup_.before)];
      if (r < 3) expect(y2 + r * 1024 + 4 * p, a);
    }
}

void FamilyMaker::float_conv(kernels::ConvFamily family, const char* name) {
  kernels::ConvSpec s;
  s.integer = false;
  s.in_planes = 2;
  s.in_plane_bytes = 1024;
  s.taps = {0, 88};
  s.rows = 3;
  for (int i = 0; i < 12; ++i) s.words.push_back(i % 3 == 1 ? 0 : std::bit_cast<uint32_t>(0.125f * float(i) - 0.7f));
  s.bias = {0.5f, -1, 0};
  s.activation = Activation::silu;
  s.outputs.resize(1);
  s.outputs[0].f32 = true;
  s.outputs[0].plane_bytes = 1024;
  s.outputs[0].planes = 3;
  WordPool pool(kernels::kPoolPointer);
  kernels::ConvKernel k =
      kernels::lower_conv(isa_, s, family, 0, 3, 1, pool, name, "3 channels of 2 at 2 taps").front();
  const int64_t y = new_region();
  add(std::move(k.function), {in(kFloats), constants(k.stream), constants(pool.words()), out(y)});
  expect_floats(y, 3, 1024, [&](int64_t r, int64_t p) {
    float acc = s.bias[size_t(r)];
    for (int64_t plane = 0; plane < 2; ++plane)
      for (size_t t = 0; t < 2; ++t)
        acc = numerics::fma(std::bit_cast<float>(s.word(r, plane, t)), real(plane * 1024 + s.taps[t] + 4 * p), acc);
    return numerics::silu_exact(acc);
  });
}

}  // namespace sparsec::testing
