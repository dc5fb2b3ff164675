// Channel order: rows of a weight matrix that share their non-zeros go into one group, columns that do into one word.
//
// A kernel makes a group of output channels at a time and loads each word of four input channels once for all of them,
// if any has a non-zero weight there; products cost one instruction per non-zero 1x4 word. So per pixel a convolution
// costs products + loads. The order of a class of channels (channel_classes.h) permutes the rows of the convolutions
// that make it and the columns of those that read it. Three orders are tried for each class: words by columns (four
// channels whose non-zeros are at the same rows and taps become one word, greedily), groups by rows (each next row adds
// the fewest words to the group's union), and groups by rows of whole words, which leaves the readers' words as they
// are. The cheapest is taken where it saves enough. Classes are treated one after the other in the order of the graph.
#include "compiler/passes/order_channels.h"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>

#include "compiler/passes/channel_classes.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace sparsec::passes {
namespace {

using Bits = std::vector<uint64_t>;
using Order = std::vector<int64_t>;  // new position -> old position

void set(Bits& bits, size_t i) { bits[i / 64] |= uint64_t{1} << (i % 64); }
Bits bits_for(size_t count) { return Bits((count + 63) / 64, 0); }
int64_t popcount(const Bits& bits) {
  return std::accumulate(bits.begin(), bits.end(), int64_t{0},
                         [](int64_t n, uint64_t b) { return n + std::popcount(b); });
}
void unite(Bits& a, const Bits& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] |= b[i];
}
int64_t growth(const Bits& whole, const Bits& part) {
  int64_t n = 0;
  for (size_t i = 0; i < whole.size(); ++i) n += std::popcount(part[i] & ~whole[i]);
  return n;
}

// ---- a weight matrix ------------------------------------------------------------------------------------------------

struct Matrix {
  int64_t rows = 0, columns = 0, taps = 0;
  std::vector<int8_t> w;        // [rows][columns][taps]
  std::vector<Bits> row_words;  // per row, the 1x4 words that are not zero: bit word * taps + tap

  explicit Matrix(const Tensor& t)
      : rows(t.shape[0]),
        columns(t.shape[1]),
        taps(t.shape[2] * t.shape[3]),
        w(t.data<int8_t>().begin(), t.data<int8_t>().end()),
        row_words(size_t(rows), bits_for(size_t((columns + 3) / 4 * taps))) {
    find_words(0, columns);
  }
  int64_t words() const { return (columns + 3) / 4 * taps; }

  // The columns [first, last) have changed.
  void find_words(int64_t first, int64_t last) {
    first = first / 4 * 4, last = std::min((last + 3) / 4 * 4, columns);
    for (int64_t r = 0; r < rows; ++r) {
      Bits& bits = row_words[size_t(r)];
      for (int64_t i = first / 4 * taps; i < (last + 3) / 4 * taps; ++i) {
        bits[size_t(i) / 64] &= ~(uint64_t{1} << (i % 64));
      }
      const int8_t* at = &w[size_t((r * columns + first) * taps)];
      for (int64_t c = first; c < last; ++c) {
        for (int64_t i = c / 4 * taps; i < (c / 4 + 1) * taps; ++i) {
          bits[size_t(i) / 64] |= uint64_t{*at++ != 0} << (i % 64);
        }
      }
    }
  }
  Matrix with_rows(const Order& order) const {
    Matrix m = *this;
    const size_t size = size_t(columns * taps);
    for (size_t r = 0; r < order.size(); ++r) {
      std::copy_n(&w[size_t(order[r]) * size], size, &m.w[r * size]);
      m.row_words[r] = row_words[size_t(order[r])];
    }
    return m;
  }
  Matrix with_columns(int64_t first, const Order& order) const {
    Matrix m = *this;
    for (int64_t r = 0; r < rows; ++r) {
      const size_t row = size_t((r * columns + first) * taps);
      for (size_t c = 0; c < order.size(); ++c) {
        std::copy_n(&w[row + size_t(order[c] * taps)], size_t(taps), &m.w[row + c * size_t(taps)]);
      }
    }
    m.find_words(first, first + int64_t(order.size()));
    return m;
  }
};

// Kernels split rows into groups as equal as whole words of output allow.
int64_t group_size(int64_t rows, int64_t most) {
  const int64_t groups = (rows + most - 1) / most;
  return ((rows + groups - 1) / groups + 3) / 4 * 4;
}

