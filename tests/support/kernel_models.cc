// Builds the images and walks the schedules of kernel_models.h.
#include "tests/support/kernel_models.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace sparsec::testing {
namespace {

using kir::Opcode;

// Linux gives the tiles' registers (18) to processes that ask (ARCH_REQ_XCOMP_PERM).
[[maybe_unused]] bool is_given_tiles() {
#if defined(__x86_64__) && defined(__linux__)
  return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
  return false;
#endif
}

bool cpu_has(uint32_t features) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if ((features & SPARSEC_CPU_AVX2) && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))) return false;
  if ((features & SPARSEC_CPU_AVX512) && !(__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")))
    return false;
  if ((features & SPARSEC_CPU_AVX512_VNNI) && !__builtin_cpu_supports("avx512vnni")) return false;
  if ((features & SPARSEC_CPU_AVX512_VBMI) && !__builtin_cpu_supports("avx512vbmi")) return false;
  if ((features & SPARSEC_CPU_AVX_VNNI) && !__builtin_cpu_supports("avxvnni")) return false;
  if ((features & SPARSEC_CPU_AMX_INT8) && !(__builtin_cpu_supports("amx-int8") && is_given_tiles())) return false;
  return (features >> 6) == 0;
#elif defined(__aarch64__)
  if ((features & SPARSEC_CPU_NEON_DOTPROD) && !(getauxval(AT_HWCAP) & HWCAP_ASIMDDP)) return false;
  if ((features & SPARSEC_CPU_NEON_I8MM) && !(getauxval(AT_HWCAP2) & HWCAP2_I8MM)) return false;
  return (features & 63) == 0;
#else
  return features == 0;
#endif
}

}  // namespace

std::vector<const Isa*> usable_isas() {
  std::vector<const Isa*> isas;
  for (const Isa* isa : all_isas())
    if (cpu_has(isa->features)) isas.push_back(isa);
  return isas;
}

std::vector<const Isa*> isas_for(std::string_view architecture) {
  std::vector<const Isa*> isas;
  for (const Isa* isa : all_isas())
    if (isa->triple.empty() || architecture_of(isa->triple) == architecture) isas.push_back(isa);
  return isas;
}

std::vector<const Isa*> native_isas() { return isas_for(architecture_of(host_triple())); }

ProgramImage program_of(const Isa& isa, const KernelCase& kernel) {
  ProgramImage program;
  program.isa = &isa;
  program.functions = {kernel.function};
  program.constants = kernel.constants;
  for (uint32_t i = 0; i < kernel.input_strides.size(); ++i)
    program.pointers.push_back({SPARSEC_INPUT, i, 0, kernel.input_strides[i], 0});
  program.pointers.push_back({SPARSEC_OUTPUT, 0, 0, kernel.output_stride, 0});
  program.pointers.push_back({SPARSEC_CONSTANTS, 0, 0, 0, 0});
  program.calls = {{0, "", 0, static_cast<uint32_t>(program.pointers.size())}};
  program.steps = {{"/" + kernel.function.name, kernel.function.comment, 0, 1, kernel.tiles, 0}};
  program.schedule = {{0, 1, 0, kernel.tiles, 0, 0}};
  return program;
}

ModelImage model_of(const std::string& name, std::vector<ProgramImage> programs, const KernelCase& kernel) {
  ModelImage model;
  model.name = name;
  model.source = name + ".onnx";
  model.sha256 = std::string(64, '0');
  model.compiler = "sparsec 0.1.0";
  model.options = "--target by-hand";
  for (size_t i = 0; i < kernel.input_strides.size(); ++i)
    model.inputs.push_back({"in" + std::to_string(i), SPARSEC_S32, {kernel.tiles * kernel.input_strides[i] / 4}});
  model.outputs = {{"out", SPARSEC_S32, {kernel.tiles * kernel.output_stride / 4}}};
  model.programs = std::move(programs);
  return model;
}

KernelCase vector_add(const Isa& isa, int64_t tiles, int32_t bias) {
  const int bytes = isa.vector_bytes();
  KernelCase kernel;
  kernel.function = {.name = "vector_add", .comment = "int32, a vector a tile", .pointers = 4, .code = {}};
  kernel.function.code = {
      {.op = Opcode::broadcast, .d = 2, .p = 3},
      {.op = Opcode::loop_tiles},
      {.op = Opcode::load, .d = 0, .p = 0},
      {.op = Opcode::load, .d = 1, .p = 1},
      {.op = Opcode::add_i32, .d = 0, .a = 0, .b = 1},
      {.op = Opcode::add_i32, .d = 0, .a = 0, .b = 2},
      {.op = Opcode::store, .a = 0, .p = 2},
      {.op = Opcode::add_pointer, .p = 0, .offset = bytes},
      {.op = Opcode::add_pointer, .p = 1, .offset = bytes},
      {.op = Opcode::add_pointer, .p = 2, .offset = bytes},
      {.op = Opcode::loop_end},
  };
  kernel.input_strides = {bytes, bytes};
  kernel.output_stride = bytes;
  kernel.tiles = tiles;
  kernel.constants.resize(4);
  std::memcpy(kernel.constants.data(), &bias, 4);
  return kernel;
}

ModelImage vector_add_model(const std::string& name, const std::vector<const Isa*>& isas, int64_t tiles, int32_t bias) {
  std::vector<ProgramImage> programs;
  for (const Isa* isa : isas) programs.push_back(program_of(*isa, vector_add(*isa, tiles * 16 / isa->lanes, bias)));
  return model_of(name, std::move(programs), vector_add(*isas[0], tiles * 16 / isas[0]->lanes, bias));
}

void run_program(const sparsec_program& program, const std::vector<const void*>& inputs,
                 const std::vector<void*>& outputs) {
  for (uint32_t w = 0; w < program.n_schedule; ++w) {
    const sparsec_work& work = program.schedule[w];
    const sparsec_step& step = program.steps[work.step];
    for (uint32_t c = step.first_call; c < step.first_call + step.calls; ++c) {
      const sparsec_call& call = program.calls[c];
      const void* pointers[2 * SPARSEC_MAX_POINTERS] = {};
      for (uint32_t i = 0; i < call.pointers; ++i) {
        const sparsec_pointer& p = program.pointers[call.first_pointer + i];
        const void* base = p.space == SPARSEC_CONSTANTS ? program.constants
                           : p.space == SPARSEC_INPUT   ? inputs[p.index]
                                                        : outputs[p.index];
        pointers[i] = static_cast<const char*>(base) + p.offset + p.stride * work.begin;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): abi.h has it so
        pointers[SPARSEC_MAX_POINTERS + i] = reinterpret_cast<const void*>(p.stride);
      }
      call.kernel(pointers, work.end - work.begin);
    }
  }
}

}  // namespace sparsec::testing
