// The meaning of each opcode as a plain loop over lanes or bytes. Kernels of every ISA are checked against this.
#include "codegen/interpret.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "codegen/interpret_tiles.h"
#include "compiler/error.h"

namespace sparsec::kir {
namespace {

constexpr int kMaxLanes = 16;

struct Vector {
  std::array<uint32_t, kMaxLanes> lane{};
  float f(int i) const { return std::bit_cast<float>(lane[size_t(i)]); }
  void f(int i, float x) { lane[size_t(i)] = std::bit_cast<uint32_t>(x); }
  int32_t s(int i) const { return int32_t(lane[size_t(i)]); }
};

uint32_t byte_of(uint32_t word, int i) { return (word >> (8 * i)) & 255; }

// Data is taken as bytes of type T.
template <typename T>
int32_t dot(uint32_t data, uint32_t weights) {
  int32_t sum = 0;
  for (int i = 0; i < 4; ++i) sum += int32_t(T(byte_of(data, i))) * int8_t(byte_of(weights, i));
  return sum;
}

int32_t round_even(float x) {
  if (!(x >= -2147483648.0f && x < 2147483648.0f)) return INT32_MIN;
  return int32_t(std::nearbyint(x));
}

uint32_t clamp_byte(int32_t x) { return uint32_t(x < 0 ? 0 : x > 255 ? 255 : x); }

class Machine {
 public:
  Machine(const Isa& isa, const Function& function, const void* const* pointers)
      : lanes_(isa.lanes),
        mask_bytes_(isa.mask_bytes()),
        has_tiles_(isa.tiles),
        scratch_(size_t(function.scratch), 0xa5) {
    for (int i = 0; i < function.pointers; ++i) p_[size_t(i)] = static_cast<uint8_t*>(const_cast<void*>(pointers[i]));
    p_[kScratch] = scratch_.data();
  }

  void add_pointer(const Insn& x) { p_[x.p] += x.offset; }

