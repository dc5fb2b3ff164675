// The plan: where every value lies, which kernels run, and in what order; one per instruction set.
//
//   Graph --assign_places--> Places --lower--> steps, kernels, constants --place_buffers--> arena --schedule-->
//   ProgramImage
//
// Values live in one of two forms. *Planes* (codegen/kernels/layout.h) serve convolutions and everything around them;
// *plain* row-major arrays serve graph inputs and outputs and the rare operators that ready-made steps of the runtime
// carry out. A value may have both; conversions are steps.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codegen/emit/image.h"
#include "codegen/kernels/conv.h"
#include "codegen/kernels/layout.h"
#include "compiler/ir/graph.h"

namespace sparsec {

// A piece of the arena with a lifetime.
struct Buffer {
  std::string name;
  int64_t bytes = 0;
  int32_t first = INT32_MAX, last = -1;  // steps that touch it, inclusive
  int64_t offset = 0;                    // in the arena, once placed
};

// Where a value's first byte is: an offset in a buffer of the arena, in the constants, or in a graph input or output.
struct Location {
  sparsec_space space = SPARSEC_ARENA;
  int32_t index = 0;  // buffer, input or output
  int64_t offset = 0;
};

struct PlanePlace {
  Location at;  // of plane 0
  PlaneLayout layout;
  std::vector<int32_t> channel_of;  // per int8 slot or float plane: the value's channel, or -1 where there is none
  int64_t above = 0, below = 0;     // rows outside the picture, or the strip, that consumers read
  bool keep_border = false;         // a consumer reads outside the picture
  uint32_t border = 0;              // the lane that it must find there
};

struct PlainPlace {
  Location at;
};

struct Places {
  std::vector<std::optional<PlanePlace>> planes;  // by ValueId
  std::vector<std::optional<PlainPlace>> plain;
  std::vector<Buffer> buffers;
  std::vector<bool> flat_pool;  // by node: a max-pool that the flat vector kernel runs
  // By node: a quantiser whose output has no place, because the space-to-depth that alone reads it quantises what it
  // reads; that node, or -1.
  std::vector<int32_t> done_by;
};

// The node that the step of another does, which has none of its own (Places::done_by); null where there is none.
const Node* done_with(const Graph& graph, const Places& places, int32_t node);

// The values that the steps of a node read: its inputs, and for what a node that it does has no place for, that node's.
std::vector<ValueId> values_read(const Graph& graph, const Places& places, int32_t node);

// What the report and `analyze` tell of one convolution.
struct LayerChoice {
  std::string node;
  kernels::ConvFamily family{};
  std::string reason;
  double predicted_cycles = 0;
  std::vector<std::pair<kernels::ConvFamily, double>> candidates;  // with predicted cycles
  int64_t products = 0;                                            // dot4, fma or tile_dot instructions in one run
  int64_t code_bytes = 0, weight_bytes = 0;
};

// Steps [first, last] run depth-first in bands (columns.cc).
struct ColumnGroup {
  int32_t first = 0, last = 0;
  int32_t bands = 1;
  int64_t working_set = 0;  // bytes: activations of a band, code, weights
};

using KernelChoices = std::map<std::string, kernels::ConvFamily>;  // by the convolution's name

struct PlanOptions {
  bool columns = true;
  int64_t l2_bytes = 1 << 20;        // of the target, per core
  int64_t band_tiles = 48;           // a band of a group has as many vectors of each step at least, of a lone step half
  int64_t group_bytes = 17 << 19;    // a group's tensors live together: it ends before they need more than this
  int64_t arena_bytes = 10'000'000;  // shorter groups are tried where the arena needs more (see cut_columns)
  int32_t strips = 1;                // that a picture is cut into where it can be (strips.h)
  std::string kernel;     // force "unrolled", "dense" or "amx" where it is supported; empty: the cost model decides
  KernelChoices kernels;  // for these convolutions before that
};

struct Plan {
  const Isa* isa = nullptr;
  Places places;
  ProgramImage program;
  std::vector<int32_t> step_node;  // for each step, the index of the graph's node that it serves; -1 for conversions
  std::vector<LayerChoice> choices;
  std::vector<ColumnGroup> groups;  // of a run of the whole model
  std::vector<ColumnGroup> detect_groups;
  int64_t l2_bytes = 0;  // that the groups were cut for
};

// Levels of a head that are graph outputs in raw form, or null: see passes/raw_heads.h. The Decode node is found in the
// graph itself.
struct RawHead {
  std::vector<ValueId> levels;
  Decode decode;
};

// Element types as the runtime knows them.
sparsec_type abi_type(DType type);

Plan make_plan(const Graph& graph, const Isa& isa, const PlanOptions& options, const RawHead* raw_head = nullptr);

// The plan as text: groups, steps, tiles, arena. For --dump-plan.
std::string print(const Plan& plan, const Graph& graph);

}  // namespace sparsec
