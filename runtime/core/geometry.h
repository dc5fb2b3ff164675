// Where a picture lies inside the network's input: scaled by one factor to fit, centred, grey around it. YOLOv5's
// arithmetic, roundings included.
#pragma once

#include <cstdint>

namespace sparsec::rt {

struct Geometry {
  int32_t rows, columns;  // of the picture
  int32_t net_rows, net_columns;
  int32_t inner_rows, inner_columns;  // of the scaled picture
  int32_t top, left;                  // where it begins
  float gain, pad_x, pad_y;           // network = picture * gain + pad: what boxes are mapped back by
};

inline constexpr int32_t kMostPixels = 1 << 20;  // a side of a picture

// Python's round(): half to even.
inline int32_t round_python(double x) { return int32_t(__builtin_nearbyint(x)); }

inline Geometry fit(int32_t rows, int32_t columns, int32_t net_rows, int32_t net_columns) {
  Geometry g{rows, columns, net_rows, net_columns, 0, 0, 0, 0, 0, 0, 0};
  const double by_rows = double(net_rows) / rows, by_columns = double(net_columns) / columns;
  const double r = by_rows < by_columns ? by_rows : by_columns;
  const auto inside = [](int32_t n, int32_t most) { return n < 1 ? 1 : n > most ? most : n; };
  g.inner_rows = inside(round_python(rows * r), net_rows);
  g.inner_columns = inside(round_python(columns * r), net_columns);
  g.top = round_python((net_rows - g.inner_rows) / 2.0 - 0.1);
  g.left = round_python((net_columns - g.inner_columns) / 2.0 - 0.1);
  g.gain = float(r);
  g.pad_x = float(g.left);
  g.pad_y = float(g.top);
  return g;
}

// A coordinate clipped to a picture's side.
inline float within_picture(float v, int32_t size) { return v < 0 ? 0 : v > float(size) ? float(size) : v; }

}  // namespace sparsec::rt
