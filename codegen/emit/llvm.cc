// The model in LLVM's terms: assembly kernels in shards that threads assemble side by side, portable kernels as IR,
// constants as bytes, and one IR module with the tables.
#include "codegen/emit/llvm.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

#include "codegen/emit/resources.h"
#include "codegen/emit/tables.h"
#include "codegen/emit/text.h"
#include "compiler/error.h"

namespace sparsec::emit {
namespace {

constexpr size_t kShardBytes = 4 << 20;  // assembly text in one unit: some 100,000 instructions

// Prints tables as LLVM constants. Strings are gathered and printed behind them.
class TablePrinter {
 public:
  explicit TablePrinter(std::string prefix) : prefix_(std::move(prefix)) {}

  void print(const Table& table) {
    const std::string type = type_of(table.type);
    out_ += "@" + table.symbol + " = " + (table.global ? "hidden" : "internal") + " constant ";
    if (table.single) {
      out_ += value(table.rows[0]) + "\n\n";
      return;
    }
    out_ += "[" + std::to_string(table.rows.size()) + " x " + type + "] [";
    for (const Cell& row : table.rows) out_ += (&row == &table.rows[0] ? "\n  " : ",\n  ") + value(row);
    out_ += "\n]\n\n";
  }

  std::string text() const {
    std::string strings;
    for (const auto& [content, index] : strings_)
      strings += string_symbol(index) + " = private unnamed_addr constant [" + std::to_string(content.size() + 1) +
                 " x i8] c\"" + escaped(content) + "\\00\"\n";
    return out_ + strings;
  }

  static std::string escaped(std::string_view bytes) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : bytes) {
      const auto b = static_cast<unsigned char>(c);
      if (b >= 32 && b < 127 && c != '"' && c != '\\') {
        out += c;
      } else {
        out += '\\';
        out += digits[b >> 4];
        out += digits[b & 15];
      }
    }
    return out;
  }

 private:
  static std::string type_of(const std::string& type) {
    return type == "text" || type == "program" ? "ptr" : "%" + type;
  }

  std::string string_symbol(int index) const { return "@" + prefix_ + "_text_" + std::to_string(index); }

  std::string value(const Cell& cell) {
    switch (cell.kind) {
      case Cell::Kind::u32:
      case Cell::Kind::i32:
        return "i32 " + std::to_string(cell.integer);
      case Cell::Kind::u64:
      case Cell::Kind::i64:
        return "i64 " + std::to_string(cell.integer);
      case Cell::Kind::f32:
        return "float " + real(cell.real);
      case Cell::Kind::text:
        return "ptr " + string_symbol(strings_.try_emplace(cell.text, static_cast<int>(strings_.size())).first->second);
      case Cell::Kind::symbol:
        return "ptr @" + cell.text;
      case Cell::Kind::null:
        return "ptr null";
      case Cell::Kind::record:
        return "%" + cell.text + " { " + joined(cell.cells) + " }";
      case Cell::Kind::array:
        return array(cell);
    }
    SPARSEC_CHECK(false, "unknown kind of cell");
  }

  static std::string real(float value) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%016llX",
                  static_cast<unsigned long long>(std::bit_cast<uint64_t>(static_cast<double>(value))));
    return text;
  }

  std::string joined(const std::vector<Cell>& cells) {
    std::string out;
    for (const Cell& cell : cells) out += (out.empty() ? "" : ", ") + value(cell);
    return out;
  }

  std::string array(const Cell& cell) {
    const std::string type = "[" + std::to_string(cell.size) + " x " + cell.text + "] ";
    if (cell.cells.empty()) return type + "zeroinitializer";
    std::string out = joined(cell.cells);
    for (int64_t i = static_cast<int64_t>(cell.cells.size()); i < cell.size; ++i)
      out += ", " + cell.text + " zeroinitializer";
    return type + "[" + out + "]";
  }

  std::string prefix_, out_;
  std::map<std::string, int> strings_;
};

