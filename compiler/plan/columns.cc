// Column tiling: consecutive layers run band by band, each as far as what came before allows, so that a band's
// activations are still in L2 when the next layer reads them.
//
// A group is a run of steps whose tiles are flat vectors or rows. Its bands cut the last step's tiles evenly; going
// backwards, each step must have come as far as the later steps of the group read, halo included, so no pixel is
// computed twice and nothing is recomputed at borders: the cut is skewed. A step that nobody in the group reads is cut
// evenly too. The number of bands makes a band's share of the activations, with the group's code and weights, fit L2.
#include <algorithm>

#include "compiler/error.h"
#include "compiler/plan/lowering.h"

namespace sparsec {
namespace {

using Tiles = StepExtent::Tiles;

class Columns {
 public:
  Columns(Plan& plan, const std::vector<StepExtent>& extents, const PlanOptions& options)
      : plan_(plan), extents_(extents), options_(options), code_(extents.size(), 0) {
    SPARSEC_CHECK(extents.size() == plan.program.steps.size(), "an extent a step");
    for (size_t s = 0, c = 0; s < extents.size(); ++s)
      if (c < plan.choices.size() && plan.program.steps[s].name == plan.choices[c].node && !extents[s].is_border) {
        code_[s] = plan.choices[c].code_bytes + plan.choices[c].weight_bytes;
        ++c;
      }
  }

  void run() {
    const auto steps = int32_t(extents_.size());
    for (int32_t first = 0; first < steps;) {
      int32_t last = first;
      if (options_.columns && bandable(first)) {
        while (last + 1 < steps && bandable(last + 1) && fits(first, last + 1)) ++last;
        while (last > first && extents_[size_t(last)].is_border) --last;  // belongs to what follows
      }
      emit(first, last);
      first = last + 1;
    }
  }

 private:
  bool bandable(int32_t s) const { return extents_[size_t(s)].is_border || extents_[size_t(s)].tiles != Tiles::whole; }

  int64_t budget() const { return options_.l2_bytes * 3 / 4; }
  static constexpr int32_t kMaxBands = 16;

  std::vector<int32_t> buffers(int32_t first, int32_t last) const {
    std::vector<int32_t> all;
    for (int32_t s = first; s <= last; ++s) {
      for (const StepExtent::Read& r : extents_[size_t(s)].reads) all.push_back(r.buffer);
      for (int32_t b : extents_[size_t(s)].writes) all.push_back(b);
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }
  int64_t activations(int32_t first, int32_t last) const {
    int64_t bytes = 0;
    for (int32_t b : buffers(first, last)) bytes += plan_.places.buffers[size_t(b)].bytes;
    return bytes;
  }
  int64_t code(int32_t first, int32_t last) const {
    int64_t bytes = 0;
    for (int32_t s = first; s <= last; ++s) bytes += code_[size_t(s)];
    return bytes;
  }
  // Bands that bring the working set under the budget; 0 when none do.
  int32_t bands(int32_t first, int32_t last) const {
    const int64_t room = budget() - code(first, last);
    if (room <= 0) return 0;
    const int64_t n = (activations(first, last) + room - 1) / room;
    return n <= kMaxBands ? int32_t(std::max<int64_t>(1, n)) : 0;
  }
  bool fits(int32_t first, int32_t last) const { return bands(first, last) > 0; }

  int64_t tiles(int32_t s) const { return plan_.program.steps[size_t(s)].tiles; }

  // Tiles of step s that must be done so that `pixels` of the buffer it writes are.
  int64_t tiles_for(int32_t s, int64_t pixels) const {
    const int64_t each = extents_[size_t(s)].pixels_per_tile;
    return std::min(tiles(s), (pixels + each - 1) / each);
  }

  // Where each step of the group must end so that the steps after it can run to `end` in this band.
  void solve(int32_t first, int32_t last, int32_t band, int32_t bands, std::vector<int64_t>& end) const {
    for (int32_t s = last; s >= first; --s) {
      const StepExtent& e = extents_[size_t(s)];
      if (e.is_border) {
        end[size_t(s - first)] = tiles(s);
        continue;
      }
      int64_t need = 0;
      bool read = false;
      for (int32_t later = s + 1; later <= last; ++later)
        for (const StepExtent::Read& r : extents_[size_t(later)].reads) {
          if (std::find(e.writes.begin(), e.writes.end(), r.buffer) == e.writes.end()) continue;
          read = true;
          const int64_t done = end[size_t(later - first)];
          if (done == 0) continue;
          const StepExtent& reader = extents_[size_t(later)];
          const int64_t pixels =
              reader.tiles == Tiles::rows ? done * r.rows_per_tile * r.pitch : done * reader.pixels_per_tile + r.reach;
          need = std::max(need, tiles_for(s, std::min(pixels, r.pixels)));
        }
      if (!read) need = tiles(s) * (band + 1) / bands;
      if (band + 1 == bands) need = tiles(s);
      end[size_t(s - first)] = need;
    }
  }

  void emit(int32_t first, int32_t last) {
    const int32_t n = last > first ? bands(first, last) : 1;
    if (n > 1)  // borders first: any band may read them
      for (int32_t s = first; s <= last; ++s)
        if (extents_[size_t(s)].is_border) add(s, 0, tiles(s), false);
    const auto count = size_t(last - first + 1);
    std::vector<int64_t> done(count, 0), end(count, 0);
    for (int32_t band = 0; band < n; ++band) {
      solve(first, last, band, n, end);
      for (int32_t s = first; s <= last; ++s) {
        const bool border = extents_[size_t(s)].is_border;
        if (border && n > 1) continue;
        const auto i = size_t(s - first);
        end[i] = std::max(end[i], done[i]);
        if (end[i] > done[i]) add(s, done[i], end[i], !border);
        done[i] = end[i];
      }
    }
    if (n > 1)
      for (int32_t b : buffers(first, last)) {
        Buffer& buffer = plan_.places.buffers[size_t(b)];
        buffer.first = std::min(buffer.first, first);
        buffer.last = std::max(buffer.last, last);
      }
    plan_.groups.push_back({first, last, n, activations(first, last) / n + code(first, last)});
  }
  void add(int32_t s, int64_t begin, int64_t end, bool barrier) {
    plan_.program.schedule.push_back({uint32_t(s), barrier, begin, end});
  }

  Plan& plan_;
  const std::vector<StepExtent>& extents_;
  const PlanOptions& options_;
  std::vector<int64_t> code_;  // and weights, by step
};

}  // namespace

void schedule_columns(Plan& plan, const std::vector<StepExtent>& extents, const PlanOptions& options) {
  Columns(plan, extents, options).run();
}

}  // namespace sparsec
