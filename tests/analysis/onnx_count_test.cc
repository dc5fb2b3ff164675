// The analysis of whole models against a count over the ONNX file itself, read here with protobuf and counted without
// the compiler's help.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "compiler/analysis/sparsity.h"
#include "compiler/import/import.h"
#include "compiler/passes/passes.h"
#include "samples/demo_model/detector.h"

namespace sparsec {
namespace {

struct Count {
  int64_t weights = 0, zeros = 0, blocks = 0, zero_blocks = 0;
  bool operator==(const Count&) const = default;
};
void PrintTo(const Count& c, std::ostream* os) {
  *os << c.zeros << " of " << c.weights << " weights, " << c.zero_blocks << " of " << c.blocks << " blocks";
}

// The elements of an initialiser as numbers: float, int8 or uint8, raw or in the typed fields.
std::vector<double> numbers_of(const onnx::TensorProto& t) {
  std::vector<double> out;
  const std::string& raw = t.raw_data();
  if (t.data_type() == onnx::TensorProto::FLOAT) {
    for (float v : t.float_data()) out.push_back(double(v));
    for (size_t i = 0; i + 4 <= raw.size(); i += 4) {
      float v;
      std::memcpy(&v, raw.data() + i, 4);
      out.push_back(double(v));
    }
  } else {
    for (int32_t v : t.int32_data()) out.push_back(v);
    for (char c : raw) out.push_back(t.data_type() == onnx::TensorProto::INT8 ? double(int8_t(c)) : double(uint8_t(c)));
  }
  return out;
}

// Zero is what the zero point says: one for all, or one per output channel.
Count count(const onnx::TensorProto& weights, const std::vector<double>& zero) {
  const std::vector<double> w = numbers_of(weights);
  const int64_t C = weights.dims(1), taps = weights.dims(2) * weights.dims(3);
  Count n{.weights = int64_t(w.size()), .zeros = 0, .blocks = 0, .zero_blocks = 0};
  std::map<std::array<int64_t, 3>, bool> block_has_weight;  // (output channel, block, tap)
  for (int64_t i = 0; i < n.weights; ++i) {
    const int64_t o = i / (C * taps), c = i / taps % C, tap = i % taps;
    const double z = zero.empty() ? 0 : zero[zero.size() == 1 ? 0 : size_t(o)];
    const bool is_zero = w[size_t(i)] == z;
    n.zeros += is_zero;
    block_has_weight[{o, c / 4, tap}] |= !is_zero;
  }
  n.blocks = int64_t(block_has_weight.size());
  for (const auto& [block, has] : block_has_weight) n.zero_blocks += !has;
  return n;
}

// Every convolution of the file, by the name of its node.
std::map<std::string, Count> count_file(const std::string& path) {
  onnx::ModelProto model;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(model.ParseFromIstream(&file)) << path;
  std::map<std::string, const onnx::TensorProto*> initializer;
  std::map<std::string, const onnx::NodeProto*> producer;
  for (const onnx::TensorProto& t : model.graph().initializer()) initializer[t.name()] = &t;
  for (const onnx::NodeProto& n : model.graph().node()) {
    for (const std::string& output : n.output()) producer[output] = &n;
  }
  const auto zero_of = [&](const onnx::NodeProto& n, int input) {
    const auto found = input < n.input_size() ? initializer.find(n.input(input)) : initializer.end();
    return found == initializer.end() ? std::vector<double>{} : numbers_of(*found->second);
  };
  std::map<std::string, Count> counts;
  for (const onnx::NodeProto& n : model.graph().node()) {
    if (n.op_type() == "Conv" && initializer.contains(n.input(1))) {
      counts[n.name()] = count(*initializer[n.input(1)], {});
    } else if (n.op_type() == "Conv") {
      const onnx::NodeProto& dequantize = *producer.at(n.input(1));
      counts[n.name()] = count(*initializer.at(dequantize.input(0)), zero_of(dequantize, 2));
    } else if (n.op_type() == "QLinearConv") {
      counts[n.name()] = count(*initializer.at(n.input(3)), zero_of(n, 5));
    } else if (n.op_type() == "ConvInteger") {
      counts[n.name()] = count(*initializer.at(n.input(1)), zero_of(n, 3));
    }
  }
  return counts;
}

Graph fused(const std::string& path) {
  Graph g = import_onnx(path, {});
  for (const auto pass : {passes::fold_constants, passes::remove_dead_code, passes::split_batch,
                          passes::recognise_activations, passes::fold_batchnorm, passes::fuse_padding,
                          passes::recognise_focus, passes::lower_head, passes::integerise, passes::fuse_epilogues}) {
    g = pass(std::move(g));
  }
  return g;
}

void compare(const std::string& path) {
  SCOPED_TRACE(path);
  const std::map<std::string, Count> expected = count_file(path);
  const SparsityReport report = analyse_sparsity(fused(path));
  EXPECT_EQ(report.layers.size(), expected.size());
  for (const LayerReport& layer : report.layers) {
    const WeightCounts& n = layer.counts;
    // A QLinearConv is taken apart at import; the convolution in it is called NODE/Conv...
    const auto same = std::ranges::find_if(
        expected, [&](const auto& e) { return layer.name == e.first || layer.name.starts_with(e.first + "/Conv"); });
    ASSERT_NE(same, expected.end()) << layer.name;
    EXPECT_EQ((Count{n.weights, n.zero_weights, n.blocks, n.zero_blocks}), same->second) << layer.name;
  }
}

TEST(OnnxCount, DemoModel) {
  const std::string path = testing::TempDir() + "demo_count.onnx";
  std::ofstream(path, std::ios::binary) << demo::make_detector();
  compare(path);
  const SparsityReport report = analyse_sparsity(fused(path));
  WeightCounts hidden;
  for (const LayerReport& layer : report.layers) {
    EXPECT_TRUE(layer.integer) << layer.name;
    if (layer.name.starts_with("/model.0/") || layer.name.starts_with("/model.9/")) continue;  // the stem and the heads
    hidden.blocks += layer.counts.blocks;
    hidden.zero_blocks += layer.counts.zero_blocks;
  }
  EXPECT_GT(hidden.block_sparsity(), 0.7);
}

std::filesystem::path shared_models() {
  const char* from = std::getenv("SPARSEC_SHARED");
  return std::filesystem::path(from ? from : SPARSEC_SOURCE_DIR "/../shared") / "models";
}

class SharedModel : public testing::TestWithParam<const char*> {};

TEST_P(SharedModel, Agrees) {
  const std::filesystem::path path = shared_models() / GetParam();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here";
  compare(path.string());
}

INSTANTIATE_TEST_SUITE_P(Models, SharedModel,
                         testing::Values("tiny/tiny-block4_70.onnx", "tiny/tiny-batch3.onnx", "yolov5n-dense.onnx",
                                         "yolov5n-pruned65_bnfix_quant-all.onnx",
                                         "yolov5n-pruned65_bnfix_quant-qop.onnx", "yolov5n-dense_quant-convint.onnx",
                                         "yolov5s-block4_65_quant-in.onnx"));

}  // namespace
}  // namespace sparsec
