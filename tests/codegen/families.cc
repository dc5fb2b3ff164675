// Input, program and calls of the families, and their order.
#include "tests/codegen/families.h"

#include "codegen/kernels/pointwise.h"
#include "tests/codegen/family_maker.h"

namespace sparsec::testing {

FamilyMaker::FamilyMaker(const Isa& isa) : isa_(isa), pixels_(kTiles * isa.lanes) {
  made_.program.isa = &isa;
  made_.input.resize(2 * kFloats);
  for (int64_t i = 0; i < kFloats; ++i) made_.input[size_t(i)] = uint8_t(random_());
  for (int64_t i = 0; i < kFloats; i += 4) {
    const float f = std::uniform_real_distribution<float>(-9, 9)(random_);
    std::memcpy(&made_.input[size_t(kFloats + i)], &f, 4);
  }
  for (int64_t p = 0; p < pixels_; ++p) inside_.push_back(random_() % 3 != 0);
}

Families FamilyMaker::run() {
  lookup();
  qbinary();
  sum_of_bytes();
  if (kernels::supports_integer_sum(isa_)) integer_sum();
  max_pool(true);
  max_pool(false);
  unary(Activation::silu);
  unary(Activation::sigmoid);
  unary(Activation::relu);
  binary();
  dequantise();
  quantise("quantise_rows", std::nullopt);
  quantise("quantise_rows_by_products", kHalfOf004);
  split_rows(2, 1, 0);
  split_rows(4, isa_.lanes / 2 + 1, isa_.lanes + 1);
  quantise_phases("quantise_phases", std::nullopt, 3);
  quantise_phases("quantise_phases_by_products", kHalfOf004, 4);
  conv(kernels::ConvFamily::unrolled, "conv_unrolled");
  conv(kernels::ConvFamily::dense, "conv_dense");
  if (isa_.tiles) conv_amx();
  conv_levels(false);
  conv_levels(true);
  conv_silu();
  conv_sigmoid();
  conv_with_everything();
  float_conv(kernels::ConvFamily::unrolled, "conv_f32");
  float_conv(kernels::ConvFamily::dense, "conv_f32_dense");
  conv_halves();
  made_.program.schedule.clear();
  for (size_t s = 0; s < made_.program.steps.size(); ++s)
    made_.program.schedule.push_back({uint32_t(s), 1, 0, made_.program.steps[s].tiles, 0, 0});
  return std::move(made_);
}

sparsec_pointer FamilyMaker::constants(const std::vector<uint32_t>& words) {
  std::vector<uint8_t>& all = made_.program.constants;
  all.resize((all.size() + 63) / 64 * 64);
  const auto at = int64_t(all.size());
  all.resize(all.size() + words.size() * 4);
  if (!words.empty()) std::memcpy(&all[size_t(at)], words.data(), words.size() * 4);
  return {SPARSEC_CONSTANTS, 0, at, 0, 0};
}

sparsec_pointer FamilyMaker::mask() {
  std::vector<uint8_t> bits(size_t(kTiles * isa_.mask_bytes() + 3) / 4 * 4, 0);
  for (int64_t p = 0; p < pixels_; ++p) {
    const int64_t lane = p % isa_.lanes;
    if (inside_[size_t(p)]) bits[size_t(p / isa_.lanes * isa_.mask_bytes() + lane / 8)] |= uint8_t(1 << (lane % 8));
  }
  std::vector<uint32_t> words(bits.size() / 4);
  std::memcpy(words.data(), bits.data(), bits.size());
  sparsec_pointer p = constants(words);
  p.stride = isa_.mask_bytes();
  return p;
}

void FamilyMaker::add(kir::Function f, const std::vector<sparsec_pointer>& pointers, int64_t tiles) {
  ProgramImage& p = made_.program;
  p.calls.push_back({int32_t(p.functions.size()), "", uint32_t(p.pointers.size()), uint32_t(pointers.size())});
  p.pointers.insert(p.pointers.end(), pointers.begin(), pointers.end());
  p.steps.push_back({f.name, f.comment, uint32_t(p.calls.size() - 1), 1, tiles, 0});
  p.functions.push_back(std::move(f));
}

Families families(const Isa& isa) { return FamilyMaker(isa).run(); }

}  // namespace sparsec::testing
