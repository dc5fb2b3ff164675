// The meaning of the tile opcodes: eight matrices of up to 16 rows of up to 64 bytes, as Intel's AMX has them.
#pragma once

#include <array>
#include <cstdint>

namespace sparsec::kir {

// A use that the CPU answers with a fault (a shape that does not fit, a tile without one) is a failed check.
class TileMachine {
 public:
  void configure(const uint8_t* shapes);  // 64 bytes in ldtilecfg's layout
  void release();
  void zero(int d);
  void load(int d, const uint8_t* from, int64_t stride);
  void store(uint8_t* to, int64_t stride, int a) const;
  void dot(int d, int a, int b);
  bool configured() const { return configured_; }

 private:
  struct Tile {
    int rows = 0, row_bytes = 0;
    std::array<std::array<uint8_t, 64>, 16> row{};
  };
  Tile& at(int index);
  const Tile& at(int index) const;

  bool configured_ = false;
  std::array<Tile, 8> tiles_;
};

}  // namespace sparsec::kir
