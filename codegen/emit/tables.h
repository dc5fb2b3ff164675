// The constant tables of sparsec/abi.h as neutral rows, which the C++ and the LLVM emitters print each in their own
// way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/emit/image.h"

namespace sparsec::emit {

// One initialiser: a number, a reference, or a nest of initialisers.
struct Cell {
  enum class Kind : uint8_t { u32, i32, u64, i64, f32, text, symbol, null, record, array };
  Kind kind = Kind::null;
  int64_t integer = 0;
  float real = 0;
  std::string text;  // the string; the symbol's name; the record's type; the array's element type, as LLVM writes it
  std::vector<Cell> cells;
  int64_t size = 0;  // array: elements, of which those beyond cells are zero
};

// One array of constants (or a single record, when `single`).
struct Table {
  std::string symbol;
  std::string type;  // "sparsec_pointer", or "text" for const char*, or "program" for const sparsec_program*
  std::vector<Cell> rows;
  bool single = false;
  bool global = false;  // seen by other units of the library
};

// All tables of the model in an order in which each refers to earlier ones only. The last is the sparsec_model.
std::vector<Table> tables_of(const ModelImage& model);

// Symbols, all with the model's name in front.
std::string kernel_symbol(const ModelImage& model, const ProgramImage& program, const kir::Function& function);
std::string constants_symbol(const ModelImage& model, const ProgramImage& program);
std::string model_symbol(const ModelImage& model);
std::string runtime_step_symbol(const std::string& name);

// The functions of a program layer by layer, in the order of the steps; each function under the first layer that calls
// it.
struct LayerKernels {
  const StepImage* step;
  std::vector<const kir::Function*> functions;
  std::vector<std::string> elsewhere;  // what it calls besides: "conv_3 above", "copy of the runtime"
};
std::vector<LayerKernels> kernels_by_layer(const ProgramImage& program);

// Names of the ready-made steps that the program calls, sorted.
std::vector<std::string> runtime_steps_of(const ModelImage& model);

}  // namespace sparsec::emit
