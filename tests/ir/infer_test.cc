// Inference: a right answer and the refusals of each operator.
#include "compiler/ir/infer.h"

#include <gtest/gtest.h>

namespace sparsec {
namespace {

using Types = std::vector<TypeAndShape>;

TypeAndShape f32(Shape s) { return {DType::f32, std::move(s)}; }
TypeAndShape u8(Shape s) { return {DType::u8, std::move(s)}; }
TypeAndShape s8(Shape s) { return {DType::s8, std::move(s)}; }
TypeAndShape i64(Shape s) { return {DType::i64, std::move(s)}; }

TypeAndShape one(const Op& op, const Types& in, const Types& declared = {}) {
  const Types out = infer(op, in, declared, "m.onnx: node n");
  EXPECT_EQ(out.size(), 1u);
  return out.at(0);
}

// The refusal's text, which must name the place.
std::string refusal(const Op& op, const Types& in, const Types& declared = {}) {
  try {
    infer(op, in, declared, "m.onnx: node n");
  } catch (const CompileError& e) {
    const std::string message = e.what();
    EXPECT_TRUE(message.starts_with("m.onnx: node n: ")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
    return message.substr(16);
  }
  return "";
}

#define EXPECT_REFUSED(text, ...) EXPECT_NE(refusal(__VA_ARGS__).find(text), std::string::npos) << refusal(__VA_ARGS__)

TEST(Infer, WindowExtent) {
  EXPECT_EQ(window_extent(640, 6, 2, 1, 2, 2), 320);
  EXPECT_EQ(window_extent(20, 5, 1, 1, 2, 2), 20);
  EXPECT_EQ(window_extent(7, 3, 2, 2, 0, 0), 2);
  EXPECT_EQ(window_extent(2, 3, 1, 1, 0, 0), 0);
}

TEST(Infer, Broadcast) {
  EXPECT_EQ(broadcast({2, 1, 4}, {3, 1}, ""), (Shape{2, 3, 4}));
  EXPECT_EQ(broadcast({}, {5}, ""), (Shape{5}));
  EXPECT_EQ(broadcast({0}, {1}, ""), (Shape{0}));
  EXPECT_THROW(broadcast({2}, {3}, "x"), CompileError);
}

TEST(Infer, Elementwise) {
  EXPECT_EQ(one(Unary{UnaryKind::silu}, {f32({2, 3})}), f32({2, 3}));
  EXPECT_EQ(one(Unary{UnaryKind::neg}, {i64({2})}), i64({2}));
  EXPECT_REFUSED("supported: f32", Unary{UnaryKind::exp}, {i64({2})});
  EXPECT_EQ(one(Binary{BinaryKind::mul}, {f32({1, 8, 1, 1}), f32({2, 1, 4, 4})}), f32({2, 8, 4, 4}));
  EXPECT_REFUSED("add of f32 and i64", Binary{BinaryKind::add}, {f32({1}), i64({1})});
  EXPECT_REFUSED("do not broadcast", Binary{BinaryKind::add}, {f32({2}), f32({3})});
  EXPECT_EQ(one(Cast{DType::f32}, {u8({4})}), f32({4}));
  EXPECT_EQ(one(Softmax{-1}, {f32({2, 3})}), f32({2, 3}));
  EXPECT_REFUSED("axis 2", Softmax{2}, {f32({2, 3})});
  EXPECT_EQ(one(BatchNorm{}, {f32({1, 4, 2, 2}), f32({4}), f32({4}), f32({4}), f32({4})}), f32({1, 4, 2, 2}));
  EXPECT_REFUSED("input 3", BatchNorm{}, {f32({1, 4, 2, 2}), f32({4}), f32({4}), f32({3}), f32({4})});
}

TEST(Infer, Layout) {
  EXPECT_EQ(one(Concat{1}, {u8({1, 2, 3}), u8({1, 5, 3})}), u8({1, 7, 3}));
  EXPECT_REFUSED("does not fit", Concat{1}, {u8({1, 2, 3}), u8({1, 5, 4})});
  EXPECT_REFUSED("axis 3", Concat{3}, {u8({1, 2, 3})});
  EXPECT_EQ(one(Slice{{0, 1}, {1, 2}, {2, 3}}, {f32({2, 6})}), f32({2, 3}));
  EXPECT_EQ(one(Slice{{3}, {-1}, {4}}, {f32({4})}), f32({4}));
  EXPECT_EQ(one(Slice{{9}, {1}, {0}}, {f32({4})}), f32({0}));
  EXPECT_REFUSED("leaves shape", Slice{{1}, {1}, {4}}, {f32({4})});
  EXPECT_REFUSED("leaves shape", Slice{{3}, {INT64_MAX}, {3}}, {f32({4})});
  EXPECT_EQ(one(Reshape{}, {f32({2, 6})}, {f32({3, 4})}), f32({3, 4}));
  EXPECT_REFUSED("number of elements", Reshape{}, {f32({2, 6})}, {f32({3, 5})});
  EXPECT_REFUSED("number of elements", Reshape{}, {f32({2, 6})}, {f32({-3, -4})});
  EXPECT_EQ(one(Transpose{{2, 0, 1}}, {f32({2, 3, 4})}), f32({4, 2, 3}));
  EXPECT_REFUSED("permutation", Transpose{{0, 0}}, {f32({2, 3})});
  EXPECT_EQ(one(Pad{{0, 1}, {2, 3}}, {f32({2, 3})}), f32({4, 7}));
  EXPECT_REFUSED("supported: 0 or more", Pad{{-1}, {0}}, {f32({2})});
  EXPECT_EQ(one(Resize{{0, 0, 1, 1}, {0, 0}}, {u8({1, 3, 2, 1})}), u8({1, 3, 4, 2}));
  EXPECT_REFUSED("reads index 2", Resize{{2}, {0}}, {u8({1, 3, 2, 1})});
  EXPECT_EQ(one(SpaceToDepth{2, 2}, {f32({1, 3, 5, 4})}), f32({1, 12, 3, 2}));
}

TEST(Infer, Convolutions) {
  const Window same{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}};
  EXPECT_EQ(one(Conv{same, 1}, {f32({1, 4, 8, 8}), f32({6, 4, 3, 3}), f32({6})}), f32({1, 6, 8, 8}));
  EXPECT_EQ(one(Conv{same, 4}, {f32({2, 4, 8, 8}), f32({4, 1, 3, 3})}), f32({2, 4, 8, 8}));
  EXPECT_REFUSED("do not fit an input", Conv{same, 1}, {f32({1, 4, 8, 8}), f32({6, 3, 3, 3})});
  EXPECT_REFUSED("kernel of 3x3", Conv{same, 1}, {f32({1, 4, 8, 8}), f32({6, 4, 1, 1})});
  Window wrong = same;
  wrong.strides = {0, 1};
  EXPECT_REFUSED("stride=0", Conv{wrong, 1}, {f32({1, 4, 8, 8}), f32({6, 4, 3, 3})});
  wrong = same;
  wrong.pads = {};
  EXPECT_REFUSED("does not fit into", Conv{wrong, 1}, {f32({1, 4, 2, 2}), f32({6, 4, 3, 3})});

  QConv q;
  q.window = same;
  q.acc_bias.resize(6);
  q.multiplier.resize(6);
  q.bias.resize(6);
  q.lookup.resize(2);
  const Types in{u8({1, 4, 8, 8}), s8({6, 4, 3, 3})};
  EXPECT_EQ(infer(q, in, {u8({}), f32({})}, ""), (Types{u8({1, 6, 8, 8}), f32({1, 6, 8, 8})}));
  EXPECT_REFUSED("2 lookup entries", q, in, {u8({})});
  q.residual = true;
  EXPECT_REFUSED("has 2 inputs", q, in, {u8({}), u8({})});
  q.residual = false;
  q.bias.resize(5);
  EXPECT_REFUSED("5 entries of bias", q, in, {u8({}), u8({})});

  const FConv f{same, std::vector<float>(6), Activation::silu, 0, true};
  EXPECT_EQ(one(f, {f32({1, 4, 8, 8}), f32({6, 4, 3, 3}), f32({1, 6, 8, 8})}), f32({1, 6, 8, 8}));
  EXPECT_REFUSED("input 2", f, {f32({1, 4, 8, 8}), f32({6, 4, 3, 3}), f32({1, 6, 8, 7})});
  EXPECT_EQ(one(MaxPool{{{5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}}}, {u8({1, 4, 8, 8})}), u8({1, 4, 8, 8}));
}

TEST(Infer, Quantisers) {
  EXPECT_EQ(one(Quantize{{{0.5f}, {3}, 0}}, {f32({2})}, {u8({2})}), u8({2}));
  EXPECT_EQ(one(Dequantize{{{0.5f, 1}, {0, 0}, 1}}, {s8({3, 2})}), f32({3, 2}));
  EXPECT_REFUSED("needs its output type", Quantize{{{0.5f}, {3}, 0}}, {f32({2})});
  EXPECT_REFUSED("zero point 300", Quantize{{{0.5f}, {300}, 0}}, {f32({2})}, {u8({2})});
  EXPECT_REFUSED("supported: above 0", Quantize{{{0}, {3}, 0}}, {f32({2})}, {u8({2})});
  EXPECT_REFUSED("2 scales along axis 0", Dequantize{{{0.5f, 1}, {0, 0}, 0}}, {s8({3, 2})});
  EXPECT_REFUSED("with i64", Dequantize{{{0.5f}, {0}, 0}}, {i64({3, 2})});
  EXPECT_EQ(one(Lookup{}, {u8({2})}), u8({2}));
  EXPECT_REFUSED("input 1", QBinary{BinaryKind::add}, {u8({2}), u8({1})});
}

TEST(Infer, Decode) {
  const Decode d{{{8, {{1, 2}, {3, 4}}}, {16, {{5, 6}}}}, 2, false};
  EXPECT_EQ(one(d, {f32({1, 14, 4, 4}), f32({1, 7, 2, 2})}), f32({1, 36, 7}));
  EXPECT_REFUSED("expected 1x7x2x2", d, {f32({1, 14, 4, 4}), f32({1, 8, 2, 2})});
}

TEST(Tensor, ReadsAsNumbersAndRefusesTheImpossible) {
  EXPECT_EQ(Tensor::of<int8_t>({2}, {-1, 2}).as_doubles(), (std::vector<double>{-1, 2}));
  EXPECT_EQ(Tensor::of<float>({2}, {-1.5f, 2}).as_ints(), (std::vector<int64_t>{-1, 2}));
  EXPECT_EQ(to_string({}), "scalar");
  EXPECT_EQ(to_string({1, 3, 640, 640}), "1x3x640x640");
  EXPECT_EQ(elements({}), 1);
  EXPECT_THROW(elements({INT64_MAX, 4}), InternalError);
}

}  // namespace
}  // namespace sparsec
