// sparsec benchmark MODEL --images FILE...: from pictures to boxes, and where the time goes.
#pragma once

#include <string>
#include <vector>

#include "compiler/cli/session.h"
#include "sparsec/benchmark.h"

namespace sparsec::cli {

struct ImageBenchmark {
  BenchmarkResult all;                 // of whole detections
  double pre_ms, forward_ms, post_ms;  // means: letterbox; network; decoding and suppression
};

// Files, or those of folders. Throws FileError for one that is no picture.
std::vector<Image> read_pictures(const std::vector<std::string>& files);

// Detects the objects in one picture after the other, again and again. Throws CompileError when the model is no
// detector.
ImageBenchmark benchmark_images(const LoadedModel& model, const std::vector<Image>& pictures,
                                const BenchmarkOptions& timing);

// In the lines that DeepSparse's benchmark of pipelines prints.
void print_image_benchmark(const std::string& model_path, const ImageBenchmark& result);

}  // namespace sparsec::cli
