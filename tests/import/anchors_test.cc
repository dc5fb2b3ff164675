// Anchors beside the graph: every place and shape in which files hold them, kept though no node reads them.
#include "compiler/import/anchors.h"

#include <cmath>

#include "tests/import/helpers.h"

namespace sparsec::testing {
namespace {

using Sizes = std::vector<std::array<float, 2>>;

OnnxWriter identity() {
  OnnxWriter m(13);
  m.input("x", DType::f32, {1, 2}).node("Relu", {"x"}, {"y"}).output("y");
  return m;
}

// 1, 2, 3... in the given shape, from `first`.
Tensor numbers(const Shape& shape, float first = 1) {
  Tensor t = counting(shape);
  for (float& v : t.data<float>()) v += first;
  return t;
}

std::vector<AnchorTable> tables_of(const OnnxWriter& m) { return import_model(m).meta.anchors; }

TEST(Anchors, TablesOfAllLevels) {
  for (const Shape& shape : {Shape{3, 2, 2}, Shape{3, 1, 2, 1, 1, 2}}) {
    OnnxWriter m = identity();
    m.initialiser("model.24.anchor_grid", numbers(shape));
    const auto tables = tables_of(m);
    ASSERT_EQ(tables.size(), 1u);
    EXPECT_EQ(tables[0].name, "model.24.anchor_grid");
    EXPECT_TRUE(tables[0].in_pixels);
    EXPECT_EQ(tables[0].levels, 3);
    EXPECT_EQ(tables[0].sizes, (Sizes{{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}, {11, 12}}));
  }
}

// One tensor a level, in the order of the numbers in their names.
TEST(Anchors, ATensorForEachLevel) {
  OnnxWriter m = identity();
  m.initialiser("anchor_grid.10", numbers({1, 2, 1, 1, 2}, 9));
  m.node("Constant", {}, {"anchor_grid.9"}, {{"value", numbers({1, 2, 1, 1, 2}, 5)}});
  m.initialiser("anchor_grid.8", numbers({1, 2, 1, 1, 2}, 1));
  const auto tables = tables_of(m);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].levels, 3);
  EXPECT_EQ(tables[0].sizes, (Sizes{{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}, {11, 12}}));
}

TEST(Anchors, TheLikeliestComesFirst) {
  OnnxWriter m = identity();
  m.metadata("anchors", "[1, 2]").initialiser("a.anchors", numbers({1, 1, 2}, 3));
  m.initialiser("b.anchor_grid", numbers({1, 1, 2}, 5));
  const auto tables = tables_of(m);
  ASSERT_EQ(tables.size(), 3u);
  EXPECT_EQ(tables[0].sizes, (Sizes{{5, 6}}));
  EXPECT_EQ(tables[1].sizes, (Sizes{{3, 4}}));
  EXPECT_EQ(tables[2].sizes, (Sizes{{1, 2}}));
  EXPECT_TRUE(tables[0].in_pixels);
  EXPECT_FALSE(tables[1].in_pixels);
  EXPECT_FALSE(tables[2].in_pixels);
}

TEST(Anchors, WhatDoesNotLookLikeAnchorsIsLeftOut) {
  OnnxWriter m = identity();
  m.initialiser("0.anchors", numbers({3, 2}))                            // no levels
      .initialiser("1.anchors", numbers({1, 2, 2}, -1))                  // not above 0
      .initialiser("2.anchors", Tensor::of<float>({1, 1, 2}, {1, NAN}))  // no number
      .initialiser("3.anchors", numbers({3, 1000, 2}))                   // far too many
      .initialiser("4.anchors", Tensor(DType::f32, {0, 3, 2}))           // none
      .initialiser("a.anchor_grid", numbers({1, 2, 1, 1, 2}))            // levels of different numbers
      .initialiser("b.anchor_grid", numbers({1, 3, 1, 1, 2}))
      .metadata("anchors", "three");
  EXPECT_TRUE(tables_of(m).empty());
}

TEST(Anchors, Lists) {
  const Sizes four{{10, 13}, {16.5, 30}, {33, 23}, {30, 61}};
  for (const char* text : {"[[10,13, 16.5,30], [33,23, 30,61]]", "([[10, 13], (16.5, 30)], [[33, 23], [30, 61],],)",
                           " [ [ [1e1,13],[16.5,30] ] , [[33,23],[30,61]] ] "}) {
    SCOPED_TRACE(text);
    const auto table = importer::parse_anchors(text);
    ASSERT_TRUE(table);
    EXPECT_EQ(table->levels, 2);
    EXPECT_EQ(table->sizes, four);
  }
  for (const char* text : {"[10,13,16.5,30,33,23,30,61]", "[[10,13],[16.5,30],[33,23],[30,61]]"}) {
    SCOPED_TRACE(text);
    const auto table = importer::parse_anchors(text);
    ASSERT_TRUE(table);
    EXPECT_EQ(table->levels, 0);
    EXPECT_EQ(table->sizes, four);
  }
}

TEST(Anchors, TextThatIsNoList) {
  const std::string deep(10000, '[');
  std::string many = "[1,1";
  for (int i = 0; i < 2000; ++i) many += ",1,1";
  for (const std::string& text : {std::string(),
                                  std::string("3"),
                                  std::string("[]"),
                                  std::string("[1,2,3]"),
                                  std::string("[1,2"),
                                  std::string("[1,2)"),
                                  std::string("[1,2] x"),
                                  std::string("[1,-2]"),
                                  std::string("[0,2]"),
                                  std::string("[nan,2]"),
                                  std::string("[inf,2]"),
                                  std::string("[1,,2]"),
                                  std::string("[[1,2],3,4]"),
                                  std::string("[[1,2,3,4],[1,2]]"),
                                  std::string("[[],[]]"),
                                  std::string("[[[1,2,3,4]],[[1,2,3,4]]]"),
                                  std::string("[[[[1,2]]]]"),
                                  std::string("{1: 2}"),
                                  std::string("['1','2']"),
                                  std::string("[1e999,2]"),
                                  deep,
                                  many + "]"}) {
    EXPECT_FALSE(importer::parse_anchors(text)) << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace sparsec::testing
