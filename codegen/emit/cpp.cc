// The C++ folder. Kernels of assembly ISAs are printed as they are into top-level asm, where nothing in them is taken
// for an operand; constants too, since compilers take long over large arrays and assemblers do not.
#include "codegen/emit/cpp.h"

#include <cstdio>
#include <cstring>

#include "codegen/emit/header.h"
#include "codegen/emit/llvm.h"
#include "codegen/emit/resources.h"
#include "codegen/emit/tables.h"
#include "codegen/emit/text.h"
#include "compiler/error.h"

namespace sparsec::emit {
namespace {

constexpr size_t kFileBytes = 1 << 20;  // one source file: some seconds of compiling at most

// Prints tables as C++ definitions.
class TablePrinter {
 public:
  std::string print(const Table& table) const {
    std::string out = (table.global ? "const " : "static const ") + type_of(table.type) + table.symbol;
    if (table.single) return out + " = " + value(table.rows[0]) + ";\n\n";
    out += "[] = {\n";
    for (const Cell& row : table.rows) out += "    " + value(row) + ",\n";
    return out + "};\n\n";
  }

 private:
  static std::string type_of(const std::string& type) {
    if (type == "text") return "char* const ";
    if (type == "program") return "sparsec_program* const ";
    return type + " ";
  }

  static std::string value(const Cell& cell) {
    switch (cell.kind) {
      case Cell::Kind::u32:
      case Cell::Kind::i32:
      case Cell::Kind::u64:
      case Cell::Kind::i64:
        return std::to_string(cell.integer);
      case Cell::Kind::f32:
        return real(cell.real);
      case Cell::Kind::text:
        return "\"" + c_escaped(cell.text) + "\"";
      case Cell::Kind::symbol:
        return reference(cell.text);
      case Cell::Kind::null:
        return "nullptr";
      case Cell::Kind::record:
      case Cell::Kind::array:
        return list(cell.cells);
    }
    SPARSEC_CHECK(false, "unknown kind of cell");
  }

  static std::string list(const std::vector<Cell>& cells) {
    std::string out;
    for (const Cell& cell : cells) out += (out.empty() ? "" : ", ") + value(cell);
    return "{" + out + "}";
  }

  // Shortest digits that read back as the same float.
  static std::string real(float value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
    std::string out = text;
    if (out.find_first_of(".e") == out.npos) out += ".0";
    return out + "f";
  }

