// Import, from beginning to end: read, give the inputs their shapes, turn node after node into ours, name the outputs.
#include "compiler/import/import.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "compiler/import/anchors.h"
#include "compiler/import/class_names.h"
#include "compiler/import/graph_builder.h"
#include "compiler/import/input_shapes.h"
#include "compiler/import/onnx_ops.h"
#include "compiler/import/onnx_reader.h"
#include "compiler/import/picture_sizes.h"

namespace sparsec {
namespace importer {
namespace {

void check_opset(const OnnxModel& model) {
  constexpr int64_t kOldest = 7, kNewest = 21;
  const auto opset = model.opset.find("");
  if (opset == model.opset.end())
    throw CompileError(model.path + ": the model names no version of ONNX's own operators");
  if (opset->second < kOldest || opset->second > kNewest) {
    throw CompileError(model.path + ": opset " + std::to_string(opset->second) +
                       " is unsupported; supported: " + std::to_string(kOldest) + " to " + std::to_string(kNewest));
  }
}

void add_inputs(GraphBuilder& builder, const ImportOptions& options) {
  const std::vector<Shape> shapes = input_shapes(builder.model, options);
  for (size_t i = 0; i < shapes.size(); ++i) {
    const OnnxValueInfo& input = builder.model.inputs[i];
    const ValueId id = builder.graph.add_value(
        {.name = input.name, .type = input.type, .shape = shapes[i], .constant = {}, .quant = {}});
    builder.graph.inputs.push_back(id);
    builder.bind(input.name, {id});
  }
}

// Names in a model may hold line breaks; a message may not.
std::string one_line(std::string message) {
  constexpr size_t kMost = 4000;
  if (message.size() > kMost) message.replace(kMost, std::string::npos, "...");
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < ' ') c = '?';
  }
  return message;
}

// The value in the type that the model promises for an output.
ValueId as_promised(GraphBuilder& builder, Binding b, const std::string& where) {
  if (b.as == Carried::plain) return b.id;
  if (b.as == Carried::s32_as_f32) return builder.emit(Cast{DType::s32}, {b.id}, {}, where);
  // Signed integers, stored 128 higher. Their own quantiser can make them straight from its input.
  const int32_t maker = builder.graph.producers()[size_t(b.id)];
  const auto* quantise = maker < 0 ? nullptr : std::get_if<Quantize>(&builder.graph.nodes[size_t(maker)].op);
  QuantParams q = quantise ? quantise->q : QuantParams{{1.0f}, {128}, 0};
  const ValueId real =
      quantise ? builder.graph.nodes[size_t(maker)].inputs[0] : builder.emit(Dequantize{q}, {b.id}, {}, where);
  for (int32_t& z : q.zero_point) z -= 128;
  const Shape shape = builder.graph.value(real).shape;
  return builder.emit(Quantize{std::move(q)}, {real}, {{DType::s8, shape}}, where);
}

// What the file says of an output's shape may be stale; the graph's own shape counts.
void warn_of_other_shape(const OnnxValueInfo& output, const Shape& shape, const std::string& where,
                         const ImportOptions& options) {
  if (!output.has_shape || !options.on_warning) return;
  bool same = output.shape.size() == shape.size();
  for (size_t d = 0; same && d < shape.size(); ++d)
    same = output.shape[d].value < 0 || output.shape[d].value == shape[d];
  if (same) return;
  std::string declared;
  for (const OnnxDim& d : output.shape)
    declared += (declared.empty() ? "" : "x") + (d.value < 0 ? std::string("?") : std::to_string(d.value));
  options.on_warning(where + " is declared as " + (declared.empty() ? "a scalar" : declared) + " and is " +
                     to_string(shape));
}

// Every output is a value of its own that bears its name.
void add_outputs(GraphBuilder& builder, const ImportOptions& options) {
  Graph& graph = builder.graph;
  std::set<std::string> made;
  for (const OnnxNode& node : builder.model.nodes) made.insert(node.outputs.begin(), node.outputs.end());
  for (const OnnxValueInfo& input : builder.model.inputs) made.insert(input.name);
  if (builder.model.outputs.empty()) throw CompileError(builder.model.path + ": the graph has no outputs");

  for (const OnnxValueInfo& output : builder.model.outputs) {
    const std::string where = builder.model.path + ": output '" + output.name + "'";
    if (!made.contains(output.name) && !builder.model.initialisers.contains(output.name)) {
      throw CompileError(where + " is made by no node");
    }
    const size_t first_node = graph.nodes.size(), first_value = graph.values.size();
    ValueId id = as_promised(builder, builder.lookup(output.name), where);
    const Value& v = graph.value(id);
    warn_of_other_shape(output, v.shape, where, options);
    const bool taken = graph.is_output(id) || std::ranges::find(graph.inputs, id) != graph.inputs.end();
    if (v.constant && v.name != output.name) {
      id = graph.add_value({.name = "", .type = v.type, .shape = v.shape, .constant = v.constant, .quant = {}});
    } else if (taken) {
      id = builder.emit(Reshape{}, {id}, {{v.type, v.shape}}, where);
    }
    graph.value(id).name = output.name;
    for (size_t i = first_node; i < graph.nodes.size(); ++i) graph.nodes[i].name = one_line(output.name);
    for (size_t i = first_value; i < graph.values.size(); ++i) {
      if (graph.values[i].name.empty()) graph.values[i].name = output.name + "/" + std::to_string(i - first_value);
    }
    graph.outputs.push_back(id);
  }
}

// From the file, else from the metadata; metadata that cannot be read is as good as none, but not passed over in
// silence.
std::vector<std::string> class_names(const OnnxModel& model, const ImportOptions& options) {
  if (!options.class_names_file.empty()) return read_class_names(options.class_names_file);
  const auto names = model.metadata.find("names");
  if (names == model.metadata.end()) return {};
  auto read = parse_class_names(names->second);
  if (!read && options.on_warning)
    options.on_warning(model.path +
                       ": the class names in its metadata cannot be read, so classes go by their numbers; "
                       "expected a list, or a dictionary by number up to 99999: give --class-names");
  return read.value_or(std::vector<std::string>());
}

// ONNX lets nodes share a name, or have none; reports and plans tell layers by theirs.
void make_names_unique(Graph& graph) {
  std::set<std::string> names;
  for (const Node& node : graph.nodes) names.insert(node.name);
  std::set<std::string> met;
  for (Node& node : graph.nodes) {
    if (met.insert(node.name).second) continue;
    const std::string shared = node.name;
    for (int n = 2; names.contains(node.name); ++n) node.name = shared + "#" + std::to_string(n);
    names.insert(node.name);
    met.insert(node.name);
  }
}

// Kernels and the oracle compute with numbers: comparisons drop NaN in one place and keep it in another.
void warn_of_weights_that_are_no_numbers(const OnnxModel& model, const ImportOptions& options) {
  if (!options.on_warning) return;
  for (const OnnxNode& node : model.nodes) {
    if (node.op_type != "Conv") continue;
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      const auto weights = model.initialisers.find(node.inputs[i]);
      if (weights == model.initialisers.end() || weights->second->type != DType::f32) continue;
      if (std::ranges::all_of(weights->second->data<float>(), [](float w) { return std::isfinite(w); })) continue;
      return options.on_warning(model.path + ": initialiser '" + node.inputs[i] +
                                "' holds NaN or infinity; results that depend on it are not defined");
    }
  }
}

