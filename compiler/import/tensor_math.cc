// Constant arithmetic: strided copies first, then element by element.
#include "compiler/import/tensor_math.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/ir/arithmetic.h"

namespace sparsec::importer {

using arithmetic::with_number;
using arithmetic::with_type;

namespace {

Tensor fold_op(const Binary& op, const std::vector<const Tensor*>& in, const TypeAndShape& out,
               const std::string& where) {
  const Tensor a = expand(*in[0], out.shape), b = expand(*in[1], out.shape);
  Tensor result(out.type, out.shape);
  with_number(out.type, [&](auto zero) {
    using T = decltype(zero);
    const auto x = a.data<T>(), y = b.data<T>();
    const auto z = result.data<T>();
    for (size_t i = 0; i < z.size(); ++i) z[i] = arithmetic::binary(op.kind, x[i], y[i], where);
  });
  return result;
}

Tensor fold_op(const Unary& op, const std::vector<const Tensor*>& in, const TypeAndShape& out, const std::string&) {
  Tensor result(out.type, out.shape);
  with_number(out.type, [&](auto zero) {
    using T = decltype(zero);
    const auto x = in[0]->data<T>();
    const auto y = result.data<T>();
    for (size_t i = 0; i < y.size(); ++i) {
      const bool flip = op.kind == UnaryKind::neg || x[i] < T{};
      y[i] = op.kind == UnaryKind::relu ? std::max(x[i], T{}) : flip ? arithmetic::negate(x[i]) : x[i];
      if (op.kind == UnaryKind::abs && y[i] == T{}) y[i] = T{};  // -0 too
    }
  });
  return result;
}

Tensor fold_op(const Slice& op, const std::vector<const Tensor*>& in, const TypeAndShape& out, const std::string&) {
  std::vector<int64_t> strides = row_major_strides(in[0]->shape);
  int64_t first = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    first += op.starts[d] * strides[d];
    strides[d] *= op.steps[d];
  }
  return gather_strided(*in[0], out.shape, first, strides);
}

Tensor fold_op(const Transpose& op, const std::vector<const Tensor*>& in, const TypeAndShape& out, const std::string&) {
  const std::vector<int64_t> from = row_major_strides(in[0]->shape);
  std::vector<int64_t> strides;
  for (int64_t p : op.perm) strides.push_back(from[size_t(p)]);
  return gather_strided(*in[0], out.shape, 0, strides);
}

Tensor fold_op(const Reshape&, const std::vector<const Tensor*>& in, const TypeAndShape& out, const std::string&) {
  return reshape(*in[0], out.shape);
}

Tensor fold_op(const Concat& op, const std::vector<const Tensor*>& in, const TypeAndShape& out, const std::string&) {
  return concat(in, op.axis, out.shape);
}

Tensor fold_op(const Cast& op, const std::vector<const Tensor*>& in, const TypeAndShape&, const std::string&) {
  return cast(*in[0], op.to);
}

template <typename T>
constexpr bool kFolded = std::is_same_v<T, Binary> || std::is_same_v<T, Slice> || std::is_same_v<T, Transpose> ||
                         std::is_same_v<T, Reshape> || std::is_same_v<T, Concat> || std::is_same_v<T, Cast>;

}  // namespace

bool can_fold(const Op& op, DType out) {
  if (const auto* unary = std::get_if<Unary>(&op)) {
    const bool exact = unary->kind == UnaryKind::neg || unary->kind == UnaryKind::abs || unary->kind == UnaryKind::relu;
    return exact && (out == DType::f32 || out == DType::s32 || out == DType::i64);
  }
  return std::visit([]<typename T>(const T&) { return kFolded<T>; }, op);
}

Tensor fold(const Op& op, const std::vector<const Tensor*>& inputs, const TypeAndShape& out, const std::string& where) {
  return std::visit(
      [&]<typename T>(const T& o) -> Tensor {
        if constexpr (kFolded<T> || std::is_same_v<T, Unary>) return fold_op(o, inputs, out, where);
        SPARSEC_CHECK(false, "this operator is not folded at import");
      },
      op);
}

std::vector<int64_t> row_major_strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= shape[d];
  }
  return strides;
}

Tensor gather_strided(const Tensor& t, const Shape& out, int64_t first, const std::vector<int64_t>& strides) {
  Tensor result(t.type, out);
  const size_t size = size_of(t.type);
  std::vector<int64_t> index(out.size(), 0);
  int64_t from = first;
  for (int64_t to = 0, n = result.size(); to < n; ++to) {
    std::memcpy(result.bytes.data() + size_t(to) * size, t.bytes.data() + size_t(from) * size, size);
    for (size_t d = out.size(); d-- > 0;) {  // count up like an odometer
      from += strides[d];
      if (++index[d] < out[d]) break;
      from -= strides[d] * out[d];
      index[d] = 0;
    }
  }
  return result;
}

Tensor expand(const Tensor& t, const Shape& out) {
  if (t.shape == out) return t;
  const std::vector<int64_t> from = row_major_strides(t.shape);
  std::vector<int64_t> strides(out.size(), 0);
  const size_t lead = out.size() - t.shape.size();
  for (size_t d = 0; d < t.shape.size(); ++d) strides[lead + d] = t.shape[d] == 1 ? 0 : from[d];
  return gather_strided(t, out, 0, strides);
}

Tensor reshape(const Tensor& t, Shape shape) {
  Tensor result = t;
  result.shape = std::move(shape);
  return result;
}

