// The integer passes over every quantised export form, made by real exporters: everything between quantisers is integer
// afterwards, and each step, fed with what the real graph computes there, gives what the real graph gives.
#ifdef SPARSEC_HAVE_IMPORT

#include <cstdlib>
#include <filesystem>
#include <map>

#include "compiler/import/import.h"
#include "compiler/ir/print.h"
#include "tests/passes/quantised_graphs.h"

namespace sparsec::passes {
namespace {

namespace fs = std::filesystem;

fs::path models() {
  const char* shared = std::getenv("SPARSEC_SHARED");
  return (shared ? fs::path(shared) : fs::path(SPARSEC_SOURCE_DIR) / ".." / "shared") / "models";
}

std::vector<fs::path> quantised_models(const fs::path& folder) {
  std::vector<fs::path> found;
  if (!fs::exists(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string stem = entry.path().stem().string();
    const bool quantised = stem.find("quant") != std::string::npos || stem == "tiny-uint8-input";
    if (entry.path().extension() == ".onnx" && quantised) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Graph real_form(const fs::path& path) {
  Graph graph = import_onnx(path.string(), {});
  for (const auto pass : {fold_constants, remove_dead_code, split_batch, recognise_activations, fold_batchnorm,
                          fuse_padding, recognise_focus, lower_head}) {
    graph = pass(std::move(graph));
  }
  return graph;
}

// What may be left of the real dialect: the picture's quantiser, and dequantisers before the head.
void expect_integer(const Graph& graph) {
  const Links links(graph);
  for (const Node& node : graph.nodes) {
    const bool u8 = graph.value(node.outputs[0]).type == DType::u8;
    if (as<Quantize>(node)) {
      EXPECT_EQ(node.inputs[0], graph.inputs[0]) << node.name;
    } else if (as<Dequantize>(node)) {
      const int32_t reader = links.sole_consumer(node.outputs[0]);
      EXPECT_TRUE(reader >= 0 && as<Decode>(graph.nodes[size_t(reader)])) << node.name;
    } else if (as<QConv>(node) && !u8) {
      const int32_t reader = links.sole_consumer(node.outputs[0]);
      EXPECT_TRUE(reader >= 0 && as<Decode>(graph.nodes[size_t(reader)])) << node.name;
    } else if (!as<Decode>(node)) {
      EXPECT_TRUE(u8) << node.name << " (" << name_of(node.op) << ")";
      EXPECT_FALSE(as<Lookup>(node)) << node.name << " stands alone";
    }
  }
  EXPECT_EQ(count<QConv>(graph), 60);
  EXPECT_EQ(count<FConv>(graph), 0);
}

// Runs the nodes of `made` one by one. A value that `real` has too is taken from there, so that errors do not add up.
// Returns how many quantised tensors were compared.
int expect_steps_agree(const Graph& real, const Graph& made) {
  const std::vector<TensorPtr> inputs = random_inputs(real);
  const auto values = oracle::run(real, inputs);
  std::map<std::string, std::pair<ValueId, std::optional<Quant>>> by_name;
  for (const Node& node : real.nodes) {
    const Quantize* op = as<Quantize>(node);
    for (const ValueId id : node.outputs) {
      by_name[real.value(id).name] = {id,
                                      op ? std::optional(Quant{op->q.scale[0], op->q.zero_point[0]}) : std::nullopt};
    }
  }
  std::map<ValueId, TensorPtr> have;
  const auto same_value = [&](ValueId id) -> TensorPtr {
    const Value& value = made.value(id);
    const auto known = by_name.find(value.name);
    if (value.constant || known == by_name.end()) return nullptr;
    const auto& [other, quant] = known->second;
    return real.value(other).type == value.type && quant == value.quant ? values.at(other) : nullptr;
  };
  for (size_t i = 0; i < inputs.size(); ++i) have[made.inputs[i]] = inputs[i];
  int compared = 0;
  for (const Node& node : made.nodes) {
    std::vector<TensorPtr> in;
    for (const ValueId id : node.inputs) in.push_back(made.value(id).constant ? made.value(id).constant : have.at(id));
    const std::vector<TensorPtr> out = oracle::evaluate(made, node, in);
    for (size_t i = 0; i < out.size(); ++i) {
      const TensorPtr want = same_value(node.outputs[i]);
      have[node.outputs[i]] = want ? want : out[i];
      if (!want || as<Decode>(node)) continue;
      if (want->type == DType::u8) {
        // The tensors are small, so that one element in a hundred is within luck; and their steps are so fine that the
        // error of numerics::silu (3e-5) shows.
        const double luck = 2 / double(want->size()), silu = 3e-5 / made.value(node.outputs[i]).quant->scale;
        expect_close(*want, *out[i], made.value(node.outputs[i]).name, 0, 0.005 + luck + silu);
        ++compared;
      }
    }
  }
  return compared;
}

TEST(IntegerForms, TinyModels) {
  const std::vector<fs::path> found = quantised_models(models() / "tiny");
  if (found.empty()) GTEST_SKIP() << "no models at " << models();
  for (const fs::path& path : found) {
    SCOPED_TRACE(path.filename().string());
    const Graph real = real_form(path);
    const Graph made = fused(real);
    expect_integer(made);
    EXPECT_GE(expect_steps_agree(real, made), 49);  // tensors that have a quantiser of their own in the real graph
    const Graph ordered = order_channels(made);
    verify(ordered, Stage::fused, "order_channels");
    const std::vector<TensorPtr> inputs = random_inputs(real);
    EXPECT_EQ(oracle::run(made, inputs).at(made.outputs[0])->bytes,
              oracle::run(ordered, inputs).at(ordered.outputs[0])->bytes);
  }
}

TEST(IntegerForms, RealModels) {
  const std::vector<fs::path> found = quantised_models(models());
  if (found.empty()) GTEST_SKIP() << "no models at " << models();
  for (const fs::path& path : found) {
    if (path.filename().string().rfind("yolov5n", 0) != 0) continue;
    SCOPED_TRACE(path.filename().string());
    expect_integer(fused(real_form(path)));
  }
}

}  // namespace
}  // namespace sparsec::passes

#endif  // SPARSEC_HAVE_IMPORT
