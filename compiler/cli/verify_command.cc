// sparsec verify MODEL [IMAGE...]: does the compiled code compute what the oracle computes?
//
// The oracle runs the whole graph on a picture. Then, for each instruction set, every layer of the compiled code is run
// alone on the oracle's inputs and compared, integers bit for bit; last, the compiled model as users get it runs from
// the picture to its outputs. Programs for an instruction set that this CPU lacks are run by the interpreter of the
// kernel IR.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>

#include "compiler/cli/build_model.h"
#include "compiler/cli/commands.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/heartbeat.h"
#include "compiler/cli/session.h"
#include "compiler/error.h"
#include "compiler/oracle/evaluate.h"
#include "compiler/verify/layers.h"
#include "compiler/verify/simulate.h"
#include "runtime/core/letterbox.h"
#include "sparsec/logging.h"

namespace sparsec::cli {
namespace {

struct Arguments {
  std::string model;
  std::vector<std::string> images;
  bool all_layers = false, interpret = false;
  ModelOptions model_options;
  LoadOptions load_options;
};

// One picture's inputs: the picture where the model takes one, else reproducible noise.
using Inputs = std::vector<TensorPtr>;

bool takes_pictures(const Graph& graph) {
  if (graph.inputs.size() != 1) return false;
  const Value& v = graph.value(graph.inputs[0]);
  return v.shape.size() == 4 && v.shape[1] == 3 && (v.type == DType::f32 || v.type == DType::u8);
}

Inputs noise(const Graph& graph) {
  std::mt19937 random(1);
  Inputs inputs;
  for (const ValueId id : graph.inputs) {
    const Value& v = graph.value(id);
    Tensor t(v.type, v.shape);
    if (v.type == DType::f32) {
      for (float& x : t.data<float>()) x = float(random() >> 8) / float(1 << 24);
    } else if (size_of(v.type) == 1) {
      for (std::byte& x : t.bytes) x = std::byte(random() >> 24);
    }
    inputs.push_back(share(std::move(t)));
  }
  return inputs;
}

Inputs picture(const Graph& graph, const std::string& path) {
  const Image image = codecs::read_image(path);
  const Value& v = graph.value(graph.inputs[0]);
  Tensor t(v.type, v.shape);
  const auto rows = int32_t(v.shape[2]), cols = int32_t(v.shape[3]);
  std::vector<char> scratch(rt::letterbox_scratch_bytes(cols, 1) + 64);
  const auto misaligned = reinterpret_cast<uintptr_t>(scratch.data()) % 64;
  char* const aligned = scratch.data() + (misaligned ? 64 - misaligned : 0);
  const uint32_t type = v.type == DType::u8 ? SPARSEC_U8 : SPARSEC_F32;
  rt::Picture seen;
  rt::letterbox_begin(&seen, 1, image.rgb.data(), ptrdiff_t(image.cols) * 3,
                      rt::fit(image.rows, image.cols, rows, cols), aligned);
  rt::letterbox_rows(rt::plain_input(type, rows, cols), seen, reinterpret_cast<char*>(t.bytes.data()),
                     int64_t(cols) * int64_t(size_of(v.type)), 0, rows);
  return {share(std::move(t))};
}

void print_header() {
  fmt::print("  {:<52} {:<14} {:>10} {:>10} {:>10}\n", "layer", "operator", "elements", "equal", "worst");
}

void print_row(const Agreement& a) {
  const std::string name = a.name.size() > 52 ? "..." + a.name.substr(a.name.size() - 49) : a.name;
  fmt::print("  {:<52} {:<14} {:>10} {:>9.4f}% {:>10}\n", name, a.op, a.elements, std::floor(a.share() * 1e6) / 1e4,
             a.equal == a.elements ? "0"
             : a.integer           ? fmt::format("{} steps", a.worst)
                                   : fmt::format("{:.2e}", a.worst));
}

// One picture through the layers of one plan. True when all is well.
bool verify_one(const Graph& graph, const Plan& plan, Machine& machine, const std::string& how,
                const std::map<ValueId, TensorPtr>& values, bool all_layers) {
  Progress progress(fmt::format("layers on {}", plan.isa->name), int64_t(graph.nodes.size()));
  const std::vector<Agreement> layers =
      verify_layers(graph, plan, machine, values, [&](const Node& n) { progress.step(n.name); });
  progress.clear();
  int64_t integer = 0, exact_integer = 0, floats = 0, exact_floats = 0;
  bool good = true, header = false;
  for (const Agreement& a : layers) {
    const bool exact = a.equal == a.elements;
    (a.integer ? integer : floats) += 1;
    (a.integer ? exact_integer : exact_floats) += exact;
    good &= a.good();
    if (!all_layers && exact) continue;
    if (!header) print_header();
    header = true;
    print_row(a);
  }
  fmt::print(
      "  {} ({}): integer outputs of layers equal to the oracle's bit for bit: {} of {}; float outputs: {} of {}\n",
      plan.isa->name, how, exact_integer, integer, exact_floats, floats);
  return good;
}

std::vector<Tensor> room_for_outputs(const Graph& graph) {
  std::vector<Tensor> outputs;
  for (const ValueId v : graph.outputs) outputs.emplace_back(graph.value(v).type, graph.value(v).shape);
  return outputs;
}

// One picture through the whole compiled model, as users get it.
std::vector<Tensor> run_compiled(const Graph& graph, const LoadedModel& model, const Inputs& inputs) {
  std::vector<NpyArray> arrays;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorSpec& spec = model.inputs()[i];
    NpyArray a{spec.type, spec.shape, {}};
    for (int64_t n = 0; n < model.batch(); ++n)
      a.bytes.insert(a.bytes.end(), inputs[i]->bytes.begin(),
                     inputs[i]->bytes.end());  // every picture of the batch the same
    arrays.push_back(std::move(a));
  }
  std::vector<Tensor> outputs = room_for_outputs(graph);
  const std::vector<NpyArray> all = model.run(arrays);
  for (size_t i = 0; i < outputs.size(); ++i)  // of the batch's last picture: the arena has been used before
    std::copy(all[i].bytes.end() - ptrdiff_t(outputs[i].bytes.size()), all[i].bytes.end(), outputs[i].bytes.begin());
  return outputs;
}

std::vector<Tensor> run_interpreted(const Graph& graph, const Plan& plan, const Inputs& inputs) {
  const Heartbeat heartbeat(fmt::format("interpreting {}", plan.isa->name));
  std::vector<Tensor> outputs = room_for_outputs(graph);
  Simulator(plan).run(inputs, outputs);
  return outputs;
}

bool verify_end_to_end(const Graph& graph, const std::vector<Tensor>& outputs,
                       const std::map<ValueId, TensorPtr>& values) {
  bool good = true;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& expected = *values.at(graph.outputs[i]);
    const Agreement a = compare(graph.value(graph.outputs[i]).name, "end to end", outputs[i], expected);
    print_row(a);
    good &= a.good();
  }
  return good;
}

