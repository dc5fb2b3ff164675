// Products, then epilogue, for one group of output channels at one vector of pixels; looped over the vectors.
#include "codegen/kernels/conv.h"

#include <algorithm>

#include "codegen/kernels/conv_epilogue.h"
#include "codegen/kernels/saturation.h"
#include "compiler/error.h"

namespace sparsec::kernels {
namespace {

using kir::Opcode;

class ConvWriter {
 public:
  ConvWriter(const Isa& isa, const ConvSpec& spec, int64_t first, int64_t last, WordPool& pool, std::string name,
             std::string comment)
      : isa_(isa),
        spec_(spec),
        first_(first),
        rows_(int(last - first)),
        pointers_(spec),
        b_(std::move(name), std::move(comment), int(pointers_.list.size())),
        stream_(b_, kStreamPointer, isa),
        data_(rows_),
        epilogue_(isa, spec, pointers_, first, b_, stream_, pool, data_) {}

  ConvKernel write(ConvFamily family) {
    b_.loop_tiles();
    for (int r = 0; r < rows_; ++r)
      b_.broadcast(r, spec_.integer ? stream_.next(start(r)) : stream_.next(spec_.bias[row(r)]));
    family == ConvFamily::unrolled ? unrolled() : dense();
    for (int r = 0; r < rows_; r += spec_.rows_per_plane()) epilogue_.finish(r, r);
    stream_.move_to(0);
    pointers_.advance(b_, isa_);
    b_.end();
    return {b_.finish(), stream_.words(), pointers_.list, products_, loads_};
  }

 private:
  size_t row(int r) const { return size_t(first_ + r); }
  bool signed_dot() const { return spec_.integer && isa_.signed_dot; }
  Opcode load() const { return signed_dot() ? Opcode::load_s8 : Opcode::load; }
  Opcode product() const { return !spec_.integer ? Opcode::fma_word : signed_dot() ? Opcode::dot4_s8 : Opcode::dot4; }

  // What the accumulator starts with. Signed products are of x - 128, so the rest, 128 times the row's weights, is
  // added here.
  int32_t start(int r) const {
    auto sum = uint32_t(spec_.acc_bias[row(r)]);
    if (signed_dot())
      for (int64_t plane = 0; plane < spec_.in_planes; ++plane)
        for (size_t tap = 0; tap < spec_.taps.size(); ++tap)
          for (int i = 0; i < 4; ++i)
            sum += 128u * uint32_t(int8_t(spec_.word(int64_t(row(r)), plane, tap) >> (8 * i)));
    return int32_t(sum);
  }

  std::vector<uint32_t> parts(uint32_t word) const {
    if (spec_.integer && isa_.saturating_dot) return split_for_saturation(word);
    return word == 0 ? std::vector<uint32_t>{} : std::vector<uint32_t>{word};
  }

  // Every non-zero word is an instruction; an input vector that no row needs is not loaded.
  void unrolled() {
    for (int64_t plane = 0; plane < spec_.in_planes; ++plane) {
      for (size_t tap = 0; tap < spec_.taps.size(); ++tap) {
        bool loaded = false;
        for (int r = 0; r < rows_; ++r) {
          for (uint32_t word : parts(spec_.word(int64_t(row(r)), plane, tap))) {
            if (!loaded) {
              b_.with_memory(load(), data_, 0, {0, plane * spec_.in_plane_bytes + spec_.taps[tap]});
              ++loads_;
              loaded = true;
            }
            b_.with_memory(product(), r, data_, stream_.next(word));
            ++products_;
          }
        }
      }
    }
  }

  // A loop over planes whose body holds every tap and row, zero or not. Where some plane's word must be split for
  // saturation, each plane's is.
  void dense() {
    const size_t taps = spec_.taps.size();
    std::vector<bool> split(taps * size_t(rows_), false);
    if (spec_.integer && isa_.saturating_dot)
      for (size_t t = 0; t < taps; ++t)
        for (int r = 0; r < rows_; ++r)
          for (int64_t plane = 0; plane < spec_.in_planes; ++plane)
            if (!is_saturation_safe(spec_.word(int64_t(row(r)), plane, t))) split[t * size_t(rows_) + size_t(r)] = true;

    const auto record = [&](int64_t plane, auto&& emit) {
      for (size_t t = 0; t < taps; ++t)
        for (int r = 0; r < rows_; ++r) {
          const uint32_t word = spec_.word(int64_t(row(r)), plane, t);
          if (!split[t * size_t(rows_) + size_t(r)]) {
            emit(t, r, word);
          } else {
            emit(t, r, word & 0x00ff00ffu);
            emit(t, r, word & 0xff00ff00u);
          }
        }
    };

    const bool looped = spec_.in_planes > 1;
    const int64_t start = stream_.bytes();
    if (looped) {
      stream_.move_to(start);
      b_.loop(spec_.in_planes);
    }
    size_t loaded = taps;
    record(0, [&](size_t t, int r, uint32_t word) {
      if (loaded != t) b_.with_memory(load(), data_, 0, {0, spec_.taps[t]});
      loaded = t;
      b_.with_memory(product(), r, data_, stream_.next(word));
      products_ += spec_.in_planes;
    });
    loads_ += int64_t(taps) * spec_.in_planes;
    if (!looped) return;
    stream_.move_to(stream_.bytes());
    b_.advance(0, spec_.in_plane_bytes);
    b_.end();
    b_.advance(0, -spec_.in_planes * spec_.in_plane_bytes);
    std::vector<uint32_t> rest;
    for (int64_t plane = 1; plane < spec_.in_planes; ++plane)
      record(plane, [&](size_t, int, uint32_t word) { rest.push_back(word); });
    stream_.append(rest, stream_.bytes() + int64_t(rest.size()) * 4);
  }

  const Isa& isa_;
  const ConvSpec& spec_;
  const int64_t first_;
  const int rows_;
  const ConvPointers pointers_;
  Builder b_;
  WordStream stream_;
  const int data_;  // the input vector; the epilogue's first temporary once the products are done
  ConvEpilogue epilogue_;
  int64_t products_ = 0, loads_ = 0;
};

}  // namespace

const char* name_of(ConvFamily family) { return family == ConvFamily::unrolled ? "unrolled" : "dense"; }

int max_rows(const Isa& isa) { return (isa.registers - kActivationTemps) / 4 * 4; }

std::vector<int64_t> row_groups(const Isa& isa, int64_t rows, int rows_per_plane) {
  const int64_t units = (rows + rows_per_plane - 1) / rows_per_plane, most = max_rows(isa) / rows_per_plane;
  const int64_t groups = (units + most - 1) / most;
  std::vector<int64_t> borders;
  for (int64_t g = 0; g <= groups; ++g) borders.push_back(std::min(rows, units * g / groups * rows_per_plane));
  return borders;
}

ConvKernel lower_conv(const Isa& isa, const ConvSpec& spec, ConvFamily family, int64_t first, int64_t last,
                      WordPool& pool, std::string name, std::string comment) {
  SPARSEC_CHECK(spec.words.size() == size_t(spec.rows * spec.in_planes) * spec.taps.size(),
                "weights do not fill the specification of " + name);
  return ConvWriter(isa, spec, first, last, pool, std::move(name), std::move(comment)).write(family);
}

}  // namespace sparsec::kernels
