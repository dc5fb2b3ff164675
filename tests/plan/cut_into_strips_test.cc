// Which graphs are cut into strips, and into how many.
#include <gtest/gtest.h>

#include "compiler/ir/verify.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"
#include "compiler/plan/plan.h"
#include "compiler/plan/slots.h"

namespace sparsec {
namespace {

constexpr Quant kQuant{0.05f, 100}, kZero{0.05f, 0};

// A graph from a u8 picture of 4 channels on, node by node.
class Builder {
 public:
  explicit Builder(int64_t rows, Quant q = kQuant) : q_(q) {
    g_.meta.path = "test.onnx";
    g_.inputs = {g_.add_value({"x", DType::u8, {1, 4, rows, 8}, nullptr, q_})};
    last_ = g_.inputs[0];
  }
  ValueId last() const { return last_; }
  Builder& from(ValueId v) {
    last_ = v;
    return *this;
  }
  // Columns stay as they are.
  Builder& conv(int64_t kernel, Pads pads, int64_t stride = 1) {
    const Shape in = g_.value(last_).shape;
    QConv op;
    op.window = Window{{kernel, kernel}, {stride, stride}, {1, 1}, pads};
    op.acc_bias.assign(4, 100);
    op.multiplier.assign(4, 0.001f);
    op.bias.assign(4, 0);
    op.lookup.resize(1);
    Tensor w(DType::s8, {4, in[1], kernel, kernel});
    for (size_t i = 0; i < w.bytes.size(); ++i) w.data<int8_t>()[i] = int8_t(i * 37 % 251 - 125);
    const auto extent = [&](size_t d, int64_t before, int64_t after) {
      return window_extent(in[d], kernel, stride, 1, before, after);
    };
    const Shape out{1, 4, extent(2, pads.top, pads.bottom), extent(3, pads.left, pads.right)};
    const ValueId weights = g_.add_constant(name("w"), std::move(w));
    const ValueId y = g_.add_value({name("conv"), DType::u8, out, nullptr, q_});
    g_.nodes.push_back({name("conv"), std::move(op), {last_, weights}, {y}});
    return from(y);
  }
  Builder& same(int64_t kernel) {
    const int64_t p = kernel / 2;
    return conv(kernel, {p, p, p, p});
  }
  Builder& add(Op op, std::optional<TypeAndShape> as = {}, std::optional<Quant> q = {}) {
    return from(as ? passes::append(g_, name("node"), std::move(op), {last_}, *as, q)
                   : passes::append(g_, name("node"), std::move(op), {last_}, {}, q));
  }
  Builder& resize(std::vector<int64_t> source_row) {
    Resize op;
    op.source_row = std::move(source_row);
    for (int64_t x = 0; x < g_.value(last_).shape[3]; ++x) op.source_col.push_back(x);
    return add(op, {}, q_);
  }
  Builder& pool(int64_t kernel, int64_t stride) {
    const int64_t p = stride == 1 ? kernel / 2 : 0;
    return add(MaxPool{Window{{kernel, kernel}, {stride, stride}, {1, 1}, {p, p, p, p}}}, {}, q_);
  }
  Builder& dequantise() { return add(Dequantize{{{q_.scale}, {q_.zero_point}, 0}}); }
  Builder& quantise() {
    return add(Quantize{{{q_.scale}, {q_.zero_point}, 0}}, TypeAndShape{DType::u8, g_.value(last_).shape}, q_);
  }

  // The largest divisor of `most` that the graph can be cut into.
  int32_t strips(int32_t most, const std::vector<ValueId>& outputs) const {
    for (int32_t n = most; n > 1; --n)
      if (most % n == 0 && strips_of(n, outputs) == n) return n;
    return strips_of(1, outputs);
  }
  int32_t strips(int32_t most) const { return strips(most, {last_}); }

 private:
  int32_t strips_of(int32_t asked, const std::vector<ValueId>& outputs) const {
    Graph g = g_;
    g.outputs = outputs;
    verify(g, Stage::fused, "the test");
    PlanOptions options;
    options.strips = asked;
    const Plan plan = make_plan(align_slots(passes::lower_strides(g)), *find_isa("avx2"), options);
    EXPECT_TRUE(plan.program.strips == asked || plan.program.strips == 1) << "other strips than were asked for";
    return plan.program.strips;
  }
  std::string name(const char* stem) const { return stem + std::to_string(g_.values.size()); }

