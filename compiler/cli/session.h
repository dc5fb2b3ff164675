// A compiled model ready to run: what detect, run and benchmark work with, wherever it came from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/cli/options.h"
#include "compiler/engine/engine.h"
#include "sparsec/image.h"
#include "sparsec/npy.h"

namespace sparsec::cli {

struct TensorSpec {
  std::string name;
  NpyType type = NpyType::f32;
  std::vector<int64_t> shape;  // with the batch
};
std::string describe(const TensorSpec& spec);  // "images: float32 1x3x640x640"
std::string describe(const std::vector<int64_t>& shape);

struct Detection {
  float x1, y1, x2, y2;  // pixels of the picture as given
  float score;
  int label;
};

struct DetectOptions {
  float confidence = 0.25f, iou = 0.45f;
  int max_detections = 300;
  bool multi_label = false;
};

class LoadedModel {
 public:
  // `source` is what the user named, for messages. Throws CompileError when it does not run on this CPU.
  LoadedModel(engine::Library library, const std::string& source, const LoadOptions& options);

  // A further context of the same library, which runs beside this one.
  LoadedModel another(const LoadOptions& options) const { return {library_, source_, options}; }

  const std::string& source() const { return source_; }
  const std::vector<TensorSpec>& inputs() const { return inputs_; }
  const std::vector<TensorSpec>& outputs() const { return outputs_; }
  int64_t batch() const;
  int classes() const;                      // 0: not a detector
  std::string class_name(int label) const;  // its number when it has no name
  std::string isa() const;
  int threads() const;

  // For looking inside.
  const sparsec_runtime_api& runtime() const { return *rt_; }
  sparsec_rt_context* context() const { return context_.get(); }

  // One array per input in, one per output out; types and shapes are checked.
  std::vector<NpyArray> run(const std::vector<NpyArray>& arrays) const;
  // The same without checks or copies; for timing.
  void run(const std::vector<const void*>& in, const std::vector<void*>& out) const;

  // `times`, where given, are filled in.
  std::vector<Detection> detect(const Image& image, const DetectOptions& options,
                                sparsec_rt_detect_times* times = nullptr) const;

 private:
  void check(int32_t status) const;

  std::string source_;
  engine::Library library_;  // outlives the context
  const sparsec_runtime_api* rt_;
  const sparsec_model* model_;
  std::unique_ptr<sparsec_rt_context, void (*)(sparsec_rt_context*)> context_;
  std::vector<TensorSpec> inputs_, outputs_;
};

// MODEL of the command line: an .onnx file (compiled, or taken from the cache) or a shared library that sparsec made.
LoadedModel open_model(const std::string& path, const ModelOptions& model_options, const LoadOptions& load_options);

}  // namespace sparsec::cli
