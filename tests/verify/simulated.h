// A model run by the simulator: its outputs, and what detection reads of its head.
#pragma once

#include <vector>

#include "compiler/compile.h"
#include "compiler/verify/simulate.h"

namespace sparsec::testing {

inline std::vector<Tensor> simulate(const Graph& graph, const Plan& plan, const std::vector<TensorPtr>& inputs,
                                    int threads, int64_t caches = rt::kNoCache) {
  std::vector<Tensor> outputs;
  for (const ValueId v : graph.outputs) outputs.emplace_back(graph.value(v).type, graph.value(v).shape);
  Simulator(plan).run(inputs, outputs, threads, caches);
  return outputs;
}
inline std::vector<Tensor> simulate(const Compiled& c, const std::vector<TensorPtr>& inputs, int threads,
                                    int64_t caches = rt::kNoCache) {
  return simulate(c.graph, c.plans.front(), inputs, threads, caches);
}

// Of a picture of noise, level by level: the objectness, and the planes when all tiles are made. Rows are in the order
// of the picture, however it is cut.
inline std::vector<std::vector<uint8_t>> levels_of(const Plan& plan, int threads, int64_t caches = rt::kNoCache) {
  const ProgramImage& program = plan.program;
  std::vector<uint8_t> rgb(50 * 70 * 3);
  for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = uint8_t(i * 7 + i / 211 * 13);
  Simulator simulator(plan);
  std::vector<float> input(size_t(3) * size_t(program.head.input_rows) * size_t(program.head.input_columns));
  simulator.bind({input.data()}, {});  // of models whose input the letterbox writes
  std::vector<std::vector<uint8_t>> levels;
  const auto add = [&](const sparsec_pointer& at, int64_t plane_stride, int64_t planes, const sparsec_level& level) {
    levels.emplace_back();
    const int32_t strip_rows = level.rows / program.strips;
    for (int64_t p = 0; p < planes; ++p)
      for (int32_t y = 0; y < level.rows; ++y) {
        const uint8_t* row =
            simulator.arena(y / strip_rows) + at.offset + plane_stride * p + level.row_stride * (y % strip_rows);
        levels.back().insert(levels.back().end(), row, row + level.column_stride * level.columns);
      }
  };
  const auto at_level = [&](const sparsec_level& level) {
    add(level.objectness, level.objectness_stride, level.anchors, level);
    for (int strip = 0; strip < program.strips; ++strip)
      simulator.run_step(level.step, strip, 0, program.steps[level.step].tiles);
    add(level.where, level.plane_stride, level.anchors * int64_t(5 + program.head.classes), level);
  };
  simulator.detect(rgb.data(), 50, 70, at_level, threads, caches);
  return levels;
}
inline std::vector<std::vector<uint8_t>> levels_of(const Compiled& c, int threads, int64_t caches = rt::kNoCache) {
  return levels_of(c.plans.front(), threads, caches);
}

}  // namespace sparsec::testing