  void step(const Insn& x) {
    Vector& d = v_[x.d];
    const Vector a = v_[x.a], b = v_[x.b], c = v_[x.c], e = v_[x.e];
    uint8_t* m = p_[x.p] + x.offset;
    const auto word = [&](int i = 0) {
      uint32_t w;
      std::memcpy(&w, m + 4 * i, 4);
      return w;
    };
    const auto real = [&](int i = 0) { return std::bit_cast<float>(word(i)); };
    const auto bits = [&](auto f) {
      for (int i = 0; i < lanes_; ++i) d.lane[size_t(i)] = f(i);
    };
    const auto floats = [&](auto f) {
      for (int i = 0; i < lanes_; ++i) d.f(i, f(i));
    };

    switch (x.op) {
      case Opcode::zero:
        return bits([](int) { return 0u; });
      case Opcode::move:
        d = a;
        return;
      case Opcode::load:
        std::memcpy(d.lane.data(), m, size_t(lanes_) * 4);
        return;
      case Opcode::load_s8:
        return bits([&](int i) { return word(i) ^ 0x80808080u; });
      case Opcode::store:
        std::memcpy(m, a.lane.data(), size_t(lanes_) * 4);
        return;
      case Opcode::prefetch:
        return;
      case Opcode::broadcast: {
        const uint32_t w = word();
        return bits([&](int) { return w; });
      }
      case Opcode::select: {
        uint32_t mask = 0;
        std::memcpy(&mask, m, size_t(mask_bytes_));
        return bits([&](int i) { return (mask >> i) & 1 ? a.lane[size_t(i)] : d.lane[size_t(i)]; });
      }
      case Opcode::even_lanes:
      case Opcode::odd_lanes: {
        const int first = x.op == Opcode::odd_lanes, half = lanes_ / 2;
        return bits(
            [&](int i) { return i < half ? a.lane[size_t(2 * i + first)] : b.lane[size_t(2 * (i - half) + first)]; });
      }
      case Opcode::lanes_from:
        return bits([&](int i) {
          const int lane = i + x.imm;
          return lane < lanes_ ? a.lane[size_t(lane)] : b.lane[size_t(lane - lanes_)];
        });
      case Opcode::dot4: {
        const uint32_t w = word();
        return bits([&](int i) { return d.lane[size_t(i)] + uint32_t(dot<uint8_t>(a.lane[size_t(i)], w)); });
      }
      case Opcode::dot4_words:
        return bits([&](int i) {
          const auto l = size_t(i);
          return d.lane[l] + uint32_t(dot<uint8_t>(a.lane[l], b.lane[l]));
        });
      case Opcode::dot4_s8: {
        const uint32_t w = word();
        return bits([&](int i) { return d.lane[size_t(i)] + uint32_t(dot<int8_t>(a.lane[size_t(i)], w)); });
      }
      case Opcode::dot8:
      case Opcode::dot12: {
        const bool third = x.op == Opcode::dot12;
        const uint32_t w0 = word(), w1 = word(1), w2 = third ? word(2) : 0;
        return bits([&](int i) {
          const auto l = size_t(i);
          return d.lane[l] + uint32_t(dot<uint8_t>(a.lane[l], w0) + dot<uint8_t>(b.lane[l], w1) +
                                      (third ? dot<uint8_t>(c.lane[l], w2) : 0));
        });
      }
      case Opcode::dot2: {
        const uint32_t w = word();
        return bits([&](int i) {
          const uint32_t x2 = a.lane[size_t(i)];
          return d.lane[size_t(i)] + uint32_t(int32_t{int16_t(x2)} * int16_t(w)) +
                 uint32_t(int32_t{int16_t(x2 >> 16)} * int16_t(w >> 16));
        });
      }
      case Opcode::fma_word: {
        const float w = real();
        return floats([&](int i) { return std::fma(a.f(i), w, d.f(i)); });
      }
      case Opcode::add_i32:
        return bits([&](int i) { return a.lane[size_t(i)] + b.lane[size_t(i)]; });
      case Opcode::shift_left:
        return bits([&](int i) { return a.lane[size_t(i)] << x.imm; });
      case Opcode::shift_right:
        return bits([&](int i) { return a.lane[size_t(i)] >> x.imm; });
      case Opcode::shift_right_s:
        return bits([&](int i) { return uint32_t(a.s(i) >> x.imm); });
      case Opcode::add:
        return floats([&](int i) { return a.f(i) + b.f(i); });
      case Opcode::sub:
        return floats([&](int i) { return a.f(i) - b.f(i); });
      case Opcode::mul:
        return floats([&](int i) { return a.f(i) * b.f(i); });
      case Opcode::div:
        return floats([&](int i) { return a.f(i) / b.f(i); });
      case Opcode::min:
        return floats([&](int i) { return a.f(i) < b.f(i) ? a.f(i) : b.f(i); });
      case Opcode::max:
        return floats([&](int i) { return a.f(i) > b.f(i) ? a.f(i) : b.f(i); });
      case Opcode::fma:
        return floats([&](int i) { return std::fma(a.f(i), b.f(i), d.f(i)); });
      case Opcode::limit:
        return floats([&](int i) { return std::copysign(std::fmin(std::fabs(a.f(i)), std::fabs(b.f(i))), a.f(i)); });
      case Opcode::fma_scale: {
        const float w = real();
        return floats([&](int i) { return std::fma(d.f(i), w, a.f(i)); });
      }
      case Opcode::mul_word: {
        const float w = real();
        return floats([&](int i) { return a.f(i) * w; });
      }
      case Opcode::add_word: {
        const float w = real();
        return floats([&](int i) { return a.f(i) + w; });
      }
      case Opcode::bit_and:
        return bits([&](int i) { return a.lane[size_t(i)] & b.lane[size_t(i)]; });
      case Opcode::bit_or:
        return bits([&](int i) { return a.lane[size_t(i)] | b.lane[size_t(i)]; });
      case Opcode::bit_xor:
        return bits([&](int i) { return a.lane[size_t(i)] ^ b.lane[size_t(i)]; });
      case Opcode::to_float:
        return floats([&](int i) { return float(a.s(i)); });
      case Opcode::to_int:
        return bits([&](int i) { return uint32_t(round_even(a.f(i))); });
      case Opcode::lookup8:
        return floats([&](int i) { return real(int(a.lane[size_t(i)] & 7)); });
      case Opcode::lookup16:
        return floats([&](int i) { return real(int(a.lane[size_t(i)] & 15)); });
      case Opcode::permute16:
        return bits([&](int i) { return b.lane[a.lane[size_t(i)] & 15]; });
      case Opcode::max_u8:
        return bits([&](int i) {
          uint32_t w = 0;
          for (int k = 0; k < 4; ++k)
            w |= std::max(byte_of(a.lane[size_t(i)], k), byte_of(b.lane[size_t(i)], k)) << (8 * k);
          return w;
        });
      case Opcode::unpack:
        return bits([&](int i) { return byte_of(a.lane[size_t(i)], x.imm); });
      case Opcode::pair_bytes:
        return bits([&](int i) { return byte_of(a.lane[size_t(i)], x.imm) | byte_of(b.lane[size_t(i)], x.imm) << 16; });
      case Opcode::pack:
      case Opcode::pack_s8:
      case Opcode::pack_half:
        return bits([&](int i) {
          const auto byte = [&](const Vector& v) {
            if (x.op == Opcode::pack) return clamp_byte(v.s(i));
            const int32_t level = x.op == Opcode::pack_half ? int16_t(v.s(i)) : v.s(i);
            return uint32_t(uint8_t(std::clamp(level, -128, 127)));
          };
          return byte(a) | byte(b) << 8 | byte(c) << 16 | byte(e) << 24;
        });
      case Opcode::lookup256:
        return bits([&](int i) {
          uint32_t w = 0;
          for (int k = 0; k < 4; ++k) w |= uint32_t(m[byte_of(a.lane[size_t(i)], k)]) << (8 * k);
          return w;
        });
      case Opcode::permute256:
        return bits([&](int i) {
          uint32_t w = 0;
          for (int k = 0; k < 4; ++k) {
            const uint32_t at = byte_of(a.lane[size_t(i)], k);
            w |= byte_of(v_[x.b + at / 64u].lane[at % 64u / 4], int(at % 4)) << (8 * k);
          }
          return w;
        });
      case Opcode::tile_config:
        SPARSEC_CHECK(has_tiles_, "tiles on an ISA that has none");
        return tiles_.configure(m);
      case Opcode::tile_release:
        return tiles_.release();
      case Opcode::tile_zero:
        return tiles_.zero(x.d);
      case Opcode::tile_load:
        return tiles_.load(x.d, m, x.imm);
      case Opcode::tile_store:
        return tiles_.store(m, x.imm, x.a);
      case Opcode::tile_dot:
        return tiles_.dot(x.d, x.a, x.b);
      case Opcode::loop_tiles:
      case Opcode::if_tiles:
      case Opcode::loop_count:
      case Opcode::loop_end:
      case Opcode::add_pointer:
        break;
    }
    SPARSEC_CHECK(false, "control opcode in a vector step");
  }

