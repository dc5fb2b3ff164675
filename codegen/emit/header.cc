// The header's slots: names, where the model came from, and its tensors in words.
#include "codegen/emit/header.h"

#include <algorithm>
#include <cctype>

#include "codegen/emit/resources.h"
#include "codegen/emit/text.h"

namespace sparsec::emit {
namespace {

std::string type_name(sparsec_type type) {
  switch (type) {
    case SPARSEC_F32:
      return "float32";
    case SPARSEC_U8:
      return "uint8";
    case SPARSEC_S8:
      return "int8";
    case SPARSEC_S32:
      return "int32";
    case SPARSEC_I64:
      return "int64";
  }
  return "?";
}

std::string tensor_line(const char* role, const TensorImage& tensor) {
  std::string out = std::string(" *   ") + role + one_line(tensor.name) + ": " + type_name(tensor.type) + " [";
  for (size_t i = 0; i < tensor.shape.size(); ++i) out += (i ? ", " : "") + std::to_string(tensor.shape[i]);
  return out + "]";
}

std::string tensors(const ModelImage& model) {
  std::string out;
  for (const TensorImage& tensor : model.inputs) out += tensor_line("input    ", tensor) + "\n";
  for (const TensorImage& tensor : model.outputs) out += tensor_line("output   ", tensor) + "\n";
  if (!out.empty()) out.pop_back();
  return out;
}

std::string summary(const ModelImage& model) {
  const sparsec_head* head = model.programs.empty() ? nullptr : &model.programs[0].head;
  if (!head || head->levels == 0) return "a compiled network";
  return "an object detector of " + std::to_string(head->classes) + " classes on pictures of " +
         std::to_string(head->input_rows) + " x " + std::to_string(head->input_columns);
}

std::string guard(const std::string& name) {
  std::string out = name + "_H";
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return "SPARSEC_MODEL_" + out;
}

}  // namespace

std::string header_of(const ModelImage& model) {
  return fill_template("templates/model.h.in",
                       {{"NAME", model.name},
                        {"NAMESPACE", model.cpp_namespace.empty() ? model.name : model.cpp_namespace},
                        {"GUARD", guard(model.name)},
                        {"SUMMARY", summary(model)},
                        {"COMPILER", one_line(model.compiler)},
                        {"SOURCE", one_line(model.source)},
                        {"SHA256", one_line(model.sha256)},
                        {"OPTIONS", one_line(model.options)},
                        {"TENSORS", tensors(model)}});
}

}  // namespace sparsec::emit