// LLVM's names of what a CPU must have for an ISA, as abi.h defines its bits.
std::string features_of(const Isa& isa) {
  static constexpr std::pair<uint32_t, const char*> names[] = {
      {SPARSEC_CPU_AVX2, "+avx2,+fma,+bmi,+bmi2"},
      {SPARSEC_CPU_AVX512, "+avx512f,+avx512bw,+avx512dq,+avx512vl,+avx512cd"},
      {SPARSEC_CPU_AVX512_VNNI, "+avx512vnni"},
      {SPARSEC_CPU_AVX512_VBMI, "+avx512vbmi"},
      {SPARSEC_CPU_AVX_VNNI, "+avxvnni"},
      {SPARSEC_CPU_AMX_INT8, "+amx-tile,+amx-int8"},
      {SPARSEC_CPU_NEON_DOTPROD, "+dotprod"},
      {SPARSEC_CPU_NEON_I8MM, "+i8mm"}};
  std::string features;
  for (const auto& [bit, name] : names)
    if (isa.features & bit) features += (features.empty() ? "" : ",") + std::string(name);
  return features;
}

std::string assembly_function(const ModelImage& model, const ProgramImage& program, const kir::Function& function) {
  const std::string symbol = kernel_symbol(model, program, function);
  return (function.comment.empty() ? "" : "# " + one_line(function.comment) + "\n") + "\t.p2align 4\n\t.globl " +
         symbol + "\n\t.hidden " + symbol + "\n\t.type " + symbol + ", @function\n" +
         text_of(*program.isa, function, symbol) + "\t.size " + symbol + ", . - " + symbol + "\n\n";
}

constexpr const char* kShardHead = "\t.text\n\n";
constexpr const char* kShardTail = "\t.section .note.GNU-stack, \"\", @progbits\n";

// Calls `shard` with pieces of the program's text, each of a moderate size.
template <class Shard>
void for_each_shard(const ModelImage& model, const ProgramImage& program, const Shard& shard) {
  const bool assembly = program.isa->style == Style::assembly;
  std::string text;
  const auto cut_when_full = [&] {  // before a kernel, so that no shard holds comments alone
    if (text.size() < (assembly ? kShardBytes : kShardBytes / 16)) return;
    shard(text);
    text.clear();
  };
  for (const LayerKernels& layer : kernels_by_layer(program)) {
    if (!layer.functions.empty()) cut_when_full();
    text += layer_comment(assembly ? "#" : ";", layer);
    for (const kir::Function* function : layer.functions) {
      if (function != layer.functions.front()) cut_when_full();
      text += assembly ? assembly_function(model, program, *function)
                       : ir_function(*program.isa, *function, kernel_symbol(model, program, *function)) + "\n";
    }
  }
  if (!text.empty()) shard(text);
}

std::string module_head(const ModelImage& model) {
  return "; " + model.name + ": " + one_line(model.source) + ", sha256 " + model.sha256 + "\n; " + model.compiler +
         " " + one_line(model.options) + "\ntarget triple = \"" + triple_of(model) + "\"\n\n" +
         std::string(source_resource("templates/model_types.ll")) + "\n";
}

// `declare`s of what the tables point at but another unit defines.
std::string declarations(const ModelImage& model, bool portable_kernels, bool constants) {
  std::string out;
  for (const ProgramImage& program : model.programs) {
    if (program.isa->style == Style::assembly || portable_kernels)
      for (const LayerKernels& layer : kernels_by_layer(program))
        for (const kir::Function* function : layer.functions)
          out += "declare hidden void @" + kernel_symbol(model, program, *function) + "(ptr, i64)\n";
    if (constants && !program.constants.empty())
      out += "@" + constants_symbol(model, program) + " = external hidden constant [" +
             std::to_string(program.constants.size()) + " x i8]\n";
  }
  for (const std::string& step : runtime_steps_of(model))
    out += "declare hidden void @" + runtime_step_symbol(step) + "(ptr, i64)\n";
  return out + "\n";
}

std::string tables(const ModelImage& model) {
  TablePrinter printer(model.name);
  for (const Table& table : tables_of(model)) printer.print(table);
  return printer.text() + "\n";
}

std::string api(const ModelImage& model) { return fill_template("templates/model_api.ll.in", {{"NAME", model.name}}); }

std::string portable_kernels(const ModelImage& model) {
  std::string out;
  for (const ProgramImage& program : model.programs)
    if (program.isa->style == Style::calls)
      for_each_shard(model, program, [&](const std::string& text) { out += text; });
  return out.empty() ? out : std::string(source_resource("templates/portable_ops.ll")) + "\n" + out;
}

