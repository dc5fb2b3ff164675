// Layer by layer: write the oracle's inputs to where the plan says that they lie, run the schedule's entries that serve
// the node, read its outputs back.
//
// A value lies in planes, in a plain array, or in both; it is written to each of its places that is alive while an
// entry of the node runs. What else lies in the arena is then of no meaning, and each node is judged alone: an error
// does not spread.
#include "compiler/verify/layers.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "compiler/error.h"
#include "compiler/plan/places.h"
#include "compiler/verify/simulate.h"

namespace sparsec {
namespace {

class CompiledMachine : public Machine {
 public:
  CompiledMachine(const sparsec_runtime_api& runtime, sparsec_rt_context* context) : rt_(runtime), context_(context) {}
  std::byte* arena() override { return static_cast<std::byte*>(rt_.arena(context_)); }
  void run(uint32_t entry, const std::vector<const void*>& in, const std::vector<void*>& out) override {
    const int32_t status = rt_.run_entries(context_, in.data(), out.data(), 0, entry, entry + 1);
    SPARSEC_CHECK(status == SPARSEC_OK, rt_.status_text(status));
  }

 private:
  const sparsec_runtime_api& rt_;
  sparsec_rt_context* context_;
};

class InterpretingMachine : public Machine {
 public:
  explicit InterpretingMachine(const Plan& plan) : plan_(plan), simulator_(plan) {}
  std::byte* arena() override { return reinterpret_cast<std::byte*>(simulator_.arena()); }
  void run(uint32_t entry, const std::vector<const void*>& in, const std::vector<void*>& out) override {
    const sparsec_work& work = plan_.program.schedule[entry];
    simulator_.bind(in, out);
    for (int strip = 0; strip < plan_.program.strips; ++strip)
      simulator_.run_step(work.step, strip, work.begin, work.end);
  }

 private:
  const Plan& plan_;
  Simulator simulator_;
};

class Bench {
 public:
  Bench(const Graph& graph, const Plan& plan, Machine& machine)
      : graph_(graph), plan_(plan), machine_(machine), arena_(machine.arena()) {
    for (const ValueId v : graph.inputs) inputs_.push_back(room_for(v));
    for (const ValueId v : graph.outputs) outputs_.push_back(room_for(v));
    for (auto& bytes : inputs_) in_.push_back(bytes.data());
    for (auto& bytes : outputs_) out_.push_back(bytes.data());
    SPARSEC_CHECK(plan.step_node.size() == plan.program.steps.size(), "a step per entry of step_node");
  }

  // Runs the schedule's entries that serve the node; false when it has none. Each place of an input is written once,
  // before the first entry at which it is alive: the levels of a head may share their memory.
  bool run(int32_t node, const std::map<ValueId, TensorPtr>& values) {
    std::vector<Input> inputs = inputs_of(node, values);
    bool any = false;
    for (uint32_t e = 0; e < plan_.program.schedule.size(); ++e) {
      const uint32_t step = plan_.program.schedule[e].step;
      if (plan_.step_node[step] != node) continue;
      for (Input& input : inputs) {
        if (input.written || !alive(input.at, int32_t(step))) continue;
        input.write();
        input.written = true;
      }
      machine_.run(e, in_, out_);
      any = true;
    }
    return any;
  }

  Tensor read(ValueId v, bool from_planes) const {
    Tensor value(graph_.value(v).type, graph_.value(v).shape);
    if (from_planes) {
      for_each_pixel(*plan_.places.planes[size_t(v)], value, 0, 0,
                     [](std::byte* lane, std::byte* element, size_t n) { std::memcpy(element, lane, n); });
    } else {
      std::memcpy(value.bytes.data(), address(plan_.places.plain[size_t(v)]->at), value.bytes.size());
    }
    return value;
  }

 private:
  std::vector<std::byte> room_for(ValueId v) const {
    const Value& value = graph_.value(v);
    return std::vector<std::byte>(size_t(elements(value.shape)) * size_of(value.type) *
                                  size_t(std::max<int64_t>(1, graph_.meta.batch)));
  }

  // One place of one input: a value may lie in planes and in a plain array.
  struct Input {
    Location at;
    std::function<void()> write;
    bool written = false;
  };
  std::vector<Input> inputs_of(int32_t node, const std::map<ValueId, TensorPtr>& values) const {
    std::vector<Input> inputs;
    for (const ValueId v : values_read(graph_, plan_.places, node)) {
      if (v == kNoValue || graph_.value(v).constant) continue;
      const Tensor& value = *values.at(v);
      if (const auto& place = plan_.places.planes[size_t(v)])
        inputs.push_back({place->at, [this, &place, &value, v] { write_planes(*place, graph_.value(v).type, value); }});
      if (const auto& place = plan_.places.plain[size_t(v)]; place && place->at.space != SPARSEC_CONSTANTS)
        inputs.push_back({place->at, [this, &place, &value] {
                            std::memcpy(address(place->at), value.bytes.data(), value.bytes.size());
                          }});
    }
    return inputs;
  }

  bool alive(const Location& at, int32_t step) const {
    if (at.space != SPARSEC_ARENA) return true;
    const Buffer& b = plan_.places.buffers[size_t(at.index)];
    return b.first <= step && b.last >= step;
  }