ChannelCost cost_of(const Matrix& m, int64_t most) {
  const int64_t group = group_size(m.rows, most);
  ChannelCost cost;
  for (int64_t first = 0; first < m.rows; first += group) {
    Bits whole = bits_for(size_t(m.words()));
    for (int64_t r = first; r < std::min(first + group, m.rows); ++r) {
      cost.products += popcount(m.row_words[size_t(r)]);
      unite(whole, m.row_words[size_t(r)]);
    }
    cost.loads += popcount(whole);
  }
  return cost;
}

// ---- greedy gathering -----------------------------------------------------------------------------------------------

// Gathers items into groups of `size`, one after the other: the fullest item that is left begins, then always the one
// that adds least to the group's union (of several, the fullest: it is best placed here).
Order gather(const std::vector<Bits>& items, int64_t size) {
  std::vector<int64_t> fullness, left(items.size());
  for (const Bits& item : items) fullness.push_back(popcount(item));
  std::iota(left.begin(), left.end(), 0);
  Order order;
  Bits whole;
  while (!left.empty()) {
    if (order.size() % size_t(size) == 0) whole.assign(items[0].size(), 0);
    const bool begins = order.size() % size_t(size) == 0;
    auto best = left.begin();
    std::pair<int64_t, int64_t> best_rank{INT64_MAX, 0};
    for (auto it = left.begin(); it != left.end(); ++it) {
      const int64_t full = fullness[size_t(*it)];
      const std::pair rank{begins ? 0 : growth(whole, items[size_t(*it)]), -full};
      if (rank < best_rank) best_rank = rank, best = it;
    }
    order.push_back(*best);
    unite(whole, items[size_t(*best)]);
    left.erase(best);
  }
  return order;
}

// An order of units of `size` items as an order of items. A last unit that is not full stays last.
Order spread(const Order& units, int64_t size, int64_t items) {
  Order order;
  for (const int64_t unit : units) {
    for (int64_t i = unit * size; i < std::min((unit + 1) * size, items); ++i) order.push_back(i);
  }
  return order;
}

Order compose(const Order& first, const Order& then) {
  Order result;
  for (const int64_t i : then) result.push_back(first[size_t(i)]);
  return result;
}

// ---- one class ------------------------------------------------------------------------------------------------------

struct Work {
  const Graph& graph;
  const ChannelOrderOptions& options;
  std::map<int32_t, Matrix>& matrices;  // by node
};

// The weights of the convolutions of `c` with its channels in another order.
std::map<int32_t, Matrix> reordered(const Work& work, const ChannelClass& c, const Order& order) {
  std::map<int32_t, Matrix> result;
  const auto matrix = [&](int32_t node) -> Matrix& {
    return result.try_emplace(node, work.matrices.at(node)).first->second;
  };
  for (const int32_t node : c.makers) matrix(node) = matrix(node).with_rows(order);
  for (const auto& reader : c.readers) matrix(reader.node) = matrix(reader.node).with_columns(reader.first, order);
  return result;
}

double total_cost(const Work& work, const std::map<int32_t, Matrix>& matrices) {
  double total = 0;
  for (const auto& [index, matrix] : matrices) {
    const Shape& out = work.graph.value(work.graph.nodes[size_t(index)].outputs[0]).shape;
    const ChannelCost cost = cost_of(matrix, work.options.group);
    total += double(out[2] * out[3]) * double(cost.products + cost.loads);
  }
  return total;
}

// Per channel, where the readers have non-zero weights for it.
std::vector<Bits> columns_of_readers(const Work& work, const ChannelClass& c) {
  size_t size = 0;
  for (const auto& reader : c.readers) {
    const Matrix& m = work.matrices.at(reader.node);
    size += size_t(m.rows * m.taps);
  }
  std::vector<Bits> result(size_t(c.channels), bits_for(size));
  size_t base = 0;
  for (const auto& reader : c.readers) {
    const Matrix& m = work.matrices.at(reader.node);
    for (int64_t r = 0; r < m.rows; ++r) {
      const int8_t* at = &m.w[size_t((r * m.columns + reader.first) * m.taps)];
      for (Bits& bits : result) {
        for (int64_t t = 0; t < m.taps; ++t) {
          if (*at++ != 0) set(bits, base + size_t(r * m.taps + t));
        }
      }
    }
    base += size_t(m.rows * m.taps);
  }
  return result;
}

