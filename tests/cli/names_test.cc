// Names of models and lists of anchors, from what users type.
#include "compiler/cli/names.h"

#include <gtest/gtest.h>

#include <set>

#include "compiler/cli/exit_codes.h"
#include "compiler/cli/options.h"
#include "compiler/cli/picture_names.h"

namespace sparsec::cli {
namespace {

TEST(Names, FromPaths) {
  EXPECT_EQ(name_from_path("out/libYolo-v5.a"), "yolo_v5");
  EXPECT_EQ(name_from_path("yolov5n.onnx"), "yolov5n");
  EXPECT_EQ(name_from_path("5n.onnx"), "model_5n");
  EXPECT_EQ(name_from_path("libdouble.a"), "model_double");
  EXPECT_EQ(name_from_path("lib.a"), "lib");
  EXPECT_EQ(name_from_path("a - b.a"), "a_b");
  EXPECT_EQ(name_from_path("_x.a"), "model_x");
  EXPECT_EQ(name_from_path("lib\xe6\x97\xa5\xe6\x9c\xac.a"), "");
  EXPECT_EQ(name_from_path("lib\xe6\x97\xa5v5.a"), "model_v5");
}

// They would hide C's headers, or clash with what those declare.
TEST(Names, OfTheCLibraryAreNotTaken) {
  for (const char* name :
       {"signal", "time", "log",  "printf",  "index", "remove", "read", "div",    "y0",     "string", "math",
        "stdin",  "tm",   "unix", "environ", "exp",   "round",  "link", "select", "stdint", "assert"}) {
    EXPECT_EQ(name_from_path(std::string("lib") + name + ".a"), std::string("model_") + name);
    EXPECT_THROW(check_name("--name", name), UsageError) << name;
    EXPECT_THROW(check_namespace("--namespace", name), UsageError) << name;
    EXPECT_NO_THROW(check_namespace("--namespace", std::string("shop::") + name)) << name;
  }
  for (const char* name :
       {"yolo", "signs", "detect", "model", "timer", "logs", "person", "vision", "demo", "eye", "net"}) {
    EXPECT_EQ(name_from_path(std::string("lib") + name + ".a"), name);
    EXPECT_NO_THROW(check_name("--name", name)) << name;
  }
}

TEST(Names, MustBeIdentifiers) {
  EXPECT_NO_THROW(check_name("--name", "yolo_5"));
  for (const char* bad : {"", "5n", "a-b", "a b", "class", "a::b", "caf\xc3\xa9", "__x", "_X", "_x", "_"})
    EXPECT_THROW(check_name("--name", bad), UsageError) << bad;
  EXPECT_NO_THROW(check_namespace("--namespace", "shop::yolo"));
  for (const char* bad : {"", "::a", "a::", "a:b", "a::int", "std", "__x", "_X::a"})
    EXPECT_THROW(check_namespace("--namespace", bad), UsageError) << bad;
}

TEST(PictureNames, KeysAreDistinctUtf8) {
  const auto key_of = [](const std::vector<std::string>& paths, const std::string& path) {
    return name_pictures(paths).at(path).key;
  };
  const std::vector<std::string> bytes{"a\xff.jpg",    "a\xfe.jpg",        "p/\xe6\x97\xa5.jpg",
                                       "\xc0\x80.jpg", "\xed\xa0\x80.jpg", "\xe6"};
  EXPECT_EQ(key_of(bytes, bytes[0]), "a\\xff.jpg");
  EXPECT_EQ(key_of(bytes, bytes[1]), "a\\xfe.jpg");
  EXPECT_EQ(key_of(bytes, bytes[2]), "\xe6\x97\xa5.jpg");
  EXPECT_EQ(key_of(bytes, bytes[3]), "\\xc0\\x80.jpg");
  EXPECT_EQ(key_of(bytes, bytes[4]), "\\xed\\xa0\\x80.jpg");
  EXPECT_EQ(key_of(bytes, bytes[5]), "\\xe6");
  const std::vector<std::string> spelt{"a\xff.jpg", "a\\xff.jpg",
                                       "b/a\xff.jpg"};  // the second has a backslash in its name
  std::set<std::string> keys;
  for (const auto& [path, name] : name_pictures(spelt)) keys.insert(name.key);
  EXPECT_EQ(keys.size(), 3U);
  EXPECT_TRUE(keys.contains("b/a\\xff.jpg"));
}

TEST(Anchors, LevelAfterLevel) {
  const auto anchors = parse_anchors({"10,13,16,30.5", "30,61"});
  ASSERT_EQ(anchors.size(), 3U);
  EXPECT_EQ(anchors[1], (std::array{16.0f, 30.5f}));
  EXPECT_EQ(anchors[2], (std::array{30.0f, 61.0f}));
  for (const char* bad : {"", "1", "1,2,3", "1,x", "1,-2", "1;2", "0,1", "nan,1", "1,2,"})
    EXPECT_THROW(parse_anchors({bad}), UsageError) << bad;
}

}  // namespace
}  // namespace sparsec::cli
