// From images to rows: field by field in the order of sparsec/abi.h.
#include "codegen/emit/tables.h"

#include <algorithm>
#include <set>

#include "compiler/error.h"
#include "runtime/core/steps.h"

namespace sparsec::emit {
namespace {

using Kind = Cell::Kind;

Cell number(Kind kind, int64_t value) {
  return {.kind = kind, .integer = value, .real = 0, .text = {}, .cells = {}, .size = 0};
}
Cell u32(uint32_t value) { return number(Kind::u32, value); }
Cell i32(int32_t value) { return number(Kind::i32, value); }
Cell u64(uint64_t value) { return number(Kind::u64, static_cast<int64_t>(value)); }
Cell i64(int64_t value) { return number(Kind::i64, value); }
Cell f32(float value) { return {.kind = Kind::f32, .integer = 0, .real = value, .text = {}, .cells = {}, .size = 0}; }
Cell text(std::string value) {
  return {.kind = Kind::text, .integer = 0, .real = 0, .text = std::move(value), .cells = {}, .size = 0};
}
Cell null() { return {}; }
Cell symbol(std::string name) {
  return {.kind = Kind::symbol, .integer = 0, .real = 0, .text = std::move(name), .cells = {}, .size = 0};
}
Cell record(std::string type, std::vector<Cell> cells) {
  return {.kind = Kind::record, .integer = 0, .real = 0, .text = std::move(type), .cells = std::move(cells), .size = 0};
}
Cell array(std::string element, int64_t size, std::vector<Cell> cells) {
  SPARSEC_CHECK(static_cast<int64_t>(cells.size()) <= size, "too many elements of " + element);
  return {.kind = Kind::array,
          .integer = 0,
          .real = 0,
          .text = std::move(element),
          .cells = std::move(cells),
          .size = size};
}

Cell pointer(const sparsec_pointer& p) {
  return record("sparsec_pointer", {u32(p.space), u32(p.index), i64(p.offset), i64(p.stride), i64(p.strip)});
}

Cell tensor(const TensorImage& t) {
  std::vector<Cell> shape;
  for (int64_t extent : t.shape) shape.push_back(i64(extent));
  return record("sparsec_tensor", {text(t.name), u32(t.type), u32(static_cast<uint32_t>(t.shape.size())),
                                   array("i64", SPARSEC_MAX_RANK, std::move(shape))});
}

Cell call(const ModelImage& model, const ProgramImage& program, const CallImage& c) {
  SPARSEC_CHECK(c.function < static_cast<int32_t>(program.functions.size()), "a call of no function");
  std::string kernel = c.function >= 0
                           ? kernel_symbol(model, program, program.functions[static_cast<size_t>(c.function)])
                           : runtime_step_symbol(c.runtime_step);
  return record("sparsec_call", {symbol(std::move(kernel)), u32(c.first_pointer), u32(c.pointers), i32(c.neighbour)});
}

Cell step(const StepImage& s) {
  return record("sparsec_step", {text(s.name), u32(s.first_call), u32(s.calls), i64(s.tiles), u32(s.split)});
}

Cell work(const sparsec_work& w) {
  return record("sparsec_work", {u32(w.step), u32(w.barrier), i64(w.begin), i64(w.end), i64(w.handed), u32(w.strips_meet)});
}

Cell level(const sparsec_level& l) {
  std::vector<Cell> anchors;
  for (int a = 0; a < l.anchors; ++a) anchors.push_back(array("float", 2, {f32(l.anchor[a][0]), f32(l.anchor[a][1])}));
  return record("sparsec_level", {pointer(l.where), i64(l.plane_stride), i64(l.row_stride), i64(l.column_stride),
                                  i32(l.rows), i32(l.columns), i32(l.anchors), f32(l.stride),
                                  array("[2 x float]", SPARSEC_MAX_ANCHORS, std::move(anchors)), pointer(l.objectness),
                                  i64(l.objectness_stride), u32(l.step), i32(l.cells_per_tile), u32(l.ready)});
}

Cell head(const sparsec_head& h, Cell detect_schedule, uint32_t entries, Cell class_names) {
  SPARSEC_CHECK(h.levels <= SPARSEC_MAX_LEVELS, "too many levels");
  std::vector<Cell> levels;
  for (uint32_t i = 0; i < h.levels; ++i) levels.push_back(level(h.level[i]));
  return record("sparsec_head",
                {u32(h.levels), u32(h.classes), u32(h.sigmoid_done),
                 array("%sparsec_level", SPARSEC_MAX_LEVELS, std::move(levels)), std::move(detect_schedule),
                 u32(entries), i32(h.input_rows), i32(h.input_columns), std::move(class_names)});
}

template <class Items, class Row>
Table table(std::string name, std::string type, const Items& items, const Row& row) {
  Table result{.symbol = std::move(name), .type = std::move(type), .rows = {}};
  for (const auto& item : items) result.rows.push_back(row(item));
  return result;
}

Cell reference(const Table& t) { return t.rows.empty() ? null() : symbol(t.symbol); }

uint32_t count(const Table& t) { return static_cast<uint32_t>(t.rows.size()); }

// The five tables of a program and the record that holds them together.
void append_program(const ModelImage& model, const ProgramImage& program, const Table& class_names,
                    std::vector<Table>* tables) {
  const std::string prefix = model.name + "_" + std::string(program.isa->name) + "_";
  Table pointers = table(prefix + "pointers", "sparsec_pointer", program.pointers, pointer);
  Table calls = table(prefix + "calls", "sparsec_call", program.calls,
                      [&](const CallImage& c) { return call(model, program, c); });
  Table steps = table(prefix + "steps", "sparsec_step", program.steps, step);
  Table schedule = table(prefix + "schedule", "sparsec_work", program.schedule, work);
  Table detection = table(prefix + "detect_schedule", "sparsec_work", program.detect_schedule, work);
  const bool constants = !program.constants.empty();
  Cell whole = record("sparsec_program",
                      {text(std::string(program.isa->name)), u32(program.isa->features),
                       constants ? symbol(constants_symbol(model, program)) : null(), u64(program.constants.size()),
                       u64(static_cast<uint64_t>(program.arena_bytes)), reference(pointers), reference(calls),
                       reference(steps), u32(count(steps)), reference(schedule), u32(count(schedule)),
                       head(program.head, reference(detection), count(detection), reference(class_names)),
                       u32(static_cast<uint32_t>(program.strips))});
  for (Table* t : {&pointers, &calls, &steps, &schedule, &detection}) tables->push_back(std::move(*t));
  tables->push_back(
      {.symbol = prefix + "program", .type = "sparsec_program", .rows = {std::move(whole)}, .single = true});
}

}  // namespace

std::vector<Table> tables_of(const ModelImage& model) {
  Table class_names =
      table(model.name + "_class_names", "text", model.class_names, [](const std::string& name) { return text(name); });
  Table inputs = table(model.name + "_inputs", "sparsec_tensor", model.inputs, tensor);
  Table outputs = table(model.name + "_outputs", "sparsec_tensor", model.outputs, tensor);
  std::vector<Table> tables = {class_names, inputs, outputs};
  Table programs{.symbol = model.name + "_programs", .type = "program", .rows = {}};
  for (const ProgramImage& program : model.programs) {
    append_program(model, program, class_names, &tables);
    programs.rows.push_back(symbol(tables.back().symbol));
  }
  Cell whole =
      record("sparsec_model", {u32(SPARSEC_ABI_VERSION), u32(static_cast<uint32_t>(model.batch)), text(model.name),
                               text(model.compiler), text(model.sha256), reference(inputs), reference(outputs),
                               u32(count(inputs)), u32(count(outputs)), reference(programs), u32(count(programs))});
  tables.push_back(std::move(programs));
  tables.push_back({.symbol = model_symbol(model),
                    .type = "sparsec_model",
                    .rows = {std::move(whole)},
                    .single = true,
                    .global = true});
  std::erase_if(tables, [](const Table& t) { return t.rows.empty(); });
  return tables;
}

std::string kernel_symbol(const ModelImage& model, const ProgramImage& program, const kir::Function& function) {
  return model.name + "_" + std::string(program.isa->name) + "_" + function.name;
}

std::string constants_symbol(const ModelImage& model, const ProgramImage& program) {
  return model.name + "_" + std::string(program.isa->name) + "_constants";
}

std::string model_symbol(const ModelImage& model) { return model.name + "_model"; }

#define SPARSEC_SPELL(x) #x
#define SPARSEC_SPELL_EXPANDED(x) SPARSEC_SPELL(x)

std::string runtime_step_symbol(const std::string& name) {
  std::string pattern = SPARSEC_SPELL_EXPANDED(SPARSEC_STEP(NAME));
  return pattern.replace(pattern.find("NAME"), 4, name);
}

std::vector<LayerKernels> kernels_by_layer(const ProgramImage& program) {
  std::vector<bool> seen(program.functions.size());
  std::vector<LayerKernels> layers;
  for (const StepImage& step : program.steps) {
    LayerKernels layer{&step, {}, {}};
    const auto call_elsewhere = [&layer](const std::string& what) {
      if (std::ranges::find(layer.elsewhere, what) == layer.elsewhere.end()) layer.elsewhere.push_back(what);
    };
    for (uint32_t c = step.first_call; c < step.first_call + step.calls; ++c) {
      const CallImage& call = program.calls[c];
      if (call.function < 0) {
        call_elsewhere(call.runtime_step + " of the runtime");
        continue;
      }
      const kir::Function* function = &program.functions[static_cast<size_t>(call.function)];
      if (!seen[static_cast<size_t>(call.function)]) {
        layer.functions.push_back(function);
      } else if (std::ranges::find(layer.functions, function) == layer.functions.end()) {
        call_elsewhere(function->name + " above");
      }
      seen[static_cast<size_t>(call.function)] = true;
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

std::vector<std::string> runtime_steps_of(const ModelImage& model) {
  std::set<std::string> names;
  for (const ProgramImage& program : model.programs)
    for (const CallImage& call : program.calls)
      if (call.function < 0) names.insert(call.runtime_step);
  return {names.begin(), names.end()};
}

}  // namespace sparsec::emit
