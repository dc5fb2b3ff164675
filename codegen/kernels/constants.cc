// Each constant has its place in the pool; a register is a copy of that.
#include "codegen/kernels/constants.h"

#include <algorithm>

namespace sparsec::kernels {

using kir::Opcode;

Constants::Constants(Builder& builder, WordPool& pool, const Isa& isa, int first, int end)
    : b_(builder),
      pool_(pool),
      first_(first),
      end_(end),
      lookup16_(has_text(isa, Opcode::lookup16)),
      permute256_(has_text(isa, Opcode::permute256)),
      vector_bytes_(isa.vector_bytes()) {}

int Constants::place_of(Opcode load, Mem from, int registers) {
  const auto at =
      std::ranges::find_if(loads_, [&](const kir::Insn& x) { return x.op == load && x.offset == from.offset; });
  const int place = first_ + int(at - loads_.begin());
  if (at != loads_.end()) return place;
  if (place + registers > end_) return -1;
  for (int i = 0; i < registers; ++i)
    loads_.push_back({.op = load,
                      .d = uint8_t(place + i),
                      .p = uint8_t(from.pointer),
                      .offset = int32_t(from.offset + i * vector_bytes_)});
  return place;
}

void Constants::copy_bits(int d, uint32_t c) {
  const Mem word = pool_.word(c);
  if (const int place = place_of(Opcode::broadcast, word); place >= 0) return b_.two(Opcode::move, d, place);
  b_.broadcast(d, word);
}

int Constants::bits_in_register(int spare, uint32_t c) {
  const Mem word = pool_.word(c);
  if (const int place = place_of(Opcode::broadcast, word); place >= 0) return place;
  b_.broadcast(spare, word);
  return spare;
}

void Constants::binary(Opcode with_register, Opcode with_word, int d, int a, float c) {
  const Mem word = pool_.word(c);
  if (const int place = place_of(Opcode::broadcast, word); place >= 0) return b_.three(with_register, d, a, place);
  b_.with_memory(with_word, d, a, word);
}

void Constants::add(int d, int a, float c) { binary(Opcode::add, Opcode::add_word, d, a, c); }
void Constants::mul(int d, int a, float c) { binary(Opcode::mul, Opcode::mul_word, d, a, c); }
void Constants::fma(int d, int a, float c) { binary(Opcode::fma, Opcode::fma_word, d, a, c); }

Mem Constants::table(const void* key, std::span<const float> table) {
  std::vector<uint32_t> words;
  for (float f : table) words.push_back(bits(f));
  return pool_.table(key, words);
}

void Constants::lookup8(int d, int a, const std::array<float, 8>& values) {
  b_.with_memory(Opcode::lookup8, d, a, table(&values, values));
}

void Constants::lookup16(int d, int a, const void* key, const std::array<float, 16>& values) {
  const Mem at = table(key, values);
  if (const int place = place_of(Opcode::load, at); place >= 0) return b_.three(Opcode::permute16, d, a, place);
  b_.with_memory(Opcode::lookup16, d, a, at);
}

void Constants::lookup256(int d, int a, const void* key, const std::vector<uint32_t>& words) {
  const Mem at = pool_.table(key, words);
  constexpr int kRegisters = 4;
  if (const int place = permute256_ ? place_of(Opcode::load, at, kRegisters) : -1; place >= 0)
    return b_.three(Opcode::permute256, d, a, place);
  b_.with_memory(Opcode::lookup256, d, a, at);
}

void Constants::load_at(size_t place) { b_.insert(place, loads_); }

}  // namespace sparsec::kernels
