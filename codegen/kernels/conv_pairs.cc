// A loop over pairs of vectors, then the same for the one that may be left, over the same words: the biases, and for
// each run of planes (dense_runs.h) the weights of plane after plane, tap by tap.
#include "codegen/kernels/conv_pairs.h"

#include <algorithm>
#include <utility>

#include "codegen/kernels/conv_epilogue.h"
#include "codegen/kernels/conv_start.h"
#include "codegen/kernels/dense_walk.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

constexpr int kVectors = 2;

class PairWriter {
 public:
  PairWriter(const Isa& isa, const ConvSpec& spec, int64_t first, int64_t last, WordPool& pool, std::string name,
             std::string comment)
      : isa_(isa),
        spec_(spec),
        first_(first),
        rows_(int(last - first)),
        runs_(dense_runs(spec, first, last)),
        pointers_(spec),
        b_(std::move(name), std::move(comment), int(pointers_.list.size())),
        stream_(b_, kStreamPointer, isa),
        epilogue_(isa, spec, pointers_, first, b_, stream_, pool, kVectors * rows_) {}

  ConvKernel write() {
    const size_t before_the_loops = b_.place();
    for (vectors_ = kVectors; vectors_ > 0; --vectors_) {
      b_.loop_tiles(vectors_);
      begin_sums();
      walk_runs(
          b_, stream_, spec_, runs_, [](const PlaneRun&) { return 1; },
          [this](const PlaneRun& run, int64_t, int64_t) { return add_plane(run); });
      const int64_t scalings = stream_.bytes();
      for (int v = 0; v < vectors_; ++v) {
        if (v > 0) stream_.rewind_to(scalings);
        epilogue_.on_vector(v);
        for (int r = 0; r < rows_; r += spec_.rows_per_plane()) epilogue_.finish(r, sum(r, v));
      }
      stream_.rewind_to(0);
      pointers_.advance(b_, isa_, vectors_);
      b_.end();
    }
    epilogue_.load_constants_at(before_the_loops);
    ConvKernel kernel{b_.finish(), stream_.words(), pointers_.list};
    for (const PlaneRun& run : runs_) {
      kernel.products += run.count * int64_t(run.products.size());
      kernel.loads += run.count * int64_t(run.taps);
    }
    return kernel;
  }

 private:
  int sum(int row, int vector) const { return vector * rows_ + row; }
  int input(int vector) const { return kVectors * rows_ + vector; }
  int weight() const { return kVectors * (rows_ + 1); }

  void begin_sums() {
    for (int r = 0; r < rows_; ++r) {
      start_accumulator(isa_, spec_, first_, rows_, r, b_, stream_);  // sum(r, 0)
      for (int v = 1; v < vectors_; ++v) b_.two(Opcode::move, sum(r, v), sum(r, 0));
    }
  }

  // The products of one plane, and the words of the run's others.
  std::vector<uint32_t> add_plane(const PlaneRun& run) {
    size_t tap = SIZE_MAX;
    for (const PlaneRun::Product& p : run.products) {
      if (p.tap != tap)
        for (int v = 0; v < vectors_; ++v)
          b_.load(input(v), {kInputPointer, spec_.taps[p.tap] + v * isa_.vector_bytes()});
      tap = p.tap;
      b_.broadcast(weight(), stream_.next(word(run.first, p)));
      for (int v = 0; v < vectors_; ++v)
        b_.three(spec_.integer ? Opcode::dot4_words : Opcode::fma, sum(p.row, v), input(v), weight());
    }
    ask_ahead(run);
    std::vector<uint32_t> later;
    for (int64_t plane = run.first + 1; plane < run.first + run.count; ++plane)
      for (const PlaneRun::Product& p : run.products) later.push_back(word(plane, p));
    return later;
  }
  // A plane's next vectors: one in each of so many places is more than the CPU's own prefetchers follow.
  void ask_ahead(const PlaneRun& run) {
    int64_t farthest = INT64_MIN;
    for (const PlaneRun::Product& p : run.products) farthest = std::max(farthest, spec_.taps[p.tap]);
    for (int v = 0; v < vectors_; ++v)
      b_.ask_for({kInputPointer, farthest + (vectors_ + v) * isa_.vector_bytes()}, isa_.vector_bytes());
  }
  uint32_t word(int64_t plane, const PlaneRun::Product& p) const { return spec_.word(first_ + p.row, plane, p.tap); }

  const Isa& isa_;
  const ConvSpec& spec_;
  const int64_t first_;
  const int rows_;
  const std::vector<PlaneRun> runs_;
  const ConvPointers pointers_;
  Builder b_;
  WordStream stream_;
  ConvEpilogue epilogue_;
  int vectors_ = kVectors;  // of the loop that is written
};

}  // namespace

bool takes_pairs(const Isa& isa, const ConvSpec& spec) {
  return has_text(isa, Opcode::prefetch) && (!spec.integer || (has_text(isa, Opcode::dot4_words) && !isa.signed_dot));
}

int max_rows_of_pairs(const Isa& isa, const ConvSpec& spec) {
  const int registers = isa.registers - (spec.integer ? isa.pack_half_registers : 0);
  const int rows = (registers - kActivationTemps) / kVectors, each = spec.rows_per_plane();
  return rows / each * each;
}

ConvKernel lower_conv_pairs(const Isa& isa, const ConvSpec& spec, int64_t first, int64_t last, WordPool& pool,
                            const std::string& name, const std::string& comment) {
  return PairWriter(isa, spec, first, last, pool, name, comment).write();
}

}  // namespace sparsec::kernels
