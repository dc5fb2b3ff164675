// Vectors that follow each other and share lines are a run, which is loaded line by line or vector by vector as a
// whole. Of a run never more than two lines are needed at once: a line's register is its number's last bit.
#include "codegen/kernels/input_lines.h"

#include <utility>

namespace sparsec::kernels {
namespace {

constexpr int64_t kNone = INT64_MIN;

// Rounded down, for offsets before the pointer too.
int64_t quotient(int64_t a, int64_t b) { return a / b - (a % b < 0); }

}  // namespace

InputLines::InputLines(const Isa& isa, Builder& builder, int first_register)
    : vector_bytes_(isa.vector_bytes()), b_(builder), first_register_(first_register) {}

int64_t InputLines::first_line(int64_t vector) const { return quotient(vector, vector_bytes_); }
int64_t InputLines::last_line(int64_t vector) const { return quotient(vector + vector_bytes_ - 1, vector_bytes_); }

void InputLines::expect(int pointer, std::vector<int64_t> vectors) {
  pointer_ = pointer;
  vectors_ = std::move(vectors);
  joined_.clear();
  next_ = 0;
  loaded_[0] = loaded_[1] = kNone;
  for (size_t begin = 0; begin < vectors_.size();) {
    size_t end = begin + 1;
    int64_t last = last_line(vectors_[begin]), lines = last - first_line(vectors_[begin]) + 1;
    for (; end < vectors_.size(); ++end) {
      const int64_t first = first_line(vectors_[end]);
      if (first < first_line(vectors_[end - 1]) || first > last) break;
      lines += last_line(vectors_[end]) - last;
      last = last_line(vectors_[end]);
    }
    joined_.insert(joined_.end(), end - begin, lines <= int64_t(end - begin));
    begin = end;
  }
}

int InputLines::line(int64_t number) {
  const int place = int(number & 1);
  if (loaded_[place] != number) b_.load(first_register_ + place, {pointer_, number * vector_bytes_});
  loaded_[place] = number;
  return first_register_ + place;
}

int InputLines::load_next() {
  const int64_t vector = vectors_[next_];
  const int own = first_register_ + 2;
  if (!joined_[next_++]) {
    b_.load(own, {pointer_, vector});
    return own;
  }
  const int64_t first = first_line(vector);
  const int low = line(first);
  if (last_line(vector) == first) return low;
  const int high = line(first + 1);
  b_.lanes_from(int(vector - first * vector_bytes_) / 4, own, low, high);
  return own;
}

}  // namespace sparsec::kernels