// The first layer, in their order, that makes NaN or infinity; empty: none does.
std::string first_without_numbers(const Graph& graph, const std::map<ValueId, TensorPtr>& values) {
  for (const Node& node : graph.nodes)
    for (const ValueId id : node.outputs) {
      const auto value = values.find(id);
      if (value == values.end() || value->second->type != DType::f32) continue;
      if (!std::ranges::all_of(value->second->data<float>(), [](float x) { return std::isfinite(x); }))
        return node.name;
    }
  return {};
}

bool contains(const std::vector<const Isa*>& isas, const Isa* isa) {
  return std::find(isas.begin(), isas.end(), isa) != isas.end();
}

bool has_no_columns(const Plan& plan) {
  return std::all_of(plan.groups.begin(), plan.groups.end(), [](const ColumnGroup& g) { return g.bands <= 1; });
}

// What the plans that run natively need; nothing when none does.
std::optional<engine::Library> assemble(ModelImage image, const std::vector<const Isa*>& natively) {
  std::erase_if(image.programs, [&](const ProgramImage& p) { return !contains(natively, p.isa); });
  if (image.programs.empty()) return {};
  const Heartbeat heartbeat("assembling");
  return engine::load(image);
}

// All that there are, or the one that is asked for.
std::vector<const Isa*> targets(const Arguments& a, const CompileOptions& options) {
  const bool all = a.load_options.isa.empty() && a.model_options.targets == std::vector<std::string>{"all"};
  return all ? all_isas() : options.targets;
}

