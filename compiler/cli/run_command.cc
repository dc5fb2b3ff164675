// sparsec run MODEL --input x.npy --output y.npy: raw tensors in and out.
//
// A single tensor may come in a .npy; several come by name in a .npz. Types and shapes must be the model's: nothing is
// converted silently.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/cli/build_model.h"
#include "compiler/cli/commands.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/outputs.h"
#include "compiler/cli/session.h"
#include "compiler/error.h"
#include "sparsec/files.h"

namespace sparsec::cli {
namespace {

struct Arguments {
  std::string model, input, output;
  ModelOptions model_options;
  LoadOptions load_options;
};

std::string names_of(const std::vector<TensorSpec>& specs) {
  std::string out;
  for (const TensorSpec& spec : specs) out += (out.empty() ? "" : ", ") + spec.name;
  return out;
}

// The arrays in the order of the model's inputs.
std::vector<NpyArray> read_inputs(const std::string& path, const std::vector<TensorSpec>& inputs) {
  if (path.ends_with(".npy")) {
    if (inputs.size() != 1)
      throw CompileError(path + ": the model has " + std::to_string(inputs.size()) + " inputs (" + names_of(inputs) +
                         "); give them by name in a .npz");
    return {read_npy(path)};
  }
  std::vector<NamedArray> given = read_npz(path);
  if (inputs.size() == 1 && given.size() == 1 && given[0].name == "arr_0")  // NumPy's, of an array without a name
    return {std::move(given[0].array)};
  std::vector<NpyArray> arrays;
  for (const TensorSpec& want : inputs) {
    const auto it = std::find_if(given.begin(), given.end(), [&](const NamedArray& a) { return a.name == want.name; });
    if (it == given.end()) throw CompileError(path + ": has no array for the model's input " + describe(want));
    arrays.push_back(std::move(it->array));
    given.erase(it);
  }
  if (!given.empty())
    throw CompileError(path + ": array " + given[0].name +
                       " is no input of the model; its inputs: " + names_of(inputs));
  return arrays;
}

void check_output(const std::string& path, const std::vector<TensorSpec>& outputs) {
  if (path.ends_with(".npy") && outputs.size() != 1)
    throw CompileError(path + ": the model has " + std::to_string(outputs.size()) + " outputs (" + names_of(outputs) +
                       "); name a .npz");
}

void write_outputs(const std::string& path, const std::vector<TensorSpec>& specs, std::vector<NpyArray> arrays) {
  if (path.ends_with(".npy")) return write_npy(path, arrays[0]);
  std::vector<NamedArray> named;
  for (size_t i = 0; i < specs.size(); ++i) named.push_back({specs[i].name, std::move(arrays[i])});
  write_npz(path, named);
}

Result run(const Arguments& a) {
  std::vector<std::string> files = files_read(a.model, a.model_options);
  files.push_back(a.input);
  check_outputs({{"--output", a.output}}, files);
  const LoadedModel model = open_model(a.model, a.model_options, a.load_options);
  check_output(a.output, model.outputs());
  const std::vector<NpyArray> inputs = read_inputs(a.input, model.inputs());
  try {
    write_outputs(a.output, model.outputs(), model.run(inputs));
  } catch (const CompileError& e) {
    throw CompileError(a.input + ": " + e.what());
  }
  return kOk;
}

}  // namespace

void add_run(CLI::App& app, Result& result) {
  CLI::App* command = app.add_subcommand("run", "Run a model on raw tensors");
  const auto a = std::make_shared<Arguments>();
  command->add_option("MODEL", a->model, "An .onnx file, or a shared library that sparsec made")
      ->required()
      ->type_name("");
  command->add_option("--input", a->input, "A .npy (models with one input) or .npz (arrays by the inputs' names)")
      ->required()
      ->check(name_ends_with({".npy", ".npz"}))
      ->type_name("FILE");
  command->add_option("--output", a->output, "A .npy (models with one output) or .npz to write")
      ->required()
      ->check(name_ends_with({".npy", ".npz"}))
      ->type_name("FILE");
  add_model_options(*command, a->model_options);
  add_load_options(*command, a->load_options);
  command->footer(
      "Arrays must have the model's own types and shapes, in N,C,H,W order; nothing is converted.\n\n"
      "  sparsec run yolov5n.onnx --input x.npy --output y.npy\n"
      "  sparsec run block.onnx --input x.npz --output y.npz      several tensors, by name\n");
  command->callback([a, &result] { result = run(*a); });
}

}  // namespace sparsec::cli
