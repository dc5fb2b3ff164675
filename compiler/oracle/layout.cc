// Operators that move elements and compute nothing: the same for every element type, so they work on bytes.
#include <algorithm>

#include "compiler/ir/arithmetic.h"
#include "compiler/oracle/call.h"

namespace sparsec::oracle {
namespace {

// Distances, in elements, between neighbours along each dimension of a row-major tensor.
std::vector<int64_t> row_major_strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

// A walk through a tensor: element offset of index (i0, i1, ...) is start + sum of i * stride.
struct View {
  int64_t start = 0;
  std::vector<int64_t> strides;
};

// to[view of to] = from[view of from] for every index of `shape`.
void copy(const Tensor& from, const View& source, Tensor& to, const View& target, const Shape& shape) {
  const size_t width = size_of(from.type);
  std::vector<int64_t> index(shape.size(), 0);
  int64_t read = source.start, write = target.start;
  for (int64_t left = elements(shape); left > 0; --left) {
    std::memcpy(&to.bytes[size_t(write) * width], &from.bytes[size_t(read) * width], width);
    for (size_t d = shape.size(); d-- > 0;) {
      read += source.strides[d];
      write += target.strides[d];
      if (++index[d] < shape[d]) break;
      read -= source.strides[d] * shape[d];
      write -= target.strides[d] * shape[d];
      index[d] = 0;
    }
  }
}

template <typename T>
void fill_as(Tensor& t, float value) {
  std::ranges::fill(t.data<T>(), arithmetic::saturate<T>(value));
}

// Every element = value, in the tensor's type.
void fill(Tensor& t, float value) {
  switch (t.type) {
    case DType::f32:
      std::ranges::fill(t.data<float>(), value);
      return;
    case DType::u8:
      return fill_as<uint8_t>(t, value);
    case DType::s8:
      return fill_as<int8_t>(t, value);
    case DType::s32:
      return fill_as<int32_t>(t, value);
    case DType::i64:
      return fill_as<int64_t>(t, value);
    case DType::boolean:
      std::ranges::fill(t.data<bool>(), value != 0);
      return;
  }
}

}  // namespace

void evaluate_op(const Concat& op, const Call& call) {
  // Along the axis, and within it, everything is contiguous: each input gives one run of bytes per outer index.
  const size_t axis = size_t(op.axis);
  const auto run_bytes = [&](const Tensor& t) {
    return size_t(elements(Shape(t.shape.begin() + int64_t(axis), t.shape.end()))) * size_of(t.type);
  };
  Tensor& out = call.out();
  const size_t outer = size_t(elements(Shape(out.shape.begin(), out.shape.begin() + int64_t(axis))));
  size_t write = 0;
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < call.inputs.size(); ++i) {
      const size_t run = run_bytes(call.in(i));
      std::copy_n(call.in(i).bytes.begin() + int64_t(o * run), run, out.bytes.begin() + int64_t(write));
      write += run;
    }
  }
}

void evaluate_op(const Slice& op, const Call& call) {
  View source{0, row_major_strides(call.in(0).shape)};
  for (size_t d = 0; d < source.strides.size(); ++d) {
    source.start += op.starts[d] * source.strides[d];
    source.strides[d] *= op.steps[d];
  }
  const Shape& shape = call.out().shape;
  copy(call.in(0), source, call.out(), {0, row_major_strides(shape)}, shape);
}

void evaluate_op(const Reshape&, const Call& call) { call.out().bytes = call.in(0).bytes; }

void evaluate_op(const Transpose& op, const Call& call) {
  const std::vector<int64_t> strides = row_major_strides(call.in(0).shape);
  View source;
  for (int64_t p : op.perm) source.strides.push_back(strides[size_t(p)]);
  const Shape& shape = call.out().shape;
  copy(call.in(0), source, call.out(), {0, row_major_strides(shape)}, shape);
}

void evaluate_op(const Pad& op, const Call& call) {
  fill(call.out(), op.value);
  const Shape& shape = call.in(0).shape;
  View target{0, row_major_strides(call.out().shape)};
  for (size_t d = 0; d < shape.size(); ++d) target.start += op.before[d] * target.strides[d];
  copy(call.in(0), {0, row_major_strides(shape)}, call.out(), target, shape);
}

void evaluate_op(const Resize& op, const Call& call) {
  const Shape& shape = call.in(0).shape;
  const size_t width = size_of(call.in(0).type);
  size_t write = 0;
  for (int64_t plane = 0; plane < shape[0] * shape[1]; ++plane) {
    for (int64_t row : op.source_row) {
      for (int64_t col : op.source_col) {
        const size_t read = size_t((plane * shape[2] + row) * shape[3] + col);
        std::memcpy(&call.out().bytes[write], &call.in(0).bytes[read * width], width);
        write += width;
      }
    }
  }
}

void evaluate_op(const SpaceToDepth& op, const Call& call) {
  fill(call.out(), op.fill);
  const Shape &in = call.in(0).shape, &out = call.out().shape;
  const std::vector<int64_t> from = row_major_strides(in), to = row_major_strides(out);
  for (int64_t py = 0; py < op.rows; ++py) {
    for (int64_t px = 0; px < op.cols; ++px) {
      // The phase's pixels that exist: y * rows + py < H, x * cols + px < W.
      const int64_t rows = std::max<int64_t>((in[2] - py + op.rows - 1) / op.rows, 0);
      const int64_t cols = std::max<int64_t>((in[3] - px + op.cols - 1) / op.cols, 0);
      const View source{py * from[2] + px * from[3], {from[0], from[1], from[2] * op.rows, from[3] * op.cols}};
      const View target{(py * op.cols + px) * in[1] * to[1], to};
      copy(call.in(0), source, call.out(), target, {in[0], in[1], rows, cols});
    }
  }
}

}  // namespace sparsec::oracle
