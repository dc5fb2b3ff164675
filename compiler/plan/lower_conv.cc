// QConv and FConv: weights gathered into words of the input's slots, output channels cut into groups, a kernel per
// group.
#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

#include "compiler/error.h"
#include "compiler/ir/window_of.h"
#include "compiler/oracle/epilogue.h"
#include "compiler/plan/choose_kernels.h"
#include "compiler/plan/lowering.h"
#include "compiler/plan/row_levels.h"

namespace sparsec {
namespace {

using kernels::ConvSpec;

// The byte distance of each tap, rows first.
std::vector<int64_t> taps_of(const Window& w, const PlaneLayout& l) {
  std::vector<int64_t> taps;
  for (int64_t y = 0; y < w.kernel[0]; ++y)
    for (int64_t x = 0; x < w.kernel[1]; ++x)
      taps.push_back(l.offset(y * w.dilations[0] - w.pads.top, x * w.dilations[1] - w.pads.left));
  return taps;
}

// words[row][plane][tap]: the weights of one output slot for the input slots of one plane.
std::vector<uint32_t> words_of(const Tensor& weights, const std::vector<int32_t>& out_channels,
                               const std::vector<int32_t>& in_channels, bool integer) {
  const int64_t c = weights.shape[1], taps = weights.shape[2] * weights.shape[3];
  const int per_plane = integer ? 4 : 1;
  const size_t planes = in_channels.size() / size_t(per_plane);
  std::vector<uint32_t> words(out_channels.size() * planes * size_t(taps), 0);
  for (size_t row = 0; row < out_channels.size(); ++row) {
    if (out_channels[row] < 0) continue;
    for (size_t slot = 0; slot < in_channels.size(); ++slot) {
      if (in_channels[slot] < 0) continue;
      for (int64_t t = 0; t < taps; ++t) {
        const size_t at = size_t((out_channels[row] * c + in_channels[slot]) * taps + t);
        uint32_t& word = words[(row * planes + slot / size_t(per_plane)) * size_t(taps) + size_t(t)];
        if (integer)
          word |= uint32_t(uint8_t(weights.data<int8_t>()[at])) << (8 * (slot % 4));
        else
          word = weights.data<float>()[at] == 0 ? 0 : std::bit_cast<uint32_t>(weights.data<float>()[at]);
      }
    }
  }
  return words;
}

template <typename T>
std::vector<T> by_slot(const std::vector<T>& per_channel, const std::vector<int32_t>& channel_of) {
  std::vector<T> out(channel_of.size(), T{});
  for (size_t i = 0; i < out.size(); ++i)
    if (channel_of[i] >= 0 && !per_channel.empty()) out[i] = per_channel[size_t(channel_of[i])];
  return out;
}

void set_epilogue(ConvSpec& spec, const QConv& op, const Tensor& weights, const std::vector<int32_t>& rows) {
  const kernels::ConvOutput& out = spec.outputs.front();
  const oracle::Epilogue epilogue = oracle::epilogue_of(
      op, weights, spec.outputs.size() == 1 && !out.f32 ? std::optional(out.quantiser()) : std::nullopt,
      spec.residual ? std::optional(spec.residual_quant) : std::nullopt);
  const std::vector<numerics::Scaling> scalings = by_slot(epilogue.scalings, rows);
  if (epilogue.form == EpilogueForm::requantise) spec.offset.assign(rows.size(), out.quantiser().zero_point);
  const bool apart = std::ranges::any_of(scalings, [](const numerics::Scaling& s) { return s.acc_bias != 0; });
  for (const numerics::Scaling& s : scalings) {
    if (apart) spec.acc_bias.push_back(s.acc_bias);
    spec.multiplier.push_back(s.multiplier);
    spec.bias.push_back(s.bias);
  }
  spec.curve = epilogue.curve;
}

// The output channel of each row, -1 for none.
std::vector<int32_t> rows_of(const Lowering& to, const Node& node) {
  std::vector<int32_t> rows = to.planes(node.outputs[0]).channel_of;
  if (!std::holds_alternative<QConv>(node.op)) return rows;
  // an f32 output has a slot a channel, a u8 output whole planes of four: the rows are the larger
  for (ValueId v : node.outputs)
    if (to.graph.value(v).type == DType::u8) rows = to.planes(v).channel_of;
  rows.resize((rows.size() + 3) / 4 * 4, -1);
  return rows;
}

ConvSpec spec_of(const Lowering& to, const Node& node, const std::vector<int32_t>& rows) {
  const auto* q = std::get_if<QConv>(&node.op);
  const auto* f = std::get_if<FConv>(&node.op);
  const PlanePlace& in = to.planes(node.inputs[0]);
  ConvSpec spec;
  spec.integer = q != nullptr;
  spec.in_planes = in.layout.planes;
  spec.in_plane_bytes = in.layout.plane_bytes;
  spec.taps = taps_of(*window_of(node.op), in.layout);
  spec.rows = int64_t(rows.size());
  spec.words = words_of(*to.graph.value(node.inputs[1]).constant, rows, in.channel_of, spec.integer);
  spec.activation = q ? q->activation : f->activation;
  spec.alpha = q ? q->alpha : f->alpha;
  spec.residual = q ? q->residual : f->residual;
  if (f) spec.bias = by_slot(f->bias, rows);
  if (spec.residual) {
    const PlanePlace& r = to.planes(node.inputs[2]);
    SPARSEC_CHECK(r.layout.pitch == in.layout.pitch, node.name);
    for (size_t slot = 0; slot < std::min(rows.size(), r.channel_of.size()); ++slot)
      SPARSEC_CHECK(rows[slot] < 0 || rows[slot] == r.channel_of[slot],
                    node.name + ": the residual's channels lie elsewhere");
    spec.residual_plane_bytes = r.layout.plane_bytes;
    if (q) spec.residual_quant = *to.graph.value(node.inputs[2]).quant;
  }
  for (size_t k = 0; k < node.outputs.size(); ++k) {
    const Value& value = to.graph.value(node.outputs[k]);
    const PlanePlace& place = to.planes(node.outputs[k]);
    SPARSEC_CHECK(place.layout.pitch == in.layout.pitch, node.name);
    kernels::ConvOutput out;
    out.f32 = value.type == DType::f32;
    if (!out.f32) out.quant = *value.quant;
    if (q && k < q->lookup.size() && q->lookup[k]) out.lookup = &*q->lookup[k];
    out.keep_border = place.keep_border;
    out.border = place.border;
    out.plane_bytes = place.layout.plane_bytes;
    out.planes = place.layout.planes;
    spec.outputs.push_back(out);
  }
  if (q) set_epilogue(spec, *q, *to.graph.value(node.inputs[1]).constant, rows);
  return spec;
}

// Rows that cannot do without additions or conversions make the code of their group its own, where groups share code:
// dense kernels do, unrolled ones without zeros, and those of tiles. Of the last many tiles may use a kernel, so that
// these instructions for all rows would take longer than fetching its code.
constexpr int64_t kSharedCodeTiles = 64;
bool rows_may_differ(const ConvSpec& spec, kernels::ConvFamily family, int64_t tiles) {
  switch (family) {
    case kernels::ConvFamily::dense:
      return false;
    case kernels::ConvFamily::unrolled:
      return std::ranges::count(spec.words, 0u) > spec.rows;
    case kernels::ConvFamily::amx:
      return tiles >= kSharedCodeTiles;
  }
  return false;
}

// Where the accumulators of groups in pieces lie between them. One group follows the other over the same memory, unless
// threads work on several groups at once.
class Partials {
 public:
  Partials(Lowering& to, const std::string& node, const ConvSpec& spec, kernels::ConvFamily family,
           const std::vector<int64_t>& borders, size_t pieces, int64_t tiles, bool split) {
    if (pieces == 1) return;
    int64_t rows = 0;
    for (size_t g = 0; g + 1 < borders.size(); ++g) rows = std::max(rows, borders[g + 1] - borders[g]);
    stride_ = kernels::partial_bytes(to.isa, family, std::min(rows, spec.rows));
    group_bytes_ = split ? stride_ * tiles : 0;
    std::vector<Buffer>& buffers = to.plan.places.buffers;
    buffer_ = int32_t(buffers.size());
    buffers.push_back({.name = node + ".partial", .bytes = stride_ * tiles * int64_t(split ? borders.size() - 1 : 1)});
  }
  Operand of_group(size_t g) const { return {{SPARSEC_ARENA, buffer_, int64_t(g) * group_bytes_}, stride_}; }

