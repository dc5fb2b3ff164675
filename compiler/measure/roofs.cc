// A model of five steps without inputs or outputs, built by hand and run entry by entry.
#include "compiler/measure/roofs.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>

#include "codegen/kernels/roofs.h"
#include "compiler/engine/engine.h"
#include "compiler/error.h"

namespace sparsec {
namespace {

constexpr int64_t kLine = 64;

int64_t cache_bytes(int name, int64_t otherwise) {
  const long bytes = sysconf(name);
  return bytes > 0 ? bytes : otherwise;
}

// Steps of the model, in order; each is one entry of the schedule, but kReadL2 several; that of tiles follows.
enum Step : uint32_t { kInt8, kFloat, kTouchMemory, kReadMemory, kReadL2 };

class ModelWriter {
 public:
  explicit ModelWriter(const Isa& isa) { program_.isa = &isa; }

  sparsec_pointer constant(const std::vector<uint32_t>& words) {
    const auto at = int64_t(program_.constants.size());
    for (uint32_t word : words)
      for (int i = 0; i < 4; ++i) program_.constants.push_back(uint8_t(word >> (8 * i)));
    return {SPARSEC_CONSTANTS, 0, at, 0, 0};
  }
  // Room in the arena: `bytes` for each of `tiles`.
  sparsec_pointer room(int64_t bytes, int64_t tiles) {
    const sparsec_pointer p{SPARSEC_ARENA, 0, program_.arena_bytes, bytes, 0};
    program_.arena_bytes += (bytes * tiles + kLine - 1) / kLine * kLine;
    return p;
  }
  void step(kir::Function function, const std::vector<sparsec_pointer>& pointers, int64_t tiles, int64_t times) {
    program_.calls.push_back(
        {int32_t(program_.functions.size()), "", uint32_t(program_.pointers.size()), uint32_t(pointers.size())});
    program_.pointers.insert(program_.pointers.end(), pointers.begin(), pointers.end());
    const auto number = uint32_t(program_.steps.size());
    program_.steps.push_back({function.name, function.comment, number, 1, tiles, 0});
    program_.functions.push_back(std::move(function));
    for (int64_t i = 0; i < times; ++i) program_.schedule.push_back({number, 0, 0, tiles, 0, 0});
  }

  ModelImage finish() {
    ModelImage model;
    model.name = "roofs";
    model.compiler = "sparsec";
    model.programs = {std::move(program_)};
    return model;
  }

 private:
  ProgramImage program_;
};

}  // namespace

struct RoofBench::Parts {
  const Isa& isa;
  int threads;
  Roofs best;
  int64_t int8_macs = 0, float_macs = 0, tile_macs = 0;  // of a run
  int64_t peak_tiles = 0, l2_passes = 0;
  std::unique_ptr<engine::Library> library;
  sparsec_rt_context* context = nullptr;

  Parts(const Isa& given, int n) : isa(given), threads(n) {
    best.l2_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE, int64_t{1} << 19) / 2;
    best.memory_bytes = std::clamp<int64_t>(4 * cache_bytes(_SC_LEVEL3_CACHE_SIZE, int64_t{1} << 24), int64_t{1} << 26,
                                            int64_t{1} << 28);
    ModelWriter model(isa);
    peak_tiles = int64_t{1024} * threads;
    const auto add_peak = [&](kir::Opcode product, const char* name) {
      kernels::PeakKernel peak = kernels::peak_kernel(isa, product, name);
      const sparsec_pointer data = model.constant(peak.data), words = model.constant(peak.words),
                            sink = model.room(peak.sink_bytes, peak_tiles);
      model.step(std::move(peak.function), {data, words, sink}, peak_tiles, 1);
      return peak.macs_per_tile * peak_tiles;
    };
    int8_macs = add_peak(isa.signed_dot ? kir::Opcode::dot4_s8 : kir::Opcode::dot4, "peak_int8");
    float_macs = add_peak(kir::Opcode::fma_word, "peak_float");
    const int64_t memory_chunks = best.memory_bytes / kernels::kChunkBytes,
                  l2_chunks = best.l2_bytes * threads / kernels::kChunkBytes,
                  chunks = std::max(memory_chunks, l2_chunks);
    l2_passes = std::max<int64_t>(1, (int64_t{1} << 24) / best.l2_bytes);
    const sparsec_pointer memory = model.room(kernels::kChunkBytes, chunks), sink = model.room(kLine, chunks);
    model.step(kernels::sweep_kernel(isa, true, "touch_memory"), {memory, sink}, chunks, 1);
    model.step(kernels::sweep_kernel(isa, false, "read_memory"), {memory, sink}, memory_chunks, 1);
    model.step(kernels::sweep_kernel(isa, false, "read_l2"), {memory, sink}, l2_chunks, l2_passes);
    if (isa.tiles) tile_macs = add_peak(kir::Opcode::tile_dot, "peak_tiles");

    library = std::make_unique<engine::Library>(engine::load(model.finish()));
    std::array<char, 256> error{};
    sparsec_rt_options options{};
    options.struct_bytes = sizeof options;
    options.threads = threads;
    options.error = error.data();
    options.error_bytes = error.size();
    if (library->runtime().create(&library->model(), &options, &context) != SPARSEC_OK)
      throw CompileError(std::string("cannot measure this machine: ") + error.data());
    run(kTouchMemory, kTouchMemory + 1);  // untouched pages would all be the system's one page of zeros
  }
  ~Parts() {
    if (context) library->runtime().destroy(context);
  }

  // Seconds for entries [first, last).
  double run(uint32_t first, uint32_t last) const {
    const auto start = std::chrono::steady_clock::now();
    const int32_t status = library->runtime().run_entries(context, nullptr, nullptr, 0, first, last);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    SPARSEC_CHECK(status == SPARSEC_OK, library->runtime().status_text(status));
    return seconds.count();
  }
};

RoofBench::RoofBench(const Isa& isa, int threads) : parts_(std::make_unique<Parts>(isa, threads)) {}
RoofBench::~RoofBench() = default;

void RoofBench::sample() {
  Parts& p = *parts_;
  const auto raise = [](double& best, double amount, double seconds) { best = std::max(best, amount / seconds / 1e9); };
  constexpr int kRepetitions = 4;
  for (int i = 0; i < kRepetitions; ++i) {
    raise(p.best.int8_gmacs, double(p.int8_macs), p.run(kInt8, kInt8 + 1));
    raise(p.best.float_gmacs, double(p.float_macs), p.run(kFloat, kFloat + 1));
    const uint32_t tiles = kReadL2 + uint32_t(p.l2_passes);
    if (p.tile_macs > 0) raise(p.best.tile_gmacs, double(p.tile_macs), p.run(tiles, tiles + 1));
    p.run(kReadL2, kReadL2 + 1);  // brings each thread's part into its L2
    raise(p.best.l2_gbs, double(p.best.l2_bytes) * p.threads * double(p.l2_passes),
          p.run(kReadL2, kReadL2 + uint32_t(p.l2_passes)));
  }
  raise(p.best.memory_gbs, double(p.best.memory_bytes), p.run(kReadMemory, kReadMemory + 1));
}

const Roofs& RoofBench::best() const { return parts_->best; }

}  // namespace sparsec
