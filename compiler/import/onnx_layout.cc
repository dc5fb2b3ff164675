// Operators that move elements without changing them: joins, shapes, order, padding.
#include <algorithm>

#include "compiler/import/onnx_ops.h"
#include "compiler/import/onnx_quantise.h"

namespace sparsec::importer {
namespace {

// A tensor stored in any way; moving elements keeps the way.
void reshape_to(NodeImport& n, Shape shape) {
  const Binding x = n.input(0);
  const Value v = n.value(0);
  const bool same = v.shape == shape;
  n.output(0, same ? x.id : n.emit(Reshape{}, {x.id}, {v.type, std::move(shape)}), x.as);
}

void reshape(NodeImport& n) {
  const Shape from = n.value(0).shape;
  const auto target = n.integers_or_input("shape", 1);
  n.require(target.has_value(), "has no target shape");
  const bool zero_is_zero = n.integer("allowzero", 0) != 0;
  Shape shape = *target;
  int64_t known = 1, inferred = -1;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0 && !zero_is_zero) {
      n.require(d < from.size(), "the target " + to_string(*target) + " copies dimension " + std::to_string(d) +
                                     " of an input of shape " + to_string(from));
      shape[d] = from[d];
    }
    if (shape[d] == -1) {
      n.require(inferred < 0, "the target has more than one -1");
      inferred = int64_t(d);
      continue;
    }
    n.require(shape[d] >= 0 && !__builtin_mul_overflow(known, shape[d], &known),
              "the target has dimension " + std::to_string(shape[d]));
  }
  if (inferred >= 0) {
    n.require(known > 0 && elements(from) % known == 0,
              "shape " + to_string(from) + " cannot be given the target shape " + to_string(*target));
    shape[size_t(inferred)] = elements(from) / known;
  }
  n.require(checked_elements(shape).has_value(), "the target shape " + to_string(shape) + " is too big");
  reshape_to(n, shape);
}

void flatten(NodeImport& n) {
  const Shape shape = n.value(0).shape;
  const int64_t rank = int64_t(shape.size()), given = n.integer("axis", 1);
  n.require(given >= -rank && given <= rank, "axis " + std::to_string(given) + " is outside shape " + to_string(shape));
  const auto middle = shape.begin() + (given < 0 ? given + rank : given);
  reshape_to(n, {elements(Shape(shape.begin(), middle)), elements(Shape(middle, shape.end()))});
}

// Marks the dimensions that a list of axes names.
std::vector<bool> marked(NodeImport& n, const std::vector<int64_t>& axes, size_t rank) {
  std::vector<bool> marks(rank, false);
  for (int64_t given : axes) {
    const size_t d = size_t(n.axis(given, rank));
    n.require(!marks[d], "axis " + std::to_string(given) + " is named twice");
    marks[d] = true;
  }
  return marks;
}

void squeeze(NodeImport& n) {
  const Shape from = n.value(0).shape;
  const auto axes = n.integers_or_input("axes", 1);
  const std::vector<bool> removed = axes ? marked(n, *axes, from.size()) : std::vector<bool>(from.size(), false);
  Shape shape;
  for (size_t d = 0; d < from.size(); ++d) {
    n.require(!removed[d] || from[d] == 1,
              "dimension " + std::to_string(d) + " of shape " + to_string(from) + " is not 1");
    if (axes ? !removed[d] : from[d] != 1) shape.push_back(from[d]);
  }
  reshape_to(n, std::move(shape));
}

void unsqueeze(NodeImport& n) {
  const Shape from = n.value(0).shape;
  const auto axes = n.integers_or_input("axes", 1);
  n.require(axes.has_value(), "has no axes");
  const std::vector<bool> added = marked(n, *axes, from.size() + axes->size());
  Shape shape;
  size_t next = 0;
  for (bool one : added) shape.push_back(one ? 1 : from[next++]);
  reshape_to(n, std::move(shape));
}

void transpose(NodeImport& n) {
  const Binding x = n.input(0);
  std::vector<int64_t> perm(n.value(0).shape.size());
  for (size_t d = 0; d < perm.size(); ++d) perm[d] = int64_t(perm.size() - 1 - d);
  n.output(0, n.emit(Transpose{n.integers("perm", perm)}, {x.id}), x.as);
}

