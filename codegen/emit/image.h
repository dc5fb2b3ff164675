// A compiled model before it is written: what every emitter prints, in whatever form.
//
// The planner makes one ProgramImage per ISA; the emitters turn the ModelImage into the constant tables of
// sparsec/abi.h plus kernels: as C++ (emit/cpp), or as assembly and LLVM IR for the backend (emit/llvm). Names: every
// symbol is prefixed with the model's name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/isa/isa.h"
#include "codegen/program.h"
#include "sparsec/abi.h"

namespace sparsec {

struct CallImage {
  int32_t function = -1;     // index into ProgramImage::functions, or
  std::string runtime_step;  // the name of a ready-made step of runtime/core/steps.h: "copy"
  uint32_t first_pointer = 0, pointers = 0;
  int32_t neighbour = 0;
};

struct StepImage {
  std::string name;     // the layer: "/model.4/cv1/conv/Conv"
  std::string comment;  // shape, sparsity, kernel, tile: printed above the layer in readable forms
  uint32_t first_call = 0, calls = 0;
  int64_t tiles = 0;
  uint32_t split = 0;
  std::string plan = {};  // its group, bands and tiles: printed below the comment
};

struct ProgramImage {
  const Isa* isa = nullptr;
  std::vector<kir::Function> functions;
  std::vector<uint8_t> constants;  // weights, tables, descriptors; 64-byte aligned when placed
  std::vector<sparsec_pointer> pointers;
  std::vector<CallImage> calls;
  std::vector<StepImage> steps;
  std::vector<sparsec_work> schedule, detect_schedule;
  int64_t arena_bytes = 0;  // of a strip
  int32_t strips = 1;       // that a picture is cut into
  sparsec_head head{};  // its pointers stay null: the names are in ModelImage, the schedule is above
};

struct TensorImage {
  std::string name;
  sparsec_type type;
  std::vector<int64_t> shape;
};

struct ModelImage {
  std::string name;           // a C identifier, lower case
  std::string cpp_namespace;  // of the C++ wrapper; empty: the name
  std::string source;         // the .onnx file's name, for the header's comment
  std::string sha256;
  std::string compiler;  // "sparsec 0.1.0"
  std::string options;   // the options that shaped it, for the header's comment
  int64_t batch = 1;
  std::vector<TensorImage> inputs, outputs;
  std::vector<std::string> class_names;
  std::vector<ProgramImage> programs;  // best first
};

}  // namespace sparsec
