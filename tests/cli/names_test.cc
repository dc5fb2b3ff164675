// Names of models and lists of anchors, from what users type.
#include "compiler/cli/names.h"

#include <gtest/gtest.h>

#include "compiler/cli/options.h"
#include "compiler/error.h"

namespace sparsec::cli {
namespace {

TEST(Names, FromPaths) {
  EXPECT_EQ(name_from_path("out/libYolo-v5.a"), "yolo_v5");
  EXPECT_EQ(name_from_path("yolov5n.onnx"), "yolov5n");
  EXPECT_EQ(name_from_path("5n.onnx"), "model_5n");
  EXPECT_EQ(name_from_path("libdouble.a"), "model_double");
  EXPECT_EQ(name_from_path("lib.a"), "lib");
}

TEST(Names, MustBeIdentifiers) {
  EXPECT_NO_THROW(check_name("--name", "yolo_5"));
  for (const char* bad : {"", "5n", "a-b", "a b", "class", "a::b", "caf\xc3\xa9"})
    EXPECT_THROW(check_name("--name", bad), CompileError) << bad;
  EXPECT_NO_THROW(check_namespace("--namespace", "shop::yolo"));
  for (const char* bad : {"", "::a", "a::", "a:b", "a::int", "std"})
    EXPECT_THROW(check_namespace("--namespace", bad), CompileError) << bad;
}

TEST(Anchors, LevelAfterLevel) {
  const auto anchors = parse_anchors({"10,13,16,30.5", "30,61"});
  ASSERT_EQ(anchors.size(), 3U);
  EXPECT_EQ(anchors[1], (std::array{16.0f, 30.5f}));
  EXPECT_EQ(anchors[2], (std::array{30.0f, 61.0f}));
  for (const char* bad : {"", "1", "1,2,3", "1,x", "1,-2", "1;2", "0,1", "nan,1", "1,2,"})
    EXPECT_THROW(parse_anchors({bad}), CompileError) << bad;
}

}  // namespace
}  // namespace sparsec::cli
