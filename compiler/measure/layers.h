// Where the time of a run goes: each layer's milliseconds beside what it had to do.
//
// A layer is a node of the compiled graph; all steps that serve it, and all bands of these, count together. Steps that
// serve no node (borders, edges of strips, conversions between forms) are layers of their own, by name, but for all
// borders, which are one, and all edges.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "compiler/engine/runtime_api.h"

namespace sparsec {

// What a layer has to do for one picture. Known for a model that was compiled here; a library tells names only.
struct LayerWork {
  std::string name;
  std::string op;               // "QConv"
  std::string kernel;           // the family of a convolution: "unrolled"; else what the kernels are called: "max_pool"
  std::string input, output;    // shapes, without the batch of one
  std::vector<uint32_t> steps;  // of the program
  int32_t bands = 1;            // of the columns that it runs in
  bool integer = false;         // dot4 or fma
  int64_t macs = 0;             // multiply-accumulates, zero weights and all
  int64_t nonzero_macs = 0;     // that a sparse kernel cannot leave out: int8: of blocks of four that are not all zero
  int64_t activation_bytes = 0;              // inputs and outputs as they lie in memory, borders included, each once
  int64_t weight_bytes = 0, code_bytes = 0;  // of a convolution; the code's size is the planner's estimate
  double predicted_ms = 0;                   // of one core at the nominal clock; 0: no prediction
  int64_t bytes() const { return activation_bytes + weight_bytes + code_bytes; }
};

std::vector<LayerWork> layers_of(const Compiled& compiled, const Plan& plan);
std::vector<LayerWork> layers_of(const sparsec_program& program);

// Over the runs, for the whole batch: medians, and the least time. `ms` is the threads' time, on average (of pictures
// that threads walk alone one may take more than another), from the layer's start to the end of the barrier behind it
// (edges of strips: and from the barrier before them): these sum to the run. `busy` is the part of it that the threads
// worked, on average; the rest they waited for each other.
struct LayerTime {
  double ms = 0, best_ms = 0;
  double busy = 0;
};
struct LayerTimes {
  std::vector<LayerTime> layers;  // in the order given
  double run_ms = 0;              // the whole run by the clock outside it, with these looks at the clock in it
  int64_t runs = 0;
};

// Runs for `seconds`, at least once.
LayerTimes time_layers(const sparsec_runtime_api& runtime, sparsec_rt_context* context,
                       const std::vector<const void*>& inputs, const std::vector<void*>& outputs,
                       const std::vector<LayerWork>& layers, double seconds);

}  // namespace sparsec
