// Operators that exporters use to compute shapes, grids and masks: import computes them, so they never reach the Graph.
//
// Shape and Size know their answer from the static shape; all others need constant inputs.
#include <algorithm>
#include <cmath>

#include "compiler/import/onnx_ops.h"
#include "compiler/import/tensor_math.h"

namespace sparsec::importer {
namespace {

// ---- making constants -----------------------------------------------------------------------------------------------

void constant(NodeImport& n) {
  if (const auto* t = n.attribute<TensorPtr>("value")) return n.output(0, **t);
  if (const auto* v = n.attribute<float>("value_float")) return n.output(0, Tensor::of<float>({}, {*v}));
  if (const auto* v = n.attribute<int64_t>("value_int")) return n.output(0, Tensor::of<int64_t>({}, {*v}));
  if (const auto* v = n.attribute<std::vector<float>>("value_floats")) {
    return n.output(0, Tensor::of<float>({int64_t(v->size())}, *v));
  }
  if (const auto* v = n.attribute<std::vector<int64_t>>("value_ints")) {
    return n.output(0, Tensor::of<int64_t>({int64_t(v->size())}, *v));
  }
  n.fail("has no value of a supported kind; supported: value, value_float, value_floats, value_int, value_ints");
}

Shape shape_input(NodeImport& n, size_t i) {
  const TensorPtr t = n.constant(i);
  n.require(t->type == DType::i64 && t->shape.size() <= 1, "the shape is no list of i64");
  const Shape shape = t->as_ints();
  for (int64_t d : shape) n.require(d >= 0, "the shape has dimension " + std::to_string(d));
  return shape;
}

void constant_of_shape(NodeImport& n) {
  const Shape shape = shape_input(n, 0);
  n.reserve_elements(shape);
  const auto* fill = n.attribute<TensorPtr>("value");
  n.require(fill == nullptr || (*fill)->size() == 1, "the value is no single number");
  const Tensor one = fill ? reshape(**fill, {}) : Tensor::of<float>({}, {0.0f});
  n.output(0, expand(one, shape));
}

template <typename T>
Tensor counted(NodeImport& n, const Tensor& start, const Tensor& limit, const Tensor& delta) {
  const T first = start.data<T>()[0], end = limit.data<T>()[0], step = delta.data<T>()[0];
  n.require(step != T{}, "the step is 0");
  const double count = std::ceil((double(end) - double(first)) / double(step));
  n.require(std::isfinite(count) && count <= 1e9, "makes too many numbers");
  const Shape shape{std::max<int64_t>(0, int64_t(count))};
  n.reserve_elements(shape);
  Tensor out(dtype_of<T>(), shape);
  const auto data = out.data<T>();
  for (size_t i = 0; i < data.size(); ++i) data[i] = T(first + T(i) * step);
  return out;
}

void range(NodeImport& n) {
  const TensorPtr start = n.constant(0), limit = n.constant(1), delta = n.constant(2);
  for (const auto& t : {start, limit, delta}) {
    n.require(t->type == start->type && t->size() == 1, "start, limit and delta are not three numbers of one type");
  }
  switch (start->type) {
    case DType::f32:
      return n.output(0, counted<float>(n, *start, *limit, *delta));
    case DType::s32:
      return n.output(0, counted<int32_t>(n, *start, *limit, *delta));
    case DType::i64:
      return n.output(0, counted<int64_t>(n, *start, *limit, *delta));
    default:
      n.fail(std::string("of ") + name_of(start->type) + " is unsupported; supported: f32, s32, i64");
  }
}

// ---- reading shapes -------------------------------------------------------------------------------------------------

void shape(NodeImport& n) {
  const Shape s = n.value(0).shape;
  const int64_t rank = int64_t(s.size());
  const auto bring_in = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const int64_t start = bring_in(n.integer("start", 0)), end = bring_in(n.integer("end", rank));
  const std::vector<int64_t> dims(s.begin() + start, s.begin() + std::max(start, end));
  n.output(0, Tensor::of<int64_t>({int64_t(dims.size())}, dims));
}

void size(NodeImport& n) { n.output(0, Tensor::of<int64_t>({}, {elements(n.value(0).shape)})); }

// ---- element by element ---------------------------------------------------------------------------------------------

template <float (*function)(float)>
void rounding(NodeImport& n) {
  Tensor t = *n.constant(0);
  n.require(t.type == DType::f32, std::string("of ") + name_of(t.type) + " is unsupported; supported: f32");
  n.reserve_elements(t.shape);
  for (float& x : t.data<float>()) x = function(x);
  n.output(0, std::move(t));
}
float round_down(float x) { return std::floor(x); }
float round_up(float x) { return std::ceil(x); }
float round_even(float x) { return std::nearbyint(x); }

// Two constants of one type, with memory set aside for what they broadcast to.
std::pair<TensorPtr, TensorPtr> operands(NodeImport& n, size_t first) {
  const TensorPtr a = n.constant(first), b = n.constant(first + 1);
  n.require(a->type == b->type, std::string("of ") + name_of(a->type) + " and " + name_of(b->type) +
                                    " is unsupported; supported: two of one type");
  n.reserve_elements(broadcast(a->shape, b->shape, n.where));
  return {a, b};
}

template <Comparison kind>
void comparison(NodeImport& n) {
  const auto [a, b] = operands(n, 0);
  n.output(0, compare(kind, *a, *b, n.where));
}

void where(NodeImport& n) {
  const TensorPtr condition = n.constant(0);
  n.require(condition->type == DType::boolean, "the condition is no bool");
  const auto [a, b] = operands(n, 1);
  n.reserve_elements(broadcast(condition->shape, broadcast(a->shape, b->shape, n.where), n.where));
  n.output(0, select(*condition, *a, *b, n.where));
}

void logical_not(NodeImport& n) {
  Tensor t = *n.constant(0);
  n.require(t.type == DType::boolean, "the input is no bool");
  for (bool& x : t.data<bool>()) x = !x;
  n.output(0, std::move(t));
}

// a and b = (a, else false), a or b = (true, else b)
template <bool is_and>
void logical(NodeImport& n) {
  const auto [a, b] = operands(n, 0);
  n.require(a->type == DType::boolean, "the inputs are no bools");
  const Tensor fixed = Tensor::of<uint8_t>({}, {uint8_t(!is_and)});
  const Tensor constant = cast(fixed, DType::boolean);
  n.output(0, is_and ? select(*a, *b, constant, n.where) : select(*a, constant, *b, n.where));
}

// The remainder: with the divisor's sign, or with the dividend's when fmod is set.
void mod(NodeImport& n) {
  const auto [a, b] = operands(n, 0);
  n.require(a->type == DType::i64 || a->type == DType::s32,
            std::string("of ") + name_of(a->type) + " is unsupported; supported: s32, i64");
  const Shape shape = broadcast(a->shape, b->shape, n.where);
  const std::vector<int64_t> x = expand(*a, shape).as_ints(), y = expand(*b, shape).as_ints();
  const bool truncates = n.integer("fmod", 0) != 0;
  std::vector<int64_t> z(x.size());
  for (size_t i = 0; i < z.size(); ++i) {
    n.require(y[i] != 0, "divides by zero");
    z[i] = y[i] == -1 ? 0 : x[i] % y[i];
    if (!truncates && z[i] != 0 && (z[i] < 0) != (y[i] < 0)) z[i] += y[i];
  }
  n.output(0, cast(Tensor::of<int64_t>(shape, z), a->type));
}

// ---- shapes ---------------------------------------------------------------------------------------------------------

// A tensor made at run time may pass when nothing changes.
void expand_to(NodeImport& n) {
  const Shape from = n.value(0).shape;
  const Shape to = broadcast(from, shape_input(n, 1), n.where);
  if (to == from) return n.output(0, n.input(0).id, n.input(0).as);
  n.reserve_elements(to);
  n.output(0, expand(*n.constant(0), to));
}

void tile(NodeImport& n) {
  const Shape from = n.value(0).shape, repeats = shape_input(n, 1);
  n.require(repeats.size() == from.size(),
            "has " + std::to_string(repeats.size()) + " repeats for shape " + to_string(from));
  if (std::ranges::all_of(repeats, [](int64_t r) { return r == 1; })) return n.output(0, n.input(0).id, n.input(0).as);
  // [a, b] -> [1, a, 1, b] -> [r, a, s, b] -> [r a, s b]
  Shape apart, repeated, to;
  for (size_t d = 0; d < from.size(); ++d) {
    apart.insert(apart.end(), {1, from[d]});
    repeated.insert(repeated.end(), {repeats[d], from[d]});
    to.push_back(0);
    n.require(!__builtin_mul_overflow(repeats[d], from[d], &to.back()), "repeats are too big");
  }
  n.reserve_elements(to);
  n.output(0, reshape(expand(reshape(*n.constant(0), apart), repeated), to));
}

template <Reduction kind>
void reduction(NodeImport& n) {
  const TensorPtr t = n.constant(0);
  n.require(t->type == DType::f32 || t->type == DType::s32 || t->type == DType::i64,
            std::string("of ") + name_of(t->type) + " is unsupported; supported: f32, s32, i64");
  const auto axes = n.integers_or_input("axes", 1);
  const bool all = !axes || axes->empty();
  if (all && n.integer("noop_with_empty_axes", 0) != 0) return n.output(0, n.input(0).id);
  std::vector<bool> reduced(t->shape.size(), all);
  if (!all) {
    for (int64_t a : *axes) reduced[size_t(n.axis(a, reduced.size()))] = true;
  }
  n.reserve_elements(t->shape);
  n.output(0, reduce(kind, *t, reduced, n.integer("keepdims", 1) != 0));
}

}  // namespace

std::span<const OpRow> constant_ops() {
  static constexpr OpRow rows[] = {
      {"", "Constant", 1, constant},
      {"", "ConstantOfShape", 9, constant_of_shape},
      {"", "Range", 11, range},
      {"", "Shape", 1, shape},
      {"", "Size", 1, size},
      {"", "Floor", 1, rounding<round_down>},
      {"", "Ceil", 1, rounding<round_up>},
      {"", "Round", 11, rounding<round_even>},
      {"", "Equal", 7, comparison<Comparison::equal>},
      {"", "Less", 7, comparison<Comparison::less>},
      {"", "LessOrEqual", 12, comparison<Comparison::less_or_equal>},
      {"", "Greater", 7, comparison<Comparison::greater>},
      {"", "GreaterOrEqual", 12, comparison<Comparison::greater_or_equal>},
      {"", "Where", 9, where},
      {"", "Not", 1, logical_not},
      {"", "And", 7, logical<true>},
      {"", "Or", 7, logical<false>},
      {"", "Mod", 10, mod},
      {"", "Expand", 8, expand_to},
      {"", "Tile", 6, tile},
      {"", "ReduceSum", 1, reduction<Reduction::sum>},
      {"", "ReduceProd", 1, reduction<Reduction::product>},
      {"", "ReduceMin", 1, reduction<Reduction::min>},
      {"", "ReduceMax", 1, reduction<Reduction::max>},
      {"", "ReduceMean", 1, reduction<Reduction::mean>},
  };
  return rows;
}

}  // namespace sparsec::importer
