// `benchmark --layers`, its JSON, and `analyze --measure`: every layer is there and the parts make the whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/support/shell.h"

namespace sparsec::cli {
namespace {

const std::string kModel = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx";
const std::string kFloatModel = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-v5.0-focus.onnx";

class Layers : public ::testing::Test {
 protected:
  testing::Outcome sparsec(const std::string& arguments) const {
    return testing::shell(folder_.path(), "XDG_CACHE_HOME=cache " SPARSEC_PROGRAM " " + arguments);
  }
  nlohmann::json json(const std::string& name) const {
    return nlohmann::json::parse(testing::read_file(folder_ / name), nullptr, false);
  }
  // Names of the convolutions as `analyze` lists them: first words of its lines, up to the totals.
  std::vector<std::string> convolutions(const std::string& model) const {
    std::istringstream lines(sparsec("analyze " + model).output);
    std::vector<std::string> names;
    std::string line;
    std::getline(lines, line);  // the header
    while (std::getline(lines, line) && !line.starts_with("total of")) names.push_back(line.substr(0, line.find(' ')));
    return names;
  }

  testing::Folder folder_;
};

TEST_F(Layers, AllAreListedAndMakeTheWhole) {
  for (const std::string& model : {kModel, kFloatModel}) {
    const auto o = sparsec("benchmark " + model + " --layers -t 0.3 -w 0 --threads 2 -x layers.json");
    ASSERT_EQ(o.status, 0) << o.output;
    const auto data = json("layers.json");
    ASSERT_TRUE(data.is_object());
    std::map<std::string, nlohmann::json> layers;
    double sum = 0, share = 0;
    for (const auto& layer : data["layers"]) {
      EXPECT_TRUE(layers.emplace(layer["name"], layer).second) << layer["name"] << " is there twice";
      EXPECT_GE(layer["ms"], 0);
      EXPECT_GT(layer["busy"], 0);
      EXPECT_LE(layer["busy"], 1);
      sum += double(layer["ms"]);
      share += double(layer["share"]);
    }
    // the input's quantiser is no layer of its own: it is done where the picture is taken apart
    if (model == kModel) {
      EXPECT_FALSE(layers.contains("images_Q"));
      EXPECT_EQ(layers["/model.0/conv/Conv.phases"]["operator"], "Quantize, SpaceToDepth");
      EXPECT_EQ(layers["/model.0/conv/Conv.phases"]["input"], "3x64x96");
    }
    const std::vector<std::string> names = convolutions(model);
    EXPECT_GT(names.size(), 10U);
    for (const std::string& name : names) {
      ASSERT_TRUE(layers.contains(name)) << name;
      EXPECT_GT(layers[name]["nonzero_macs"], 0) << name;
      EXPECT_GT(layers[name]["gmacs_per_second"], 0) << name;
      EXPECT_GT(layers[name]["fraction_of_peak"], 0) << name;
      EXPECT_GT(layers[name]["weight_bytes"], 0) << name;
      EXPECT_GT(layers[name]["predicted_ms"], 0) << name;
      EXPECT_FALSE(layers[name]["kernel"].get<std::string>().empty()) << name;
      const std::string shown = name.substr(std::max<size_t>(name.size(), 37) - 37);  // long names lose their beginning
      EXPECT_NE(o.output.find(shown), std::string::npos) << name;
    }
    EXPECT_NEAR(share, 1, 1e-6);
    EXPECT_NEAR(sum, double(data["total"]["ms"]), 1e-6 * sum);
    EXPECT_GT(sum, 0);
    EXPECT_GT(data["total"]["run_ms"], 0);
    for (const char* roof :
         {"int8_gmacs_per_second", "float_gmacs_per_second", "l2_gb_per_second", "memory_gb_per_second"})
      EXPECT_GT(data["roofs"][roof], 0) << roof;
  }
}

TEST_F(Layers, ALibraryTellsNamesAndTimes) {
  ASSERT_EQ(sparsec(kModel + " -o libtiny.so").status, 0);
  const auto o = sparsec("benchmark libtiny.so --layers -t 0.1 -w 0 -x layers.json");
  ASSERT_EQ(o.status, 0) << o.output;
  std::set<std::string> names;
  const auto data = json("layers.json");
  for (const auto& layer : data["layers"]) {
    names.insert(layer["name"]);
    EXPECT_GT(layer["ms"], 0) << layer["name"];  // what a run does not do is not in the list
  }
  for (const std::string& name : convolutions(kModel)) EXPECT_TRUE(names.contains(name)) << name;
}

TEST_F(Layers, TheExportHasDeepSparsesKeys) {
  const auto o = sparsec("benchmark " + kModel + " --iterations 5 -w 0 -q --export_path result.json");
  ASSERT_EQ(o.status, 0) << o.output;
  const auto data = json("result.json");
  for (const char* key :
       {"engine", "version", "orig_model_path", "model_path", "batch_size", "input_shapes", "num_cores", "scenario",
        "scheduler", "seconds_to_run", "num_streams", "benchmark_result", "fraction_of_supported_ops", "machine"})
    EXPECT_TRUE(data.contains(key)) << key;
  for (const char* key : {"scenario", "items_per_sec", "seconds_ran", "iterations", "median", "mean", "std", "25.0%",
                          "50.0%", "75.0%", "90.0%", "95.0%", "99.0%", "99.9%"})
    EXPECT_TRUE(data["benchmark_result"].contains(key)) << key;
  EXPECT_EQ(data["batch_size"], 1);
  EXPECT_EQ(data["benchmark_result"]["iterations"], 5);
  EXPECT_EQ(data["input_shapes"], nlohmann::json::parse("[[1, 3, 64, 96]]"));
  EXPECT_FALSE(data.contains("layers"));
  const auto bad = sparsec("benchmark " + kModel + " --iterations 1 -w 0 -q -x nowhere/result.json");
  EXPECT_NE(bad.status, 0);
  EXPECT_NE(bad.output.find("nowhere/result.json"), std::string::npos) << bad.output;
}

TEST_F(Layers, TheReportShowsWhatWasMeasured) {
  const auto o = sparsec("analyze " + kModel + " --measure --threads 1 --report report.html");
  ASSERT_EQ(o.status, 0) << o.output;
  EXPECT_NE(o.output.find("measured here:"), std::string::npos);
  const std::string page = testing::read_file(folder_ / "report.html");
  const std::string mark = "id=\"data\">";
  const size_t first = page.find(mark) + mark.size();
  const auto data = nlohmann::json::parse(page.substr(first, page.find("</script>", first) - first));
  std::map<std::string, nlohmann::json> layers;
  for (const auto& layer : data["measured"]["layers"]) layers[layer["name"]] = layer;
  for (const std::string& name : convolutions(kModel)) {
    ASSERT_TRUE(layers.contains(name)) << name;
    EXPECT_GT(layers[name]["gmacs"], 0) << name;
    EXPECT_GT(layers[name]["intensity"], 0) << name;
  }
  EXPECT_GT(data["measured"]["int8Gmacs"], 0);
  EXPECT_GT(data["measured"]["memoryGbs"], 0);
}

}  // namespace
}  // namespace sparsec::cli
