// Constants that a kernel uses at every tile: in registers as far as some are free, else as words of the pool.
//
// A constant takes a register when it is first asked for. The loads of all of them are written at the end, in front of
// the kernel's loops.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "codegen/kernels/builder.h"

namespace sparsec::kernels {

class Constants {
 public:
  // Registers [first, end) are free for constants; there may be none.
  Constants(Builder& builder, WordPool& pool, const Isa& isa, int first = 0, int end = 0);

  // v[d] = the constant
  template <typename T>
  void copy(int d, T c) {
    copy_bits(d, bits(c));
  }
  // The register where the constant is: its own, or `spare` after loading it there. It must not be written.
  template <typename T>
  int in_register(int spare, T c) {
    return bits_in_register(spare, bits(c));
  }
  void add(int d, int a, float c);  // v[d] = v[a] + c
  void mul(int d, int a, float c);  // v[d] = v[a] * c
  void fma(int d, int a, float c);  // v[d] += v[a] * c
  // v[d] = table[v[a] & 7], where lanes are 4 or 8; the table is known by its address.
  void lookup8(int d, int a, const std::array<float, 8>& table);
  // v[d] = table[v[a] & 15], where lanes are 16; the table is known by `key`.
  void lookup16(int d, int a, const void* key, const std::array<float, 16>& table);
  // Bytewise v[d] = table[v[a]], 256 bytes in 64 words, known by `key`.
  void lookup256(int d, int a, const void* key, const std::vector<uint32_t>& table);
  bool has_lookup16() const { return lookup16_; }

  // Inserts the loads at a place in the code, where all of the registers are free from there on.
  void load_at(size_t place);

 private:
  static uint32_t bits(uint32_t c) { return c; }
  static uint32_t bits(float c) { return std::bit_cast<uint32_t>(c); }
  static uint32_t bits(int32_t c) { return uint32_t(c); }
  void copy_bits(int d, uint32_t c);
  int bits_in_register(int spare, uint32_t c);
  void binary(kir::Opcode with_register, kir::Opcode with_word, int d, int a, float c);
  Mem table(const void* key, std::span<const float> table);
  // The register, or the first of so many in a row, that holds what is there; -1 where they are not free.
  int place_of(kir::Opcode load, Mem from, int registers = 1);

  Builder& b_;
  WordPool& pool_;
  const int first_, end_;
  const bool lookup16_, permute256_;
  const int vector_bytes_;
  std::vector<kir::Insn> loads_;  // of registers first_, first_ + 1, ...
};

}  // namespace sparsec::kernels