Tensor concat(const std::vector<const Tensor*>& parts, int64_t axis, const Shape& out) {
  Tensor result(parts[0]->type, out);
  int64_t rows = 1;  // everything before the axis; the parts take turns in each row
  for (size_t d = 0; d < size_t(axis); ++d) rows *= out[d];
  std::byte* to = result.bytes.data();
  for (int64_t row = 0; row < rows; ++row) {
    for (const Tensor* part : parts) {
      const size_t bytes = part->bytes.size() / size_t(rows);
      if (bytes > 0) std::memcpy(to, part->bytes.data() + size_t(row) * bytes, bytes);
      to += bytes;
    }
  }
  return result;
}

Tensor cast(const Tensor& t, DType to) {
  Tensor result(to, t.shape);
  with_type(t.type, [&](auto from_zero) {
    with_type(to, [&](auto to_zero) {
      const auto x = t.data<decltype(from_zero)>();
      const auto y = result.data<decltype(to_zero)>();
      for (size_t i = 0; i < y.size(); ++i) y[i] = arithmetic::cast<decltype(to_zero)>(x[i]);
    });
  });
  return result;
}

Tensor quantise_constant(const Tensor& t, const QuantParams& q, DType to) {
  SPARSEC_CHECK(to == DType::u8 || to == DType::s8, "quantises to 8 bits");
  const float low = to == DType::u8 ? 0 : -128, high = low + 255;
  // Elements between two steps along the axis.
  const int64_t inner = q.per_tensor() ? 1 : row_major_strides(t.shape)[size_t(q.axis)];
  Tensor result(to, t.shape);
  const auto x = t.data<float>();
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t slice = q.per_tensor() ? 0 : (i / size_t(inner)) % q.scale.size();
    const float rounded = std::nearbyint(x[i] / q.scale[slice]) + float(q.zero_point[slice]);
    const float kept = std::isnan(rounded) ? 0 : std::clamp(rounded, low, high);
    result.bytes[i] = std::byte(uint8_t(int32_t(kept)));
  }
  return result;
}

Tensor compare(Comparison kind, const Tensor& a, const Tensor& b, const std::string& where) {
  const Shape shape = broadcast(a.shape, b.shape, where);
  const Tensor left = expand(a, shape), right = expand(b, shape);
  Tensor result(DType::boolean, shape);
  with_type(a.type, [&](auto zero) {
    const auto x = left.data<decltype(zero)>(), y = right.data<decltype(zero)>();
    const auto z = result.data<bool>();
    for (size_t i = 0; i < z.size(); ++i) {
      switch (kind) {
        case Comparison::equal:
          z[i] = x[i] == y[i];
          break;
        case Comparison::less:
          z[i] = x[i] < y[i];
          break;
        case Comparison::less_or_equal:
          z[i] = x[i] <= y[i];
          break;
        case Comparison::greater:
          z[i] = x[i] > y[i];
          break;
        case Comparison::greater_or_equal:
          z[i] = x[i] >= y[i];
          break;
      }
    }
  });
  return result;
}

Tensor select(const Tensor& condition, const Tensor& a, const Tensor& b, const std::string& where) {
  const Shape shape = broadcast(condition.shape, broadcast(a.shape, b.shape, where), where);
  const Tensor choose = expand(condition, shape), x = expand(a, shape), y = expand(b, shape);
  Tensor result(a.type, shape);
  const size_t size = size_of(a.type);
  const auto chosen = choose.data<bool>();
  for (size_t i = 0; i < chosen.size(); ++i) {
    std::memcpy(result.bytes.data() + i * size, (chosen[i] ? x : y).bytes.data() + i * size, size);
  }
  return result;
}

Tensor reduce(Reduction kind, const Tensor& t, const std::vector<bool>& reduced, bool keep_dims) {
  // Bring the reduced dimensions to the end, then every output element is one run.
  const std::vector<int64_t> strides = row_major_strides(t.shape);
  Shape out, kept, run;
  std::vector<int64_t> kept_strides, run_strides;
  for (size_t d = 0; d < t.shape.size(); ++d) {
    (reduced[d] ? run : kept).push_back(t.shape[d]);
    (reduced[d] ? run_strides : kept_strides).push_back(strides[d]);
    if (!reduced[d]) out.push_back(t.shape[d]);
    if (reduced[d] && keep_dims) out.push_back(1);
  }
  const int64_t length = elements(run);
  kept.insert(kept.end(), run.begin(), run.end());
  kept_strides.insert(kept_strides.end(), run_strides.begin(), run_strides.end());
  const Tensor runs = gather_strided(t, kept, 0, kept_strides);
  Tensor result(t.type, out);
  with_number(t.type, [&](auto zero) {
    using T = decltype(zero);
    const auto x = runs.data<T>();
    const auto y = result.data<T>();
    using Limits = std::numeric_limits<T>;
    const T highest = Limits::has_infinity ? Limits::infinity() : Limits::max();
    const T lowest = Limits::has_infinity ? T(-Limits::infinity()) : Limits::min();
    const T start = kind == Reduction::product ? T(1)
                    : kind == Reduction::min   ? highest
                    : kind == Reduction::max   ? lowest
                                               : T(0);  // what no elements give
    for (size_t i = 0; i < y.size(); ++i) {
      T sum = start;
      for (int64_t k = 0; k < length; ++k) {
        const T v = x[i * size_t(length) + size_t(k)];
        switch (kind) {
          case Reduction::sum:
          case Reduction::mean:
            sum = arithmetic::binary(BinaryKind::add, sum, v, "");
            break;
          case Reduction::product:
            sum = arithmetic::binary(BinaryKind::mul, sum, v, "");
            break;
          case Reduction::min:
            sum = arithmetic::binary(BinaryKind::min, sum, v, "");
            break;
          case Reduction::max:
            sum = arithmetic::binary(BinaryKind::max, sum, v, "");
            break;
        }
      }
      y[i] = kind == Reduction::mean && length > 0 ? T(sum / T(length)) : sum;
    }
  });
  return result;
}

}  // namespace sparsec::importer
