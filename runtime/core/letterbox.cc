// Each thread makes its rows of all three planes, so that it reads a row of pixels once. Pixel values become floats
// through a table of 256.
#include "runtime/core/letterbox.h"

#include <cstring>

namespace sparsec::rt {
namespace {

size_t round_up(size_t n) { return (n + 63) & ~size_t{63}; }
size_t columns_bytes(int32_t net_columns) { return round_up(sizeof(Column) * size_t(net_columns)); }
size_t cached_row_bytes(int32_t net_columns) { return round_up(sizeof(int16_t) * 3 * size_t(net_columns)); }
size_t pixel_row_bytes(int32_t net_columns) { return round_up(3 * size_t(net_columns)); }
size_t thread_bytes(int32_t net_columns) { return 2 * cached_row_bytes(net_columns) + pixel_row_bytes(net_columns); }

// One row of pixels into three planes, grey left and right of it; a null row is all grey.
template <class T, class Map>
void write_row(const Letterbox& l, int32_t y, const uint8_t* pixels, const Map& map) {
  const Geometry& g = l.geometry;
  const int64_t plane = int64_t(g.net_rows) * g.net_columns;
  T* out = static_cast<T*>(l.input) + int64_t(y) * g.net_columns;
  const int32_t first = pixels ? g.left : g.net_columns, last = pixels ? g.left + g.inner_columns : g.net_columns;
  for (int c = 0; c < 3; ++c, out += plane) {
    for (int32_t x = 0; x < first; ++x) out[x] = map(kGrey);
    for (int32_t x = first; x < last; ++x) out[x] = map(pixels[3 * (x - first) + c]);
    for (int32_t x = last; x < g.net_columns; ++x) out[x] = map(kGrey);
  }
}

}  // namespace

size_t letterbox_scratch_bytes(int32_t net_columns, int threads) {
  return columns_bytes(net_columns) + thread_bytes(net_columns) * size_t(threads);
}

void letterbox_begin(Letterbox& l, const uint8_t* rgb, ptrdiff_t row_bytes, const Geometry& g, uint32_t type,
                     float scale, void* input, char* scratch) {
  l.geometry = g;
  l.type = type;
  l.input = input;
  // 1/255 means a division by 255, correctly rounded, as every other pipeline has it.
  for (int i = 0; i < 256; ++i) l.value[i] = scale == 1.0f / 255.0f ? float(i) / 255.0f : float(i) * scale;
  Column* column = reinterpret_cast<Column*>(scratch);
  prepare_columns(g.columns, g.inner_columns, column);
  l.resize = {rgb, row_bytes, g.rows, g.columns, g.inner_rows, g.inner_columns, column};
}

void letterbox_rows(const Letterbox& l, int32_t begin, int32_t end, int thread, char* scratch) {
  const Geometry& g = l.geometry;
  char* mine = scratch + columns_bytes(g.net_columns) + thread_bytes(g.net_columns) * size_t(thread);
  RowCache cache{{reinterpret_cast<int16_t*>(mine), reinterpret_cast<int16_t*>(mine + cached_row_bytes(g.net_columns))},
                 {-1, -1}};
  uint8_t* row = reinterpret_cast<uint8_t*>(mine + 2 * cached_row_bytes(g.net_columns));
  for (int32_t y = begin; y < end; ++y) {
    const bool inside = y >= g.top && y < g.top + g.inner_rows;
    if (inside) resize_row(l.resize, y - g.top, cache, row);
    const uint8_t* pixels = inside ? row : nullptr;
    if (l.type == SPARSEC_U8) {
      write_row<uint8_t>(l, y, pixels, [](uint8_t v) { return v; });
    } else {
      write_row<float>(l, y, pixels, [&l](uint8_t v) { return l.value[v]; });
    }
  }
}

}  // namespace sparsec::rt
