// sparsec MODEL -o LIB: the compiler itself.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "compiler/cli/build_model.h"
#include "compiler/cli/commands.h"
#include "compiler/cli/depfile.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/names.h"
#include "compiler/cli/numbers.h"
#include "compiler/cli/outputs.h"
#include "compiler/cli/plan_file.h"
#include "compiler/cli/reports.h"
#include "compiler/cli/tell.h"
#include "compiler/cli/tune.h"
#include "compiler/engine/engine.h"
#include "compiler/error.h"
#include "compiler/ir/print.h"
#include "sparsec/files.h"

namespace sparsec::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string model, output, emit = "obj", name, cpp_namespace, dump_ir, dump_kernels, report, depfile;
  bool emit_given = false, dump_plan = false, tune = false;
  int jobs = 0;
  ModelOptions model_options;
};

std::string model_name(const Arguments& a) {
  if (!a.name.empty()) return a.name;
  const fs::path from = fs::absolute(a.output.empty() ? a.model : a.output).lexically_normal();
  const std::string name = name_from_path(from.has_filename() ? from : from.parent_path());
  if (name.empty() && !a.output.empty())
    throw UsageError(a.output + ": has no letter or digit that C takes for the library's name; give --name");
  return name.empty() ? "model" : name;
}

fs::path header_of(const Arguments& a) { return fs::path(a.output).parent_path() / (model_name(a) + ".h"); }

// --tune writes the plan.
std::vector<std::string> files_read(const Arguments& a) {
  ModelOptions options = a.model_options;
  if (a.tune) options.plan.clear();
  return files_read(a.model, options);
}

// A folder of sources is not written over a project that has a Makefile of its own.
void check_source_folder(const fs::path& path) {
  std::ifstream makefile(path / "Makefile");
  std::string first;
  if (makefile && std::getline(makefile, first) && first.find(" sparsec ") == first.npos)
    throw CompileError(path.string() +
                       ": holds a Makefile that sparsec did not write; --emit cpp wants a folder of its own");
}

std::vector<std::string> depfile_targets(const Arguments& a) {
  std::vector<std::string> targets{a.emit == "cpp" ? (fs::path(a.output) / "Makefile").string() : a.output};
  if (!a.report.empty()) targets.push_back(a.report);
  return targets;
}

// What -o is to name, where it is left out.
std::string ask_for_output(const Arguments& a) {
  if (a.emit == "obj") return "name the library to write: sparsec " + a.model + " -o libyolo.a";
  const bool folder = a.emit == "cpp";
  return fmt::format("name the {} to write: sparsec {} -o {} --emit {}", folder ? "folder" : "file", a.model,
                     folder             ? "yolo_src"
                     : a.emit == "llvm" ? "yolo.ll"
                                        : "yolo.s",
                     a.emit);
}

// What the command line tells by itself, whatever the files hold.
void check_usage(const Arguments& a) {
  const bool looks_inside = a.dump_plan || !a.dump_ir.empty() || !a.dump_kernels.empty() || !a.report.empty() || a.tune;
  if (a.output.empty() && (a.emit_given || !looks_inside)) throw UsageError(ask_for_output(a));
  if (a.output.empty() && !a.depfile.empty()) throw UsageError("--depfile tells what -o was made of; name an output");
  if (a.tune && a.model_options.plan.empty())
    throw UsageError("--tune writes a plan file: --plan yolo.plan.json --tune");
  check_name("--name", model_name(a));
  if (!a.cpp_namespace.empty()) check_namespace("--namespace", a.cpp_namespace);
  if (a.output.empty()) return;
  const std::string extension = fs::path(a.output).extension();
  if (a.emit == "obj" && extension != ".a" && extension != ".so")
    throw UsageError(a.output + ": libraries are written as .a (static) or .so (shared)");
  check_one_architecture(a.model_options);
  if (a.depfile.empty()) return;
  for (const std::string& target : depfile_targets(a))
    if (!is_trackable(target))
      throw UsageError("--depfile: " + target + " is a name that build tools do not take; call it otherwise");
}

