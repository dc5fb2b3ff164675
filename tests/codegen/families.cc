// Specifications and plain loops, one after the other. The loops are written from the formulas in ir/op.h, pixel by
// pixel, and share with the kernels only numerics.h.
#include "tests/codegen/families.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "codegen/kernels/conv.h"
#include "codegen/kernels/conv_amx.h"
#include "codegen/kernels/pointwise.h"
#include "codegen/kernels/rows.h"
#include "compiler/oracle/activation.h"

namespace sparsec::testing {
namespace {

constexpr int64_t kTiles = 3, kFloats = 1 << 15, kRegion = 1 << 13;

using kernels::WordPool;

class Maker {
 public:
  explicit Maker(const Isa& isa) : isa_(isa), pixels_(kTiles * isa.lanes) {
    made_.program.isa = &isa;
    made_.input.resize(2 * kFloats);
    for (int64_t i = 0; i < kFloats; ++i) made_.input[size_t(i)] = uint8_t(random_());
    for (int64_t i = 0; i < kFloats; i += 4) {
      const float f = std::uniform_real_distribution<float>(-9, 9)(random_);
      std::memcpy(&made_.input[size_t(kFloats + i)], &f, 4);
    }
    for (int64_t p = 0; p < pixels_; ++p) inside_.push_back(random_() % 3 != 0);
  }

  Families run() {
    lookup();
    qbinary();
    sum_of_bytes();
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
    float_conv();
    conv_halves();
    made_.program.schedule.clear();
    for (size_t s = 0; s < made_.program.steps.size(); ++s)
      made_.program.schedule.push_back({uint32_t(s), 1, 0, made_.program.steps[s].tiles, 0, 0});
    return std::move(made_);
  }