// Inputs stored in different ways are brought to one: signed integers as unsigned ones where any of them is.
void concat(NodeImport& n) {
  n.require(n.input_count() >= 1, "has no inputs; supported: one or more");
  bool rebased = false, sums = false;
  for (size_t i = 0; i < n.input_count(); ++i) {
    rebased = rebased || n.input(i).as == Carried::s8_as_u8;
    sums = sums || n.input(i).as == Carried::s32_as_f32;
  }
  std::vector<ValueId> parts;
  for (size_t i = 0; i < n.input_count(); ++i) {
    const Binding part = n.input(i);
    n.require(!sums || part.as == Carried::s32_as_f32, "joins an s32 sum with something else; supported: sums only");
    parts.push_back(rebased ? rebase(n, part).id : part.id);
  }
  const Carried as = rebased ? Carried::s8_as_u8 : n.input(0).as;
  n.require(n.has_attribute("axis"), "has no axis");
  const ValueId joined = n.emit(Concat{n.axis(n.integer("axis", 0), n.value(0).shape.size())}, parts);
  n.output(0, joined, as);
}

void pad(NodeImport& n) {
  const Binding x = n.input(0);
  const Shape shape = n.value(0).shape;
  const size_t rank = shape.size();
  const std::string mode = n.text("mode", "constant");
  n.require(mode == "constant", "mode=" + mode + " is unsupported; supported: constant");
  const auto pads = n.integers_or_input("pads", 1);
  n.require(pads.has_value(), "has no pads");
  float fill = n.real("value", 0);
  if (const TensorPtr value = n.constant_if_given(2); value && value->size() > 0) {
    n.require(value->size() == 1, "constant_value has shape " + to_string(value->shape) + "; supported: a scalar");
    fill = float(value->as_doubles()[0]);
  }
  if (x.as == Carried::s8_as_u8) fill += 128;

  std::vector<int64_t> axes(rank);
  for (size_t d = 0; d < rank; ++d) axes[d] = int64_t(d);
  if (n.has_input(3)) axes = n.constant(3)->as_ints();
  n.require(pads->size() == 2 * axes.size(),
            "has " + std::to_string(pads->size()) + " pads for " + std::to_string(axes.size()) + " dimensions");
  marked(n, axes, rank);  // checks them
  Pad grow{std::vector<int64_t>(rank, 0), std::vector<int64_t>(rank, 0), fill};
  Slice crop{std::vector<int64_t>(rank, 0), std::vector<int64_t>(rank, 1), shape};
  for (size_t i = 0; i < axes.size(); ++i) {  // a negative pad crops
    const size_t d = size_t(n.axis(axes[i], rank));
    const int64_t before = (*pads)[i], after = (*pads)[axes.size() + i];
    constexpr int64_t kMost = int64_t{1} << 31;
    n.require(std::min(before, after) >= -kMost && std::max(before, after) <= kMost, "pads are too big");
    grow.before[d] = std::max<int64_t>(before, 0);
    grow.after[d] = std::max<int64_t>(after, 0);
    crop.starts[d] = std::max<int64_t>(-before, 0);
    crop.extents[d] -= crop.starts[d] + std::max<int64_t>(-after, 0);
    n.require(crop.extents[d] >= 1, "pads leave nothing of dimension " + std::to_string(d));
  }
  const ValueId kept = crop.extents == shape ? x.id : n.emit(crop, {x.id});
  const bool grows = std::ranges::any_of(grow.before, [](int64_t p) { return p != 0; }) ||
                     std::ranges::any_of(grow.after, [](int64_t p) { return p != 0; });
  n.output(0, grows ? n.emit(grow, {kept}) : kept, x.as);
}

}  // namespace

std::span<const OpRow> layout_ops() {
  static constexpr OpRow rows[] = {
      {"", "Reshape", 1, reshape},
      {"", "Flatten", 1, flatten},
      {"", "Squeeze", 1, squeeze},
      {"", "Unsqueeze", 1, unsqueeze},
      {"", "Transpose", 1, transpose},
      {"", "Concat", 1, concat},
      {"", "Pad", 1, pad},
  };
  return rows;
}

}  // namespace sparsec::importer
