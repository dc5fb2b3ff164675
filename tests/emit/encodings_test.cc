// Machine code of instruction sets that few machines have, byte by byte against what Intel's manual says, so that a
// mnemonic with its operands the wrong way round shows on any machine. LLVM's assembler makes it; nothing is run.
#include <gtest/gtest.h>

#include <cstring>

#include "compiler/engine/engine.h"
#include "tests/support/kernel_models.h"

namespace sparsec {
namespace {

using kir::Insn;
using kir::Opcode;
using Bytes = std::vector<uint8_t>;

// The function of these instructions, one pointer, as machine code as long as `expected`.
Bytes code_of(const char* isa, std::vector<Insn> code, size_t bytes, int scratch = 0) {
  ProgramImage program;
  program.isa = find_isa(isa);
  program.functions = {{"f", "", 1, std::move(code), scratch}};
  program.calls = {{0, "", 0, 0}};
  program.steps = {{"f", "", 0, 1, 1, 0}};
  ModelImage model;
  model.name = "encodings";
  model.compiler = "sparsec 0.1.0";
  model.programs.push_back(program);
  const engine::Library library = engine::load(model);
  Bytes out(bytes);
  std::memcpy(out.data(), reinterpret_cast<const void*>(library.model().programs[0]->calls[0].kernel), bytes);
  return out;
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

const Bytes kLoadPointer{0x48, 0x8b, 0x07};                          // mov (%rdi), %rax
const Bytes kReturn{0xc5, 0xf8, 0x77, 0xc3};                         // vzeroupper, ret
const Bytes kPush{0x41, 0x54}, kPop{0x41, 0x5c};                     // r12
const Bytes kStride{0x41, 0xbc, 0x40, 0x00, 0x00, 0x00};             // mov $64, %r12d
const Bytes kEnter{0x55, 0x48, 0x89, 0xe5, 0x48, 0x81, 0xec,         // push %rbp; mov %rsp, %rbp; sub $1024, %rsp
                   0x00, 0x04, 0x00, 0x00, 0x48, 0x83, 0xe4, 0xc0};  // and $-64, %rsp
const Bytes kLeave{0xc9};

void expect_code(const char* isa, const std::vector<Insn>& code, const std::vector<Bytes>& parts, int scratch = 0) {
  const Bytes expected = joined(parts);
  EXPECT_EQ(code_of(isa, code, expected.size(), scratch), expected);
}

// VEX.256.66.0F38.W0 50 /r: the accumulator in reg, the unsigned bytes in vvvv, the signed ones in r/m. In EVEX (0x62)
// it would need AVX-512.
TEST(Encodings, AvxVnniProduct) {
  expect_code("avx_vnni", {{.op = Opcode::dot4, .d = 0, .a = 1, .p = 0, .offset = 4}},
              {kLoadPointer, {0xc4, 0x62, 0x7d, 0x58, 0x60, 0x04}, {0xc4, 0xc2, 0x75, 0x50, 0xc4}, kReturn});
}

// VEX.128.F3.0F38.W0 5E 11:rrr:bbb: the sums in reg, the signed tile in r/m, the unsigned one in vvvv.
TEST(Encodings, AmxProduct) {
  expect_code("amx", {{.op = Opcode::tile_dot, .d = 0, .a = 1, .b = 2}},
              {kLoadPointer, {0xc4, 0xe2, 0x6a, 0x5e, 0xc1}, kReturn});
}

// VEX.128.NP.0F38.W0 49 !(11):000:bbb m512; 11:000:000; VEX.128.F2.0F38.W0 49 11:rrr:000.
TEST(Encodings, AmxTileState) {
  expect_code("amx",
              {{.op = Opcode::tile_config, .p = 0}, {.op = Opcode::tile_zero, .d = 7}, {.op = Opcode::tile_release}},
              {kLoadPointer,
               {0xc4, 0xe2, 0x78, 0x49, 0x00},
               {0xc4, 0xe2, 0x7b, 0x49, 0xf8},
               {0xc4, 0xe2, 0x78, 0x49, 0xc0},
               kReturn});
}

// VEX.128.F2.0F38.W0 4B !(11):rrr:100 and, to memory, .F3: base and, times one, the index that holds the stride.
TEST(Encodings, AmxLoadAndStore) {
  expect_code(
      "amx", {{.op = Opcode::tile_load, .d = 5, .p = 0, .offset = 1024, .imm = 64}},
      {kPush, kLoadPointer, kStride, {0xc4, 0xa2, 0x7b, 0x4b, 0xac, 0x20, 0x00, 0x04, 0x00, 0x00}, kPop, kReturn});
  expect_code(
      "amx", {{.op = Opcode::tile_store, .a = 3, .p = 0, .offset = 1024, .imm = 64}},
      {kPush, kLoadPointer, kStride, {0xc4, 0xa2, 0x7a, 0x4b, 0x9c, 0x20, 0x00, 0x04, 0x00, 0x00}, kPop, kReturn});
}

TEST(Encodings, MemoryOfTheKernelsOwn) {
  expect_code("amx", {{.op = Opcode::tile_store, .a = 3, .p = kir::kScratch, .imm = 64}},
              {kPush, kEnter, kLoadPointer, kStride, {0xc4, 0xa2, 0x7a, 0x4b, 0x1c, 0x24}, kLeave, kPop, kReturn},
              1024);
}

}  // namespace
}  // namespace sparsec
