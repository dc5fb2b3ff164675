// What an instruction set is to sparsec: its vector registers and, for each opcode of the kernel IR, its text.
//
// One file per ISA holds one Isa; isa.cc's table lists them. Adding an ISA is one file and one row
// (docs/adding-an-isa.md). Assembly of x86 is AT&T syntax; placeholders there (aarch64_text.cc lists those of AArch64):
// {d} {a} {b} {c} {e} vector registers, {b+1} the one behind {b}, {m} the memory operand and {m+64} the one 64 bytes
// further, {base} and {off} its parts, {td} {ta} {tb} tile registers, {i} the immediate, {fn} the function's name (for
// local labels), {s0} {s1}... scratch vectors that the ISA keeps for itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/program.h"

namespace sparsec {

enum class Style : uint8_t {
  assembly,  // whole functions of instruction text: top-level asm in C++, objects through LLVM's MC layer
  calls,     // a call per instruction to the functions of templates/portable_ops.{h,ll}
};

struct OpText {
  kir::Opcode op;
  std::string text;
};

// Runs once per function in which one of the opcodes occurs.
struct Prologue {
  std::vector<kir::Opcode> before;
  std::string text;
};

// Constants that the texts of some opcodes read: printed behind each function in which one of them occurs.
struct LocalData {
  std::vector<kir::Opcode> of;
  std::string text;
};

struct Isa {
  std::string_view name;         // as in --target: "scalar", "avx2", "avx512_vnni", ...
  std::string_view description;  // for --help and reports
  Style style;
  int lanes;            // 32-bit lanes in a vector register
  int registers;        // vector registers that kernels may use (scratch not counted)
  bool saturating_dot;  // dot4 is exact only for weights that split_for_saturation has passed
  // Products of an unrolled kernel beyond which its code no longer runs from the micro-op cache: longer ones are cut
  // into pieces. 0: never.
  int piece_products = 0;
  bool tiles = false;       // has the tile opcodes
  bool unroll;              // whether unrolled kernels pay (not where a C++ compiler must chew them)
  uint32_t features;        // SPARSEC_CPU_* bits of sparsec/abi.h that the CPU must have
  std::string_view triple;  // LLVM target triple; empty: any machine's
  bool signed_dot = false;  // products are of s8 by s8: convolutions use load_s8 and dot4_s8

  // Assembly style only.
  std::string_view register_prefix;  // "%zmm"
  int first_scratch = 0;             // {s0} is this register
  std::vector<OpText> texts;         // a row per opcode but for control
  std::vector<Prologue> prologues;
  std::vector<LocalData> data;
  std::string_view directive = {};  // for the assembler, printed before every function

  int vector_bytes() const { return lanes * 4; }
  int mask_bytes() const { return lanes >= 8 ? lanes / 8 : 1; }
};

const std::vector<const Isa*>& all_isas();   // best first
const Isa* find_isa(std::string_view name);  // nullptr when there is none

// The LLVM target triple of a library that holds these, all of one architecture or portable; of this machine when all
// are portable. Throws a CompileError where they mix architectures.
std::string_view triple_of(const std::vector<const Isa*>& isas);
std::string_view architecture_of(std::string_view triple);  // "x86_64"
std::string_view host_triple();

// Assembly style: the whole function from its label to its last constant, one instruction a line. The label is
// `symbol`.
std::string text_of(const Isa& isa, const kir::Function& function, std::string_view symbol);
std::string x86_text(const Isa& isa, const kir::Function& function, std::string_view symbol);
std::string aarch64_text(const Isa& isa, const kir::Function& function, std::string_view symbol);

// Whether the instruction set has a row for the opcode.
bool has_text(const Isa& isa, kir::Opcode op);

// Whether the opcode, or one of several, occurs in the function.
bool uses(const kir::Function& function, kir::Opcode op);
bool uses(const kir::Function& function, const std::vector<kir::Opcode>& any);

}  // namespace sparsec
