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

TEST(ClassNames, EscapesOfPythonAndJson) {
  EXPECT_EQ(
      parse_class_names(R"(["\u65e5\u672c", "t\tb", "a\nb", 'caf\xe9', "\ud83d\ude00", "\U0001F600", "\/", "\""])"),
      (Names{"\u65e5\u672c", "t\tb", "a\nb", "caf\u00e9", "\U0001F600", "\U0001F600", "/", "\""}));
  for (const char* text : {R"(["\u65e"])", R"(["\ud83d"])", R"(["\ud83dx"])", R"(["\U00110000"])", R"(["\xg0"])",
                           R"(["\u0000"])", "['a\\"})
    EXPECT_EQ(parse_class_names(text), std::nullopt) << text;
}

TEST(ClassNames, WhatIsNoLiteral) {
  for (const char* text : {"{0: 'a', 0: 'b'}", "{100000: 'a'}", "{-1: 'a'}", "", "person", "['a'", "{'a': 'b'}",
                           "['a'] x", "{0 'a'}", "{99999999999: 'a'}", "['a"}) {
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

TEST(ClassNames, YamlInAllItsForms) {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& name, const std::string& text) {
    return read_class_names(folder.write(name, text));
  };
  const std::string bom = "\xef\xbb\xbf";
  EXPECT_EQ(read("bom.txt", bom + "a\nb\n"), (Names{"a", "b"}));
  EXPECT_EQ(read("bom.yaml", bom + "names:\n  - a\n  - b\n"), (Names{"a", "b"}));
  EXPECT_EQ(read("bom.json", bom + "[\"a\"]"), (Names{"a"}));
  EXPECT_EQ(read("c.yaml", "names:\n- \"b # c\"  # comment\n- 'it''s'\n- \"\\u65e5\"\n- \"t\\tb\"\n- no\n"),
            (Names{"b # c", "it's", "\u65e5", "t\tb", "no"}));
  EXPECT_EQ(read("f.yaml", "names: [a, b, \"c # d\"]\n"), (Names{"a", "b", "c # d"}));
  EXPECT_EQ(read("q.yaml", "\"names\": [a,\n  'b']\nnc: 2\n"), (Names{"a", "b"}));
  EXPECT_EQ(read("s.yaml", "names : {1: b, 0: a}\n"), (Names{"a", "b"}));
  EXPECT_EQ(read("t.yaml", "names: ('a', 'b')\n"), (Names{"a", "b"}));
  EXPECT_EQ(read("o.json", "{\"nc\": 2, \"names\": [\"a\", \"b\"]}"), (Names{"a", "b"}));
  EXPECT_EQ(read("saved_as.txt", "train: x\nnc: 1\nnames:\n  0: a\n"), (Names{"a"}));
  EXPECT_EQ(read("list.yaml", "- a\n- b\n"), (Names{"a", "b"}));
  EXPECT_EQ(read("map.yml", "0: a\n2: c\n"), (Names{"a", "1", "c"}));
  EXPECT_EQ(read("lines", "names of things\ntraffic: light\n"), (Names{"names of things", "traffic: light"}));
}

TEST(ClassNames, BadYamlIsRefusedByItsReason) {
  const TemporaryFolder folder;
  const auto expect = [&](const std::string& name, const std::string& text, const std::string& part) {
    try {
      read_class_names(folder.write(name, text));
      ADD_FAILURE() << text;
    } catch (const CompileError& e) {
      expect_contains(e.what(), folder.file(name) + ": the class names cannot be read: " + part);
    }
  };
  expect("a.yaml", "train: images\nnc: 2\n", "no key `names`");
  expect("a.txt", "train: images\nnc: 2\n", "no key `names`");
  expect("a.json", "{\"labels\": [\"a\"]}", "no key `names`");
  expect("a.yaml", "a\nb\n", "no key `names`");
  expect("a.yaml", "nc: 3\nnames: [a, b]\n", "`nc` is 3, and there are 2 names");
  expect("a.yaml", "names:\n  0: a\n  0: b\n", "line 3: class 0 is named twice");
  expect("a.json", "{0: 'a', 0: 'b'}", "line 1: class 0 is named twice");
  expect("a.yaml", "names: [a]\nnames: [b]\n", "line 2: a second key `names`");
  expect("a.yaml", "names:\n  a: b\n", "line 2: 'a' is no number of a class");
  expect("a.yaml", "names:\n- a\n-\n", "line 3: a class without a name");
  expect("a.yaml", "names: [[a]]\n", "line 1: not a text");
  expect("a.yaml", "names: [a, b\n", "line 2: did not find expected");
  expect("a.yaml", "names: person\n", "line 1: `names` is neither");
  expect("a.yaml", "names: " + std::string(5000000, '['), "brackets within brackets");
  expect("a.yaml", "names: " + std::string(500000, '-') + std::string(500000, '?'), "line 1: `names` is neither");
  expect("a.yaml", "&a [*a]\n", "line 1: not a text");
}

TEST(ClassNames, MetadataThatCannotBeReadIsTold) {
  OnnxWriter m(13);
  m.input("x", DType::f32, {1}).output("y").node("Relu", {"x"}, {"y"}).metadata("names", "{100000: 'a'}");
  std::vector<std::string> warnings;
  ImportOptions options;
  options.on_warning = [&](const std::string& line) { warnings.push_back(line); };
  EXPECT_TRUE(import_model(m, options).meta.class_names.empty());
  ASSERT_EQ(warnings.size(), 1U);
  expect_contains(warnings[0], "the class names in its metadata cannot be read");
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