 private:
  int32_t buffer_ = 0;
  int64_t stride_ = 0, group_bytes_ = 0;
};

}  // namespace

void lower_conv(Lowering& to, const Node& node, int32_t index) {
  to.need_planes(node.inputs[0]);
  if (node.inputs.size() > 2 && node.inputs[2] != kNoValue) to.need_planes(node.inputs[2]);
  to.need_rows_around(node.inputs[0], window_of(node.op)->pads);
  const std::vector<int32_t> rows = rows_of(to, node);
  ConvSpec spec = spec_of(to, node, rows);
  const PlanePlace& out = to.planes(node.outputs[0]);
  const int64_t tiles = out.layout.flat_vectors(to.isa.lanes);
  spec.tiles = tiles;

  const auto asked = to.options.kernels.find(node.name);
  LayerChoice choice = choose_kernel(to.isa, spec, tiles,
                                     asked == to.options.kernels.end() ? to.options.kernel : name_of(asked->second));
  choice.node = node.name;
  choice.predicted_cycles *= double(to.strips());
  for (auto& [family, cycles] : choice.candidates) cycles *= double(to.strips());
  if (spec.form() == EpilogueForm::requantise)
    take_signed_levels(spec, *to.graph.value(node.inputs[1]).constant, rows,
                       rows_may_differ(spec, choice.family, tiles * to.strips()));
  const Value& x = to.graph.value(node.inputs[0]);
  const std::string comment = node.name + ": " + to_string(x.shape) + " -> " +
                              to_string(to.graph.value(node.outputs[0]).shape) + ", " +
                              std::string(name_of(choice.family)) + ", " + choice.reason;
  for (ValueId v : node.outputs) to.fill_border(v, Lowering::Sides::flat);

  to.begin_step(node.name, index, tiles, comment);
  std::vector<ValueId> reads{node.inputs[0]};
  if (spec.residual) reads.push_back(node.inputs[2]);
  to.flat_tiles(reads, std::max<int64_t>(0, *std::max_element(spec.taps.begin(), spec.taps.end()) / 4), node.outputs);
  kernels::WordPool pool(kernels::kPoolPointer);
  const std::vector<int64_t> borders = kernels::row_groups(to.isa, spec, choice.family);
  // A lazy level of the head is made after its objectness, when memory for partial sums may have other tenants.
  const bool lazy = std::ranges::any_of(to.detection.levels, [&](const DetectionGraph::Level& level) {
    return level.conv >= 0 && level.planes == node.outputs[0];
  });
  const size_t pieces = lazy ? 1 : kernels::piece_count(to.isa, spec, choice.family, borders);
  std::vector<std::pair<size_t, kernels::ConvKernel>> group_kernels;  // of group .first
  for (size_t g = 0; g + 1 < borders.size(); ++g) {
    const std::string name = to.function_name("conv") + "_" + std::to_string(g);
    const std::string what =
        node.name + ", output channels " + std::to_string(borders[g]) + " to " + std::to_string(borders[g + 1] - 1);
    for (kernels::ConvKernel& kernel :
         kernels::lower_conv(to.isa, spec, choice.family, borders[g], borders[g + 1], pieces, pool, name, what))
      group_kernels.emplace_back(g, std::move(kernel));
  }
  const Operand pool_words{to.add_words(pool.words()), 0};

  // where code and weights outweigh the activations, each thread takes its own channels and streams its part of them
  // (but a thread that has strips of its own all)
  for (const auto& [g, kernel] : group_kernels) choice.weight_bytes += int64_t(kernel.stream.size()) * 4;
  const size_t groups = borders.size() - 1;
  const bool split =
      groups >= 4 && choice.code_bytes + choice.weight_bytes > spec.in_planes * spec.in_plane_bytes * to.strips();
  if (split) to.plan.program.steps.back().split = uint32_t(pieces);
  const Partials partials(to, node.name, spec, choice.family, borders, pieces, tiles, split);

  std::set<int32_t> functions;  // groups may share code
  std::vector<Location> streams;
  for (const auto& [g, kernel] : group_kernels) streams.push_back(to.add_words(kernel.stream));
  to.ask_ahead_for(streams.front());
  for (size_t k = 0; k < group_kernels.size(); ++k) {
    auto& [g, group] = group_kernels[k];
    // the group's first row, in planes of the output or the residual
    const auto first_plane = [&](ValueId v) {
      const PlaneLayout& l = to.planes(v).layout;
      const int64_t rows_per_plane = to.graph.value(v).type == DType::f32 ? 1 : 4;
      return to.in_planes(v, l.origin + borders[g] / rows_per_plane * l.plane_bytes, to.isa.vector_bytes());
    };
    std::vector<Operand> operands;
    size_t output = 0;
    for (kernels::ConvPointer p : group.pointers) {
      switch (p) {
        case kernels::ConvPointer::input:
          operands.push_back(
              to.in_planes(node.inputs[0], to.planes(node.inputs[0]).layout.origin, to.isa.vector_bytes()));
          break;
        case kernels::ConvPointer::stream:
          operands.push_back({streams[k], 0});
          break;
        case kernels::ConvPointer::pool:
          operands.push_back(pool_words);
          break;
        case kernels::ConvPointer::mask:
          operands.push_back(to.mask(node.outputs[0]));
          break;
        case kernels::ConvPointer::residual:
          operands.push_back(first_plane(node.inputs[2]));
          break;
        case kernels::ConvPointer::output:
          operands.push_back(first_plane(node.outputs[output++]));
          break;
        case kernels::ConvPointer::ahead:
          operands.push_back({streams[std::min(k + 1, streams.size() - 1)], group.ahead});
          if (k + 1 == streams.size()) to.next_call_asks_ahead(operands.size() - 1);
          break;
        case kernels::ConvPointer::code_ahead:
          operands.push_back({to.code_of_next_call(k + 1 < streams.size()), group.code_ahead});
          if (k + 1 == streams.size()) to.next_call_asks_ahead(operands.size() - 1);
          break;
        case kernels::ConvPointer::partial:
          operands.push_back(partials.of_group(g));
          break;
      }
    }
    choice.products += group.products * tiles * to.strips();
    constexpr int64_t kInsnBytes = 8;
    const int64_t code = int64_t(group.function.code.size()) * kInsnBytes;
    const int32_t function = to.add_function(std::move(group.function));
    const bool shared = !functions.insert(function).second;
    to.note_code(code + int64_t(group.stream.size()) * 4, shared ? code : 0);
    to.call(function, operands);
  }
  for (ValueId v : node.outputs) to.made_planes(v);
  to.plan.choices.push_back(std::move(choice));
}

}  // namespace sparsec