// Per unit of `size` channels, which words the makers load for it.
std::vector<Bits> rows_of_makers(const Work& work, const ChannelClass& c, const Order& order, int64_t size) {
  std::vector<Bits> result(size_t((c.channels + size - 1) / size));
  for (const int32_t node : c.makers) {
    const std::vector<Bits>& rows = work.matrices.at(node).row_words;
    for (size_t unit = 0; unit < result.size(); ++unit) {
      Bits whole(rows[0].size(), 0);
      for (int64_t i = int64_t(unit) * size; i < std::min((int64_t(unit) + 1) * size, c.channels); ++i) {
        unite(whole, rows[size_t(order[size_t(i)])]);
      }
      result[unit].insert(result[unit].end(), whole.begin(), whole.end());
    }
  }
  return result;
}

// Orders worth trying.
std::vector<Order> candidates(const Work& work, const ChannelClass& c) {
  Order given(static_cast<size_t>(c.channels));
  std::iota(given.begin(), given.end(), 0);
  const int64_t group = group_size(c.channels, work.options.group);
  const auto by_rows = [&](const Order& order, int64_t unit) {
    const Order units = gather(rows_of_makers(work, c, order, unit), group / unit);
    return compose(order, spread(units, unit, c.channels));
  };
  std::vector<Order> result{by_rows(given, 1)};
  const bool whole_words = c.channels % 4 == 0;
  if (whole_words) result.push_back(by_rows(given, 4));
  if (!c.readers.empty()) {
    const Order words = gather(columns_of_readers(work, c), 4);
    result.push_back(words);
    if (whole_words) result.push_back(by_rows(words, 4));
  }
  return result;
}

template <typename T>
void permute(std::vector<T>& values, const Order& order) {
  const std::vector<T> old = values;
  for (size_t i = 0; i < order.size(); ++i) values[i] = old[size_t(order[i])];
}

// Orders the class where it pays; true if it did.
bool order_class(Graph& graph, const Work& work, const ChannelClass& c) {
  const auto given = reordered(work, c, [&] {
    Order same(static_cast<size_t>(c.channels));
    std::iota(same.begin(), same.end(), 0);
    return same;
  }());
  const double before = total_cost(work, given);
  double least = before * (1 - work.options.least_saving);
  Order chosen;
  for (const Order& order : candidates(work, c)) {
    const double cost = total_cost(work, reordered(work, c, order));
    if (cost < least) least = cost, chosen = order;
  }
  if (chosen.empty()) return false;
  for (auto& [node, matrix] : reordered(work, c, chosen)) work.matrices.at(node) = matrix;
  for (const int32_t node : c.makers) {
    QConv& op = std::get<QConv>(graph.nodes[size_t(node)].op);
    permute(op.acc_bias, chosen);
    permute(op.multiplier, chosen);
    permute(op.bias, chosen);
  }
  return true;
}

}  // namespace

ChannelCost channel_cost(const Tensor& weights, int64_t group) { return cost_of(Matrix(weights), group); }

Graph order_channels(Graph graph, const ChannelOrderOptions& options) {
  std::map<int32_t, Matrix> matrices;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (as<QConv>(node)) matrices.try_emplace(int32_t(i), Matrix(*graph.value(node.inputs[1]).constant));
  }
  bool changed = false;
  const Work work{graph, options, matrices};
  for (const ChannelClass& c : free_channel_classes(graph)) changed |= order_class(graph, work, c);
  if (!changed) return graph;
  for (const auto& [index, matrix] : matrices) {
    Node& node = graph.nodes[size_t(index)];
    const Value old = graph.value(node.inputs[1]);
    const auto before = old.constant->data<int8_t>();
    if (std::equal(before.begin(), before.end(), matrix.w.begin())) continue;
    node.inputs[1] = graph.add_constant(old.name, Tensor::of<int8_t>(old.shape, matrix.w));
  }
  return tidy(std::move(graph));
}

Graph order_channels(Graph graph) { return order_channels(std::move(graph), ChannelOrderOptions{}); }

}  // namespace sparsec::passes