  // A record by its address; arrays and functions decay.
  static std::string reference(const std::string& symbol) {
    return symbol.ends_with("_program") ? "&" + symbol : symbol;
  }
};

std::string file_head(const ModelImage& model, const std::string& what) {
  return "// " + model.name + ": " + what + "\n//\n//   source   " + one_line(model.source) + "\n//   sha256   " +
         one_line(model.sha256) + "\n//   options  " + one_line(model.options) + "\n//   written by " +
         one_line(model.compiler) + "\n\n";
}

std::string tables_file(const ModelImage& model) {
  std::string out = file_head(model, "the tables that the runtime walks") + "#include \"sparsec/abi.h\"\n";
  out += "#include \"runtime/core/steps.h\"\n\n#pragma GCC visibility push(hidden)\nextern \"C\" {\n\n";
  for (const ProgramImage& program : model.programs) {
    for (const LayerKernels& layer : kernels_by_layer(program))
      for (const kir::Function* function : layer.functions)
        out += "void " + kernel_symbol(model, program, *function) + "(const void* const* pointers, int64_t tiles);\n";
    if (!program.constants.empty()) out += "extern const uint8_t " + constants_symbol(model, program) + "[];\n";
  }
  out += "extern const sparsec_model " + model_symbol(model) + ";\n\n";
  for (const Table& table : tables_of(model)) out += TablePrinter().print(table);
  return out + "}  // extern \"C\"\n#pragma GCC visibility pop\n";
}

std::string asm_block(const std::string& text) { return "asm(R\"(\n" + text + ")\");\n\n"; }

std::string asm_function(const ModelImage& model, const ProgramImage& program, const kir::Function& function) {
  const std::string symbol = kernel_symbol(model, program, function);
  return (function.comment.empty() ? "" : "// " + one_line(function.comment) + "\n") +
         asm_block("\t.text\n\t.p2align 4\n\t.globl " + symbol + "\n\t.hidden " + symbol + "\n\t.type " + symbol +
                   ", @function\n" + text_of(*program.isa, function, symbol) + "\t.size " + symbol + ", . - " + symbol +
                   "\n");
}

void append_kernel_files(const ModelImage& model, const ProgramImage& program, std::vector<TextFile>* files) {
  const bool assembly = program.isa->style == Style::assembly;
  const std::string name = model.name + "_" + std::string(program.isa->name);
  const std::string head = file_head(model, "kernels for " + std::string(program.isa->description)) +
                           (assembly ? "" : "#include \"portable_ops.h\"\n\nusing namespace sparsec_ops;\n\n");
  std::string text;
  int count = 0;
  const auto flush = [&] {
    if (!text.empty()) files->push_back({name + "_" + std::to_string(count++) + ".cc", head + text});
    text.clear();
  };
  const auto flush_when_full = [&] {  // before a kernel, so that no file holds comments alone
    if (text.size() > (assembly ? kFileBytes : kFileBytes / 8)) flush();
  };
  for (const LayerKernels& layer : kernels_by_layer(program)) {
    if (!layer.functions.empty()) flush_when_full();
    text += layer_comment("//", layer);
    for (const kir::Function* function : layer.functions) {
      if (function != layer.functions.front()) flush_when_full();
      const std::string symbol = kernel_symbol(model, program, *function);
      text += assembly ? asm_function(model, program, *function)
                       : "#pragma GCC visibility push(hidden)\n" + cpp_function(*program.isa, *function, symbol) +
                             "#pragma GCC visibility pop\n\n";
    }
  }
  flush();
}

// Eight bytes a number, eight numbers a line.
std::string data_lines(const std::vector<uint8_t>& bytes) {
  std::string out;
  out.reserve(bytes.size() * 5 / 2 + 64);
  for (size_t i = 0; i < bytes.size(); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min<size_t>(8, bytes.size() - i));
    out += i % 64 != 0 ? "," : i ? "\n\t.quad " : "\t.quad ";
    char digits[sizeof "0x0123456789abcdef"];
    std::snprintf(digits, sizeof digits, "0x%llx", static_cast<unsigned long long>(word));
    out += digits;
  }
  return out + "\n";
}

std::string constants_file(const ModelImage& model, const ProgramImage& program) {
  const std::string symbol = constants_symbol(model, program);
  return file_head(model, "weights and tables for " + std::string(program.isa->description)) +
         asm_block("\t.section .rodata\n\t.p2align 6\n\t.globl " + symbol + "\n\t.hidden " + symbol + "\n\t.type " +
                   symbol + ", @object\n" + symbol + ":\n" + data_lines(program.constants) + "\t.size " + symbol +
                   ", . - " + symbol + "\n\t.text\n");
}

// The names of the files to compile, each line indented and ended as the build tool wants it.
std::string source_list(const std::vector<TextFile>& files, const char* end) {
  std::string out;
  for (const TextFile& file : files)
    if (file.path.ends_with(".cc") || file.path.ends_with(".c"))
      out += (out.empty() ? "  " : std::string(end) + "\n  ") + file.path;
  return out;
}

}  // namespace

std::vector<TextFile> cpp_files(const ModelImage& model) {
  triple_of(model);  // one architecture, or an error
  std::vector<TextFile> files;
  files.push_back({model.name + ".h", header_of(model)});
  files.push_back({model.name + "_api.c", fill_template("templates/model_api.c.in", {{"NAME", model.name}})});
  files.push_back({model.name + "_tables.cc", tables_file(model)});
  bool portable = false;
  for (const ProgramImage& program : model.programs) {
    append_kernel_files(model, program, &files);
    if (!program.constants.empty())
      files.push_back({constants_symbol(model, program) + ".cc", constants_file(model, program)});
    portable |= program.isa->style == Style::calls;
  }
  if (portable) files.push_back({"portable_ops.h", std::string(source_resource("templates/portable_ops.h"))});
  for (const Resource& resource : source_resources())
    if (resource.name.starts_with("runtime/"))
      files.push_back({std::string(resource.name), std::string(resource.data)});
  const std::vector<std::pair<std::string_view, std::string>> slots = {{"NAME", model.name},
                                                                       {"COMPILER", one_line(model.compiler)}};
  auto make = slots, cmake = slots;
  make.emplace_back("SOURCES", source_list(files, " \\"));
  cmake.emplace_back("SOURCES", source_list(files, ""));
  files.push_back({"Makefile", fill_template("templates/Makefile.in", make)});
  files.push_back({"CMakeLists.txt", fill_template("templates/CMakeLists.txt.in", cmake)});
  return files;
}

}  // namespace sparsec::emit
