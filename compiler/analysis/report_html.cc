// The report's data as JSON, and the template's slots filled.
//
// The blocks of a layer are one bit each, in base64: a YOLOv5s has 1.8 million, 300 KB of text. In the page the JSON
// lies in a script element, where only "<" could end it early, so it is written as \u003c.
#include "compiler/analysis/report_html.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace sparsec {

// templates/report.html.in, embedded by CMake.
extern const unsigned char kReportTemplate[];
extern const size_t kReportTemplateSize;

namespace {

using nlohmann::ordered_json;

std::string base64(const std::vector<uint8_t>& bytes) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < left ? bytes[i + k] : 0u);
    for (size_t k = 0; k < 4; ++k) text += k <= left ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

ordered_json json_of(const KernelChoice& choice) {
  ordered_json candidates = ordered_json::array();
  for (const Candidate& c : choice.candidates) candidates.push_back({{"kernel", c.kernel}, {"ms", c.predicted_ms}});
  return {
      {"kernel", choice.kernel}, {"ms", choice.predicted_ms}, {"reason", choice.reason}, {"candidates", candidates}};
}

ordered_json json_of(const WeightCounts& n) {
  return {{"weights", n.weights}, {"zeroWeights", n.zero_weights}, {"blocks", n.blocks}, {"zeroBlocks", n.zero_blocks}};
}

ordered_json json_of(const LayerReport& layer) {
  return {{"name", layer.name},
          {"type", layer.integer ? "int8" : "float"},
          {"input", layer.input},
          {"output", layer.output},
          {"kernel", layer.kernel},
          {"strides", layer.strides},
          {"counts", json_of(layer.counts)},
          {"macs", layer.macs},
          {"macsNonzero", layer.macs_nonzero},
          {"macsBlocks", layer.macs_blocks},
          {"choice", json_of(layer.choice)},
          {"map", {{"rows", layer.map.rows}, {"columns", layer.map.columns}, {"bits", base64(layer.map.bits)}}}};
}

ordered_json json_of(const PlanView& plan) {
  ordered_json groups = ordered_json::array(), buffers = ordered_json::array();
  for (const GroupView& g : plan.groups) {
    groups.push_back({{"first", g.first},
                      {"last", g.last},
                      {"bands", g.bands},
                      {"rows", g.tile_rows},
                      {"bytes", g.working_set_bytes}});
  }
  for (const BufferView& b : plan.buffers) {
    buffers.push_back(
        {{"name", b.name}, {"offset", b.offset}, {"bytes", b.bytes}, {"first", b.first}, {"last", b.last}});
  }
  return {{"steps", plan.steps},   {"groups", groups},        {"buffers", buffers}, {"arenaBytes", plan.arena_bytes},
          {"strips", plan.strips}, {"l2Bytes", plan.l2_bytes}};
}

ordered_json json_of(const MeasureView& m) {
  ordered_json layers = ordered_json::array();
  for (const MeasuredLayer& l : m.layers)
    layers.push_back({{"name", l.name},
                      {"op", l.op},
                      {"kernel", l.kernel},
                      {"type", l.integer ? "int8" : "float"},
                      {"ms", l.ms},
                      {"predictedMs", l.predicted_ms},
                      {"busy", l.busy},
                      {"gmacs", l.gmacs},
                      {"intensity", l.intensity},
                      {"ofPeak", l.of_peak},
                      {"bytes", l.bytes}});
  return {{"machine", m.machine},      {"layers", layers},
          {"ms", m.total_ms},          {"predictedMs", m.total_predicted_ms},
          {"int8Gmacs", m.int8_gmacs}, {"floatGmacs", m.float_gmacs},
          {"tileGmacs", m.tile_gmacs}, {"l2Gbs", m.l2_gbs},
          {"memoryGbs", m.memory_gbs}};
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string escape_script(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string report_json(const ReportInput& input) {
  ordered_json layers = ordered_json::array();
  for (const LayerReport& layer : input.sparsity.layers) layers.push_back(json_of(layer));
  const LayerReport& total = input.sparsity.total;
  ordered_json data = {{"model", input.model},
                       {"sha256", input.sha256},
                       {"target", input.target},
                       {"compiler", input.compiler},
                       {"options", input.options},
                       {"layers", layers},
                       {"total",
                        {{"counts", json_of(total.counts)},
                         {"macs", total.macs},
                         {"macsNonzero", total.macs_nonzero},
                         {"macsBlocks", total.macs_blocks},
                         {"ms", total.choice.predicted_ms}}}};
  if (input.plan) data["plan"] = json_of(*input.plan);
  if (input.measured) data["measured"] = json_of(*input.measured);
  // A name that is not UTF-8 is no reason to fail.
  return data.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string report_html(const ReportInput& input) {
  const std::string_view page(reinterpret_cast<const char*>(kReportTemplate), kReportTemplateSize);
  std::string out;
  size_t at = 0;
  const auto fill = [&](std::string_view slot, const std::string& text) {
    const size_t found = page.find(slot, at);
    SPARSEC_CHECK(found != std::string_view::npos, slot);
    out += page.substr(at, found - at);
    out += text;
    at = found + slot.size();
  };
  fill("@TITLE@", escape_html(input.model));  // of the window
  fill("@TITLE@", escape_html(input.model));  // of the page
  fill("@DATA@", escape_script(report_json(input)));
  out += page.substr(at);
  return out;
}

}  // namespace sparsec
