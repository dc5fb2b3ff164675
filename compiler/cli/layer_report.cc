// One row a layer, in the order in which they run, and a row of totals.
#include "compiler/cli/layer_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sparsec::cli {
namespace {

using nlohmann::ordered_json;
using Row = std::vector<std::string>;

struct Totals {
  double ms = 0, best_ms = 0, busy_ms = 0, predicted_ms = 0;
  double convolutions_ms = 0;
  double peak_ms = 0;  // of the products, at peak
  int64_t macs = 0, nonzero_macs = 0, bytes = 0;
};

Totals sum(const Measured& m) {
  Totals t;
  for (size_t i = 0; i < m.layers.size(); ++i) {
    const LayerWork& layer = m.layers[i];
    const LayerTime& time = m.times.layers[i];
    t.ms += time.ms;
    t.best_ms += time.best_ms;
    t.busy_ms += time.ms * time.busy;
    t.macs += layer.macs;
    t.nonzero_macs += layer.nonzero_macs;
    t.bytes += layer.bytes();
    t.predicted_ms += m.predicted_ms(i);
    if (layer.macs == 0) continue;
    t.convolutions_ms += time.ms;
    t.peak_ms += time.ms * m.of_peak(i);
  }
  return t;
}

std::string or_dash(bool known, const std::string& text) { return known ? text : "-"; }

std::string shortened(const std::string& name) {
  constexpr size_t kMost = 40;
  return name.size() > kMost ? "..." + name.substr(name.size() - kMost + 3) : name;
}

Row row_of(const Measured& m, size_t i, double total_ms) {
  const LayerWork& layer = m.layers[i];
  const LayerTime& time = m.times.layers[i];
  const bool convolution = layer.macs > 0;
  const double gmacs = m.gmacs(i);
  return {shortened(layer.name),
          or_dash(!layer.op.empty(), layer.op),
          or_dash(!layer.output.empty(), layer.output),
          or_dash(!layer.kernel.empty(), layer.kernel),
          fmt::format("{}", layer.bands),
          fmt::format("{:.3f}", time.ms),
          fmt::format("{:.3f}", time.best_ms),
          fmt::format("{:.1f}%", 100 * time.ms / total_ms),
          fmt::format("{:.0f}%", 100 * time.busy),
          or_dash(convolution, fmt::format("{:.1f}", double(layer.nonzero_macs) * 1e-6)),
          or_dash(convolution, fmt::format("{:.1f}", gmacs)),
          or_dash(convolution, fmt::format("{:.0f}%", 100 * m.of_peak(i))),
          or_dash(layer.bytes() > 0, fmt::format("{:.0f}", double(layer.bytes()) / 1e3)),
          or_dash(layer.predicted_ms > 0, fmt::format("{:.3f}", m.predicted_ms(i)))};
}

// The first four columns are text, set to the left; the others to the right.
std::string align(const std::vector<Row>& rows) {
  constexpr size_t kText = 4;
  std::vector<size_t> width(rows[0].size(), 0);
  for (const Row& row : rows)
    for (size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += i < kText ? fmt::format("{:<{}}  ", row[i], width[i]) : fmt::format("{:>{}}  ", row[i], width[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string print_roofs(const Measured& m) {
  return fmt::format(
      "Peaks measured here ({} on {} thread{}): int8 {:.0f} GMAC/s, {}float {:.0f} GMAC/s; read from L2 {:.0f} GB/s, "
      "from memory {:.1f} GB/s\n",
      m.isa, m.threads, m.threads == 1 ? "" : "s", m.roofs.int8_gmacs,
      m.roofs.tile_gmacs > 0 ? fmt::format("in tiles {:.0f} GMAC/s, ", m.roofs.tile_gmacs) : "", m.roofs.float_gmacs,
      m.roofs.l2_gbs, m.roofs.memory_gbs);
}

}  // namespace

double Measured::gmacs(size_t layer) const {
  const double ms = times.layers[layer].ms;
  return ms > 0 ? double(layers[layer].nonzero_macs) * double(batch) / ms / 1e6 : 0;
}

double Measured::of_peak(size_t layer) const {
  const bool tiles = layers[layer].kernel == kernels::name_of(kernels::ConvFamily::amx);
  const double peak = tiles ? roofs.tile_gmacs : layers[layer].integer ? roofs.int8_gmacs : roofs.float_gmacs;
  return peak > 0 ? gmacs(layer) / peak : 0;
}

double Measured::predicted_ms(size_t layer) const {
  return layers[layer].predicted_ms * double(batch) / double(threads);
}

std::string print_layers(const Measured& m) {
  const Totals t = sum(m);
  std::vector<Row> rows{{"layer", "operator", "output", "kernel", "bands", "ms", "best", "share", "busy", "MMAC",
                         "GMAC/s", "of peak", "KB moved", "predicted ms"}};
  for (size_t i = 0; i < m.layers.size(); ++i) rows.push_back(row_of(m, i, t.ms));
  const bool macs = t.macs > 0 && t.convolutions_ms > 0;
  rows.push_back({fmt::format("total of {} layers", m.layers.size()), "", "", "", "", fmt::format("{:.3f}", t.ms),
                  fmt::format("{:.3f}", t.best_ms), "100.0%", fmt::format("{:.0f}%", 100 * t.busy_ms / t.ms),
                  or_dash(macs, fmt::format("{:.1f}", double(t.nonzero_macs) * 1e-6)),
                  or_dash(macs, fmt::format("{:.1f}", double(t.nonzero_macs * m.batch) / t.convolutions_ms / 1e6)),
                  or_dash(macs, fmt::format("{:.0f}%", 100 * t.peak_ms / t.convolutions_ms)),
                  or_dash(t.bytes > 0, fmt::format("{:.0f}", double(t.bytes) / 1e3)),
                  or_dash(t.predicted_ms > 0, fmt::format("{:.3f}", t.predicted_ms))});
  std::string text = align(rows);
  text += fmt::format("Whole run with the clock in it: {:.3f} ms (medians of {} runs)\n", m.times.run_ms, m.times.runs);
  text += print_roofs(m);
  text +=
      "ms: from a layer's start to the end of the barrier behind it, of the whole batch; best: the least of all runs; "
      "busy: the share of it that the threads worked, the rest they waited\nfor each other. MMAC: multiply-accumulates "
      "of a picture that are not left "
      "out (int8: blocks of four weights that are not all zero); GMAC/s and share of\npeak: of these. In the line of "
      "totals both are over the convolutions. KB moved: input, output, weights and code of a picture, each once. "
      "Predicted: by\nthe planner, at 3 GHz, of products and code only.\n";
  return text;
}

ordered_json layers_json(const Measured& m) {
  const Totals t = sum(m);
  ordered_json layers = ordered_json::array();
  for (size_t i = 0; i < m.layers.size(); ++i) {
    const LayerWork& layer = m.layers[i];
    const LayerTime& time = m.times.layers[i];
    ordered_json row = {{"name", layer.name},
                        {"ms", time.ms},
                        {"best_ms", time.best_ms},
                        {"share", time.ms / t.ms},
                        {"busy", time.busy}};
    if (m.known) {
      row.update({{"operator", layer.op},
                  {"kernel", layer.kernel},
                  {"input", layer.input},
                  {"output", layer.output},
                  {"bands", layer.bands},
                  {"macs", layer.macs},
                  {"nonzero_macs", layer.nonzero_macs},
                  {"gmacs_per_second", m.gmacs(i)},
                  {"fraction_of_peak", m.of_peak(i)},
                  {"activation_bytes", layer.activation_bytes},
                  {"weight_bytes", layer.weight_bytes},
                  {"code_bytes", layer.code_bytes},
                  {"predicted_ms", m.predicted_ms(i)}});
    }
    layers.push_back(std::move(row));
  }
  return {{"layers", layers},
          {"total",
           {{"ms", t.ms},
            {"best_ms", t.best_ms},
            {"run_ms", m.times.run_ms},
            {"runs", m.times.runs},
            {"convolutions_ms", t.convolutions_ms},
            {"macs", t.macs},
            {"nonzero_macs", t.nonzero_macs},
            {"fraction_of_peak", t.convolutions_ms > 0 ? t.peak_ms / t.convolutions_ms : 0},
            {"predicted_ms", t.predicted_ms}}},
          {"roofs",
           {{"int8_gmacs_per_second", m.roofs.int8_gmacs},
            {"float_gmacs_per_second", m.roofs.float_gmacs},
            {"tile_gmacs_per_second", m.roofs.tile_gmacs},
            {"l2_gb_per_second", m.roofs.l2_gbs},
            {"memory_gb_per_second", m.roofs.memory_gbs}}}};
}

}  // namespace sparsec::cli
