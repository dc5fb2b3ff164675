// What every lowering function writes into: steps with their calls, functions, constants, and the buffers' lifetimes.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compiler/plan/detection.h"
#include "compiler/plan/places.h"
#include "compiler/plan/plan.h"
#include "runtime/core/steps.h"

namespace sparsec {

// A pointer of a call before buffers have offsets.
struct Operand {
  Location at;
  int64_t stride = 0;     // bytes per tile
  int64_t strip = 0;      // bytes per strip, beside its arena
  int32_t neighbour = 0;  // -1, 1: in the arena of the strip above, below
};

// How a step's tiles lie in the pixels that it reads and writes, and what it keeps in the cache: what column tiling
// needs to know.
struct StepExtent {
  enum class Tiles : uint8_t { vectors, rows, whole };  // flat vectors of pixels; rows of the picture; neither
  struct Planes {                                       // a tensor's, in its buffer
    int32_t buffer;
    int64_t offset, bytes;
    int64_t pitch, pixels;  // a row, and all that the flat loop covers
    auto key() const { return std::pair(buffer, offset); }
  };
  Tiles tiles = Tiles::whole;
  int64_t pixels_per_tile = 0;  // of the tensor written
  int64_t reach = 0;            // `vectors`: how many pixels past its own a tile reads
  int64_t rows_per_tile = 0;    // `rows`: rows of the input that a tile takes
  std::vector<Planes> reads, writes;
  int64_t code = 0, largest_call = 0;  // bytes of code and weights: of all calls, and of the largest
  bool is_border = false;              // writes only borders: may run before everything else in its group
  bool runs = true;                    // whether a run of the whole model has the step in its schedule
  bool detects = false;                // whether detection has
  bool alone = false;                  // groups with no other
};

class Lowering {
 public:
  Lowering(const DetectionGraph& detection, const Isa& isa, const PlanOptions& options, Plan& plan)
      : detection(detection), graph(detection.graph), isa(isa), options(options), plan(plan) {}

  const DetectionGraph& detection;
  const Graph& graph;
  const Isa& isa;
  const PlanOptions& options;
  Plan& plan;
  int64_t strips() const { return plan.program.strips; }

  // Whose schedule the next steps are in, and whether they group with no other. Conversions and borders are in
  // detection's schedule, too, where it reads their value.
  bool runs = true, detects = false, alone = false;

  // Opens the step that the next calls belong to.
  void begin_step(std::string name, int32_t node, int64_t tiles, std::string comment, uint32_t split = 0);
  void call(int32_t function, const std::vector<Operand>& operands);
  void call(const char* runtime_step, const std::vector<Operand>& operands);

  int32_t add_function(kir::Function function);            // equal code is shared, whatever its name
  std::string function_name(std::string_view kind) const;  // unique, from the current step's number

  // Constants; equal ones are shared.
  Location add_constant(const void* bytes, size_t size);
  Location add_words(const std::vector<uint32_t>& words) { return add_constant(words.data(), words.size() * 4); }
  template <typename Descriptor>
  Location add_descriptor(const Descriptor& d) {
    return add_constant(&d, sizeof d);
  }

  // Says how the current step's tiles lie, for column tiling; a step that does not is `whole`.
  void flat_tiles(const std::vector<ValueId>& reads, int64_t reach, const std::vector<ValueId>& writes);
  void row_tiles(const std::vector<ValueId>& reads, int64_t rows_per_tile, const std::vector<ValueId>& writes,
                 int64_t rows_written = 1);
  void whole_tiles(const std::vector<ValueId>& reads, const std::vector<ValueId>& writes);
  // A graph input or output in its plain form, from `bytes` on, by rows: `row` bytes a tile.
  Operand plain_rows(ValueId v, int64_t bytes, int64_t row);
  // Adds the plain picture whose rows the current step's tiles read or write, one each.
  void plain_row_tiles(ValueId v, bool written);
  void note_code(int64_t bytes, int64_t shared = 0);  // of one call; those of them that an earlier call has too
  const std::vector<StepExtent>& extents() const { return extents_; }