  bool holds_tiles() const { return tiles_.configured(); }

 private:
  int lanes_, mask_bytes_;
  bool has_tiles_;
  std::vector<uint8_t> scratch_;
  TileMachine tiles_;
  std::array<uint8_t*, kMaxPointers + 1> p_{};
  std::array<Vector, 256> v_{};
};

}  // namespace

void interpret(const Isa& isa, const Function& function, const void* const* pointers, int64_t tiles) {
  struct Loop {
    size_t first;
    int64_t left;
  };
  Machine machine(isa, function, pointers);
  std::vector<Loop> loops;
  const auto end_of = [&](size_t pc) {  // of the loop that begins at pc
    for (int depth = 0;; ++pc) {
      const Opcode op = function.code.at(pc).op;
      depth += opens_block(op);
      depth -= op == Opcode::loop_end;
      if (depth == 0) return pc;
    }
  };
  for (size_t pc = 0; pc < function.code.size(); ++pc) {
    const Insn& x = function.code[pc];
    switch (x.op) {
      case Opcode::loop_tiles:
        if (const int64_t by = std::max(1, x.imm); tiles >= by) {
          loops.push_back({pc, tiles / by});
          tiles %= by;
        } else {
          pc = end_of(pc);
        }
        break;
      case Opcode::if_tiles:
        if (tiles >= x.imm) {
          loops.push_back({pc, 1});
          tiles -= x.imm;
        } else {
          pc = end_of(pc);
        }
        break;
      case Opcode::loop_count:
        loops.push_back({pc, x.imm});
        break;
      case Opcode::loop_end:
        SPARSEC_CHECK(!loops.empty(), "loop_end without a loop in " + function.name);
        if (--loops.back().left > 0)
          pc = loops.back().first;
        else
          loops.pop_back();
        break;
      case Opcode::add_pointer:
        machine.add_pointer(x);
        break;
      default:
        machine.step(x);
    }
  }
  SPARSEC_CHECK(!machine.holds_tiles(), function.name + " keeps its tiles");
}

}  // namespace sparsec::kir
