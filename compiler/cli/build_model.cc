// From what the user typed to a compiled model; and MODEL of the other commands, by way of the cache.
#include "compiler/cli/build_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <type_traits>

#include "compiler/cli/cache.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/heartbeat.h"
#include "compiler/cli/names.h"
#include "compiler/cli/plan_file.h"
#include "compiler/cli/session.h"
#include "compiler/cli/tell.h"
#include "compiler/error.h"
#include "compiler/import/class_names.h"
#include "compiler/import/onnx_reader.h"
#include "compiler/import/sha256.h"
#include "runtime/core/cpu_count.h"
#include "sparsec/files.h"

namespace sparsec::cli {
namespace {

namespace fs = std::filesystem;

std::string hash(const std::string& text) {
  importer::Sha256 sha;
  sha.update(std::as_bytes(std::span(text)));
  return sha.hex();
}

// Another process may clean the cache meanwhile.
std::optional<engine::Library> load_if_there(const fs::path& path) {
  try {
    return engine::load(path);
  } catch (const CompileError&) {
    return std::nullopt;
  }
}

template <typename T>
bool contains(const std::vector<T>& all, const std::type_identity_t<T>& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

ptrdiff_t rank(const Isa* isa) { return std::find(all_isas().begin(), all_isas().end(), isa) - all_isas().begin(); }

// "host" is the best that this CPU runs, "all" everything that it runs.
std::vector<const Isa*> isas(const std::vector<std::string>& names) {
  std::vector<const Isa*> out;
  for (const std::string& name : names) {
    std::vector<const Isa*> add;
    if (name == "host" || name == "all") {
      add = host_isas();
      if (name == "host") add.resize(1);
    } else if (const Isa* isa = find_isa(name)) {
      add = {isa};
    } else {
      throw UsageError("--target: '" + name + "' is unknown; known: host, all, " + names_of_isas());
    }
    for (const Isa* isa : add) {
      if (!contains(out, isa)) out.push_back(isa);
    }
  }
  // best first, as programs are tried in their order
  std::sort(out.begin(), out.end(), [](const Isa* a, const Isa* b) { return rank(a) < rank(b); });
  return out;
}

// --isa: the one to run.
const Isa* isa_to_run(const ModelOptions& o, const LoadOptions& load) {
  const Isa* const isa = find_isa(load.isa);
  if (!isa) throw UsageError("--isa: '" + load.isa + "' is unknown; known: " + names_of_isas());
  if (!contains(o.given(), "--target") || contains(o.targets, "all")) return isa;
  if (!contains(isas(o.targets), isa))
    throw UsageError(fmt::format("--isa {} is not among --target {}", load.isa, fmt::join(o.targets, ",")));
  return isa;
}

// Fewer where there are not so many; none of what is no ordinary file, as the importer's message is better.
std::string first_bytes(const std::string& path, size_t count) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return {};
  std::ifstream file(path, std::ios::binary);
  std::string bytes(count, '\0');
  file.read(bytes.data(), std::streamsize(count));
  bytes.resize(size_t(std::max<std::streamsize>(file.gcount(), 0)));
  return bytes;
}

bool is_shared_library(const std::string& path) { return first_bytes(path, 4) == "\177ELF"; }

bool is_archive(const std::string& path) {
  const std::string magic = first_bytes(path, 8);
  return magic == "!<arch>\n" || magic == "!<thin>\n";
}

// Of a text that is called a shared library, the importer would say what a model lacks.
void refuse_false_library(const std::string& path) {
  std::error_code error;
  const bool readable = ::access(path.c_str(), R_OK) == 0 && fs::is_regular_file(path, error);
  if (!readable || fs::path(path).extension() != ".so" || is_shared_library(path)) return;
  try {
    importer::read_onnx(path);
  } catch (const CompileError&) {
    throw CompileError(path + ": is neither an ONNX model nor a shared library that sparsec made");
  }
}

// Whether the machine that compiles will run it.
bool for_this_machine(const ModelOptions& o, const LoadOptions& load) {
  return !load.isa.empty() || o.targets == std::vector<std::string>{"host"} ||
         o.targets == std::vector<std::string>{"all"};
}

// Of the target, per core; nothing where it is not known.
std::optional<int64_t> l2_kib(const ModelOptions& o, const LoadOptions& load) {
  if (o.l2_kib) return o.l2_kib;
  const int64_t kib = for_this_machine(o, load) ? sysconf(_SC_LEVEL2_CACHE_SIZE) >> 10 : 0;
  return kib > 0 ? std::optional(kib) : std::nullopt;
}

// By whose number strips are chosen; 0 where it is not known who will run it, or strips are asked for.
int threads_to_run(const ModelOptions& o, const LoadOptions& load) {
  if (o.strips || (load.isa.empty() && o.targets != std::vector<std::string>{"host"})) return 0;
  return load.threads > 0 ? load.threads : rt::usable_cores();
}

// Everything of the options that shapes a library, but for its threads, as text: for its header, the cache's key and
// its listing.
std::string fingerprint(const ModelOptions& o, const LoadOptions& load) {
  std::string out;
  for (const std::string& target : load.isa.empty() ? o.targets : std::vector{load.isa}) out += " " + target;
  if (o.batch) out += fmt::format(" --batch {}", *o.batch);
  if (o.input_shape) out += fmt::format(" --input-shape {} {}", (*o.input_shape)[0], (*o.input_shape)[1]);
  for (const std::string& anchors : o.anchors) out += " --anchors " + anchors;
  if (o.columns != "auto") out += " --columns " + o.columns;
  if (const std::optional<int64_t> kib = l2_kib(o, load)) out += fmt::format(" --l2 {}", *kib);
  if (o.strips) out += fmt::format(" --strips {}", *o.strips);
  if (!o.plan.empty()) {  // what is in it counts, not where it is
    const auto bytes = read_file(o.plan);
    out += " --plan " + hash({bytes.begin(), bytes.end()}).substr(0, 12);
  }
  return out.substr(1);
}

}  // namespace

void require_onnx(const std::string& path) {
  if (is_shared_library(path) || is_archive(path))
    throw CompileError(path + ": is a library; this command needs the .onnx that it was made of");
  refuse_false_library(path);
}

bool is_ready_to_run(const std::string& path, const ModelOptions& options) {
  if (is_archive(path))
    throw CompileError(path + ": is a static library; this command takes an .onnx or a shared library (.so)");
  refuse_false_library(path);
  if (!is_shared_library(path)) return false;
  if (const std::vector<std::string> given = options.given(); !given.empty())
    throw CompileError(path + " is compiled already: " + given.front() + " can't change it; give the .onnx");
  return true;
}

std::vector<std::string> files_read(const std::string& model, const ModelOptions& options) {
  std::vector<std::string> files{model};
  for (const std::string& file : {options.class_names, options.plan})
    if (!file.empty()) files.push_back(file);
  if (is_shared_library(model) || is_archive(model)) return files;
  refuse_false_library(model);
  const std::vector<std::string> external = importer::external_files(model);
  files.insert(files.end(), external.begin(), external.end());
  return files;
}

CompileOptions compile_options(const ModelOptions& o, const LoadOptions& load) {
  CompileOptions out;
  out.import.batch = o.batch;
  out.import.input_shape = o.input_shape;
  out.import.class_names_file = o.class_names;
  out.import.on_warning = [](const std::string& line) { tell("warning: " + line); };
  out.anchors = parse_anchors(o.anchors);
  out.plan.columns = o.columns != "off";
  if (const std::optional<int64_t> kib = l2_kib(o, load)) out.plan.l2_bytes = *kib << 10;
  if (o.strips) out.plan.strips = *o.strips;
  out.threads = threads_to_run(o, load);
  out.targets = load.isa.empty() ? isas(o.targets) : std::vector{isa_to_run(o, load)};
  if (!o.plan.empty()) {
    const PlanFile plan = read_plan_file(o.plan);
    out.kernels = plan.kernels;
    out.kernels_file = "--plan: " + o.plan;
    out.kernels_model = plan.model;
    out.kernels_sha256 = plan.sha256;
  }
  out.options_text = fingerprint(o, load);
  return out;
}

void check_one_architecture(const ModelOptions& options) {
  try {
    triple_of(isas(options.targets));
  } catch (const CompileError& e) {
    throw UsageError(e.what());
  }
}

CompileOptions options_for(const std::string& path, const ModelOptions& options, const LoadOptions& load) {
  CompileOptions out = compile_options(options, load);
  if (const std::string name = name_from_path(path); !name.empty()) out.name = name;
  return out;
}

Compiled compile_with_progress(const std::string& path, const CompileOptions& options) {
  require_onnx(path);
  const Heartbeat heartbeat("compiling " + fs::path(path).filename().string());
  return compile(path, options);
}

LoadedModel open_model(const std::string& path, const ModelOptions& model_options, const LoadOptions& load_options) {
  if (is_ready_to_run(path, model_options)) return LoadedModel(engine::load(path), path, load_options);
  const CompileOptions compiler = options_for(path, model_options, load_options);  // asked before the cache is
  const std::string model = importer::read_onnx(path).sha256;
  std::string names;
  if (!model_options.class_names.empty())
    for (const std::string& name : read_class_names(model_options.class_names)) names += name + "\n";
  const std::string key = hash(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", model, compiler_identity(), cpu_identity(),
                                           compiler.options_text, compiler.threads, names));
  const Cache cache;
  if (const fs::path found = cache.find(key); !found.empty()) {
    if (const auto library = load_if_there(found)) return LoadedModel(*library, path, load_options);
  }

  const Heartbeat heartbeat("compiling " + fs::path(path).filename().string());
  const ModelImage image = compile(path, compiler).image;
  const std::string about = fs::path(path).filename().string() + "  " + image.options;
  if (const fs::path stored = cache.store(key, about, engine::build(image, engine::Form::shared)); !stored.empty()) {
    if (const auto library = load_if_there(stored)) return LoadedModel(*library, path, load_options);
  }
  return LoadedModel(engine::load(image), path, load_options);
}

}  // namespace sparsec::cli
