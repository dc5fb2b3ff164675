// Slice and Split in every form, and Gather, which of a tensor made at run time is a join of slices.
#include <algorithm>

#include "compiler/import/onnx_ops.h"
#include "compiler/import/tensor_math.h"

namespace sparsec::importer {
namespace {

// What start:end:step selects of `size` elements, as NumPy has it: ends outside are brought in.
struct Range {
  int64_t start, step, extent;
};

Range resolve(int64_t start, int64_t end, int64_t step, int64_t size) {
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;  // `end` may be one outside
  const auto bring_in = [&](int64_t at, int64_t lowest) {
    return std::clamp(at < 0 ? std::max(at, -size - 1) + size : at, lowest, high);
  };
  const int64_t first = bring_in(start, step > 0 ? 0 : std::min<int64_t>(0, high)), last = bring_in(end, low);
  step = std::clamp(step, -size - 1, size + 1);  // a longer step selects the same one element
  const int64_t distance = step > 0 ? last - first : first - last;
  const int64_t extent = distance <= 0 ? 0 : (distance - 1) / std::abs(step) + 1;
  return {extent == 0 ? 0 : first, extent <= 1 ? 1 : step, extent};
}

Slice whole(const Shape& shape) {
  return {std::vector<int64_t>(shape.size(), 0), std::vector<int64_t>(shape.size(), 1), shape};
}

void slice(NodeImport& n) {
  const Binding x = n.input(0);
  const Shape shape = n.value(0).shape;
  const auto starts = n.integers_or_input("starts", 1), ends = n.integers_or_input("ends", 2);
  n.require(starts && ends && starts->size() == ends->size(), "needs as many starts as ends");
  auto axes = n.integers_or_input("axes", 3), steps = n.integers_or_input("steps", 4);
  if (!axes) {
    axes.emplace(starts->size());
    for (size_t i = 0; i < axes->size(); ++i) (*axes)[i] = int64_t(i);
  }
  if (!steps) steps.emplace(starts->size(), 1);
  n.require(axes->size() == starts->size() && steps->size() == starts->size(),
            "needs as many axes and steps as starts");

  Slice op = whole(shape);
  std::vector<bool> seen(shape.size(), false);
  for (size_t i = 0; i < axes->size(); ++i) {
    const size_t d = size_t(n.axis((*axes)[i], shape.size()));
    n.require(!seen[d], "axis " + std::to_string((*axes)[i]) + " is named twice");
    n.require((*steps)[i] != 0, "step 0 is unsupported; supported: any other");
    seen[d] = true;
    const Range range = resolve((*starts)[i], (*ends)[i], (*steps)[i], shape[d]);
    op.starts[d] = range.start;
    op.steps[d] = range.step;
    op.extents[d] = range.extent;
  }
  const bool all = op.extents == shape && std::ranges::all_of(op.steps, [](int64_t s) { return s == 1; });
  n.output(0, all ? x.id : n.emit(op, {x.id}), x.as);
}

// Sizes of the parts: given, or equal with a smaller one at the end.
std::vector<int64_t> part_sizes(NodeImport& n, int64_t size) {
  if (const auto given = n.integers_or_input("split", 1)) {
    n.require(given->size() == n.node.outputs.size(), "split has " + std::to_string(given->size()) + " sizes for " +
                                                          std::to_string(n.node.outputs.size()) + " outputs");
    return *given;
  }
  const int64_t parts = n.integer("num_outputs", int64_t(n.node.outputs.size()));
  n.require(parts >= 1 && parts == int64_t(n.node.outputs.size()), "num_outputs is not the number of outputs");
  const int64_t each = (size + parts - 1) / parts;
  n.require(size % parts == 0 || n.has_attribute("num_outputs"),
            std::to_string(size) + " elements do not split into " + std::to_string(parts) + " equal parts");
  std::vector<int64_t> sizes(size_t(parts), each);
  sizes.back() = size - each * (parts - 1);
  return sizes;
}

void split(NodeImport& n) {
  const Binding x = n.input(0);
  const Shape shape = n.value(0).shape;
  const size_t axis = size_t(n.axis(n.integer("axis", 0), shape.size()));
  Slice op = whole(shape);
  int64_t at = 0;
  const std::vector<int64_t> sizes = part_sizes(n, shape[axis]);
  for (size_t i = 0; i < sizes.size(); ++i) {
    n.require(sizes[i] >= 0 && sizes[i] <= shape[axis] - at,
              "the parts do not add up to dimension " + std::to_string(axis) + " of " + to_string(shape));
    op.starts[axis] = sizes[i] == 0 ? 0 : at;
    op.extents[axis] = sizes[i];
    at += sizes[i];
    if (!n.wants(i)) continue;
    n.output(i, op.extents == shape ? x.id : n.emit(op, {x.id}), x.as);
  }
  n.require(at == shape[axis],
            "the parts do not add up to dimension " + std::to_string(axis) + " of " + to_string(shape));
}

// Elements of a constant, picked by index along an axis; the indices' shape takes the axis's place in `out`.
Tensor gather_constant(const Tensor& t, const std::vector<int64_t>& indices, size_t axis, const Shape& out) {
  Tensor result(t.type, out);
  const size_t run = size_t(row_major_strides(t.shape)[axis]) * size_of(t.type);  // bytes of one index
  const size_t block = run * size_t(t.shape[axis]);
  std::byte* to = result.bytes.data();
  for (size_t from = 0; block > 0 && from < t.bytes.size(); from += block) {
    for (int64_t i : indices) {
      std::memcpy(to, t.bytes.data() + from + size_t(i) * run, run);
      to += run;
    }
  }
  return result;
}

// The longest run of evenly spaced indices from `first` on, as a slice.
Slice next_run(const Shape& shape, size_t axis, const std::vector<int64_t>& indices, size_t first) {
  Slice run = whole(shape);
  size_t end = first + 1;
  const int64_t step = end < indices.size() ? indices[end] - indices[first] : 1;
  while (step != 0 && end < indices.size() && indices[end] - indices[end - 1] == step) ++end;
  run.starts[axis] = indices[first];
  run.steps[axis] = end == first + 1 ? 1 : step;
  run.extents[axis] = int64_t(end - first);
  return run;
}

void gather(NodeImport& n) {
  const Binding x = n.input(0);
  const Shape shape = n.value(0).shape;
  const TensorPtr where = n.constant(1);
  const size_t axis = size_t(n.axis(n.integer("axis", 0), shape.size()));
  std::vector<int64_t> indices = where->as_ints();
  for (int64_t& i : indices) {
    n.require(i >= -shape[axis] && i < shape[axis], "index " + std::to_string(i) + " is outside dimension " +
                                                        std::to_string(axis) + " of shape " + to_string(shape));
    if (i < 0) i += shape[axis];
  }
  Shape out(shape.begin(), shape.begin() + int64_t(axis));
  out.insert(out.end(), where->shape.begin(), where->shape.end());
  out.insert(out.end(), shape.begin() + int64_t(axis) + 1, shape.end());
  if (n.value(0).constant) {
    n.reserve_elements(out);
    return n.output(0, n.add_constant(gather_constant(*n.value(0).constant, indices, axis, out)), x.as);
  }
  n.require(!indices.empty(), "has no indices");
  std::vector<ValueId> runs;
  for (size_t i = 0; i < indices.size();) {
    const Slice run = next_run(shape, axis, indices, i);
    runs.push_back(n.emit(run, {x.id}));
    i += size_t(run.extents[axis]);
  }
  const ValueId picked = runs.size() == 1 ? runs[0] : n.emit(Concat{int64_t(axis)}, runs);
  const TypeAndShape target{n.value_of(picked).type, out};
  n.output(0, n.value_of(picked).shape == out ? picked : n.emit(Reshape{}, {picked}, target), x.as);
}

}  // namespace

std::span<const OpRow> slice_ops() {
  static constexpr OpRow rows[] = {{"", "Slice", 1, slice}, {"", "Split", 1, split}, {"", "Gather", 1, gather}};
  return rows;
}

}  // namespace sparsec::importer
