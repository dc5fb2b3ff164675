// Options that several commands share, as the user typed them and as the compiler wants them.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sparsec::cli {

// What shapes the compiled model.
struct ModelOptions {
  std::vector<std::string> targets{"host"};
  std::optional<int64_t> batch;
  std::optional<std::array<int64_t, 2>> input_shape;
  std::vector<std::string> anchors;  // one text per level: "10,13,16,30,33,23"
  std::string class_names;           // a file
  std::string columns = "auto";      // auto, off
  std::optional<int64_t> l2_kib;     // per core; none: the machine's own where it is the target
  std::optional<int> strips;         // none: one per thread where it is known who runs it
  std::string plan;                  // a plan file

  // Those of the options above that the user gave: "--batch".
  std::vector<std::string> given() const;
  const CLI::App* app = nullptr;  // which they were added to
};
void add_model_options(CLI::App& app, ModelOptions& options);

// How a compiled model is run.
struct LoadOptions {
  int threads = 0;     // 0: the physical cores this process may use
  bool pin = false;    // each thread to a physical core,
  int first_core = 0;  // from this one on
  std::string isa;     // empty: the best this CPU has
};
void add_load_options(CLI::App& app, LoadOptions& options);

// "avx512_vnni, amx, ...": all there are.
std::string names_of_isas();

// Files of a kind are told by the ends of their names: ".npy".
CLI::Validator name_ends_with(std::vector<std::string> endings);

// "10,13,16,30 30,61,62,45" as widths and heights, level after level. Throws UsageError.
std::vector<std::array<float, 2>> parse_anchors(const std::vector<std::string>& levels);

}  // namespace sparsec::cli
