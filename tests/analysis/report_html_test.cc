// The page holds the data, unchanged and safely, and its elements nest.
#include "compiler/analysis/report_html.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace sparsec {
namespace {

ReportInput sample() {
  const Tensor w = Tensor::of<int8_t>({3, 5, 1, 1}, {0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  LayerReport layer;
  layer.name = "/a</script><b>/Conv";  // names are a stranger's
  layer.integer = true;
  layer.input = {1, 5, 8, 8};
  layer.output = {1, 3, 8, 8};
  layer.counts = count_weights(w);
  layer.map = map_blocks(w);
  layer.macs = 15 * 64;
  layer.choice = {"unrolled", 0.5, "most blocks are zero", {{"unrolled", 0.5}, {"dense", 1.25}}};
  ReportInput input;
  input.model = "my <model> & more.onnx";
  input.sha256 = "0123";
  input.target = "avx2";
  input.compiler = "sparsec";
  input.sparsity.layers = {layer};
  input.sparsity.total = layer;
  input.plan = PlanView{.steps = {"first", "second"},
                        .groups = {{.first = 0, .last = 1, .bands = 4, .tile_rows = 2, .working_set_bytes = 1000}},
                        .buffers = {{.name = "x", .offset = 64, .bytes = 128, .first = 0, .last = 1}},
                        .arena_bytes = 192,
                        .l2_bytes = 1 << 20};
  input.measured = MeasureView{.machine = "a machine",
                               .layers = {{.name = layer.name, .op = "QConv", .kernel = "unrolled", .ms = 0.75}},
                               .total_ms = 0.75};
  return input;
}

// The text between two marks.
std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const size_t first = text.find(from);
  if (first == std::string::npos) return "";
  return text.substr(first + from.size(), text.find(to, first) - first - from.size());
}

TEST(ReportHtml, HoldsTheData) {
  const std::string page = report_html(sample());
  const auto data = nlohmann::json::parse(between(page, "id=\"data\">", "</script>"));
  EXPECT_EQ(data, nlohmann::json::parse(report_json(sample())));
  EXPECT_EQ(data["model"], "my <model> & more.onnx");
  EXPECT_EQ(data["layers"][0]["name"], "/a</script><b>/Conv");
  EXPECT_EQ(data["layers"][0]["counts"]["zeroWeights"], 13);
  EXPECT_EQ(data["layers"][0]["counts"]["blocks"], 6);
  EXPECT_EQ(data["layers"][0]["counts"]["zeroBlocks"], 4);
  EXPECT_EQ(data["layers"][0]["choice"]["candidates"][1]["ms"], 1.25);
  // Rows of two blocks: 0 1 | 1 0 | 0 0, low bit first: 0b000110.
  EXPECT_EQ(data["layers"][0]["map"]["bits"], "Bg==");
  EXPECT_EQ(data["plan"]["groups"][0]["rows"], 2);
  EXPECT_EQ(data["plan"]["buffers"][0]["offset"], 64);
  EXPECT_EQ(data["measured"]["layers"][0]["name"], "/a</script><b>/Conv");
  EXPECT_EQ(data["measured"]["layers"][0]["ms"], 0.75);
}

TEST(ReportHtml, NeedsNothingElseAndFillsEverySlot) {
  const std::string page = report_html(sample());
  EXPECT_NE(page.find("<h1>my &lt;model&gt; &amp; more.onnx</h1>"), std::string::npos);
  for (const char* slot : {"@TITLE@", "@DATA@", "src=", "href=", "url(", "@import"})
    EXPECT_EQ(page.find(slot), std::string::npos) << slot;
}

// Every element outside scripts and styles is closed in the order of opening.
TEST(ReportHtml, ElementsNest) {
  const std::string page = report_html(sample());
  const std::set<std::string> empty{"meta", "br", "!DOCTYPE"};
  std::vector<std::string> open;
  for (size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at)) {
    const size_t end = page.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const bool closing = page[at + 1] == '/';
    std::string tag = page.substr(at + 1 + closing, end - at - 1 - closing);
    tag = tag.substr(0, tag.find_first_of(" \n"));
    at = end;
    if (closing) {
      ASSERT_FALSE(open.empty()) << tag;
      EXPECT_EQ(open.back(), tag);
      open.pop_back();
    } else if (!empty.contains(tag)) {
      open.push_back(tag);
      if (tag == "script" || tag == "style") at = page.find("</" + tag + ">", at);
    }
  }
  EXPECT_TRUE(open.empty());
}

TEST(ReportHtml, NamesThatAreNoUtf8) {
  ReportInput input = sample();
  input.sparsity.layers[0].name = "\xff";
  EXPECT_TRUE(nlohmann::json::accept(report_json(input)));
}

}  // namespace
}  // namespace sparsec