Result verify(const Arguments& a) {
  CompileOptions options = compile_options(a.model_options, a.load_options);
  options.targets = targets(a, options);
  const Compiled full = compile_with_progress(a.model, options);
  // A layer can only be run alone where all of its input is there at once: not in columns.
  CompileOptions without_columns = options;
  without_columns.plan.columns = false;
  const bool same = std::all_of(full.plans.begin(), full.plans.end(), has_no_columns);
  const Compiled layered = same ? full : compile_with_progress(a.model, without_columns);
  const Graph& graph = layered.graph;
  if (!a.images.empty() && !takes_pictures(graph))
    throw CompileError(a.model + ": does not take a picture of three channels; verify it without pictures");
  const std::vector<const Isa*> natively = a.interpret ? std::vector<const Isa*>{} : host_isas();
  const std::optional<engine::Library> full_library = assemble(full.image, natively),
                                       layered_library = same ? full_library : assemble(layered.image, natively);

  bool good = true;
  std::string no_numbers;
  const std::vector<std::string> sources = a.images.empty() ? std::vector<std::string>{""} : a.images;
  for (const std::string& source : sources) {
    const Inputs inputs = source.empty() ? noise(graph) : picture(graph, source);
    fmt::print("{} on {}\n", a.model, source.empty() ? "noise" : source);
    std::map<ValueId, TensorPtr> values;
    {
      Progress progress("the oracle", int64_t(graph.nodes.size()));
      values = oracle::run(graph, inputs, [&](const Node& n) { progress.step(n.name); });
    }
    if (no_numbers.empty()) no_numbers = first_without_numbers(graph, values);
    for (size_t p = 0; p < layered.plans.size(); ++p) {
      const Plan& plan = layered.plans[p];
      if (contains(natively, plan.isa)) {
        LoadOptions load = a.load_options;
        load.isa = plan.isa->name;
        const LoadedModel layers(*layered_library, a.model, load), model(*full_library, a.model, load);
        good &= verify_one(graph, plan, *compiled_machine(layers.runtime(), layers.context()), "compiled", values,
                           a.all_layers);
        good &= verify_end_to_end(graph, run_compiled(graph, model, inputs), values);
      } else {
        good &= verify_one(graph, plan, *interpreting_machine(plan), "interpreted", values, a.all_layers);
        good &= verify_end_to_end(graph, run_interpreted(graph, full.plans[p], inputs), values);
      }
    }
  }
  fmt::print("{}\n", good ? "verified"
                     : no_numbers.empty()
                         ? "NOT verified: the compiled code differs from the oracle"
                         : "NOT verified: " + no_numbers + " makes NaN or infinity, for which no result is defined");
  return good ? kOk : kFailed;
}

}  // namespace

void add_verify(CLI::App& app, Result& result) {
  CLI::App* command = app.add_subcommand("verify", "Compare compiled code with the oracle, layer by layer");
  const auto a = std::make_shared<Arguments>();
  a->model_options.targets = {"all"};
  command->add_option("MODEL", a->model, "An .onnx file")->required()->type_name("");
  command->add_option("IMAGE", a->images, "Pictures to run on (default: noise)")->type_name("");
  command->add_flag("--all-layers", a->all_layers, "Print every layer, not only those that differ");
  command->add_flag("--interpret", a->interpret,
                    "Interpret the kernels of every instruction set, also of those that this CPU has");
  add_model_options(*command, a->model_options);
  command->get_option("--target")
      ->description(
          "Instruction sets to verify: host (the best that this machine runs), all (also those that it only "
          "interprets), or a list such as avx512_vnni,avx2,scalar");
  add_load_options(*command, a->load_options);
  command->footer(
      "Each layer of the compiled code is run on inputs that a naive interpreter computed, and compared with it; then "
      "the model end to end. Integer layers\n"
      "must agree bit for bit, float layers within 0.01% of their largest value. Instruction sets that this CPU lacks "
      "are verified too, by an interpreter of their "
      "kernels, which takes longer.\n"
      "Exit code 1 when something differs.\n\n"
      "  sparsec verify yolov5n.onnx\n"
      "  sparsec verify yolov5n.onnx bus.jpg --isa avx2 --all-layers\n"
      "  sparsec verify yolov5n.onnx --interpret --isa avx512_vnni\n");
  command->callback([a, &result] { result = verify(*a); });
}

}  // namespace sparsec::cli