  const PlanePlace& planes(ValueId v) const;
  Location plain(ValueId v);  // a constant's bytes are placed on first use

  // The planes of `v` from `bytes` on, advancing `stride` a tile.
  Operand in_planes(ValueId v, int64_t bytes, int64_t stride) const;

  // Makes sure that `v` has its planes (or its plain form), by a conversion step if its producer made only the other.
  void need_planes(ValueId v);
  void need_plain(ValueId v);
  // Of a picture in strips: that rows above and below a strip are there, copied from its neighbours.
  void need_rows_around(ValueId v, const Pads& pads);
  void made_planes(ValueId v) { has_planes_[v] = true; }
  void made_plain(ValueId v) { has_plain_[v] = true; }

  // A step that writes the border of `v`'s planes but the sides of rows that others write: a flat kernel of vectors, or
  // the step that writes rows, up to the pitch.
  enum class Sides : uint8_t { flat, rows, border };
  void fill_border(ValueId v, Sides sides);
  // The same after a flat kernel that has overwritten the sides of rows, and not as a step that may run early.
  void restore_border(ValueId v);
  // The mask of `v`'s geometry: a bit per pixel of the flat loop, set inside the picture. And how it advances per
  // vector.
  Operand mask(ValueId v);

  // What neighbours read stays as it is until threads meet again.
  void keep_edges_alive();

  // The code of the call behind the one that is added next, or, if there is none, of this itself.
  Location code_of_next_call(bool there_is) const {
    return {SPARSEC_CODE, int32_t(pending_.size()) + int32_t(there_is), 0};
  }
  // A layer's last kernel asks for constants and code of the next layer's first: where those are, the next layer says.
  void next_call_asks_ahead(size_t operand) { asks_ahead_.emplace_back(pending_.size(), operand); }
  void ask_ahead_for(const Location& stream) {
    for (const auto& [call, operand] : asks_ahead_) {
      Location& at = pending_[call].operands[operand].at;
      at = at.space == SPARSEC_CODE ? Location{SPARSEC_CODE, int32_t(pending_.size()), 0} : stream;
    }
    asks_ahead_.clear();
  }

  // Turns operands into pointers, once plan.places.buffers have offsets.
  void resolve();

 private:
  struct PendingCall {
    std::vector<Operand> operands;
  };
  void add_call(CallImage call, const std::vector<Operand>& operands);
  void touch(const Location& at);
  StepExtent::Planes extent(ValueId v) const;

  std::vector<PendingCall> pending_;
  std::vector<std::pair<size_t, size_t>> asks_ahead_;
  std::vector<StepExtent> extents_;
  std::map<std::vector<uint8_t>, int64_t> shared_;
  std::multimap<size_t, int32_t> functions_;  // by digest of their code
  std::map<ValueId, Location> constants_;
  std::map<ValueId, bool> has_planes_, has_plain_;
  struct Edges {
    int32_t step, buffer;
    bool detects;
  };
  std::vector<Edges> edges_;                                        // steps that copy rows of a neighbour
  std::map<ValueId, std::pair<int64_t, int64_t>> has_rows_around_;  // above, below
};

// One for each kind of node; each opens its steps and calls its kernels.
void lower_conv(Lowering& to, const Node& node, int32_t index);
void lower_planes(Lowering& to, const Node& node, int32_t index);
void lower_plain(Lowering& to, const Node& node, int32_t index);
void lower_decode(Lowering& to, size_t level);  // one level of it
// Detection's first step.
void lower_letterbox(Lowering& to);
// Conversions between the forms of a value.
void planes_from_plain(Lowering& to, ValueId v);
void plain_from_planes(Lowering& to, ValueId v);

// Groups of steps that run depth-first, and the schedules; lengthens the lifetimes of the buffers that a group touches.
void schedule_columns(Plan& plan, const std::vector<StepExtent>& extents, const PlanOptions& options);

// describe.cc: writes each step's place in the schedule into StepImage::plan, for the readable forms.
void describe_steps(Plan& plan);

// Offsets for plan.places.buffers by lifetime; returns the arena's size.
int64_t place_buffers(std::vector<Buffer>& buffers);

}  // namespace sparsec
