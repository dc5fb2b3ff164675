// Kernel IR: straight-line vector code with counted loops, for a machine with pointer and vector registers.
//
// A Function is one kernel: void kernel(const void* const* pointers, int64_t tiles). It loads pointer registers p0, p1,
// ... from the array and runs its outer loop `tiles` times. A vector register holds `lanes` 32-bit lanes (16 for
// AVX-512, 8 for AVX2, 4 portably); a lane is one pixel: four int8 channels, an int32 accumulator, or a float. Memory
// operands are pointer register + immediate byte offset; alignment is never required.
//
// The same Function is printed as assembly, C++ or LLVM IR (codegen/emit), timed by the cost model, and run by
// interpret() on any machine: each opcode's meaning is in codegen/interpret.cc, each ISA's text for it in codegen/isa/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sparsec::kir {

// d, a, b, c: vector registers. m: 32-bit memory operand or vector in memory at [p + offset].
enum class Opcode : uint8_t {
  // control
  loop_tiles,   // begin the loop over `tiles`; imm > 1: imm at a time, what is left is for the next loop_tiles
  if_tiles,     // begin a block that runs once, if at least imm tiles are left, and takes those imm (x86 only)
  loop_count,   // begin a loop that runs imm times (imm >= 1); may nest once inside loop_tiles
  loop_end,     // ends the innermost open loop or block
  add_pointer,  // p += offset
  // moves
  zero,       // d = 0
  move,       // d = a
  load,       // d = vector at m
  load_s8,    // d = vector at m with 128 taken from every byte: u8 to s8
  store,      // vector at m = a
  broadcast,  // d = every lane the 32-bit word at m
  prefetch,   // nothing: asks for the cache line at m, which may be nobody's (ISAs that have a text for it)
  select,     // d = for each lane a where its bit in the mask at m is set, else d. Masks: lanes/8 bytes (at least one),
              // lane i is bit i
  even_lanes,  // d = lanes 0, 2, 4, ... of a, then those of b
  odd_lanes,   // d = lanes 1, 3, 5, ... of a, then those of b
  lanes_from,  // d = lanes imm, imm + 1, ... of a, then those of b: as many as a register has (16 lanes only)
  // products
  dot4,        // d += sum over 4 of u8(a) * s8(word at m, the same for every lane), int32, exact
               // (an ISA with saturating_dot needs words that pass is_saturation_safe)
  dot8,        // the same of two registers: d += a . word at m + b . word at m + 4
  dot12,       // and of three: ... + c . word at m + 8 (with saturating_dot: words that are safe together)
  dot4_words,  // d += sum over 4 of u8(a) * s8(b), lane by lane, int32, exact (16 lanes only)
  dot4_s8,     // d += sum over 4 of s8(a) * s8(word at m), int32, exact
               // (load_s8 and dot4_s8 are for ISAs with signed_dot only)
  dot2,        // d += s16(low half of a) * s16(low half of the word at m) + the same of the high halves (16 lanes only)
  fma_word,    // d = fma(a, float at m, d)
  // int32
  add_i32,        // d = a + b
  shift_left,     // d = a << imm
  shift_right,    // d = a >> imm, logical
  shift_right_s,  // the same, arithmetic (16 lanes only)
  // float32
  add,
  sub,
  mul,
  div,
  min,
  max,        // d = a op b; min and max as x86 has them: (a < b ? a : b), (a > b ? a : b)
  fma,        // d = fma(a, b, d)
  limit,      // d = a, its magnitude b's at most (16 lanes only)
  fma_scale,  // d = fma(d, float at m, a)
  mul_word,   // d = a * float at m
  add_word,   // d = a + float at m
  bit_and,
  bit_or,
  bit_xor,    // d = a op b, bits
  to_float,   // d = float(int32 a)
  to_int,     // d = round half even of a; beyond int32: INT32_MIN
  lookup8,    // d = table[a & 7], 8 floats at m (4 and 8 lanes only)
  lookup16,   // d = table[a & 15], 16 floats at m (16 lanes only)
  permute16,  // the same of the 16 floats in register b (16 lanes only)
  // bytes
  max_u8,      // d = bytewise max(a, b)
  unpack,      // d = byte imm of each lane of a, zero-extended to int32
  pair_bytes,  // d = byte imm of each lane of a in its low half, that of b in its high half (16 lanes only)
  pack,  // lane i of d = the bytes clamp(a[i]), clamp(b[i]), clamp(c[i]), clamp(e[i]), lowest first, int32 clamped to
         // 0..255
  pack_s8,     // the same, clamped to -128..127
  pack_half,   // the same of the lanes' low halves, which are int16
  lookup256,   // bytewise d = table[a], 256 bytes at m
  permute256,  // the same of the 256 bytes in registers b to b + 3, of which d is none (16 lanes only)
  // tiles: matrices of up to 16 rows of up to 64 bytes, in registers of their own, which d, a, b number (ISAs with
  // `tiles` only)
  tile_config,   // shapes of tiles 0 to 7 from the 64 bytes at m, in the layout of Intel's ldtilecfg; they become zero
  tile_release,  // no tile has a shape any more: last in every function that has tile_config
  tile_zero,     // d = 0
  tile_load,     // row r of d = the bytes at m + r * imm
  tile_store,    // the bytes at m + r * imm = row r of a
  tile_dot,  // int32 d[m][n] += sum over k and 4 of s8(a[m][4k + i]) * u8(b[k][4n + i]): a has the weights of output
             // channel m in a row, b the pixels of a plane
};

struct Insn {
  Opcode op;
  uint8_t d = 0, a = 0, b = 0, c = 0, e = 0;  // vector registers
  uint8_t p = 0;                              // pointer register
  int32_t offset = 0;                         // bytes
  int32_t imm = 0;
  bool operator==(const Insn&) const = default;
};

// One kernel.
struct Function {
  std::string name;     // a C identifier, unique in its program: "conv_12_g3"
  std::string comment;  // what the reader should know: layer, shape, sparsity, tile
  int pointers = 0;     // pointer registers used, at most kMaxPointers
  std::vector<Insn> code;
  int scratch = 0;  // bytes of memory that the kernel has for itself while it runs, at pointer register kScratch; at
                    // most kMaxScratch
};

inline constexpr int kMaxPointers = 8;
inline constexpr int kScratch = kMaxPointers;  // 64-byte aligned; uninitialised; never advances
inline constexpr int kMaxScratch = 4096;

inline bool opens_block(Opcode op) {
  return op == Opcode::loop_tiles || op == Opcode::if_tiles || op == Opcode::loop_count;
}

// The text of a Function for people and golden tests: one instruction a line, loops indented.
std::string print(const Function& function);

}  // namespace sparsec::kir
