// Planes are compared by the set of their taps; what a run then multiplies is decided word by word.
#include "codegen/kernels/dense_runs.h"

namespace sparsec::kernels {
namespace {

// Phases are at most 16, of channels that share planes of four at their borders.
constexpr size_t kMostRuns = 32;

// [plane][tap]: whether any of the rows meets it.
std::vector<std::vector<bool>> taps_by_plane(const ConvSpec& spec, int64_t first, int64_t last) {
  std::vector<std::vector<bool>> meets(size_t(spec.in_planes), std::vector<bool>(spec.taps.size()));
  for (int64_t row = first; row < last; ++row)
    for (int64_t plane = 0; plane < spec.in_planes; ++plane)
      for (size_t tap = 0; tap < spec.taps.size(); ++tap)
        if (spec.word(row, plane, tap) != 0) meets[size_t(plane)][tap] = true;
  return meets;
}

PlaneRun run_of(const ConvSpec& spec, int64_t first, int64_t last, int64_t first_plane, int64_t end_plane) {
  PlaneRun run{.first = first_plane, .count = end_plane - first_plane, .products = {}};
  for (size_t tap = 0; tap < spec.taps.size(); ++tap) {
    const size_t before = run.products.size();
    for (int64_t row = first; row < last; ++row) {
      int64_t plane = first_plane;
      while (plane < end_plane && spec.word(row, plane, tap) == 0) ++plane;
      if (plane < end_plane) run.products.push_back({int(row - first), tap});
    }
    run.taps += run.products.size() > before;
  }
  return run;
}

}  // namespace

std::vector<PlaneRun> dense_runs(const ConvSpec& spec, int64_t first, int64_t last) {
  const std::vector<std::vector<bool>> meets = taps_by_plane(spec, first, last);
  std::vector<int64_t> borders{0};
  for (int64_t plane = 1; plane < spec.in_planes; ++plane)
    if (meets[size_t(plane)] != meets[size_t(plane) - 1]) borders.push_back(plane);
  if (borders.size() > kMostRuns) borders = {0};
  borders.push_back(spec.in_planes);
  std::vector<PlaneRun> runs;
  for (size_t i = 0; i + 1 < borders.size(); ++i) {
    PlaneRun run = run_of(spec, first, last, borders[i], borders[i + 1]);
    if (!run.products.empty()) runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace sparsec::kernels
