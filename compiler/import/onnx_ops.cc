// Finding an operator's function: the newest row that the model's opset has reached.
#include "compiler/import/onnx_ops.h"

#include <array>
#include <set>

namespace sparsec::importer {
namespace {

std::array<std::span<const OpRow>, 7> tables() {
  return {elementwise_ops(), layout_ops(),   slice_ops(),   convolution_ops(),
          resize_ops(),      quantise_ops(), constant_ops()};
}

std::string supported_operators() {
  std::set<std::string> names;
  for (const auto& table : tables()) {
    for (const OpRow& row : table) names.insert(std::string(row.op_type));
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

void import_node(GraphBuilder& builder, const OnnxNode& node) {
  const auto version = builder.model.opset.find(node.domain);
  const int64_t opset = version == builder.model.opset.end() ? 1 : version->second;
  NodeImport n(builder, node, opset);

  const OpRow *newest = nullptr, *too_new = nullptr;
  for (const auto& table : tables()) {
    for (const OpRow& row : table) {
      if (row.domain != node.domain || row.op_type != node.op_type) continue;
      if (row.since > opset) {
        too_new = &row;
      } else if (newest == nullptr || row.since > newest->since) {
        newest = &row;
      }
    }
  }
  if (newest == nullptr) {
    n.require(too_new == nullptr, "this operator needs opset " + std::to_string(too_new ? too_new->since : 0) +
                                      "; the model says opset " + std::to_string(opset));
    const std::string domain = node.domain.empty() ? "" : " of domain '" + node.domain + "'";
    n.fail("operator " + node.op_type + domain + " is unsupported; supported: " + supported_operators());
  }
  newest->function(n);
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    n.require(!n.wants(i) || builder.is_bound(node.outputs[i]),
              "output " + std::to_string(i) + " ('" + node.outputs[i] + "') is not one that this operator has here");
  }
  n.finish();
}

}  // namespace sparsec::importer
