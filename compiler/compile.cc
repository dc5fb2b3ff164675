// THE pipeline: one pass a line.
#include "compiler/compile.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "compiler/error.h"
#include "compiler/import/class_names.h"
#include "compiler/ir/print.h"
#include "compiler/ir/verify.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/raw_heads.h"
#include "compiler/plan/choose_kernels.h"
#include "compiler/plan/places.h"
#include "compiler/plan/slots.h"
#include "compiler/version.h"
#include "runtime/core/cpu.h"

namespace sparsec {
namespace {

// Runs passes one by one, checks the graph after each, and tells who listens.
class Pipeline {
 public:
  Pipeline(Graph graph, const CompileOptions& options) : graph_(std::move(graph)), options_(options) {}

  void run(const char* name, Graph (*pass)(Graph)) {
    const std::string before = options_.on_pass ? print(graph_) : "";
    graph_ = pass(std::move(graph_));
    verify(graph_, stage_, name);
    if (options_.on_pass) options_.on_pass(name, graph_, print(graph_) != before);
  }
  void border(Stage stage, const char* name) {
    stage_ = stage;
    verify(graph_, stage_, name);
  }
  Graph take() { return std::move(graph_); }

 private:
  Graph graph_;
  const CompileOptions& options_;
  Stage stage_ = Stage::imported;
};

std::vector<TensorImage> tensors(const Graph& graph, const std::vector<ValueId>& ids) {
  std::vector<TensorImage> out;
  for (ValueId id : ids) {
    const Value& v = graph.value(id);
    Shape shape = v.shape;
    if (graph.meta.batch > 1 && !shape.empty()) shape[0] = graph.meta.batch;
    if (v.type == DType::boolean)
      throw CompileError(graph.meta.path + ": the graph's input or output '" + v.name +
                         "' is bool; supported: f32, u8, s8, s32, i64 (a Cast makes it one)");
    out.push_back({v.name, abi_type(v.type), shape});
  }
  return out;
}

// What the planner would refuse at the end of its work.
void check_size(const Graph& graph) {
  for (const ValueId v : graph.inputs) {
    const Value& value = graph.value(v);
    if (elements(value.shape) > std::numeric_limits<int32_t>::max() / int64_t(size_of(value.type)))
      refuse_size(graph, value);
  }
}

// Options that would change nothing are mistakes: anchors are for raw heads, and names for classes.
void check_anchors(const Graph& graph, const std::vector<std::array<float, 2>>& anchors) {
  if (anchors.empty()) return;
  const bool decodes =
      std::ranges::any_of(graph.nodes, [](const Node& n) { return std::holds_alternative<Decode>(n.op); });
  throw CompileError(graph.meta.path +
                     (decodes ? ": decodes its boxes itself, by anchors of its own"
                              : ": has no raw YOLOv5 heads that " + std::to_string(anchors.size()) + " anchors fit") +
                     "; leave out --anchors");
}

// COCO's names serve a detector of 80 classes that brings none.
void complete_class_names(ModelImage& image, const ImportOptions& options) {
  const std::string& file = options.class_names_file;
  const uint32_t classes = image.programs.front().head.classes;
  if (!file.empty() && classes == 0)
    throw CompileError(file +
                       ": the model is no detector that sparsec recognises, so it has no classes to name; leave "
                       "out --class-names");
  if (!file.empty() && image.class_names.size() != classes)
    throw CompileError(file + ": has " + std::to_string(image.class_names.size()) + " names, and the model tells " +
                       std::to_string(classes) + " classes apart");
  if (file.empty() && classes > 0 && !image.class_names.empty() && image.class_names.size() != classes &&
      options.on_warning)
    options.on_warning(image.source + ": its metadata names " + std::to_string(image.class_names.size()) +
                       " classes, and it tells " + std::to_string(classes) +
                       " apart; what has no name goes by its number: give --class-names");
  if (image.class_names.empty() && classes == coco_names().size()) image.class_names = coco_names();
  if (image.class_names.size() != classes) image.class_names.resize(classes);
  for (size_t i = 0; i < image.class_names.size(); ++i)
    if (image.class_names[i].empty()) image.class_names[i] = std::to_string(i);
}

std::map<std::string, KernelChoice> choices_of(const Plan& plan) {
  std::map<std::string, KernelChoice> out;
  for (const LayerChoice& choice : plan.choices) {
    KernelChoice& to = out[choice.node];
    to = {kernels::name_of(choice.family), choice.predicted_cycles / kNominalCyclesPerMs, choice.reason, {}};
    for (const auto& [family, cycles] : choice.candidates)
      to.candidates.push_back({kernels::name_of(family), cycles / kNominalCyclesPerMs});
  }
  return out;
}

}  // namespace

std::vector<const Isa*> host_isas() {
  const uint32_t features = sparsec_cpu_permit(sparsec_cpu_features());
  std::vector<const Isa*> isas;
  for (const Isa* isa : all_isas())
    if ((isa->features & ~features) == 0) isas.push_back(isa);
  return isas;
}

Graph run_passes(Graph graph, const CompileOptions& options) {
  Pipeline p(std::move(graph), options);
  p.run("fold_constants", passes::fold_constants);
  p.run("split_batch", passes::split_batch);
  p.run("remove_dead_code", passes::remove_dead_code);
  p.run("recognise_activations", passes::recognise_activations);
  p.run("fold_batchnorm", passes::fold_batchnorm);
  p.run("fuse_padding", passes::fuse_padding);
  p.run("recognise_focus", passes::recognise_focus);
  p.run("lower_head", passes::lower_head);
  p.run("integerise", passes::integerise);
  p.border(Stage::integer, "integerise");  // from here every convolution between quantisers is int8
  p.run("fuse_epilogues", passes::fuse_epilogues);
  p.border(Stage::fused, "fuse_epilogues");  // from here there is no Conv and no BatchNorm
  p.run("raise_dequantisers", passes::raise_dequantisers);
  p.run("remove_dead_code", passes::remove_dead_code);
  return p.take();
}

static bool are_of_another_model(const CompileOptions& options, const Graph& graph) {
  return !options.kernels_sha256.empty() && options.kernels_sha256 != graph.meta.sha256;
}

// Kernels that were asked for are there. Where they are not, they mostly were another model's.
static void check_choices(const Plan& plan, const KernelChoices& asked, const CompileOptions& options,
                          const Graph& graph) {
  const auto refuse = [&](const std::string& what) {
    const std::string other = options.kernels_model.empty() ? "" : ", " + options.kernels_model;
    throw CompileError(options.kernels_file + ": " +
                       (are_of_another_model(options, graph)
                            ? "was made for another model" + other + ", and does not fit " + graph.meta.path + ": " +
                                  what + "; let --tune write a file for this one, or leave out --plan"
                            : what));
  };
  for (const auto& [node, family] : asked) {
    const auto choice = std::ranges::find(plan.choices, node, &LayerChoice::node);
    if (choice == plan.choices.end())
      refuse("there is no convolution '" + node + "' (--dump-plan lists them)");
    else if (choice->family != family)
      refuse(std::string(plan.isa->name) + " has no kernel '" + kernels::name_of(family) + "' for " + node);
  }
}

// Kernels that were chosen elsewhere do no harm; that they are of no use here should not stay unnoticed.
static void warn_of_other_kernels(const Graph& graph, const CompileOptions& options) {
  if (options.kernels.empty() || !options.import.on_warning) return;
  if (are_of_another_model(options, graph))
    options.import.on_warning(options.kernels_file + ": was measured for another model" +
                              (options.kernels_model.empty() ? "" : ", " + options.kernels_model) + ", than " +
                              graph.meta.path);
  if (!options.targets.empty() && std::ranges::none_of(options.targets, [&](const Isa* isa) {
        return options.kernels.contains(std::string(isa->name));
      }))
    options.import.on_warning(options.kernels_file + ": has kernels for " + options.kernels.begin()->first +
                              ", and none for " + std::string(options.targets.front()->name));
}

int32_t strips_for(const CompileOptions& options, int64_t batch) {
  if (options.threads == 0) return options.plan.strips;
  return batch >= options.threads ? 1 : options.threads;
}

Compiled compile(const std::string& path, const CompileOptions& options) {
  Compiled c;
  c.imported = import_onnx(path, options.import);
  check_size(c.imported);
  if (options.on_pass) options.on_pass("import", c.imported, true);
  c.graph = run_passes(c.imported, options);
  c.sparsity = analyse_sparsity(c.graph);

  Pipeline late(std::move(c.graph), options);
  if (options.order_channels) late.run("order_channels", passes::order_channels);
  late.run("lower_strides", passes::lower_strides);  // from here every convolution has stride 1
  late.run("write_phases", passes::write_phases);
  late.run("align_slots", align_slots);  // from here operands have their channels in the same slots
  c.graph = late.take();

  std::optional<RawHead> raw_head;
  if (auto heads = passes::detect_raw_heads(c.graph, options.anchors)) {
    // More anchors than a library decodes are the plan's to refuse where they are given, and no detector where not.
    const bool many = heads->decode.levels[0].anchors.size() > SPARSEC_MAX_ANCHORS;
    if (!many || !options.anchors.empty()) raw_head = RawHead{heads->levels, heads->decode};
  }
  if (!raw_head) check_anchors(c.graph, options.anchors);

  std::vector<const Isa*> targets = options.targets;
  if (targets.empty()) targets = {host_isas().front()};
  for (const Isa* isa : targets) {
    PlanOptions plan = options.plan;
    plan.strips = strips_for(options, c.graph.meta.batch);
    if (const auto kernels = options.kernels.find(std::string(isa->name)); kernels != options.kernels.end())
      plan.kernels = kernels->second;
    c.plans.push_back(make_plan(c.graph, *isa, plan, raw_head ? &*raw_head : nullptr));
    check_choices(c.plans.back(), plan.kernels, options, c.graph);
  }
  warn_of_other_kernels(c.graph, options);  // that they fit is known by now

  set_choices(c.sparsity, choices_of(c.plans.front()));

  ModelImage& image = c.image;
  image.name = options.name;
  image.cpp_namespace = options.cpp_namespace;
  image.source = path.substr(path.find_last_of('/') + 1);
  image.sha256 = c.graph.meta.sha256;
  image.compiler = std::string("sparsec ") + kVersion;
  image.options = options.options_text;
  if (options.threads > 0) image.options += " --strips " + std::to_string(strips_for(options, c.graph.meta.batch));
  image.batch = c.graph.meta.batch;
  image.inputs = tensors(c.graph, c.graph.inputs);
  image.outputs = tensors(c.graph, c.graph.outputs);
  image.class_names = c.graph.meta.class_names;
  for (const Plan& plan : c.plans) image.programs.push_back(plan.program);
  complete_class_names(image, options.import);
  return c;
}

}  // namespace sparsec
