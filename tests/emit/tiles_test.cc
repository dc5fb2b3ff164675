// The tile opcodes: the interpreter against a product of matrices, and machine code, where this machine has tiles,
// against the interpreter. Full tiles, short ones, and the memory of a kernel's own.
#include <gtest/gtest.h>

#include <random>

#include "codegen/interpret.h"
#include "compiler/engine/engine.h"
#include "compiler/error.h"
#include "tests/support/kernel_models.h"

namespace sparsec {
namespace {

using kir::Insn;
using kir::Opcode;

constexpr int kStride = 192;  // of the rows of the activations' tile

struct Shape {
  int outputs, planes;  // rows of the two tiles
};
constexpr Shape kShapes[] = {{16, 16}, {16, 3}, {5, 16}, {1, 1}, {16, 15}};

std::vector<uint8_t> configuration(const Shape& s) {
  std::vector<uint8_t> bytes(64, 0);
  bytes[0] = 1;
  bytes[16] = 64;
  bytes[48] = uint8_t(s.outputs);
  bytes[18] = uint8_t(4 * s.planes);
  bytes[49] = uint8_t(s.outputs);
  bytes[20] = 64;
  bytes[50] = uint8_t(s.planes);
  return bytes;
}

// p0: shapes, p1: weights, p2: activations, p3: the sums, of the product twice over, a vector a row.
kir::Function product(const Shape& s) {
  kir::Function f{.name = "product", .comment = "", .pointers = 4, .code = {}};
  f.scratch = 1024;
  f.code = {{.op = Opcode::tile_config, .p = 0},
            {.op = Opcode::loop_tiles},
            {.op = Opcode::tile_zero, .d = 0},
            {.op = Opcode::tile_load, .d = 1, .p = 1, .imm = 64},
            {.op = Opcode::tile_load, .d = 2, .p = 2, .offset = 8, .imm = kStride},
            {.op = Opcode::tile_dot, .d = 0, .a = 1, .b = 2},
            {.op = Opcode::tile_dot, .d = 0, .a = 1, .b = 2},
            {.op = Opcode::tile_store, .a = 0, .p = kir::kScratch, .imm = 64}};
  for (int r = 0; r < s.outputs; ++r) {
    f.code.push_back({.op = Opcode::load, .d = 3, .p = kir::kScratch, .offset = 64 * r});
    f.code.push_back({.op = Opcode::store, .a = 3, .p = 3, .offset = 64 * r});
  }
  f.code.push_back({.op = Opcode::loop_end});
  f.code.push_back({.op = Opcode::tile_release});
  return f;
}

struct Case {
  std::vector<uint8_t> shapes, weights, activations;
  std::vector<int32_t> sums;
  explicit Case(const Shape& s) : shapes(configuration(s)), weights(1024), activations(16 * kStride), sums(256, 0) {
    std::mt19937 random(7);
    for (uint8_t& b : weights) b = uint8_t(random());
    for (uint8_t& b : activations) b = uint8_t(random());
    for (int m = 0; m < s.outputs; ++m)
      for (int n = 0; n < 16; ++n)
        for (int k = 0; k < s.planes; ++k)
          for (int i = 0; i < 4; ++i)
            sums[size_t(16 * m + n)] +=
                2 * int8_t(weights[size_t(64 * m + 4 * k + i)]) * activations[size_t(8 + kStride * k + 4 * n + i)];
  }
  std::vector<const void*> pointers(std::vector<int32_t>& out) const {
    return {shapes.data(), weights.data(), activations.data(), out.data(), nullptr, nullptr, nullptr, nullptr};
  }
};

TEST(Tiles, InterpretedEqualAMatrixProduct) {
  for (const Shape& s : kShapes) {
    const Case c(s);
    std::vector<int32_t> out(256, 0);
    kir::interpret(*find_isa("amx"), product(s), c.pointers(out).data(), 1);
    EXPECT_EQ(out, c.sums) << s.outputs << " outputs of " << s.planes << " planes";
  }
}

TEST(Tiles, WhatTheCpuWouldFaultOnFails) {
  const Case c({16, 3});
  std::vector<int32_t> out(256, 0);
  const auto fails = [&](const char* isa, const std::vector<Insn>& code) {
    EXPECT_THROW(kir::interpret(*find_isa(isa), {"f", "", 4, code, 0}, c.pointers(out).data(), 1), InternalError);
  };
  const Insn config{.op = Opcode::tile_config, .p = 0}, release{.op = Opcode::tile_release};
  fails("avx512_vnni", {config, release});
  fails("amx", {{.op = Opcode::tile_zero, .d = 0}});
  fails("amx", {config, {.op = Opcode::tile_zero, .d = 3}, release});                 // has no shape
  fails("amx", {config, {.op = Opcode::tile_dot, .d = 0, .a = 1, .b = 1}, release});  // one tile twice
  fails("amx", {config, {.op = Opcode::tile_dot, .d = 2, .a = 1, .b = 0}, release});  // shapes that do not fit
  fails("amx", {config});                                                             // never released
}

TEST(Tiles, MachineCodeEqualsAMatrixProduct) {
  bool any = false;
  for (const Isa* isa : testing::usable_isas()) {
    if (!isa->tiles) continue;
    any = true;
    for (const Shape& s : kShapes) {
      ProgramImage program;
      program.isa = isa;
      program.functions = {product(s)};
      program.calls = {{0, "", 0, 0}};
      program.steps = {{"f", "", 0, 1, 1, 0}};
      ModelImage model;
      model.name = "tiles";
      model.compiler = "sparsec 0.1.0";
      model.programs.push_back(program);
      const engine::Library library = engine::load(model);
      const Case c(s);
      std::vector<int32_t> out(256, 0);
      library.model().programs[0]->calls[0].kernel(c.pointers(out).data(), 2);
      EXPECT_EQ(out, c.sums) << s.outputs << " outputs of " << s.planes << " planes";
    }
  }
  if (!any) GTEST_SKIP() << "this machine has no tiles";
}

}  // namespace
}  // namespace sparsec