// `read`: the files that went in.
void check_output(const Arguments& a, const std::vector<std::string>& read) {
  const fs::path path(a.output);
  std::error_code error;
  Outputs outputs;
  if (a.emit == "obj" && !a.output.empty()) {
    outputs = {{"-o", a.output}, {"-o", header_of(a)}};
  } else if (a.emit == "cpp" && !a.output.empty()) {
    if (fs::exists(path, error) && !fs::is_directory(path, error))
      throw CompileError(a.output + ": --emit cpp writes a folder, and this is a file");
    check_source_folder(path);
    for (const auto& [option, file] : {std::pair{"--report", a.report}, {"--depfile", a.depfile}})
      if (!file.empty() && same_file(fs::absolute(file).parent_path(), path))
        throw CompileError(std::string(option) + ": " + file + " is in the folder that -o writes; name another");
    outputs = {{"-o", fs::is_directory(path, error) ? path / "Makefile" : path}};
  } else {
    outputs = {{"-o", a.output}};  // may be empty
  }
  outputs.emplace_back("--report", a.report);
  outputs.emplace_back("--depfile", a.depfile);
  if (a.tune) outputs.emplace_back("--plan", a.model_options.plan);
  check_outputs(outputs, read);
}

void write_depfile(const Arguments& a, std::vector<std::string> files) {
  std::erase_if(files, [](const std::string& file) {
    if (!is_trackable(file))
      tell("warning: --depfile: " + file + " is left out: build tools do not take its name; call it otherwise");
    return !is_trackable(file);
  });
  write_file(a.depfile, depfile_text(depfile_targets(a), files));
}

double megabytes(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : double(size) / 1e6;
}

// Writes what --emit asks for; returns what to tell.
std::string write_output(const Arguments& a, const Compiled& compiled) {
  const fs::path path(a.output);
  const ModelImage& image = compiled.image;
  if (a.emit == "obj") {
    const fs::path header = header_of(a);
    engine::write_library(image, path, header, {.threads = a.jobs});
    return fmt::format("{} ({:.1f} MB) and {}", path.string(), megabytes(path), header.string());
  }
  if (a.emit == "cpp") {
    engine::write_cpp(image, path);
    return fmt::format("the folder {} of C++ sources", path.string());
  }
  write_file(a.output, a.emit == "llvm" ? engine::llvm_text(image) : engine::assembly_text(image));
  return a.output;
}

// --dump-ir: prints the graph after the pass that the user named, or after all.
auto ir_printer(const std::string& wanted, std::vector<std::string>& seen) {
  return [wanted, &seen](const std::string& pass, const Graph& graph, bool changed) {
    seen.push_back(pass);
    if (wanted != "all" && wanted != pass) return;
    fmt::print("after {}{}\n", pass, changed ? ":" : ": (unchanged)");
    if (changed) fmt::print("{}\n", print(graph));
  };
}

void check_seen(const std::string& wanted, const std::vector<std::string>& seen) {
  if (wanted == "all" || std::find(seen.begin(), seen.end(), wanted) != seen.end()) return;
  std::string known;
  for (const std::string& pass : seen) {
    if (known.find(pass) == known.npos) known += ", " + pass;
  }
  throw UsageError("--dump-ir: there is no pass '" + wanted + "'; known: all" + known);
}

Result compile(const Arguments& a) {
  check_usage(a);
  const auto start = std::chrono::steady_clock::now();
  require_onnx(a.model);
  const std::vector<std::string> read = files_read(a);
  check_output(a, read);
  if (a.tune) {
    check_replaceable_plan(a.model_options.plan);
    ModelOptions untuned = a.model_options;
    untuned.plan.clear();
    write_plan_file(a.model_options.plan, tune(a.model, untuned));
  }
  CompileOptions options = compile_options(a.model_options);
  options.name = model_name(a);
  options.cpp_namespace = a.cpp_namespace;
  std::vector<std::string> passes_seen;
  if (!a.dump_ir.empty()) options.on_pass = ir_printer(a.dump_ir, passes_seen);

  const Compiled compiled = compile_with_progress(a.model, options);
  if (!a.dump_ir.empty()) check_seen(a.dump_ir, passes_seen);
  if (a.dump_plan) print_plans(compiled);
  if (!a.dump_kernels.empty()) print_kernels(compiled, a.dump_kernels);
  if (!a.report.empty()) write_report(a.report, a.model, compiled);
  if (a.output.empty()) return kOk;
  const std::string written = write_output(a, compiled);
  if (!a.depfile.empty()) write_depfile(a, read);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  fmt::print("Wrote {} in {:.1f} s: {}\n", written, elapsed.count(), summary(compiled));
  return kOk;
}

}  // namespace

