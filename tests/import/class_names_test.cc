// Class names in each form in which they are found.
#include "compiler/import/class_names.h"

#include "tests/import/helpers.h"

namespace sparsec::testing {
namespace {

using Names = std::vector<std::string>;

TEST(ClassNames, Literals) {
  EXPECT_EQ(parse_class_names("['person', 'traffic light']"), (Names{"person", "traffic light"}));
  EXPECT_EQ(parse_class_names("{0: 'person', 1: \"driver's cab\"}"), (Names{"person", "driver's cab"}));
  EXPECT_EQ(parse_class_names("{\"0\": \"a\", \"2\": \"c\",}"), (Names{"a", "1", "c"}));
  EXPECT_EQ(parse_class_names(" ['it\\'s'] "), (Names{"it's"}));
  EXPECT_EQ(parse_class_names("[a, b c]"), (Names{"a", "b c"}));
  EXPECT_EQ(parse_class_names("[]"), Names());
}

TEST(ClassNames, WhatIsNoLiteral) {
  for (const char* text : {"", "person", "['a'", "{'a': 'b'}", "['a'] x", "{0 'a'}", "{99999999999: 'a'}", "['a"}) {
    EXPECT_EQ(parse_class_names(text), std::nullopt) << text;
  }
}

TEST(ClassNames, Files) {
  const TemporaryFolder folder;
  const Names expected{"circle", "big square"};
  EXPECT_EQ(read_class_names(folder.write("lines.txt", "circle\r\n\nbig square\n")), expected);
  EXPECT_EQ(read_class_names(folder.write("list.json", "[\n\"circle\",\n\"big square\"]\n")), expected);
  EXPECT_EQ(read_class_names(folder.write("dict.json", "{\"0\": \"circle\", \"1\": \"big square\"}")), expected);
  EXPECT_EQ(
      read_class_names(folder.write("flow.yaml", "nc: 2\nnames: ['circle',  # round\n  'big square']\ntrain: x\n")),
      expected);
  EXPECT_EQ(read_class_names(folder.write("map.yaml", "names:\n  0: circle\n  1: 'big square' # two\nnc: 2\n")),
            expected);
  EXPECT_EQ(read_class_names(folder.write("items.yaml", "names:\n- circle\n- big square\nnc: 2\n")), expected);
}

TEST(ClassNames, BadFilesAreNamed) {
  const TemporaryFolder folder;
  for (const std::string& path :
       {folder.file("missing"), folder.write("empty", ""), folder.write("broken.json", "[\"a\""),
        folder.write("noise", std::string("a\0b", 3)), folder.write("x.yaml", "names:\n  a: b\n")}) {
    try {
      read_class_names(path);
      ADD_FAILURE() << path;
    } catch (const CompileError& e) {
      expect_contains(e.what(), path);
    }
  }
}

TEST(ClassNames, FromTheModelOrTheFile) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {1}).output("y").node("Relu", {"x"}, {"y"}).metadata("names", "{0: 'a', 1: 'b'}");
  EXPECT_EQ(import_model(m).meta.class_names, (Names{"a", "b"}));
  const TemporaryFolder folder;
  EXPECT_EQ(import_model(m, {{}, {}, folder.write("names", "c\n")}).meta.class_names, (Names{"c"}));
}

TEST(ClassNames, Coco) {
  ASSERT_EQ(coco_names().size(), 80u);
  EXPECT_EQ(coco_names()[0], "person");
  EXPECT_EQ(coco_names()[5], "bus");
  EXPECT_EQ(coco_names()[79], "toothbrush");
}

}  // namespace
}  // namespace sparsec::testing