std::string_view bytes_of(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Each line of assembly as a line of module asm.
std::string module_asm(const std::string& assembly) {
  std::string out;
  for_each_line(assembly, [&](std::string_view line) {
    std::string text(line);
    for (size_t at; (at = text.find('\t')) != text.npos;) text.replace(at, 1, "  ");
    if (!text.empty()) out += "module asm \"" + TablePrinter::escaped(text) + "\"\n";
  });
  return out;
}

}  // namespace

std::string triple_of(const ModelImage& model) {
  SPARSEC_CHECK(!model.programs.empty(), "a model without programs");
  std::vector<const Isa*> isas;
  for (const ProgramImage& program : model.programs) isas.push_back(program.isa);
  return std::string(sparsec::triple_of(isas));
}

std::vector<Unit> units_of(const ModelImage& model, bool shared) {
  std::vector<Unit> units;
  for (const ProgramImage& program : model.programs) {
    const std::string name = model.name + "_" + std::string(program.isa->name);
    int shards = 0;
    for_each_shard(model, program, [&](const std::string& text) {
      const std::string unit = name + "_" + std::to_string(shards++);
      if (program.isa->style == Style::assembly)
        units.push_back({Unit::Kind::assembly, unit, kShardHead + text + kShardTail, features_of(*program.isa)});
      else
        units.push_back(
            {Unit::Kind::ir, unit, std::string(source_resource("templates/portable_ops.ll")) + "\n" + text, ""});
    });
    if (!program.constants.empty())
      units.push_back(
          {Unit::Kind::bytes, constants_symbol(model, program), std::string(bytes_of(program.constants)), ""});
  }
  std::string module = module_head(model) + declarations(model, true, true) + tables(model) + api(model);
  if (shared) module += fill_template("templates/shared_entry.ll.in", {{"NAME", model.name}});
  units.push_back({Unit::Kind::ir, model.name + "_tables", std::move(module), ""});
  return units;
}

std::string assembly_of_kernels(const ModelImage& model) {
  std::string out;
  for (const ProgramImage& program : model.programs)
    if (program.isa->style == Style::assembly)
      for_each_shard(model, program, [&](const std::string& text) { out += text; });
  return out.empty() ? out : kShardHead + out;
}

std::string with_layer_comments(const ModelImage& model, const std::string& assembly) {
  std::map<std::string, std::string, std::less<>> above;  // by kernel; a layer without kernels joins the next
  std::string pending;
  for (const ProgramImage& program : model.programs) {
    if (program.isa->style == Style::assembly) continue;
    for (const LayerKernels& layer : kernels_by_layer(program)) {
      pending += layer_comment("#", layer);
      if (!layer.functions.empty())
        above[kernel_symbol(model, program, *layer.functions.front())] = std::exchange(pending, "");
    }
  }
  std::string out;
  for_each_line(assembly, [&](std::string_view line) {
    if (const auto found = above.find(line.substr(0, line.find(':')));
        found != above.end() && line.find(':') != line.npos)
      out += found->second;
    (out += line) += '\n';
  });
  return out + pending;
}

std::string tables_module(const ModelImage& model) {
  return module_head(model) + declarations(model, false, true) + portable_kernels(model) + tables(model) + api(model);
}

std::string llvm_module(const ModelImage& model) {
  std::set<std::string> features;
  for (const ProgramImage& program : model.programs)
    if (const std::string names = features_of(*program.isa); !names.empty()) features.insert(names);
  std::string attributes;
  for (const std::string& names : features) attributes += (attributes.empty() ? " -mattr=" : ",") + names;
  std::string constants;
  for (const ProgramImage& program : model.programs)
    if (!program.constants.empty())
      constants += "@" + constants_symbol(model, program) + " = internal constant [" +
                   std::to_string(program.constants.size()) + " x i8] c\"" +
                   TablePrinter::escaped(bytes_of(program.constants)) + "\", align 64\n";
  return "; To an object: llc -O2 -filetype=obj -relocation-model=pic" + attributes + "\n" + module_head(model) +
         module_asm(assembly_of_kernels(model)) + "\n" + declarations(model, false, false) + portable_kernels(model) +
         constants + "\n" + tables(model) + api(model);
}

}  // namespace sparsec::emit