std::function<Result()> add_compile(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  app.add_option("MODEL", a->model, "The .onnx file to compile")->type_name("");
  app.add_option("-o,--output", a->output, "The library to write: libNAME.a or libNAME.so; NAME.h comes beside it")
      ->type_name("FILE");
  const CLI::Option* emit = app.add_option("--emit", a->emit,
                                           "obj: a library; cpp: a folder that a C++ compiler builds (what an earlier "
                                           "compile wrote there goes, other files stay); llvm: LLVM IR; asm: assembly")
                                ->check(CLI::IsMember({"obj", "cpp", "llvm", "asm"}))
                                ->capture_default_str()
                                ->type_name("FORM");
  app.add_option("--name", a->name, "What symbols and the header begin with (default: from the output's name)")
      ->type_name("NAME");
  app.add_option("--namespace", a->cpp_namespace, "The C++ namespace of the header's wrapper (default: the name)")
      ->type_name("NS");
  app.add_option("--jobs", a->jobs, "Threads to compile with (default: all); the result is the same")
      ->check(whole_number(1, 256))
      ->type_name("N");
  app.add_flag("--tune", a->tune,
               "Measure on this machine where the choice between kernels is close, and write it to the file of --plan");
  app.add_option("--depfile", a->depfile,
                 "Write which files the output was made of, external weights too, as Make and Ninja read it")
      ->type_name("FILE");
  app.add_option("--report", a->report, "Write a web page on the model: sparsity, time, plan")
      ->type_name("FILE")
      ->group("Looking inside");
  app.add_option("--dump-ir", a->dump_ir, "Print the graph after this pass, or after all")
      ->type_name("PASS")
      ->group("Looking inside");
  app.add_flag("--dump-plan", a->dump_plan, "Print the plan: groups of layers, columns, arena")
      ->group("Looking inside");
  app.add_option("--dump-kernels", a->dump_kernels, "Print this layer's kernels in the kernel IR, or all")
      ->type_name("LAYER")
      ->group("Looking inside");
  add_model_options(app, a->model_options);
  app.footer(
      "Examples:\n"
      "  sparsec yolov5n.onnx -o libyolo.a                        libyolo.a and yolo.h for this machine\n"
      "  sparsec yolov5n.onnx -o libyolo.a --target avx512_vnni,avx2,scalar\n"
      "                                                           for any x86-64: picks at start-up\n"
      "  sparsec yolov5n.onnx -o libyolo.a --target neon_i8mm,neon_dotprod,scalar\n"
      "                                                           for any 64-bit ARM\n"
      "  sparsec yolov5n.onnx -o libyolo.a --tune --plan yolo.plan.json\n"
      "                                                           kernels chosen by measuring them here; later only "
      "--plan\n"
      "  sparsec yolov5n.onnx -o yolo_src --emit cpp --name yolo  sources for a machine without sparsec\n"
      "  sparsec detect yolov5n.onnx bus.jpg                      compile, and look at a picture\n"
      "  sparsec COMMAND --help                                   more about a command\n\n"
      "Exit codes: 0 done; 1 what was asked for cannot be done, told in one line; 2 the command line makes no sense, "
      "whatever the files hold;\n70 a bug of sparsec.\n");
  return [a, emit]() -> Result {
    a->emit_given = emit->count() > 0;
    if (a->model.empty()) throw UsageError("name a model or a command");
    return compile(*a);
  };
}

}  // namespace sparsec::cli
