// Which graphs give a detector's rows, and what detection's plan for them is.
#include "compiler/plan/decoded_rows.h"

#include <gtest/gtest.h>

#include "compiler/plan/plan.h"

namespace sparsec {
namespace {

struct Form {
  Shape picture{1, 3, 64, 96};
  std::vector<Shape> outputs;
  DType input = DType::f32, output = DType::f32;
  bool second_input = false;
};

// A node for each output. Shapes are all that counts, so nothing is verified or run.
Graph graph_of(const Form& form) {
  Graph g;
  g.inputs.push_back(g.add_value({"picture", form.input, form.picture, nullptr, {}}));
  if (form.second_input) g.inputs.push_back(g.add_value({"other", DType::f32, form.picture, nullptr, {}}));
  for (const Shape& shape : form.outputs) {
    const std::string name = "out" + std::to_string(g.outputs.size());
    g.outputs.push_back(g.add_value({name, form.output, shape, nullptr, {}}));
    g.nodes.push_back({name, Reshape{}, {g.inputs[0]}, {g.outputs.back()}});
  }
  return g;
}

std::optional<DecodedRows> rows_of(const Form& form) { return find_decoded_rows(graph_of(form)); }

TEST(DecodedRows, AreAsManyAsAnchorsAtTheCells) {
  for (const int64_t anchors : {2, 3, 8}) {  // 126 cells of strides 8, 16, 32
    const auto rows = rows_of({.outputs = {{1, anchors * 126, 8}}});
    ASSERT_TRUE(rows);
    EXPECT_EQ(rows->boxes, anchors * 126);
    EXPECT_EQ(rows->classes, 3);
  }
  EXPECT_TRUE(rows_of({.outputs = {{1, 378, 6}}}));
  EXPECT_TRUE(rows_of({.outputs = {{1, 378, 8}}, .input = DType::u8}));
  EXPECT_TRUE(rows_of({.picture = {1, 3, 64, 128}, .outputs = {{1, 3 * 170, 85}}}));  // with stride 64
  EXPECT_TRUE(rows_of({.picture = {1, 3, 640, 640}, .outputs = {{1, 25200, 85}}}));
}

TEST(DecodedRows, MayHaveTheRawLevelsBeside) {
  const auto rows = rows_of({.outputs = {{1, 3, 8, 12, 8}, {1, 378, 8}, {1, 3, 4, 6, 8}, {1, 3, 2, 3, 8}}});
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->output, 2);  // by its value
  EXPECT_FALSE(rows_of({.outputs = {{1, 3, 8, 12, 9}, {1, 378, 8}}}));
  EXPECT_FALSE(rows_of({.outputs = {{1, 378, 40}, {1, 32, 16, 24}}}));  // with masks
}

TEST(DecodedRows, AreNotAnyThreeDimensionalOutput) {
  EXPECT_FALSE(rows_of({.outputs = {{1, 126, 8}}}));                             // one box a cell
  EXPECT_FALSE(rows_of({.outputs = {{1, 9 * 126, 8}}}));                         // more than there can be
  EXPECT_FALSE(rows_of({.outputs = {{1, 377, 8}}}));                             // cells left out
  EXPECT_FALSE(rows_of({.outputs = {{1, 8, 378}}}));                             // the other way round
  EXPECT_FALSE(rows_of({.outputs = {{1, 378, 5}}}));                             // no class
  EXPECT_FALSE(rows_of({.outputs = {{1, 378, 8}, {1, 378, 8}}}));                // which one?
  EXPECT_FALSE(rows_of({.outputs = {{1, 378, 8}}, .output = DType::u8}));        // no numbers
  EXPECT_FALSE(rows_of({.outputs = {{1, 378, 8}}, .second_input = true}));       // of two pictures
  EXPECT_FALSE(rows_of({.picture = {1, 4, 64, 96}, .outputs = {{1, 378, 8}}}));  // of no picture
  EXPECT_FALSE(rows_of({.picture = {1, 378, 8}, .outputs = {{1, 378, 8}}}));     // of no picture
  EXPECT_FALSE(rows_of({.picture = {2, 3, 64, 96}, .outputs = {{2, 378, 8}}}));  // pictures not apart
  EXPECT_FALSE(rows_of({.picture = {1, 3, 60, 96}, .outputs = {{1, 378, 8}}}));  // no cells of 32
  EXPECT_FALSE(rows_of({.outputs = {}}));
  Graph constant = graph_of({.outputs = {{1, 378, 8}}});
  constant.nodes.clear();
  EXPECT_FALSE(find_decoded_rows(constant));
}

// A pad of the picture's rows makes 378 rows of 8 of it, as far as the planner is concerned.
TEST(DecodedRows, AreReadWhenAllIsDone) {
  Graph g;
  g.meta.path = "test.onnx";
  g.inputs.push_back(g.add_value({"picture", DType::f32, {1, 3, 32, 32}, nullptr, {}}));
  const ValueId flat = g.add_value({"flat", DType::f32, {1, 384, 8}, nullptr, {}});
  g.nodes.push_back({"flat", Reshape{}, {g.inputs[0]}, {flat}});
  const ValueId some = g.add_value({"some", DType::f32, {1, 63, 8}, nullptr, {}});
  g.nodes.push_back({"some", Slice{{0, 0, 0}, {1, 1, 1}, {1, 63, 8}}, {flat}, {some}});
  g.outputs = {flat, some};
  EXPECT_EQ(make_plan(g, *all_isas().back(), {}).program.head.levels, 0u);  // 384 rows are none of 21 cells' boxes
  g.outputs = {some};
  const Plan plan = make_plan(g, *all_isas().back(), {});
  const sparsec_head& head = plan.program.head;
  ASSERT_EQ(head.levels, 1u);
  EXPECT_EQ(head.classes, 3u);
  EXPECT_EQ(head.input_rows, 32);
  EXPECT_EQ(head.input_columns, 32);
  EXPECT_EQ(head.level[0].anchors, 0);
  EXPECT_EQ(head.level[0].rows, 63);
  EXPECT_EQ(head.level[0].where.space, uint32_t(SPARSEC_OUTPUT));
  EXPECT_EQ(head.level[0].where.index, 0u);
  EXPECT_EQ(head.level[0].cells_per_tile, 0);
  EXPECT_EQ(head.level[0].ready, plan.program.detect_schedule.size());
  EXPECT_EQ(plan.program.detect_schedule.size(), plan.program.schedule.size() + 1);  // the letterbox
  EXPECT_NE(print(plan, g).find("boxes are read from output 0"), std::string::npos);
}

}  // namespace
}  // namespace sparsec
