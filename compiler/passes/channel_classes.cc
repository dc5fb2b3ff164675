// Classes by union-find, in one walk along the graph.
#include "compiler/passes/channel_classes.h"

#include <algorithm>
#include <numeric>

#include "compiler/passes/rewrite.h"

namespace sparsec::passes {
namespace {

using Segments = std::vector<int32_t>;  // classes, one after the other

class Classes {
 public:
  explicit Classes(const Graph& graph) : graph_(graph), segments_(graph.values.size()) {
    for (const ValueId id : graph.inputs) fix(of(id));
    for (size_t i = 0; i < graph.nodes.size(); ++i) visit(int32_t(i));
    for (const ValueId id : graph.outputs) fix(of(id));
  }

  std::vector<ChannelClass> free() {
    for (size_t c = 0; c < classes_.size(); ++c) {  // gather what was said of each member at its root
      const ChannelClass member = classes_[c];
      const size_t root = size_t(find(int32_t(c)));
      if (root == c) continue;
      ChannelClass& merged = classes_[root];
      merged.fixed |= member.fixed;
      merged.makers.insert(merged.makers.end(), member.makers.begin(), member.makers.end());
      merged.readers.insert(merged.readers.end(), member.readers.begin(), member.readers.end());
    }
    std::vector<ChannelClass> result;
    for (size_t c = 0; c < classes_.size(); ++c) {
      if (find(int32_t(c)) != int32_t(c) || classes_[c].fixed || classes_[c].makers.empty()) continue;
      std::sort(classes_[c].makers.begin(), classes_[c].makers.end());
      result.push_back(classes_[c]);
    }
    std::stable_sort(result.begin(), result.end(),
                     [](const auto& a, const auto& b) { return a.makers[0] < b.makers[0]; });
    return result;
  }

 private:
  int32_t add(int64_t channels) {
    classes_.push_back({channels, false, {}, {}});
    parents_.push_back(int32_t(parents_.size()));
    return parents_.back();
  }
  int32_t find(int32_t c) const {
    while (parents_[size_t(c)] != c) c = parents_[size_t(c)];
    return c;
  }
  int64_t channels(int32_t c) const { return classes_[size_t(c)].channels; }

  // The channels of a value; one of unknown origin has a class of its own.
  const Segments& of(ValueId id) {
    Segments& s = segments_[size_t(id)];
    const Shape& shape = graph_.value(id).shape;
    if (s.empty()) s = {add(shape.size() == 4 ? shape[1] : 1)};
    return s;
  }
  void fix(const Segments& s) {
    for (const int32_t c : s) classes_[size_t(c)].fixed = true;
  }
  void tie(const Segments& a, const Segments& b) {
    const auto same = [&](int32_t x, int32_t y) { return channels(x) == channels(y); };
    if (!std::equal(a.begin(), a.end(), b.begin(), b.end(), same)) return fix(a), fix(b);
    for (size_t i = 0; i < a.size(); ++i) {
      const int32_t x = find(a[i]), y = find(b[i]);
      parents_[size_t(std::max(x, y))] = std::min(x, y);
    }
  }

  static bool keeps_channels(const Graph& graph, const Node& node) {
    if (const Slice* op = as<Slice>(node)) {
      return op->starts.size() == 4 && op->steps[1] == 1 && op->extents[1] == graph.value(node.inputs[0]).shape[1];
    }
    if (const Pad* op = as<Pad>(node)) return op->before.size() == 4 && op->before[1] == 0 && op->after[1] == 0;
    return as<MaxPool>(node) || as<Resize>(node) || as<Lookup>(node);
  }

  void visit_convolution(int32_t index, const Node& node) {
    int64_t first = 0;
    for (const int32_t c : Segments(of(node.inputs[0]))) {
      classes_[size_t(c)].readers.push_back({index, first});
      first += channels(c);
    }
    const int32_t made = add(int64_t(as<QConv>(node)->multiplier.size()));
    classes_[size_t(made)].makers.push_back(index);
    for (const ValueId id : node.outputs) {
      segments_[size_t(id)] = {made};
      if (graph_.value(id).type != DType::u8) fix({made});
    }
    if (as<QConv>(node)->residual) tie({made}, Segments(of(node.inputs[2])));
  }

  void visit(int32_t index) {
    const Node& node = graph_.nodes[size_t(index)];
    const bool four = graph_.value(node.outputs[0]).shape.size() == 4;
    const Concat* concat = as<Concat>(node);
    if (as<QConv>(node)) {
      visit_convolution(index, node);
    } else if (four && concat && concat->axis == 1) {
      Segments joined;
      for (const ValueId id : node.inputs) joined.insert(joined.end(), of(id).begin(), of(id).end());
      segments_[size_t(node.outputs[0])] = joined;
    } else if (four && keeps_channels(graph_, node)) {
      segments_[size_t(node.outputs[0])] = Segments(of(node.inputs[0]));
    } else if (four && as<QBinary>(node)) {
      tie(Segments(of(node.inputs[0])), Segments(of(node.inputs[1])));
      segments_[size_t(node.outputs[0])] = Segments(of(node.inputs[0]));
    } else {
      for (const ValueId id : node.inputs) {
        if (id != kNoValue) fix(of(id));
      }
      for (const ValueId id : node.outputs) fix(of(id));
    }
  }

  const Graph& graph_;
  std::vector<Segments> segments_;
  std::vector<ChannelClass> classes_;
  std::vector<int32_t> parents_;
};

}  // namespace

std::vector<ChannelClass> free_channel_classes(const Graph& graph) { return Classes(graph).free(); }

}  // namespace sparsec::passes
