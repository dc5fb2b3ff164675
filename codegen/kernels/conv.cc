// Products, then epilogue, for one group of output channels at one vector of pixels; looped over the vectors.
#include "codegen/kernels/conv.h"

#include <algorithm>

#include "codegen/kernels/activation.h"
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
        pool_(pool),
        pointers_(pointer_list(spec)),
        b_(std::move(name), std::move(comment), int(pointers_.size())),
        stream_(b_, 1, isa),
        data_(rows_),
        temps_{data_, data_ + 1, data_ + 2, data_ + 3} {
    SPARSEC_CHECK(data_ + kActivationTemps <= isa.registers, "too many rows for the registers");
    int next = 3;
    if (spec.masked()) mask_ = next++;
    if (spec.residual) residual_ = next++;
    output_ = next;
  }

  ConvKernel write(ConvFamily family) {
    b_.loop_tiles();
    for (int r = 0; r < rows_; ++r)
      b_.broadcast(r, spec_.integer ? stream_.next(start(r)) : stream_.next(spec_.bias[row(r)]));
    family == ConvFamily::unrolled ? unrolled() : dense();
    for (int r = 0; r < rows_; r += spec_.rows_per_plane()) epilogue(r);
    stream_.move_to(0);
    for (int p = 0; p < int(pointers_.size()); ++p) {
      const ConvPointer kind = pointers_[size_t(p)];
      if (kind == ConvPointer::stream || kind == ConvPointer::pool) continue;
      b_.advance(p, kind == ConvPointer::mask ? isa_.mask_bytes() : isa_.vector_bytes());
    }
    b_.end();
    return {b_.finish(), stream_.words(), pointers_, products_, loads_};
  }

 private:
  static std::vector<ConvPointer> pointer_list(const ConvSpec& spec) {
    std::vector<ConvPointer> list{ConvPointer::input, ConvPointer::stream, ConvPointer::pool};
    if (spec.masked()) list.push_back(ConvPointer::mask);
    if (spec.residual) list.push_back(ConvPointer::residual);
    list.insert(list.end(), spec.outputs.size(), ConvPointer::output);
    SPARSEC_CHECK(list.size() <= size_t(kir::kMaxPointers), "too many outputs for one convolution");
    return list;
  }

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

  // From accumulators to stored planes: one plane's rows at a time.
  void epilogue(int r0) {
    const int n = spec_.rows_per_plane();
    const int64_t plane = r0 / n;  // of the group's own
    if (spec_.requantises_once())
      return store_bytes(spec_.outputs[0], {output_, plane * spec_.outputs[0].plane_bytes},
                         [&](int j) { requantise_once(r0 + j, temps_[j]); });
    for (int j = 0; j < n; ++j) {
      const int x = r0 + j;
      if (spec_.integer) scale(x, temps_[0], spec_.multiplier[row(x)], spec_.bias[row(x)]);
      emit_activation(b_, pool_, spec_.activation, spec_.alpha, !spec_.integer, x, temps_);
    }
    if (spec_.residual) add_residual(r0, plane);
    for (size_t k = 0; k < spec_.outputs.size(); ++k) {
      const ConvOutput& out = spec_.outputs[k];
      const int pointer = output_ + int(k);
      if (!out.f32) {
        const Quant q = out.quantiser();
        store_bytes(out, {pointer, plane * out.plane_bytes}, [&](int j) {
          b_.broadcast(temps_[j], pool_.word(float(q.zero_point)));
          b_.with_memory(Opcode::fma_word, temps_[j], r0 + j, pool_.word(1.0f / q.scale));
          b_.two(Opcode::to_int, temps_[j], temps_[j]);
        });
        continue;
      }
      for (int j = 0; j < n; ++j)
        if (first_ + r0 + j < out.planes) store(out, {pointer, (r0 + j) * out.plane_bytes}, r0 + j, temps_[1]);
    }
  }

  // v[x] = fma(float(v[x]), multiplier, bias)
  void scale(int x, int free, float multiplier, float bias) {
    b_.two(Opcode::to_float, x, x);
    b_.broadcast(free, stream_.next(bias));
    b_.with_memory(Opcode::fma_scale, x, free, stream_.next(multiplier));
  }

  // v[to] = the quantised accumulator, before it is clamped.
  void requantise_once(int x, int to) {
    const Quant q = spec_.outputs[0].quantiser();
    scale(x, to, spec_.multiplier[row(x)] / q.scale, spec_.bias[row(x)] / q.scale);
    b_.two(Opcode::to_int, x, x);
    b_.broadcast(to, pool_.word(q.zero_point));
    b_.three(Opcode::add_i32, to, to, x);
  }

  void add_residual(int r0, int64_t plane) {
    const Mem from{residual_, plane * spec_.residual_plane_bytes};
    b_.load(temps_[0], from);
    if (!spec_.integer) return b_.three(Opcode::add, r0, r0, temps_[0]);
    for (int j = 0; j < 4; ++j) {
      b_.two(Opcode::unpack, temps_[1], temps_[0], j);
      b_.two(Opcode::to_float, temps_[1], temps_[1]);
      if (spec_.residual_quant.zero_point != 0)
        b_.with_memory(Opcode::add_word, temps_[1], temps_[1], pool_.word(float(-spec_.residual_quant.zero_point)));
      b_.with_memory(Opcode::fma_word, r0 + j, temps_[1], pool_.word(spec_.residual_quant.scale));
    }
  }

  // Four rows, which `quantise` leaves in the temporaries, as the four bytes of each pixel.
  template <typename Quantise>
  void store_bytes(const ConvOutput& out, Mem to, Quantise quantise) {
    for (int j = 0; j < 4; ++j) quantise(j);
    b_.pack(temps_[0], temps_[0], temps_[1], temps_[2], temps_[3]);
    if (out.lookup) {
      std::vector<uint32_t> table(64);
      for (size_t i = 0; i < 256; ++i) table[i / 4] |= uint32_t(out.lookup->table[i]) << (8 * (i % 4));
      b_.with_memory(Opcode::lookup256, temps_[0], temps_[0], pool_.table(out.lookup, table));
    }
    store(out, to, temps_[0], temps_[1]);
  }

  void store(const ConvOutput& out, Mem to, int x, int free) {
    if (!out.keep_border) return b_.store(to, x);
    b_.broadcast(free, pool_.word(out.border));
    b_.with_memory(Opcode::select, free, x, {mask_, 0});
    b_.store(to, free);
  }

  const Isa& isa_;
  const ConvSpec& spec_;
  const int64_t first_;
  const int rows_;
  WordPool& pool_;
  const std::vector<ConvPointer> pointers_;
  Builder b_;
  WordStream stream_;
  const int data_;  // the input vector; a temporary once the products are done
  const Temps temps_;
  int mask_ = 0, residual_ = 0, output_ = 0;
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
