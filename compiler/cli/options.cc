// Options that several commands share.
#include "compiler/cli/options.h"

#include <algorithm>

#include "codegen/isa/isa.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/numbers.h"

namespace sparsec::cli {
namespace {

constexpr int64_t kMostPictures = 1024, kLargestSide = 16384, kLeastL2 = 64, kMostL2 = 64 << 10;
constexpr int kMostThreads = 256;

constexpr const char* kModelGroup = "Model";

// Of what whole_numbers() let pass: one or two.
std::array<int64_t, 2> shape_of(const std::string& text) {
  const std::vector<double> values = numbers_in(text).value();
  return {int64_t(values.front()), int64_t(values.back())};
}

CLI::Validator isa_or(const std::vector<std::string>& others) {
  const auto check = [=](std::string& text) -> std::string {
    if (find_isa(text) || std::ranges::count(others, text)) return "";
    std::string known;
    for (const std::string& name : others) known += name + ", ";
    return "'" + text + "' is unknown; known: " + known + names_of_isas();
  };
  return {check, ""};
}

CLI::Validator anchors_of_a_level() {
  const auto check = [](std::string& text) -> std::string {
    try {
      parse_anchors({text});
      return "";
    } catch (const UsageError& e) {
      return std::string(e.what()).substr(std::string_view("--anchors: ").size());
    }
  };
  return {check, ""};
}

}  // namespace

std::string names_of_isas() {
  std::string names;
  for (const Isa* isa : all_isas()) names += (names.empty() ? "" : ", ") + std::string(isa->name);
  return names;
}

CLI::Validator name_ends_with(std::vector<std::string> endings) {
  const auto check = [endings = std::move(endings)](std::string& text) -> std::string {
    std::string all;
    for (const std::string& ending : endings) {
      if (text.ends_with(ending)) return "";
      all += (all.empty() ? "" : " or ") + ending;
    }
    return text + " is no " + all + " file";
  };
  return {check, ""};
}

std::vector<std::string> ModelOptions::given() const {
  std::vector<std::string> names;
  if (!app) return names;
  for (const CLI::Option* option : app->parse_order())
    if (option->get_group() == kModelGroup) names.push_back(option->get_name());
  return names;
}

void add_model_options(CLI::App& app, ModelOptions& o) {
  o.app = &app;
  app.add_option(
         "--target", o.targets,
         "Instruction sets to compile for: host (the best that this machine runs), all (that it runs), or a "
         "list such as avx512_vnni,avx2,scalar or neon_i8mm,neon_dotprod,scalar; the library picks at start-up. "
         "Half-sparse networks take long to compile for scalar (YOLOv5s half a minute), whose code comes from LLVM")
      ->delimiter(',')
      ->allow_extra_args(false)  // one word: what follows is the model
      ->check(isa_or({"host", "all"}))
      ->type_name("ISA,...")
      ->capture_default_str()
      ->group(kModelGroup);
  app.add_option_function<int64_t>(
         "-b,--batch", [&o](int64_t n) { o.batch = n; },
         "Pictures per run (default: the model's, or 1 where it is dynamic); a model that is fixed at 1 runs for each")
      ->check(whole_number(1, kMostPictures))
      ->type_name("N")
      ->group(kModelGroup);
  app.add_option_function<std::string>(
         "--input-shape", [&o](const std::string& text) { o.input_shape = shape_of(text); },
         "Rows and columns of the input picture, as 480 640 or 480,640; one number for both (default: the model's, or "
         "640 640 where it is dynamic). YOLOv5 takes multiples of its greatest stride, 32 or 64, and those sizes "
         "between "
         "them for which its layers' roundings agree. A word that is no number is no part of it")
      ->check(whole_numbers(2, 1, kLargestSide))
      ->type_name("H [W]")
      ->group(kModelGroup);
  app.add_option("--anchors", o.anchors,
                 "Anchors of raw heads in pixels, a list per level: 10,13,16,30,33,23 30,61,62,45,59,119 ... (default: "
                 "the model file's, or YOLOv5's own). They end at the first word that is no list of numbers")
      ->allow_extra_args(false)  // words.h gives each list an option of its own
      ->check(anchors_of_a_level())
      ->type_name("W,H,W,H,...")
      ->group(kModelGroup);
  app.add_option("--class-names", o.class_names,
                 "File of class names: one a line, or a data.yaml (or JSON) with a key names")
      ->type_name("FILE")
      ->group(kModelGroup);
  app.add_option("--columns", o.columns,
                 "Run groups of layers column by column, to stay in the cache: auto or off. The results are the same")
      ->check(CLI::IsMember({"auto", "off"}))
      ->capture_default_str()
      ->type_name("WHEN")
      ->group(kModelGroup);
  app.add_option_function<int64_t>(
         "--l2", [&o](int64_t kib) { o.l2_kib = kib; },
         "KiB of second-level cache per core that columns are to fit in (default: this machine's for the targets host "
         "and all and with --isa, where it is known; else 1024)")
      ->check(whole_number(kLeastL2, kMostL2))
      ->type_name("KIB")
      ->group(kModelGroup);
  app.add_option_function<int>(
         "--strips", [&o](int strips) { o.strips = strips; },
         "Cut the picture into so many strips where its rows and the layers allow that. Threads have as many each "
         "where that comes out even, and then seldom wait for each other; any number of threads gives the same results "
         "(default: one per thread for the target host and with --isa; 1 with a batch, --batch or the file's, of a "
         "picture for each thread, and else)")
      ->check(whole_number(1, kMostThreads))
      ->type_name("N")
      ->group(kModelGroup);
  app.add_option("--plan", o.plan, "Take each convolution's kernel from this file, which --tune wrote")
      ->type_name("FILE")
      ->group(kModelGroup);
}

void add_load_options(CLI::App& app, LoadOptions& o) {
  app.add_option("--threads", o.threads, "Threads to run on (default: one per physical core)")
      ->check(whole_number(1, kMostThreads))
      ->type_name("N")
      ->group("Running");
  app.add_flag("--pin", o.pin, "Keep each thread on a physical core of its own (default: where the system puts it)")
      ->group("Running");
  app.add_option("--isa", o.isa, "Run this instruction set instead of the best that the CPU has: " + names_of_isas())
      ->check(isa_or({}))
      ->type_name("ISA")
      ->group("Running");
}

std::vector<std::array<float, 2>> parse_anchors(const std::vector<std::string>& levels) {
  std::vector<std::array<float, 2>> out;
  const auto is_side = [](double number) { return number > 0 && number <= double(kLargestSide); };
  for (const std::string& text : levels) {
    const std::vector<double> numbers = numbers_in(text).value_or(std::vector<double>());
    if (numbers.empty() || numbers.size() % 2 != 0 || !std::ranges::all_of(numbers, is_side))
      throw UsageError("--anchors: '" + text +
                       "' is no list of widths and heights in pixels such as 10,13,16,30,33,23");
    for (size_t i = 0; i < numbers.size(); i += 2) out.push_back({float(numbers[i]), float(numbers[i + 1])});
  }
  return out;
}

}  // namespace sparsec::cli
