// Families that go pixel by pixel, and max-pools.
#include <algorithm>

#include "codegen/kernels/pointwise.h"
#include "compiler/oracle/activation.h"
#include "tests/codegen/family_maker.h"

namespace sparsec::testing {

using kernels::WordPool;

void FamilyMaker::lookup() {
  random_table(table_.table);
  WordPool pool(kernels::kPoolPointer);
  kir::Function f =
      kernels::lower_lookup(isa_, table_, {true, 0x01010101u * 7}, pool, "lookup", "a table, with a border");
  const int64_t y = new_region();
  add(std::move(f), {in(0), out(y), constants(pool.words()), mask()});
  for (int64_t p = 0; p < pixels_; ++p) {
    uint32_t w = 0;
    for (int j = 0; j < 4; ++j) w |= uint32_t(table_.table[size_t(byte_of(word(4 * p), j))]) << (8 * j);
    expect(y + 4 * p, inside_[size_t(p)] ? w : 0x01010101u * 7);
  }
}

template <typename Byte>
void FamilyMaker::two_inputs(kir::Function f, const WordPool& pool, Byte byte) {
  const int64_t y = new_region();
  add(std::move(f), {in(0), out(y), constants(pool.words()), in(4096)});
  for (int64_t p = 0; p < pixels_; ++p) {
    uint32_t w = 0;
    for (int j = 0; j < 4; ++j) w |= uint32_t(byte(byte_of(word(4 * p), j), byte_of(word(4096 + 4 * p), j))) << (8 * j);
    expect(y + 4 * p, w);
  }
}

void FamilyMaker::qbinary() {
  const Quant a{0.03f, 120}, b{0.05f, 0}, q{0.07f, 31};
  WordPool pool(kernels::kPoolPointer);
  kir::Function f = kernels::lower_qbinary(isa_, BinaryKind::add, a, b, q, {}, pool, "qbinary", "add of u8");
  two_inputs(std::move(f), pool, [&](int x, int z) {
    const float sum = float(x - a.zero_point) * a.scale + float(z - b.zero_point) * b.scale;
    return numerics::clamp_u8(numerics::round_even(sum * (1 / q.scale)) + q.zero_point);
  });
}

void FamilyMaker::sum_of_bytes() {
  const kernels::SumOfBytes sum{0.43f, -0.71f, -51.3f};
  WordPool pool(kernels::kPoolPointer);
  kir::Function f = kernels::lower_sum_of_bytes(isa_, sum, 131, {}, pool, "sum_of_bytes", "of u8, by two fmas");
  two_inputs(std::move(f), pool, [&](int x, int z) {
    const float steps = numerics::fma(float(z), sum.multiplier_b, numerics::fma(float(x), sum.multiplier_a, sum.bias));
    return numerics::clamp_u8(numerics::round_even(steps) + 131);
  });
}

void FamilyMaker::integer_sum() {
  const kernels::IntegerSum sum{1'803'123, -2'977'777, 131 << 22, 22};
  WordPool pool(kernels::kPoolPointer);
  kir::Function f = kernels::lower_integer_sum(isa_, sum, {}, pool, "integer_sum", "of u8, in integers");
  two_inputs(std::move(f), pool, [&](int x, int z) {
    return numerics::clamp_u8((x * sum.weight_a + z * sum.weight_b + sum.bias) >> sum.shift);
  });
}

void FamilyMaker::max_pool(bool integer) {
  const std::vector<int64_t> taps{0, 4, 88, 92};
  const int64_t x = integer ? 0 : kFloats;
  WordPool pool(kernels::kPoolPointer);
  kir::Function f = kernels::lower_max_pool(isa_, integer, taps, {}, pool, integer ? "max_pool_u8" : "max_pool_f32",
                                            "2x2, rows of 22 pixels");
  const int64_t y = new_region();
  add(std::move(f), {in(x), out(y), constants(pool.words())});
  for (int64_t p = 0; p < pixels_; ++p) {
    uint32_t w = 0;
    float most = real(4 * p);
    for (int64_t t : taps) {
      most = std::max(most, real(4 * p + t));
      for (int j = 0; j < 4; ++j)
        w = (w & ~(255u << (8 * j))) | uint32_t(std::max(byte_of(w, j), byte_of(word(4 * p + t), j))) << (8 * j);
    }
    integer ? expect(y + 4 * p, w) : expect(y + 4 * p, most);
  }
}

void FamilyMaker::unary(Activation activation) {
  WordPool pool(kernels::kPoolPointer);
  kir::Function f =
      kernels::lower_unary(isa_, activation, 0, {}, pool, std::string("unary_") + name_of(activation), "f32");
  const int64_t y = new_region();
  add(std::move(f), {in(kFloats), out(y), constants(pool.words())});
  for (int64_t p = 0; p < pixels_; ++p)
    expect(y + 4 * p, oracle::activate(activation, 0, real(4 * p), oracle::ExactCurves{}));
}

void FamilyMaker::binary() {
  WordPool pool(kernels::kPoolPointer);
  kir::Function f = kernels::lower_binary(isa_, BinaryKind::mul, {}, pool, "binary", "product of f32");
  const int64_t y = new_region();
  add(std::move(f), {in(kFloats), out(y), constants(pool.words()), in(kFloats + 4096)});
  for (int64_t p = 0; p < pixels_; ++p) expect(y + 4 * p, real(4 * p) * real(4096 + 4 * p));
}

void FamilyMaker::dequantise() {
  const Quant q{0.021f, 99};
  WordPool pool(kernels::kPoolPointer);
  kir::Function f = kernels::lower_dequantise(isa_, q, 3, 1024, pool, "dequantise", "three channels of a plane");
  const int64_t y = new_region();
  add(std::move(f), {in(0), out(y), constants(pool.words())});
  for (int64_t p = 0; p < pixels_; ++p)
    for (int j = 0; j < 3; ++j) expect(y + 1024 * j + 4 * p, float(byte_of(word(4 * p), j) - q.zero_point) * q.scale);
}

}  // namespace sparsec::testing