  std::byte* address(const Location& at, int64_t strip = 0) const {
    switch (at.space) {
      case SPARSEC_ARENA:
        return arena_ + strip * plan_.program.arena_bytes + plan_.places.buffers[size_t(at.index)].offset + at.offset;
      case SPARSEC_INPUT:
        return const_cast<std::byte*>(inputs_[size_t(at.index)].data()) + at.offset;
      case SPARSEC_OUTPUT:
        return const_cast<std::byte*>(outputs_[size_t(at.index)].data()) + at.offset;
      case SPARSEC_CONSTANTS:
      case SPARSEC_PICTURE:
      case SPARSEC_CODE:
        break;
    }
    SPARSEC_CHECK(false, "a value in the constants is not written, and a picture is no value");
  }

  // Of a picture in strips, with the rows of their neighbours.
  void write_planes(const PlanePlace& place, DType type, const Tensor& value) const {
    const PlaneLayout& l = place.layout;
    for (int64_t strip = 0; place.keep_border && strip < plan_.program.strips; ++strip) {
      std::byte* const start = address(place.at, strip);
      for (int64_t i = 0; i < l.planes * l.plane_bytes; i += 4) std::memcpy(start + i, &place.border, 4);
    }
    SPARSEC_CHECK(value.type == type, "the oracle's type is the graph's");
    Tensor copy = value;
    for_each_pixel(place, copy, place.above, place.below,
                   [](std::byte* lane, std::byte* element, size_t n) { std::memcpy(lane, element, n); });
  }

  // For each element of the value: its bytes in the planes, again in those of strips that it lies above or below of,
  // and in the tensor.
  template <typename Move>
  void for_each_pixel(const PlanePlace& place, Tensor& value, int64_t above, int64_t below, Move move) const {
    const PlaneLayout& l = place.layout;
    const size_t size = size_of(value.type);
    const auto per_plane = int64_t(4 / size);
    const int64_t strips = plan_.program.strips, rows = strips * l.rows;
    for (size_t slot = 0; slot < place.channel_of.size(); ++slot) {
      const int64_t channel = place.channel_of[slot];
      if (channel < 0) continue;
      for (int64_t strip = 0; strip < strips; ++strip) {
        std::byte* const plane =
            address(place.at, strip) + int64_t(slot) / per_plane * l.plane_bytes + l.origin + int64_t(slot) % per_plane;
        const int64_t first = strip * l.rows, end = first + l.rows;
        for (int64_t y = std::max<int64_t>(0, first - above); y < std::min(rows, end + below); ++y) {
          std::byte* element = value.bytes.data() + size_t((channel * rows + y) * l.cols) * size;
          for (int64_t x = 0; x < l.cols; ++x, element += size) move(plane + l.offset(y - first, x), element, size);
        }
      }
    }
  }

  const Graph& graph_;
  const Plan& plan_;
  Machine& machine_;
  std::byte* arena_;
  std::vector<std::vector<std::byte>> inputs_, outputs_;
  std::vector<const void*> in_;
  std::vector<void*> out_;
};

template <typename T>
void count_differences(Agreement& a, const Tensor& ours, const Tensor& expected) {
  const auto x = ours.data<T>(), y = expected.data<T>();
  for (size_t i = 0; i < x.size(); ++i) {
    // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): the same bits
    const bool same = std::memcmp(&x[i], &y[i], sizeof(T)) == 0;
    a.equal += same;
    if (same) continue;
    const double difference = std::fabs(double(x[i]) - double(y[i]));
    a.worst = std::isnan(difference) ? INFINITY : std::max(a.worst, difference);
  }
}

}  // namespace

Agreement compare(std::string name, std::string op, const Tensor& ours, const Tensor& expected) {
  Agreement a{std::move(name), std::move(op), ours.type != DType::f32, ours.size(), 0, 0};
  SPARSEC_CHECK(ours.type == expected.type && ours.shape == expected.shape,
                a.name + ": the oracle's output has another type or shape");
  switch (ours.type) {
    case DType::f32:
      for (const float x : expected.data<float>())
        if (std::isfinite(x)) a.largest = std::max(a.largest, std::fabs(double(x)));
      count_differences<float>(a, ours, expected);
      break;
    case DType::u8:
      count_differences<uint8_t>(a, ours, expected);
      break;
    case DType::s8:
      count_differences<int8_t>(a, ours, expected);
      break;
    case DType::s32:
      count_differences<int32_t>(a, ours, expected);
      break;
    case DType::i64:
      count_differences<int64_t>(a, ours, expected);
      break;
    case DType::boolean:
      count_differences<bool>(a, ours, expected);
      break;
  }
  return a;
}

std::unique_ptr<Machine> compiled_machine(const sparsec_runtime_api& runtime, sparsec_rt_context* context) {
  return std::make_unique<CompiledMachine>(runtime, context);
}
std::unique_ptr<Machine> interpreting_machine(const Plan& plan) { return std::make_unique<InterpretingMachine>(plan); }

std::vector<Agreement> verify_layers(const Graph& graph, const Plan& plan, Machine& machine,
                                     const std::map<ValueId, TensorPtr>& values,
                                     const std::function<void(const Node&)>& on_node) {
  Bench bench(graph, plan, machine);
  std::vector<Agreement> out;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (on_node) on_node(node);
    if (!bench.run(int32_t(i), values))
      continue;  // it only renames, as a concatenation of values that lie in place already, or another node does it too
    const bool planes = works_on_planes(graph, node) && !std::holds_alternative<Decode>(node.op);
    for (const ValueId v : node.outputs) {
      out.push_back(compare(node.name, name_of(node.op), bench.read(v, planes), *values.at(v)));
    }
  }
  return out;
}

}  // namespace sparsec
