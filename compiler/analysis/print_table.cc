// The sparsity report as text: names to the left, figures to the right, one line a layer, a line of totals, then the
// reasons for the choices.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "compiler/analysis/sparsity.h"

namespace sparsec {
namespace {

using Row = std::vector<std::string>;

// "32x160x160", without the batch of one.
std::string channels_and_size(const Shape& shape) {
  return shape.size() == 4 ? fmt::format("{}x{}x{}", shape[1], shape[2], shape[3]) : to_string(shape);
}

std::string percent(double share) { return fmt::format("{:.1f}%", 100 * share); }
std::string millions(int64_t macs) { return fmt::format("{:.2f}", double(macs) / 1e6); }
std::string milliseconds(const KernelChoice& choice) {
  return choice.predicted_ms > 0 ? fmt::format("{:.3f}", choice.predicted_ms) : "-";
}

Row figures(const LayerReport& layer) {
  const WeightCounts& n = layer.counts;
  return {fmt::format("{}", n.weights), percent(n.element_sparsity()),
          percent(n.block_sparsity()),  fmt::format("{}", n.blocks - n.zero_blocks),
          millions(layer.macs),         millions(layer.macs_nonzero),
          millions(layer.macs_blocks)};
}

Row row_of(const LayerReport& layer) {
  Row row{layer.name, layer.integer ? "int8" : "float", channels_and_size(layer.input), channels_and_size(layer.output),
          fmt::format("{}x{}/{}", layer.kernel[0], layer.kernel[1], layer.strides[0])};
  std::ranges::copy(figures(layer), std::back_inserter(row));
  row.push_back(milliseconds(layer.choice));
  row.push_back(layer.choice.kernel.empty() ? "-" : layer.choice.kernel);
  return row;
}

Row total_row(const LayerReport& total, size_t layers) {
  Row row{fmt::format("total of {} convolutions", layers), "", "", "", ""};
  std::ranges::copy(figures(total), std::back_inserter(row));
  row.push_back(milliseconds(total.choice));
  row.push_back("");
  return row;
}

// The first column and the last are text, set to the left; the others to the right.
std::string align(const std::vector<Row>& rows) {
  std::vector<size_t> width(rows[0].size(), 0);
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = fmt::format("{:<{}}", row[0], width[0]);
    for (size_t i = 1; i + 1 < row.size(); ++i) line += fmt::format("  {:>{}}", row[i], width[i]);
    line += "  " + row.back();
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string reasons(const SparsityReport& report) {
  std::string text;
  for (const LayerReport& layer : report.layers) {
    if (layer.choice.reason.empty()) continue;
    text += fmt::format("{}: {}: {}", layer.name, layer.choice.kernel, layer.choice.reason);
    for (const Candidate& c : layer.choice.candidates) text += fmt::format("; {} {:.3f} ms", c.kernel, c.predicted_ms);
    text += "\n";
  }
  return text.empty() ? "" : "\nwhy each kernel (candidates with predicted time on one core):\n" + text;
}

}  // namespace

std::string print_table(const SparsityReport& report) {
  std::vector<Row> rows{{"layer", "type", "input", "output", "kernel", "weights", "zeros", "zero blocks", "blocks left",
                         "MMACs", "non-zero MMACs", "block MMACs", "ms", "chosen"}};
  for (const LayerReport& layer : report.layers) rows.push_back(row_of(layer));
  rows.push_back(total_row(report.total, report.layers.size()));
  return align(rows) + reasons(report);
}

}  // namespace sparsec
