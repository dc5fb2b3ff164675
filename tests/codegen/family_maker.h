// Specifications and plain loops: a function a family, which adds its kernel and what must come out. The loops are
// written from the formulas in ir/op.h, pixel by pixel, and share with the kernels only numerics.h.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "codegen/kernels/conv.h"
#include "codegen/kernels/rows.h"
#include "tests/codegen/families.h"

namespace sparsec::testing {

class FamilyMaker {
 public:
  explicit FamilyMaker(const Isa& isa);
  Families run();

 private:
  static constexpr int64_t kTiles = 3, kFloats = 1 << 15, kRegion = 1 << 13;

  // ---- memory
  uint32_t word(int64_t at) const {
    uint32_t w;
    std::memcpy(&w, &made_.input[size_t(at)], 4);
    return w;
  }
  float real(int64_t at) const { return std::bit_cast<float>(word(kFloats + at)); }
  static int byte_of(uint32_t w, int j) { return int(w >> (8 * j) & 255); }
  int64_t new_region() {
    made_.output.resize(made_.output.size() + size_t(kRegion));
    return int64_t(made_.output.size()) - kRegion;
  }
  void expect(int64_t at, uint32_t w) { std::memcpy(&made_.output[size_t(at)], &w, 4); }
  void expect(int64_t at, float f) { expect(at, std::bit_cast<uint32_t>(f)); }

  sparsec_pointer in(int64_t at) const { return {SPARSEC_INPUT, 0, at, isa_.vector_bytes(), 0}; }
  sparsec_pointer out(int64_t at) const { return {SPARSEC_OUTPUT, 0, at, isa_.vector_bytes(), 0}; }
  sparsec_pointer constants(const std::vector<uint32_t>& words);
  sparsec_pointer mask();
  void add(kir::Function f, const std::vector<sparsec_pointer>& pointers, int64_t tiles = kTiles);
  template <typename Table>
  void random_table(Table& table) {
    for (auto& b : table) b = uint8_t(random_());
  }

  // ---- families_pointwise.cc
  void lookup();
  template <typename Byte>
  void two_inputs(kir::Function f, const kernels::WordPool& pool, Byte byte);
  void qbinary();
  void sum_of_bytes();
  void integer_sum();
  void max_pool(bool integer);
  void unary(Activation activation);
  void binary();
  void dequantise();

  // ---- families_rows.cc
  static constexpr kernels::HalfReciprocal kHalfOf004{12.5f, 2.7939677e-7f};
  void quantise(const char* name, std::optional<kernels::HalfReciprocal> reciprocal);
  void split_rows(int64_t step, int64_t more, int64_t sides);
  void quantise_phases(const char* name, std::optional<kernels::HalfReciprocal> reciprocal, int channels);

  // ---- families_conv.cc
  kernels::ConvSpec conv_spec(int64_t rows);
  int32_t sum(const kernels::ConvSpec& s, int64_t r, int64_t p) const;
  float scaled(const kernels::ConvSpec& s, int64_t r, int64_t p) const { return float(sum(s, r, p)); }
  // What an activation is computed of.
  float unit(const kernels::ConvSpec& s, int64_t r, int64_t p) const {
    return numerics::fma(scaled(s, r, p), s.multiplier[size_t(r)], s.bias[size_t(r)]);
  }
  // Channels in fours, a byte each, and channels of floats; what a pixel is: formula(row, pixel).
  template <typename Formula>
  void expect_bytes(int64_t y, int64_t rows, Formula formula) {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t p = 0; p < pixels_; ++p) made_.output[size_t(y + r / 4 * 1024 + 4 * p + r % 4)] = formula(r, p);
  }
  template <typename Formula>
  void expect_floats(int64_t y, int64_t rows, int64_t plane_bytes, Formula formula) {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t p = 0; p < pixels_; ++p) expect(y + r * plane_bytes + 4 * p, formula(r, p));
  }
  void conv(kernels::ConvFamily family, const char* name);
  void conv_levels(bool through_table);
  void conv_halves();
  void conv_silu();
  void conv_sigmoid();
  void conv_amx();
  void conv_with_everything();
  void float_conv(kernels::ConvFamily family, const char* name);

  const Isa& isa_;
  const int64_t pixels_;
  std::mt19937 random_{11};
  std::vector<bool> inside_;
  Lookup table_;
  Lookup256 lookup_, levels_;
  Families made_;
};

}  // namespace sparsec::testing
