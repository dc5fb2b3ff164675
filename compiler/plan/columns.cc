// Column tiling: consecutive layers run band by band, each as far as what came before allows, so that a band's
// activations are still in L2 when the next layer reads them.
//
// A group is a run of steps whose tiles are flat vectors or rows. Its bands cut the last step's tiles evenly; going
// backwards, each step must have come as far as the later steps of the group read, halo included: the cut is skewed, so
// no pixel is computed twice. A step that nobody in the group reads is cut evenly too. The number of bands makes a
// band's share of the activations, with the group's code and weights, fit L2. A step alone runs its calls one after
// the other over the tiles of a band, so that only the largest call's code and weights count, and of what it writes one
// call's share.
//
// A run of the whole model and detection each have their own steps and so their own groups.
#include <algorithm>
#include <map>

#include "compiler/error.h"
#include "compiler/plan/lowering.h"
#include "compiler/plan/steps.h"

namespace sparsec {
namespace {

using Tiles = StepExtent::Tiles;

// The schedule of some of the steps, in their order. Below, a step is its place in `steps`.
class Columns {
 public:
  Columns(Plan& plan, const std::vector<StepExtent>& extents, const PlanOptions& options, std::vector<int32_t> steps)
      : plan_(plan), extents_(extents), options_(options), steps_(std::move(steps)) {}

  void run() {
    const auto steps = int32_t(steps_.size());
    for (int32_t first = 0; first < steps;) {
      int32_t last = first;
      if (options_.columns && bandable(first)) {
        while (last + 1 < steps && joins(last, last + 1) && fits(first, last + 1)) ++last;
        while (last > first && extent(last).is_border) --last;  // belongs to what follows
      }
      emit(first, last);
      first = last + 1;
    }
  }

  std::vector<sparsec_work> schedule;
  std::vector<ColumnGroup> groups;

 private:
  // More bands cost more barriers than they save traffic, and a few vectors cannot be shared evenly by threads. A layer
  // alone needs its bands to fit at all, and so does a level of the head with its decoding, which is the largest
  // tensor.
  static constexpr int32_t kMaxBands = 8, kMaxBandsAlone = 32;
  int32_t most_bands(int32_t first, int32_t last) const {
    const bool decoded = last == first + 1 && extent(last).writes.empty();  // writes to the caller's memory
    const bool alone = first == last || decoded;
    const int64_t least = std::max<int64_t>(1, alone ? options_.band_tiles / 2 : options_.band_tiles);
    int32_t most = alone ? kMaxBandsAlone : kMaxBands;
    for (int32_t s = first; s <= last; ++s)
      if (extent(s).tiles == Tiles::vectors) most = int32_t(std::clamp<int64_t>(tiles(s) / least, 1, most));
    return most;
  }

  bool bandable(int32_t s) const { return extent(s).is_border || extent(s).tiles != Tiles::whole; }
  bool joins(int32_t s, int32_t next) const { return bandable(next) && !extent(s).alone && !extent(next).alone; }
  const StepExtent& extent(int32_t s) const { return extents_[size_t(steps_[size_t(s)])]; }
  int64_t calls(int32_t s) const { return plan_.program.steps[size_t(steps_[size_t(s)])].calls; }
  int64_t tiles(int32_t s) const { return plan_.program.steps[size_t(steps_[size_t(s)])].tiles; }
  int64_t budget() const { return options_.l2_bytes * 3 / 4; }

  // Bytes of tensors, each once.
  static int64_t bytes_of(const std::vector<const std::vector<StepExtent::Planes>*>& lists) {
    std::map<std::pair<int32_t, int64_t>, int64_t> bytes;
    for (const auto* list : lists)
      for (const StepExtent::Planes& p : *list) bytes[p.key()] = std::max(bytes[p.key()], p.bytes);
    int64_t sum = 0;
    for (const auto& [key, size] : bytes) sum += size;
    return sum;
  }
  // Of the tensors that the steps read and write.
  int64_t activations(int32_t first, int32_t last) const {
    std::vector<const std::vector<StepExtent::Planes>*> lists;
    for (int32_t s = first; s <= last; ++s) lists.insert(lists.end(), {&extent(s).reads, &extent(s).writes});
    return bytes_of(lists);
  }
  int64_t code(int32_t first, int32_t last) const {
    int64_t bytes = 0;
    for (int32_t s = first; s <= last; ++s) bytes += extent(s).code;
    return bytes;
  }
  // The largest tensor that one of the steps writes and a later one reads.
  int64_t handed(int32_t first, int32_t last) const {
    int64_t most = 0;
    for (int32_t s = first; s < last; ++s)
      for (const StepExtent::Planes& w : extent(s).writes)
        for (int32_t later = s + 1; later <= last; ++later)
          for (const StepExtent::Planes& r : extent(later).reads)
            if (r.buffer == w.buffer) most = std::max(most, r.bytes);  // of parts the whole, as in solve()
    return most;
  }
  int64_t working_set(int32_t first, int32_t last, int32_t bands) const {
    if (first == last) {
      const StepExtent& e = extent(first);
      return (bytes_of({&e.reads}) + bytes_of({&e.writes}) / std::max<int64_t>(1, calls(first))) / bands +
             e.largest_call;
    }
    return activations(first, last) / bands + code(first, last);
  }
  // The fewest bands that bring the working set under the budget; 0 when none do.
  int32_t bands(int32_t first, int32_t last) const {
    for (int32_t n = 1; n <= most_bands(first, last); ++n)
      if (working_set(first, last, n) <= budget()) return n;
    return 0;
  }
  bool fits(int32_t first, int32_t last) const {
    return activations(first, last) <= options_.group_bytes && bands(first, last) > 0;
  }

