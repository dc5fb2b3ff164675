// Dimensions one by one: fixed ones must agree with the options, open ones are filled in.
#include "compiler/import/input_shapes.h"

#include <algorithm>

#include "compiler/import/graph_builder.h"

namespace sparsec::importer {
namespace {

constexpr int64_t kMostPictures = 1 << 16, kMostPixels = 1 << 15;

bool is_picture(const OnnxValueInfo& input) { return input.shape.size() == 4 && input.shape[1].value == 3; }

std::string shape_text(const OnnxValueInfo& input) {
  std::string text;
  for (const OnnxDim& d : input.shape) {
    const std::string open = d.symbol.empty() ? "?" : d.symbol;
    text += (text.empty() ? "" : "x") + (d.value < 0 ? open : std::to_string(d.value));
  }
  return text.empty() ? "scalar" : text;
}

// A fixed dimension, or what the option or its default says.
int64_t settle(const OnnxDim& d, std::optional<int64_t> option, int64_t otherwise, const std::string& what,
               const OnnxValueInfo& input, const std::string& where) {
  if (d.value < 0) return option.value_or(otherwise);
  if (option && *option != d.value) {
    throw CompileError(
        where + ": " + what + " " + std::to_string(*option) + " was asked for, but the model's is fixed at " +
        std::to_string(d.value) + " (its shape is " + shape_text(input) + ")" +
        (what == "batch"
             ? "; supported: " + std::to_string(d.value) + ", or any number where every input's is 1 or open"
             : ""));
  }
  return d.value;
}

Shape shape_of(const OnnxValueInfo& input, const ImportOptions& options, const std::string& where) {
  if (!input.has_shape) throw CompileError(where + " has no shape; supported: a known number of dimensions");
  const bool picture = is_picture(input);
  Shape shape;
  for (size_t d = 0; d < input.shape.size(); ++d) {
    const OnnxDim& dim = input.shape[d];
    if (picture && d == 0) {
      shape.push_back(settle(dim, options.batch, 1, "batch", input, where));
    } else if (picture && d >= 2) {
      const auto option = options.input_shape ? std::optional((*options.input_shape)[d - 2]) : std::nullopt;
      shape.push_back(settle(dim, option, 640, d == 2 ? "height" : "width", input, where));
    } else if (d == 0 && input.shape.size() > 1 && dim.value < 0) {
      shape.push_back(options.batch.value_or(1));
    } else {
      if (dim.value < 0) {
        throw CompileError(where + " has shape " + shape_text(input) + " with open dimension " + std::to_string(d) +
                           "; supported: fixed ones, --batch for the first, and --input-shape for pictures (Nx3xHxW)");
      }
      shape.push_back(dim.value);
    }
  }
  for (int64_t d : shape) {
    if (d < 1) throw CompileError(where + " has shape " + to_string(shape) + "; supported: dimensions of 1 or more");
  }
  if (!checked_elements(shape)) throw CompileError(where + " has shape " + to_string(shape) + ", which is too big");
  return shape;
}

}  // namespace

bool repeats_one_picture(const OnnxModel& model, const ImportOptions& options) {
  return options.batch.value_or(1) > 1 && !model.inputs.empty() &&
         std::ranges::all_of(model.inputs, [](const OnnxValueInfo& input) {
           return input.shape.size() > 1 && input.shape[0].value == 1;
         });
}

std::vector<Shape> input_shapes(const OnnxModel& model, const ImportOptions& given) {
  ImportOptions options = given;
  if (options.batch && (*options.batch < 1 || *options.batch > kMostPictures)) {
    throw CompileError(model.path + ": batch " + std::to_string(*options.batch) + " is unsupported; supported: 1 to " +
                       std::to_string(kMostPictures));
  }
  if (repeats_one_picture(model, given)) options.batch.reset();
  bool pictures = false, batched = !options.batch;
  for (int64_t pixels : options.input_shape.value_or(std::array<int64_t, 2>{1, 1})) {
    if (pixels < 1 || pixels > kMostPixels) {
      throw CompileError(model.path + ": input shape of " + std::to_string(pixels) +
                         " pixels is unsupported; supported: 1 to " + std::to_string(kMostPixels));
    }
  }
  std::vector<Shape> shapes;
  for (const OnnxValueInfo& input : model.inputs) {
    shapes.push_back(shape_of(input, options, model.path + ": input '" + input.name + "'"));
    pictures = pictures || is_picture(input);
    batched = batched || (!shapes.back().empty() && shapes.back()[0] == *options.batch);
  }
  if (!batched) {
    throw CompileError(model.path + ": batch " + std::to_string(*options.batch) +
                       " was asked for, but no input's first dimension is open");
  }
  if (options.input_shape && !pictures) {
    throw CompileError(model.path + ": an input shape was given, but no input is a picture (Nx3xHxW)");
  }
  return shapes;
}

}  // namespace sparsec::importer
