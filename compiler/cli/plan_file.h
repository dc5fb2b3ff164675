// A plan file: the kernel that each convolution gets, by instruction set, as --tune measured it and --plan reads it.
//
//   { "format": "sparsec plan 1", "model": "yolov5s.onnx", "sha256": "...", "cpu": "...", "threads": 2,
//     "kernels": { "amx": { "/model.0/conv/Conv": "amx", ... } },
//     "measured": { "amx": { "/model.0/conv/Conv": { "amx": 0.37, "unrolled": 0.51 }, ... } } }
//
// `kernels` is what counts and may be edited by hand: a convolution that it does not name is the cost model's to
// choose. `measured` holds milliseconds.
#pragma once

#include <map>
#include <string>

#include "compiler/compile.h"

namespace sparsec::cli {

using MeasuredKernels = std::map<std::string, std::map<std::string, double>>;  // node, kernel: ms

struct PlanFile {
  std::string model, sha256;  // that it was made for
  std::string cpu;            // and measured on
  int threads = 0;
  std::map<std::string, KernelChoices> kernels;     // by instruction set
  std::map<std::string, MeasuredKernels> measured;  // by instruction set
};

// Throws CompileError, which names the file, where it is no plan file.
PlanFile read_plan_file(const std::string& path);
// Throws CompileError where there is another file: --tune replaces plan files only.
void check_replaceable_plan(const std::string& path);
void write_plan_file(const std::string& path, const PlanFile& plan);

}  // namespace sparsec::cli
