// Flat loops over planes, one vector of pixels a tile.
#include "codegen/kernels/pointwise.h"

#include "codegen/kernels/activation.h"
#include "codegen/kernels/constants.h"
#include "compiler/error.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

constexpr int kIn = 0, kOut = 1;  // kPoolPointer is 2

// The frame of a flat kernel: `body` turns the vector(s) at the pointers into one register, which is stored with its
// border. It is told the place before the loop.
template <typename Body>
kir::Function flat(const Isa& isa, bool two_inputs, Border border, WordPool& pool, std::string name,
                   std::string comment, Body body) {
  const int second = 3, mask = two_inputs ? 4 : 3;
  Builder b(std::move(name), std::move(comment), 3 + two_inputs + border.keep);
  const size_t before_the_loop = b.place();
  b.loop_tiles();
  const int x = body(b, before_the_loop);
  if (border.keep) {
    const int kept = x == 0 ? 1 : 0;
    b.broadcast(kept, pool.word(border.lane));
    b.with_memory(Opcode::select, kept, x, {mask, 0});
    b.store({kOut, 0}, kept);
    b.advance(mask, isa.mask_bytes());
  } else {
    b.store({kOut, 0}, x);
  }
  b.advance(kIn, isa.vector_bytes());
  b.advance(kOut, isa.vector_bytes());
  if (two_inputs) b.advance(second, isa.vector_bytes());
  b.end();
  return b.finish();
}

Opcode opcode_of(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::add:
      return Opcode::add;
    case BinaryKind::sub:
      return Opcode::sub;
    case BinaryKind::mul:
      return Opcode::mul;
    case BinaryKind::div:
      return Opcode::div;
    case BinaryKind::min:
      return Opcode::min;
    case BinaryKind::max:
      return Opcode::max;
    case BinaryKind::pow:
      break;
  }
  SPARSEC_CHECK(false, "pow has no vector kernel");
}

// v[d] = float(byte j of v[packed] - zero point) * scale
void real_of(Builder& b, WordPool& pool, int d, int packed, int j, Quant q) {
  b.two(Opcode::unpack, d, packed, j);
  b.two(Opcode::to_float, d, d);
  if (q.zero_point != 0) b.with_memory(Opcode::add_word, d, d, pool.word(float(-q.zero_point)));
  b.with_memory(Opcode::mul_word, d, d, pool.word(q.scale));
}

}  // namespace

kir::Function lower_lookup(const Isa& isa, const Lookup& op, Border border, WordPool& pool, std::string name,
                           std::string comment) {
  std::vector<uint32_t> table(64);
  for (size_t i = 0; i < 256; ++i) table[i / 4] |= uint32_t(op.table[i]) << (8 * (i % 4));
  return flat(isa, false, border, pool, std::move(name), std::move(comment), [&](Builder& b, size_t) {
    b.load(0, {kIn, 0});
    b.with_memory(Opcode::lookup256, 1, 0, pool.table(&op, table));
    return 1;
  });
}

bool supports_binary(BinaryKind kind) { return kind != BinaryKind::pow; }
bool supports_qbinary(BinaryKind kind) { return supports_binary(kind); }

kir::Function lower_sum_of_bytes(const Isa& isa, const SumOfBytes& sum, int32_t zero_point, Border border,
                                 WordPool& pool, std::string name, std::string comment) {
  return flat(isa, true, border, pool, std::move(name), std::move(comment), [&](Builder& b, size_t before_the_loop) {
    const int a = 0, c = 1, y = 2, part = 6, first_free = 7;
    Constants constants(b, pool, isa, first_free, isa.registers);
    const auto add = [&](int to, int packed, int j, float multiplier) {
      b.two(Opcode::unpack, part, packed, j);
      b.two(Opcode::to_float, part, part);
      constants.fma(to, part, multiplier);
    };
    b.load(a, {kIn, 0});
    b.load(c, {3, 0});
    for (int j = 0; j < 4; ++j) {
      constants.copy(y + j, sum.bias);
      add(y + j, a, j, sum.multiplier_a);
      add(y + j, c, j, sum.multiplier_b);
      b.two(Opcode::to_int, y + j, y + j);
      if (zero_point != 0) b.three(Opcode::add_i32, y + j, y + j, constants.in_register(part, zero_point));
    }
    b.pack(Opcode::pack, a, y, y + 1, y + 2, y + 3);
    constants.load_at(before_the_loop);
    return a;
  });
}

bool supports_integer_sum(const Isa& isa) {
  return has_text(isa, Opcode::pair_bytes) && has_text(isa, Opcode::dot2) && has_text(isa, Opcode::shift_right_s);
}

