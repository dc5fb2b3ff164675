// A small kernel in each form, as text that people have looked at. SPARSEC_UPDATE_GOLDEN=1 writes the files anew.
#include <gtest/gtest.h>

#include <functional>

#include "codegen/emit/cpp.h"
#include "codegen/emit/header.h"
#include "codegen/emit/llvm.h"
#include "compiler/error.h"
#include "tests/support/kernel_models.h"
#include "tests/support/shell.h"

namespace sparsec {
namespace {

void expect_golden(const std::string& name, const std::string& text) {
  const std::filesystem::path path = std::filesystem::path(SPARSEC_SOURCE_DIR) / "tests/emit/golden" / name;
  if (std::getenv("SPARSEC_UPDATE_GOLDEN")) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(text, testing::read_file(path)) << path;
}

// out = (sum over 3 rows of a row's dot product with its weights) >> 2, a tile a vector.
testing::KernelCase small_kernel(const Isa& isa) {
  using kir::Opcode;
  testing::KernelCase kernel;
  kernel.function = {.name = "conv_3", .comment = "three taps of one channel group", .pointers = 3, .code = {}};
  kernel.function.code = {
      {.op = Opcode::loop_tiles},
      {.op = Opcode::zero, .d = 0},
      {.op = Opcode::loop_count, .imm = 3},
      {.op = Opcode::load, .d = 1, .p = 0},
      {.op = Opcode::dot4, .d = 0, .a = 1, .p = 2},
      {.op = Opcode::add_pointer, .p = 0, .offset = 640},
      {.op = Opcode::add_pointer, .p = 2, .offset = 4},
      {.op = Opcode::loop_end},
      {.op = Opcode::shift_right, .d = 0, .a = 0, .imm = 2},
      {.op = Opcode::store, .a = 0, .p = 1},
      {.op = Opcode::add_pointer, .p = 0, .offset = isa.vector_bytes() - 3 * 640},
      {.op = Opcode::add_pointer, .p = 1, .offset = isa.vector_bytes()},
      {.op = Opcode::add_pointer, .p = 2, .offset = -12},
      {.op = Opcode::loop_end},
  };
  kernel.input_strides = {isa.vector_bytes()};
  kernel.output_stride = isa.vector_bytes();
  kernel.tiles = 2;
  kernel.constants = {1, 2, 3, 4, 5, 6, 7, 8, 250, 251, 252, 253};
  return kernel;
}

ModelImage small_model(const std::vector<const Isa*>& isas) {
  std::vector<ProgramImage> programs;
  for (const Isa* isa : isas) programs.push_back(testing::program_of(*isa, small_kernel(*isa)));
  ModelImage model = testing::model_of("small", std::move(programs), small_kernel(*isas[0]));
  for (ProgramImage& program : model.programs) {
    program.steps[0].comment = "1x1x20, 25% of blocks are zero\ntile: one vector";
    program.steps[0].plan = "plan: step 0 alone in 1 band; 2 tiles";
  }
  return model;
}

std::string text_of_file(const std::vector<emit::TextFile>& files, const std::string& path) {
  for (const emit::TextFile& file : files)
    if (file.path == path) return file.text;
  return "no file " + path;
}

TEST(Golden, Cpp) {
  const auto files = emit::cpp_files(small_model(testing::isas_for("x86_64")));
  for (const char* name : {"small_scalar_0.cc", "small_avx2_0.cc", "small_avx_vnni_0.cc", "small_avx512_vnni_0.cc",
                           "small_amx_0.cc", "small_tables.cc", "small_scalar_constants.cc", "Makefile"})
    expect_golden(std::string("cpp_") + name, text_of_file(files, name));
}

TEST(Golden, CppOfArm) {
  const auto files = emit::cpp_files(small_model(testing::isas_for("aarch64")));
  for (const char* name : {"small_neon_dotprod_0.cc", "small_neon_i8mm_0.cc"})
    expect_golden(std::string("cpp_") + name, text_of_file(files, name));
}

TEST(Golden, LlvmModule) { expect_golden("module_avx2.ll", emit::llvm_module(small_model({find_isa("avx2")}))); }

TEST(Golden, LlvmPortableKernel) {
  const Isa& scalar = *find_isa("scalar");
  expect_golden("kernel_scalar.ll", emit::ir_function(scalar, small_kernel(scalar).function, "small_scalar_conv_3"));
}

TEST(Golden, Assembly) {
  expect_golden("kernels.s", emit::assembly_of_kernels(small_model(testing::isas_for("x86_64"))));
}

TEST(Architectures, ALibraryHoldsOne) {
  const ModelImage mixed = small_model({find_isa("avx2"), find_isa("neon_dotprod")});
  const char* const why =
      "--target: avx2 is x86_64 and neon_dotprod is aarch64: a library holds one architecture; write one library for "
      "each";
  for (const auto& write :
       {std::function([&] { emit::cpp_files(mixed); }), std::function([&] { emit::llvm_module(mixed); }),
        std::function([&] { emit::units_of(mixed, false); })}) {
    try {
      write();
      ADD_FAILURE() << "written";
    } catch (const CompileError& error) {
      EXPECT_STREQ(error.what(), why);
    }
  }
}

TEST(Header, CommentsCannotBeEscapedFrom) {
  ModelImage model = small_model({find_isa("scalar")});
  model.source = "a*/ int evil; /*\n.onnx";
  model.outputs[0].name = "out*/put\\";
  const std::string header = emit::header_of(model);
  EXPECT_EQ(header.find("a*/"), std::string::npos);
  EXPECT_EQ(header.find("out*/"), std::string::npos);
  EXPECT_NE(header.find("small_create"), std::string::npos);
}

}  // namespace
}  // namespace sparsec
