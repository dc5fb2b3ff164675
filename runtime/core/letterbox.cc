// Row by row: the resized row between its grey sides as lanes, in the L1 cache; then each lane, or each of its bytes,
// to where the layout wants it. Values are mapped by a table of 256, which most quantised models do not need.
#include "runtime/core/letterbox.h"

#include "runtime/core/nest.h"

namespace sparsec::rt {
namespace {

size_t round_up(size_t n) { return (n + 63) & ~size_t{63}; }
size_t columns_bytes(int32_t net_columns) { return round_up(sizeof(Column) * size_t(net_columns)); }
size_t cached_row_bytes(int32_t net_columns) { return round_up(sizeof(int16_t) * lanes_room(net_columns)); }
// The resized row starts anywhere in the row and may run over its end by less than a vector.
size_t lanes_bytes(int32_t net_columns) { return round_up(lanes_room(net_columns) + 32); }
size_t thread_bytes(int32_t net_columns) { return 2 * cached_row_bytes(net_columns) + lanes_bytes(net_columns); }

void fill_grey(char* lanes, int32_t begin, int32_t end) {
  for (int32_t x = begin; x < end; ++x) store<uint32_t>(lanes + 4 * int64_t(x), kGrey * 0x010101u);
}

// Row y of the network's input.
void make_row(Picture& p, int32_t y) {
  const Geometry& g = p.geometry;
  char* lanes = reinterpret_cast<char*>(p.lanes);
  const bool inside = y >= g.top && y < g.top + g.inner_rows;
  if (!inside) return fill_grey(lanes, 0, g.net_columns);
  resize_row(p.resize, y - g.top, p.cache, p.lanes + 4 * int64_t(g.left));
  fill_grey(lanes, 0, g.left);
  fill_grey(lanes, g.left + g.inner_columns, g.net_columns);
}

void map_bytes(uint8_t* lanes, int32_t columns, const uint8_t* table) {
  for (int32_t x = 0; x < columns; ++x, lanes += 4) {
    for (int c = 0; c < 3; ++c) lanes[c] = table[lanes[c]];
  }
}

// Every step-th lane, from the first on.
void take_lanes(char* out, const char* lanes, int32_t n, int32_t step) {
  for (int32_t i = 0; i < n; ++i) store<uint32_t>(out + 4 * int64_t(i), load<uint32_t>(lanes + 4 * int64_t(step) * i));
}

// Even and odd lanes, 2 * n of them, apart.
void part_lanes(char* even, char* odd, const char* lanes, int32_t n) {
  typedef float Vector __attribute__((vector_size(16)));  // of lanes; never computed with
  int32_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const Vector a = load<Vector>(lanes + 8 * int64_t(i)), b = load<Vector>(lanes + 8 * int64_t(i) + 16);
    store<Vector>(even + 4 * int64_t(i), __builtin_shufflevector(a, b, 0, 2, 4, 6));
    store<Vector>(odd + 4 * int64_t(i), __builtin_shufflevector(a, b, 1, 3, 5, 7));
  }
  take_lanes(even + 4 * int64_t(i), lanes + 8 * int64_t(i), n - i, 2);
  take_lanes(odd + 4 * int64_t(i), lanes + 8 * int64_t(i) + 4, n - i, 2);
}

// out[x] = table[byte c of lane first + x * step]
template <class T>
void take_channel(T* out, const uint8_t* lanes, int32_t n, int32_t step, const T* table) {
  for (int32_t x = 0; x < n; ++x) out[x] = table[lanes[4 * int64_t(step) * x]];
}

// The row of lanes to its phases; `out`: of the first of them.
void deposit(const sparsec_letterbox& d, uint8_t* lanes, char* out) {
  const int32_t n = d.columns / d.phase_columns;
  if (d.lanes != 0) {
    if (d.identity == 0) map_bytes(lanes, d.columns, d.byte);
    const char* from = reinterpret_cast<const char*>(lanes);
    if (d.phase_columns == 2) return part_lanes(out, out + d.plane_stride, from, n);
    for (int32_t phase = 0; phase < d.phase_columns; ++phase)
      take_lanes(out + d.plane_stride * phase, from + 4 * int64_t(phase), n, d.phase_columns);
    return;
  }
  for (int32_t phase = 0; phase < d.phase_columns; ++phase) {
    for (int c = 0; c < 3; ++c, out += d.plane_stride) {
      const uint8_t* from = lanes + 4 * int64_t(phase) + c;
      if (d.type == SPARSEC_U8) {
        take_channel(reinterpret_cast<uint8_t*>(out), from, n, d.phase_columns, d.byte);
      } else {
        take_channel(reinterpret_cast<float*>(out), from, n, d.phase_columns, d.value);
      }
    }
  }
}

}  // namespace

sparsec_letterbox plain_input(uint32_t type, int32_t rows, int32_t columns) {
  sparsec_letterbox d{};
  d.type = type;
  d.rows = rows;
  d.columns = columns;
  d.phase_rows = d.phase_columns = 1;
  d.plane_stride = int64_t(rows) * columns * (type == SPARSEC_U8 ? 1 : 4);
  d.identity = 1;
  for (int v = 0; v < 256; ++v) {
    d.byte[v] = uint8_t(v);
    d.value[v] = input_value(type, v);
  }
  return d;
}

size_t letterbox_scratch_bytes(int32_t net_columns, int threads) {
  return columns_bytes(net_columns) + thread_bytes(net_columns) * size_t(threads);
}

void letterbox_begin(Picture* pictures, int threads, const uint8_t* rgb, ptrdiff_t row_bytes, const Geometry& g,
                     char* scratch) {
  Column* column = reinterpret_cast<Column*>(scratch);
  prepare_columns(g.columns, g.inner_columns, column);
  const size_t row = cached_row_bytes(g.net_columns);
  for (int t = 0; t < threads; ++t) {
    char* mine = scratch + columns_bytes(g.net_columns) + thread_bytes(g.net_columns) * size_t(t);
    pictures[t].geometry = g;
    pictures[t].resize = {rgb, row_bytes, g.rows, g.columns, g.inner_rows, g.inner_columns, column};
    pictures[t].cache = {{reinterpret_cast<int16_t*>(mine), reinterpret_cast<int16_t*>(mine + row)}, {-1, -1}};
    pictures[t].lanes = reinterpret_cast<uint8_t*>(mine + 2 * row);
  }
}

void letterbox_rows(const sparsec_letterbox& d, Picture& picture, char* origin, int64_t row_stride, int64_t begin,
                    int64_t end) {
  const int64_t planes = d.lanes != 0 ? d.phase_columns : 3 * int64_t(d.phase_columns);  // that a row of pixels goes to
  for (int64_t row = begin; row < end; ++row) {
    char* out = origin + row_stride * row;
    for (int32_t py = 0; py < d.phase_rows; ++py, out += planes * d.plane_stride) {
      make_row(picture, int32_t(row) * d.phase_rows + py);
      deposit(d, picture.lanes, out);
    }
  }
}

}  // namespace sparsec::rt

using namespace sparsec::rt;

extern "C" void SPARSEC_STEP(letterbox)(const void* const* pointers, int64_t tiles) {
  const auto& layout = *static_cast<const sparsec_letterbox*>(pointers[3]);
  auto& picture = *static_cast<Picture*>(const_cast<void*>(pointers[2]));
  char* origin = static_cast<char*>(const_cast<void*>(pointers[1]));
  const int64_t stride = tile_stride(pointers, 0);
  const int64_t first = (static_cast<const char*>(pointers[0]) - origin) / stride;
  letterbox_rows(layout, picture, origin, stride, first, first + tiles);
}
