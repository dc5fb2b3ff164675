// As JSON, in the order of the layers' names.
#include "compiler/cli/plan_file.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "compiler/error.h"
#include "sparsec/files.h"

namespace sparsec::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "sparsec plan 1";

const Json& object(const Json& json) {
  (void)json.get_ref<const Json::object_t&>();  // throws where it is a list, say, whose items have names, too
  return json;
}

}  // namespace

PlanFile read_plan_file(const std::string& path) {
  const auto bytes = read_file(path);
  const auto fail = [&path](const std::string& what) -> CompileError {
    return CompileError("--plan: " + path + ": " + what + "; --tune writes plan files");
  };
  const Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, /*allow_exceptions=*/false);
  const auto format = json.is_object() ? json.find("format") : json.end();
  if (format == json.end() || *format != kFormat)
    throw fail(std::string("is no plan file (\"format\": \"") + kFormat + "\")");
  PlanFile plan;
  try {
    plan.model = json.value("model", "");
    plan.sha256 = json.at("sha256").get<std::string>();
    plan.cpu = json.value("cpu", "");
    plan.threads = json.value("threads", 0);
    for (const auto& [isa, nodes] : object(json.at("kernels")).items()) {
      if (!find_isa(isa)) throw fail("there is no instruction set '" + isa + "'");
      for (const auto& [node, kernel] : object(nodes).items()) {
        const auto family = kernels::find_family(kernel.get<std::string>());
        if (!family)
          throw fail(node + ": there is no kernel '" + kernel.get<std::string>() +
                     "'; known: " + kernels::family_names());
        plan.kernels[isa][node] = *family;
      }
    }
  } catch (const Json::exception& e) {
    throw fail(
        "is no plan file: \"sha256\" is a text and \"kernels\" holds, by instruction set, a kernel's name for each "
        "convolution");
  }
  return plan;
}

void check_replaceable_plan(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) == 0) return;
  try {
    read_plan_file(path);
  } catch (const CompileError&) {
    throw CompileError("--plan: " + path + ": is another file, which --tune would replace; name a new one");
  }
}

void write_plan_file(const std::string& path, const PlanFile& plan) {
  Json json{{"format", kFormat},
            {"model", plan.model},
            {"sha256", plan.sha256},
            {"cpu", plan.cpu},
            {"threads", plan.threads}};
  Json& kernels = json["kernels"] = Json::object();
  for (const auto& [isa, nodes] : plan.kernels) {
    Json& of_isa = kernels[isa] = Json::object();
    for (const auto& [node, family] : nodes) of_isa[node] = kernels::name_of(family);
  }
  Json& measured = json["measured"] = Json::object();
  for (const auto& [isa, nodes] : plan.measured) measured[isa] = nodes;
  write_file(path, json.dump(2) + "\n");
}

}  // namespace sparsec::cli
