// The table of operators: one row for each ONNX operator and the opset from which its function holds.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "compiler/import/node_import.h"

namespace sparsec::importer {

struct OpRow {
  std::string_view domain;  // empty: ONNX's own
  std::string_view op_type;
  int64_t since;
  void (*function)(NodeImport&);
};

// Each file of operators has its rows at its end.
std::span<const OpRow> elementwise_ops();
std::span<const OpRow> layout_ops();
std::span<const OpRow> slice_ops();
std::span<const OpRow> convolution_ops();
std::span<const OpRow> resize_ops();
std::span<const OpRow> quantise_ops();
std::span<const OpRow> constant_ops();

// Turns one node into nodes of the Graph. Throws CompileError when the operator or its use is not supported.
void import_node(GraphBuilder& builder, const OnnxNode& node);

}  // namespace sparsec::importer