void import_nodes(GraphBuilder& builder, const OnnxModel& model) {
  for (size_t i : topological_order(model)) import_node(builder, model.nodes[i]);
}

bool takes_size(const OnnxModel& model, ImportOptions options, const Size& size) try {
  options.input_shape = size;
  options.on_warning = {};
  GraphBuilder builder(model);
  add_inputs(builder, options);
  import_nodes(builder, model);
  return true;
} catch (const CompileError&) {
  return false;
}

// A graph of one picture, to be run for each of a batch (as split_batch makes it of one for several).
void repeat(Graph& graph, int64_t batch) {
  for (const ValueId id : graph.outputs) {
    const Value& output = graph.value(id);
    if (output.shape.empty() || output.shape[0] != 1)
      throw CompileError(graph.meta.path + ": batch " + std::to_string(batch) + " was asked for, and output '" +
                         output.name + "' of the model, which is made for one picture, has shape " +
                         to_string(output.shape) + ": no dimension for pictures; run it picture by picture");
  }
  graph.meta.batch = batch;
}

Graph import_model(const OnnxModel& model, const ImportOptions& options) {
  check_opset(model);
  GraphBuilder builder(model);
  add_inputs(builder, options);
  try {
    import_nodes(builder, model);
  } catch (const CompileError&) {  // where shapes do not fit, the size that was asked for may be why
    if (options.input_shape)
      refuse_size(builder.graph, *options.input_shape, [&](const Size& s) { return takes_size(model, options, s); });
    throw;
  }
  add_outputs(builder, options);
  if (repeats_one_picture(model, options)) repeat(builder.graph, *options.batch);
  make_names_unique(builder.graph);
  builder.graph.meta.class_names = class_names(model, options);
  builder.graph.meta.anchors = anchors_of(model);
  warn_of_weights_that_are_no_numbers(model, options);
  return std::move(builder.graph);
}

}  // namespace
}  // namespace importer

Graph import_onnx(const std::string& path, const ImportOptions& options) try {
  return importer::import_model(importer::read_onnx(path), options);
} catch (const CompileError& e) {
  throw CompileError(importer::one_line(e.what()));
}

}  // namespace sparsec