 private:
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
  sparsec_pointer constants(const std::vector<uint32_t>& words) {
    std::vector<uint8_t>& all = made_.program.constants;
    all.resize((all.size() + 63) / 64 * 64);
    const auto at = int64_t(all.size());
    all.resize(all.size() + words.size() * 4);
    if (!words.empty()) std::memcpy(&all[size_t(at)], words.data(), words.size() * 4);
    return {SPARSEC_CONSTANTS, 0, at, 0, 0};
  }
  sparsec_pointer mask() {
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
  void add(kir::Function f, const std::vector<sparsec_pointer>& pointers, int64_t tiles = kTiles) {
    ProgramImage& p = made_.program;
    p.calls.push_back({int32_t(p.functions.size()), "", uint32_t(p.pointers.size()), uint32_t(pointers.size())});
    p.pointers.insert(p.pointers.end(), pointers.begin(), pointers.end());
    p.steps.push_back({f.name, f.comment, uint32_t(p.calls.size() - 1), 1, tiles, 0});
    p.functions.push_back(std::move(f));
  }

  // ---- families
  template <typename Table>
  void random_table(Table& table) {
    for (auto& b : table) b = uint8_t(random_());
  }

  void lookup() {
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

  void qbinary() {
    const Quant a{0.03f, 120}, b{0.05f, 0}, q{0.07f, 31};
    WordPool pool(kernels::kPoolPointer);
    kir::Function f = kernels::lower_qbinary(isa_, BinaryKind::add, a, b, q, {}, pool, "qbinary", "add of u8");
    two_inputs(std::move(f), pool, [&](int x, int z) {
      const float sum = float(x - a.zero_point) * a.scale + float(z - b.zero_point) * b.scale;
      return numerics::clamp_u8(numerics::round_even(sum * (1 / q.scale)) + q.zero_point);
    });
  }

  void sum_of_bytes() {
    const kernels::SumOfBytes sum{0.43f, -0.71f, -51.3f};
    WordPool pool(kernels::kPoolPointer);
    kir::Function f = kernels::lower_sum_of_bytes(isa_, sum, 131, {}, pool, "sum_of_bytes", "of u8, by two fmas");
    two_inputs(std::move(f), pool, [&](int x, int z) {
      const float steps =
          numerics::fma(float(z), sum.multiplier_b, numerics::fma(float(x), sum.multiplier_a, sum.bias));
      return numerics::clamp_u8(numerics::round_even(steps) + 131);
    });
  }

  template <typename Byte>
  void two_inputs(kir::Function f, const WordPool& pool, Byte byte) {
    const int64_t y = new_region();
    add(std::move(f), {in(0), out(y), constants(pool.words()), in(4096)});
    for (int64_t p = 0; p < pixels_; ++p) {
      uint32_t w = 0;
      for (int j = 0; j < 4; ++j)
        w |= uint32_t(byte(byte_of(word(4 * p), j), byte_of(word(4096 + 4 * p), j))) << (8 * j);
      expect(y + 4 * p, w);
    }
  }

  void max_pool(bool integer) {
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

  void unary(Activation activation) {
    WordPool pool(kernels::kPoolPointer);
    kir::Function f =
        kernels::lower_unary(isa_, activation, 0, {}, pool, std::string("unary_") + name_of(activation), "f32");
    const int64_t y = new_region();
    add(std::move(f), {in(kFloats), out(y), constants(pool.words())});
    for (int64_t p = 0; p < pixels_; ++p)
      expect(y + 4 * p, oracle::activate(activation, 0, real(4 * p), oracle::ExactCurves{}));
  }

  void binary() {
    WordPool pool(kernels::kPoolPointer);
    kir::Function f = kernels::lower_binary(isa_, BinaryKind::mul, {}, pool, "binary", "product of f32");
    const int64_t y = new_region();
    add(std::move(f), {in(kFloats), out(y), constants(pool.words()), in(kFloats + 4096)});
    for (int64_t p = 0; p < pixels_; ++p) expect(y + 4 * p, real(4 * p) * real(4096 + 4 * p));
  }

  void dequantise() {
    const Quant q{0.021f, 99};
    WordPool pool(kernels::kPoolPointer);
    kir::Function f = kernels::lower_dequantise(isa_, q, 3, 1024, pool, "dequantise", "three channels of a plane");
    const int64_t y = new_region();
    add(std::move(f), {in(0), out(y), constants(pool.words())});
    for (int64_t p = 0; p < pixels_; ++p)
      for (int j = 0; j < 3; ++j) expect(y + 1024 * j + 4 * p, float(byte_of(word(4 * p), j) - q.zero_point) * q.scale);
  }

  static constexpr kernels::HalfReciprocal kHalfOf004{12.5f, 2.7939677e-7f};

  // Two rows of two vectors; the rows of the output lie further apart.
  void quantise(const char* name, std::optional<kernels::HalfReciprocal> reciprocal) {
    const Quant q{0.04f, 130};
    const int64_t cols = 2 * isa_.lanes, pitch = (cols + 5) * 4, plane = 1024;
    WordPool pool(kernels::kPoolPointer);
    kir::Function f =
        kernels::lower_quantise_rows(isa_, q, reciprocal, 3, cols, plane, pitch, pool, name, "three channels");
    const int64_t y = new_region();
    sparsec_pointer from = in(kFloats), to = out(y);
    from.stride = cols * 4;
    to.stride = pitch;
    add(std::move(f), {from, to, constants(pool.words())}, 2);
    for (int64_t row = 0; row < 2; ++row)
      for (int64_t c = 0; c < cols; ++c) {
        uint32_t w = uint32_t(q.zero_point) << 24;
        for (int j = 0; j < 3; ++j)
          w |= uint32_t(numerics::clamp_u8(numerics::round_even(real(plane * j + (row * cols + c) * 4) / q.scale) +
                                           q.zero_point))
               << (8 * j);
        expect(y + row * pitch + 4 * c, w);
      }
  }

  // Two tiles of two rows. Phases have `more` pixels than two vectors, and `sides` behind them; nothing else is
  // written.
  void split_rows(int64_t step, int64_t more, int64_t sides) {
    const int64_t cols = 2 * isa_.lanes + more, in_pitch = (cols * step + 3) * 4, out_pitch = (cols + sides + 2) * 4;
    kernels::PhaseRows rows{.rows = 2,
                            .step = step,
                            .cols = cols,
                            .filled = cols + sides,
                            .fill = 0xabcdef01u,
                            .in_pitch_bytes = in_pitch,
                            .out_pitch_bytes = out_pitch,
                            .phase_bytes = 2 * out_pitch + 4};
    WordPool pool(kernels::kPoolPointer);
    kir::Function f = kernels::lower_split_rows(isa_, rows, pool, "split_rows_" + std::to_string(step),
                                                "two rows into " + std::to_string(step) + " phases each");
    const int64_t y = new_region();
    sparsec_pointer from = in(0), to = out(y);
    from.stride = 2 * in_pitch;
    to.stride = out_pitch;
    add(std::move(f), {from, to, constants(pool.words())}, 2);
    for (int64_t row = 0; row < 4; ++row)
      for (int64_t phase = 0; phase < step; ++phase)
        for (int64_t x = 0; x < rows.filled; ++x)
          expect(y + (row % 2 * step + phase) * rows.phase_bytes + row / 2 * out_pitch + 4 * x,
                 x < cols ? word(row * in_pitch + (x * step + phase) * 4) : rows.fill);
  }

  // One row into four phases.
  void quantise_phases(const char* name, std::optional<kernels::HalfReciprocal> reciprocal, int channels) {
    const Quant q{0.04f, 130};
    const int64_t cols = isa_.lanes + 1, plane = 2048;
    const kernels::PhaseRows rows{
        .rows = 1, .step = 4, .cols = cols, .filled = cols + 1, .fill = 0x82828282u, .phase_bytes = 512};
    WordPool pool(kernels::kPoolPointer);
    kir::Function f = kernels::lower_quantise_phases(isa_, q, reciprocal, channels, plane, rows, pool, name,
                                                     std::to_string(channels) + " channels into four phases");
    const int64_t y = new_region();
    add(std::move(f), {in(kFloats), out(y), constants(pool.words())}, 1);
    for (int64_t phase = 0; phase < 4; ++phase)
      for (int64_t x = 0; x < rows.filled; ++x) {
        uint32_t w = channels < 4 ? uint32_t(q.zero_point) << 24 : 0;
        for (int j = 0; j < channels; ++j)
          w |= uint32_t(numerics::clamp_u8(numerics::round_even(real(plane * j + (4 * x + phase) * 4) / q.scale) +
                                           q.zero_point))
               << (8 * j);
        expect(y + phase * rows.phase_bytes + 4 * x, x < cols ? w : rows.fill);
      }
  }

  // Two planes, two taps, `rows` output channels, most blocks zero; extreme weights among the rest.
  kernels::ConvSpec conv_spec(int64_t rows) {
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
  int32_t sum(const kernels::ConvSpec& s, int64_t r, int64_t p) const {
    int32_t acc = s.acc_bias.empty() ? 0 : s.acc_bias[size_t(r)];
    for (int64_t plane = 0; plane < s.in_planes; ++plane)
      for (size_t t = 0; t < s.taps.size(); ++t)
        for (int j = 0; j < 4; ++j)
          acc +=
              byte_of(word(plane * s.in_plane_bytes + s.taps[t] + 4 * p), j) * int8_t(s.word(r, plane, t) >> (8 * j));
    return acc;
  }
  float scaled(const kernels::ConvSpec& s, int64_t r, int64_t p) const { return float(sum(s, r, p)); }

  // Accumulator and quantiser one rounding apart.
  void conv(kernels::ConvFamily family, const char* name) {
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
    for (int64_t r = 0; r < 8; ++r)
      for (int64_t p = 0; p < pixels_; ++p) {
        const float f = numerics::fma(scaled(s, r, p), s.multiplier[size_t(r)], s.bias[size_t(r)]);
        made_.output[size_t(y + r / 4 * 1024 + 4 * p + r % 4)] =
            numerics::clamp_u8(numerics::round_even(f) + q.zero_point);
      }
  }

  // Bytes less 128, of which the first four rows need no addition; through a table, or as they are.
  void conv_levels(bool through_table) {
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
    for (int64_t r = 0; r < 8; ++r)
      for (int64_t p = 0; p < pixels_; ++p) {
        const float f = numerics::fma(scaled(s, r, p), s.multiplier[size_t(r)], s.bias[size_t(r)]);
        const int32_t level = std::clamp(numerics::round_even(f) + s.offset[size_t(r)], -128, 127) + 128;
        made_.output[size_t(y + r / 4 * 1024 + 4 * p + r % 4)] =
            through_table ? levels_.table[size_t(level)] : uint8_t(level);
      }
  }

  // Levels in the low halves of floats; rows 2 and 7 are rounded to integers.
  void conv_halves() {
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
    for (int64_t r = 0; r < 8; ++r)
      for (int64_t p = 0; p < pixels_; ++p) {
        const int32_t acc = sum(s, r, p);
        const bool bits = s.by_bits[size_t(r)];
        const float f =
            numerics::fma(bits ? std::bit_cast<float>(acc) : float(acc), s.multiplier[size_t(r)], s.bias[size_t(r)]);
        const int32_t level =
            bits ? int16_t(std::bit_cast<uint32_t>(f)) : numerics::round_even(f) + s.offset[size_t(r)];
        made_.output[size_t(y + r / 4 * 1024 + 4 * p + r % 4)] = uint8_t(std::clamp(level, -128, 127) + 128);
      }
  }

  // SiLU in steps of the output, and a residual: every segment of the table, both signs.
  void conv_silu() {
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
    for (int64_t r = 0; r < 4; ++r)
      for (int64_t p = 0; p < pixels_; ++p) {
        const float f = numerics::fma(scaled(s, r, p), s.multiplier[size_t(r)], s.bias[size_t(r)]);
        const float a = numerics::fma(float(byte_of(word(2048 + 4 * p), int(r))), s.residual_quant.scale / q.scale,
                                      numerics::evaluate(s.curve, f));
        made_.output[size_t(y + 4 * p + r)] = numerics::clamp_u8(numerics::round_even(a));
      }
  }

  // As the head has it.
  void conv_sigmoid() {
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
    for (int64_t r = 0; r < 4; ++r)
      for (int64_t p = 0; p < pixels_; ++p)
        expect(y + r * 1024 + 4 * p,
               numerics::evaluate(s.curve, numerics::fma(scaled(s, r, p), s.multiplier[size_t(r)], s.bias[size_t(r)])));
  }

  // Tiles: blocks of planes that overlap, sixteen rows and four, one tile all zero; a pair of vectors and a single one.
  // The output is float, so that no wrong sum rounds to the right byte.
  void conv_amx() {
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
    for (int64_t r = 0; r < s.rows; ++r)
      for (int64_t p = 0; p < pixels_; ++p)
        expect(y + 256 * r + 4 * p, numerics::fma(scaled(s, r, p), s.multiplier[size_t(r)], s.bias[size_t(r)]));
  }

  // SiLU, a residual, a border, and three outputs: u8, u8 through a table, f32.
  void conv_with_everything() {
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
        float a =
            numerics::evaluate(s.curve, numerics::fma(scaled(s, r, p), s.multiplier[size_t(r)], s.bias[size_t(r)]));
        a = numerics::fma(float(byte_of(word(2048 + 4 * p), int(r)) - s.residual_quant.zero_point),
                          s.residual_quant.scale, a);
        const auto at = size_t(4 * p + r);
        made_.output[size_t(y0) + at] = inside_[size_t(p)] ? numerics::requantise(a, s.outputs[0].quant) : 0x4d;
        made_.output[size_t(y1) + at] = lookup_.table[numerics::requantise(a, lookup_.before)];
        if (r < 3) expect(y2 + r * 1024 + 4 * p, a);
      }
  }

  void float_conv() {
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
    kernels::ConvKernel k = kernels::lower_conv(isa_, s, kernels::ConvFamily::unrolled, 0, 3, 1, pool, "conv_f32",
                                                "3 channels of 2 at 2 taps")
                                .front();
    const int64_t y = new_region();
    add(std::move(k.function), {in(kFloats), constants(k.stream), constants(pool.words()), out(y)});
    for (int64_t r = 0; r < 3; ++r)
      for (int64_t p = 0; p < pixels_; ++p) {
        float acc = s.bias[size_t(r)];
        for (int64_t plane = 0; plane < 2; ++plane)
          for (size_t t = 0; t < 2; ++t)
            acc = numerics::fma(std::bit_cast<float>(s.word(r, plane, t)), real(plane * 1024 + s.taps[t] + 4 * p), acc);
        expect(y + r * 1024 + 4 * p, numerics::silu_exact(acc));
      }
  }

  const Isa& isa_;
  const int64_t pixels_;
  std::mt19937 random_{11};
  std::vector<bool> inside_;
  Lookup table_;
  Lookup256 lookup_, levels_;
  Families made_;
};

}  // namespace

Families families(const Isa& isa) { return Maker(isa).run(); }

}  // namespace sparsec::testing
