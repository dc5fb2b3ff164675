// The analysis as one web page: `sparsec analyze --report R.html`.
//
// The page is templates/report.html.in with the report put in as JSON; its script draws bars, pictures of the blocks,
// the column plan and the arena. It needs no other file and no network. What the plan contributes is plain data, so
// that this box knows nothing of the planner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/analysis/sparsity.h"

namespace sparsec {

// Steps [first, last] run depth-first, band of rows by band of rows.
struct GroupView {
  int32_t first = 0, last = 0;
  int32_t bands = 1;
  int64_t tile_rows = 0;          // output rows of the last layer per band; 0 when the group runs layer by layer
  int64_t working_set_bytes = 0;  // activations of a band, code, weights
};

// A buffer of the arena and the steps that touch it, inclusive.
struct BufferView {
  std::string name;
  int64_t offset = 0, bytes = 0;
  int32_t first = 0, last = 0;
};

struct PlanView {
  std::vector<std::string> steps;  // names, in the order in which they run
  std::vector<GroupView> groups;
  std::vector<BufferView> buffers;
  int64_t arena_bytes = 0;  // of a strip
  int32_t strips = 1;       // that the picture is cut into
  int64_t l2_bytes = 0;
};

// What was measured where the report was written: `analyze --measure`.
struct MeasuredLayer {
  std::string name, op, kernel;
  bool integer = false;
  double ms = 0, predicted_ms = 0, busy = 0;
  double gmacs = 0;      // 10^9 non-zero multiply-accumulates a second; 0: none
  double intensity = 0;  // of them per byte moved
  double of_peak = 0;
  int64_t bytes = 0;
};
struct MeasureView {
  std::string machine;  // "AMD EPYC, avx2, 2 threads, batch 1"
  std::vector<MeasuredLayer> layers;
  double total_ms = 0, total_predicted_ms = 0;
  double int8_gmacs = 0, float_gmacs = 0, tile_gmacs = 0 /* 0: no tiles */, l2_gbs = 0, memory_gbs = 0;
};

struct ReportInput {
  std::string model;     // the file's name
  std::string sha256;    // of the file
  std::string target;    // "avx512_vnni, 2 threads"
  std::string compiler;  // "sparsec 0.1.0"
  std::string options;   // may be empty
  SparsityReport sparsity;
  std::optional<PlanView> plan;
  std::optional<MeasureView> measured;
};

std::string report_html(const ReportInput& input);

// The data of the page alone, as JSON.
std::string report_json(const ReportInput& input);

}  // namespace sparsec