// Both bytes of a pixel are the 16-bit halves of a lane. Weights have more bits than that: 128 times their upper ones,
// which meet bytes that are 128 times as large.
kir::Function lower_integer_sum(const Isa& isa, const IntegerSum& sum, Border border, WordPool& pool, std::string name,
                                std::string comment) {
  constexpr int kLowBits = 7;
  const auto word = [](int32_t a, int32_t b) { return uint32_t(uint16_t(a)) | uint32_t(uint16_t(b)) << 16; };
  constexpr int32_t kLow = (1 << kLowBits) - 1;
  const Mem low = pool.word(word(sum.weight_a & kLow, sum.weight_b & kLow));
  const Mem high = pool.word(word(sum.weight_a >> kLowBits, sum.weight_b >> kLowBits));
  return flat(isa, true, border, pool, std::move(name), std::move(comment), [&](Builder& b, size_t before_the_loop) {
    const int x = 0, z = 1, y = 2, part = 6, first_free = 7;
    Constants constants(b, pool, isa, first_free, isa.registers);
    b.load(x, {kIn, 0});
    b.load(z, {3, 0});
    for (int j = 0; j < 4; ++j) {
      constants.copy(y + j, sum.bias);
      b.pair_bytes(part, x, z, j);
      b.with_memory(Opcode::dot2, y + j, part, low);
      b.two(Opcode::shift_left, part, part, kLowBits);
      b.with_memory(Opcode::dot2, y + j, part, high);
      b.two(Opcode::shift_right_s, y + j, y + j, sum.shift);
    }
    b.pack(Opcode::pack, x, y, y + 1, y + 2, y + 3);
    constants.load_at(before_the_loop);
    return x;
  });
}

kir::Function lower_qbinary(const Isa& isa, BinaryKind kind, Quant qa, Quant qb, Quant out, Border border,
                            WordPool& pool, std::string name, std::string comment) {
  return flat(isa, true, border, pool, std::move(name), std::move(comment), [&](Builder& b, size_t) {
    const int a = 0, c = 1, y = 2, z = 6;
    b.load(a, {kIn, 0});
    b.load(c, {3, 0});
    for (int j = 0; j < 4; ++j) {
      real_of(b, pool, y + j, a, j, qa);
      real_of(b, pool, z, c, j, qb);
      b.three(opcode_of(kind), y + j, y + j, z);
      b.with_memory(Opcode::mul_word, y + j, y + j, pool.word(1.0f / out.scale));
      b.two(Opcode::to_int, y + j, y + j);
      b.broadcast(z, pool.word(out.zero_point));
      b.three(Opcode::add_i32, y + j, y + j, z);
    }
    b.pack(Opcode::pack, a, y, y + 1, y + 2, y + 3);
    return a;
  });
}

kir::Function lower_max_pool(const Isa& isa, bool integer, const std::vector<int64_t>& taps, Border border,
                             WordPool& pool, std::string name, std::string comment) {
  return flat(isa, false, border, pool, std::move(name), std::move(comment), [&](Builder& b, size_t) {
    b.load(0, {kIn, taps.at(0)});
    for (size_t t = 1; t < taps.size(); ++t) {
      b.load(1, {kIn, taps[t]});
      b.three(integer ? Opcode::max_u8 : Opcode::max, 0, 0, 1);
    }
    return 0;
  });
}

kir::Function lower_unary(const Isa& isa, Activation activation, float alpha, Border border, WordPool& pool,
                          std::string name, std::string comment) {
  return flat(isa, false, border, pool, std::move(name), std::move(comment), [&](Builder& b, size_t) {
    b.load(0, {kIn, 0});
    Constants constants(b, pool, isa);
    emit_activation(b, constants, activation, alpha, 0, {1, 2, 3, 4});
    return 0;
  });
}

kir::Function lower_binary(const Isa& isa, BinaryKind kind, Border border, WordPool& pool, std::string name,
                           std::string comment) {
  return flat(isa, true, border, pool, std::move(name), std::move(comment), [&](Builder& b, size_t) {
    b.load(0, {kIn, 0});
    b.load(1, {3, 0});
    if (kind == BinaryKind::min || kind == BinaryKind::max) {  // numerics::minimum and maximum: a NaN in either stays
      b.three(opcode_of(kind), 2, 0, 1);
      b.three(opcode_of(kind), 0, 1, 0);
      b.three(Opcode::bit_or, 0, 2, 0);
    } else {
      b.three(opcode_of(kind), 0, 0, 1);
    }
    return 0;
  });
}

kir::Function lower_dequantise(const Isa& isa, Quant quant, int channels, int64_t out_plane_bytes, WordPool& pool,
                               std::string name, std::string comment) {
  Builder b(std::move(name), std::move(comment), 3);
  b.loop_tiles();
  b.load(0, {kIn, 0});
  for (int j = 0; j < channels; ++j) {
    real_of(b, pool, 1, 0, j, quant);
    b.store({kOut, j * out_plane_bytes}, 1);
  }
  b.advance(kIn, isa.vector_bytes());
  b.advance(kOut, isa.vector_bytes());
  b.end();
  return b.finish();
}

}  // namespace sparsec::kernels