  // Tiles of step s that must be done so that `pixels` of what it writes are.
  int64_t tiles_for(int32_t s, int64_t pixels) const {
    const int64_t each = extent(s).pixels_per_tile;
    return std::min(tiles(s), (pixels + each - 1) / each);
  }

  // How many pixels of a tensor the reader's first `done` tiles take.
  static int64_t pixels_read(const StepExtent& reader, const StepExtent::Planes& p, int64_t done) {
    if (done == 0) return 0;
    const int64_t pixels = reader.tiles == Tiles::rows ? done * reader.rows_per_tile * p.pitch
                                                       : done * reader.pixels_per_tile + reader.reach;
    return std::min(pixels, p.pixels);
  }

  // Where each step of the group must end so that the steps after it can run to their `end` in this band. A step that
  // writes a part of a concatenation counts as writing all of its buffer: the readers of the whole wait for every part.
  void solve(int32_t first, int32_t last, int32_t band, int32_t bands, std::vector<int64_t>& end) const {
    for (int32_t s = last; s >= first; --s) {
      const StepExtent& e = extent(s);
      int64_t need = 0;
      bool read = e.is_border;
      for (int32_t later = s + 1; later <= last && !e.is_border; ++later)
        for (const StepExtent::Planes& r : extent(later).reads) {
          const auto same = [&](const StepExtent::Planes& w) { return w.buffer == r.buffer; };
          if (std::none_of(e.writes.begin(), e.writes.end(), same)) continue;
          read = true;
          need = std::max(need, tiles_for(s, pixels_read(extent(later), r, end[size_t(later - first)])));
        }
      if (!read) need = tiles(s) * (band + 1) / bands;
      if (band + 1 == bands || e.is_border) need = tiles(s);
      end[size_t(s - first)] = need;
    }
  }

  void emit(int32_t first, int32_t last) {
    const int32_t n = options_.columns && bandable(first) ? std::max(1, bands(first, last)) : 1;
    handed_ = handed(first, last);
    if (n > 1)  // borders first: any band may read them
      for (int32_t s = first; s <= last; ++s)
        if (extent(s).is_border) add(s, 0, tiles(s), false);
    const auto count = size_t(last - first + 1);
    std::vector<int64_t> done(count, 0), end(count, 0);
    for (int32_t band = 0; band < n; ++band) {
      solve(first, last, band, n, end);
      for (int32_t s = first; s <= last; ++s) {
        const bool border = extent(s).is_border;
        if (border && n > 1) continue;
        const auto i = size_t(s - first);
        end[i] = std::max(end[i], done[i]);
        if (end[i] > done[i]) add(s, done[i], end[i], !border);
        done[i] = end[i];
      }
    }
    if (n > 1) keep_alive(steps_[size_t(first)], steps_[size_t(last)]);
    groups.push_back({steps_[size_t(first)], steps_[size_t(last)], n, working_set(first, last, n)});
  }
  void add(int32_t s, int64_t begin, int64_t end, bool barrier) {
    const auto step = uint32_t(steps_[size_t(s)]);
    const ProgramImage& program = plan_.program;
    const bool neighbours = reads_neighbours(program, program.steps[step]);
    schedule.push_back({step, barrier, begin, end, handed_ * program.strips, neighbours});
  }

  // In bands, everything that the group touches lives as long as the group (numbers of steps in the plan).
  void keep_alive(int32_t first, int32_t last) {
    for (Buffer& b : plan_.places.buffers)
      if (b.first <= last && b.last >= first) {
        b.first = std::min(b.first, first);
        b.last = std::max(b.last, last);
      }
  }

  Plan& plan_;
  const std::vector<StepExtent>& extents_;
  const PlanOptions& options_;
  const std::vector<int32_t> steps_;
  int64_t handed_ = 0;  // in the group that is emitted
};

}  // namespace

void schedule_columns(Plan& plan, const std::vector<StepExtent>& extents, const PlanOptions& options) {
  SPARSEC_CHECK(extents.size() == plan.program.steps.size(), "an extent a step");
  std::vector<int32_t> runs, detects;
  for (size_t s = 0; s < extents.size(); ++s) {
    if (extents[s].runs) runs.push_back(int32_t(s));
    if (extents[s].detects) detects.push_back(int32_t(s));
  }
  Columns run(plan, extents, options, std::move(runs)), detection(plan, extents, options, std::move(detects));
  run.run();
  detection.run();
  plan.program.schedule = std::move(run.schedule);
  plan.groups = std::move(run.groups);
  plan.program.detect_schedule = std::move(detection.schedule);
  plan.detect_groups = std::move(detection.groups);
}

}  // namespace sparsec