  Graph g_;
  Quant q_;
  ValueId last_;
};

TEST(CutIntoStrips, AsManyAsRowsCanBeDividedInto) {
  const Builder eight = Builder(8).same(3), twelve = Builder(12).same(3), nine = Builder(9).same(3);
  EXPECT_EQ(eight.strips(1), 1);
  EXPECT_EQ(eight.strips(2), 2);
  EXPECT_EQ(eight.strips(3), 1);
  EXPECT_EQ(eight.strips(4), 4);
  EXPECT_EQ(eight.strips(6), 2);
  EXPECT_EQ(eight.strips(8), 8);
  EXPECT_EQ(eight.strips(64), 8);
  EXPECT_EQ(twelve.strips(8), 4);
  EXPECT_EQ(twelve.strips(9), 3);
  EXPECT_EQ(twelve.strips(7), 1);
  EXPECT_EQ(nine.strips(6), 3);
  EXPECT_EQ(nine.strips(2), 1);
  EXPECT_EQ(Builder(16).same(3).conv(3, {1, 1, 1, 1}, 2).same(3).strips(16), 8);  // the least of all pictures
}

// Rows come from the next strip, not from the one behind it.
TEST(CutIntoStrips, NoMoreRowsAroundThanAStripHas) {
  EXPECT_EQ(Builder(8).same(5).strips(8), 4);
  EXPECT_EQ(Builder(8).same(7).strips(8), 2);
  EXPECT_EQ(Builder(8).same(1).strips(8), 8);
  EXPECT_EQ(Builder(8, kZero).pool(5, 1).strips(8), 4);
  EXPECT_EQ(Builder(8).conv(3, {2, 1, 0, 1}).strips(8), 4);  // both rows above
  EXPECT_EQ(Builder(8).conv(3, {0, 1, 2, 1}).strips(8), 4);
}

TEST(CutIntoStrips, NotWhereRowsAreLost) {
  EXPECT_EQ(Builder(8).conv(3, {1, 1, 0, 1}).same(3).strips(2), 1);
  EXPECT_EQ(Builder(8).conv(5, {0, 2, 0, 2}).strips(2), 1);  // 4 rows, and 2 can be divided
  EXPECT_EQ(Builder(8).conv(3, {1, 1, 1, 1}, 2).strips(2), 2);
  EXPECT_EQ(Builder(12).conv(3, {1, 1, 1, 1}, 2).strips(4), 2);  // 6 rows
}

TEST(CutIntoStrips, PoolsThatAreFlat) {
  EXPECT_EQ(Builder(8).pool(3, 1).strips(2), 2);
  EXPECT_EQ(Builder(8).pool(2, 2).strips(2), 1);
  for (const Quant q : {kQuant, kZero}) {  // a convolution's padding around the same picture is not 0
    Builder b(8, q);
    const ValueId x = b.same(1).last(), a = b.from(x).same(3).last(), p = b.from(x).pool(3, 1).last();
    EXPECT_EQ(b.strips(2, {a, p}), q == kZero ? 2 : 1);
  }
}

TEST(CutIntoStrips, ResizesByWholeNumbers) {
  EXPECT_EQ(Builder(4).same(3).resize({0, 0, 1, 1, 2, 2, 3, 3}).strips(2), 2);
  EXPECT_EQ(Builder(4).same(3).resize({0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3}).strips(4), 4);
  EXPECT_EQ(Builder(4).same(3).resize({0, 1, 2, 3}).strips(4), 4);
  EXPECT_EQ(Builder(4).same(3).resize({0, 1, 1, 2, 2, 3, 3, 3}).strips(2), 1);
  EXPECT_EQ(Builder(4).same(3).resize({0, 0, 1, 2, 2, 3}).strips(2), 1);
  EXPECT_EQ(Builder(4).same(3).resize({0, 2}).strips(2), 1);
}

TEST(CutIntoStrips, PhasesOfWholeRows) {
  const auto phases = [](int64_t rows, int64_t by) {
    return Builder(rows).same(1).add(SpaceToDepth{by, 2, float(kQuant.zero_point)}, {}, kQuant);
  };
  EXPECT_EQ(phases(8, 2).strips(4), 4);
  EXPECT_EQ(phases(8, 2).strips(8), 4);
  EXPECT_EQ(phases(6, 4).strips(2), 1);  // of 2 rows, but the first is made of 4
}

TEST(CutIntoStrips, NotWhatWorksOnPlainArrays) {
  const Builder b = Builder(8).same(3).dequantise();
  EXPECT_EQ(b.strips(2), 2);
  EXPECT_EQ(Builder(b).add(Reshape{}, TypeAndShape{DType::f32, {1, 4, 64}}).strips(2), 1);
  EXPECT_EQ(Builder(b).add(Reshape{}, TypeAndShape{DType::f32, {1, 2, 16, 8}}).strips(2), 1);
  EXPECT_EQ(Builder(b).quantise().strips(2), 1);  // quantisers of what is computed read plain rows
}

TEST(CutIntoStrips, NotWhatIsCopiedToOutputs) {
  Builder b(8);
  const ValueId x = b.last(), y = b.same(3).last();
  EXPECT_EQ(b.strips(2, {y}), 2);
  EXPECT_EQ(b.strips(2, {y, y}), 1);
  EXPECT_EQ(b.strips(2, {y, x}), 1);
}

}  // namespace
}  // namespace sparsec
