// Slots are held until the plane ends, and their vectors loaded line by line. With sums in 16 bits they are held until
// registers are full or the kernel ends; then each row sums what it can of them at once.
#include "codegen/kernels/conv_products.h"

#include <algorithm>
#include <utility>

#include "codegen/kernels/activation.h"
#include "codegen/kernels/saturation.h"

namespace sparsec::kernels {

using kir::Opcode;

namespace {

constexpr int kHeld = kActivationTemps;  // vectors at once: the registers that the epilogue needs anyway
constexpr size_t kMostWords = 3;         // of one instruction: dot12

}  // namespace

int products_of(const Isa& isa, bool integer, uint32_t word) {
  if (word == 0) return 0;
  return integer && isa.saturating_dot ? int(split_for_saturation(word).size()) : 1;
}

ConvProducts::ConvProducts(const Isa& isa, bool integer, int rows, bool by_lines, Builder& builder, WordStream& stream)
    : isa_(isa),
      sums_(integer && isa.saturating_dot),
      integer_(integer),
      signed_(integer && isa.signed_dot),
      rows_(rows),
      by_lines_(by_lines && !sums_ && InputLines::usable(isa)),
      b_(builder),
      stream_(stream),
      lines_(isa, builder, rows) {}

int64_t ConvProducts::planes_a_turn(int64_t planes, size_t taps) const {
  if (!sums_) return 1;
  int64_t best = 1;
  for (int64_t n = 2; n * int64_t(taps) <= kHeld; ++n)
    if (planes % n == 0) best = n;
  return best;
}

void ConvProducts::split_row(int row) {
  static_assert(InputLines::kRegisters < kActivationTemps);
  split_row_ = row;
  b_.one(Opcode::zero, second_accumulator());
}

void ConvProducts::join_rows() {
  if (split_row_ >= 0) b_.three(Opcode::add_i32, split_row_, split_row_, second_accumulator());
  split_row_ = -1;
}

void ConvProducts::add(ProductSlot slot) {
  if (slot.words.empty()) return;
  held_.push_back(std::move(slot));
  if (sums_ && held_.size() == size_t(kHeld)) flush();
}

void ConvProducts::end_plane() {
  if (!sums_) flush();
}

void ConvProducts::flush() {
  if (held_.empty()) return;
  for (const ProductSlot& slot : held_) loads_ += int64_t(slot.words.front().turns.size());
  sums_ ? sum_together() : one_by_one();
  held_.clear();
}

void ConvProducts::one_by_one() {
  if (by_lines_) {
    std::vector<int64_t> vectors;
    for (const ProductSlot& slot : held_) vectors.push_back(slot.input.offset);
    lines_.expect(held_.front().input.pointer, std::move(vectors));
  }
  for (const ProductSlot& slot : held_) {
    int data = rows_;
    if (by_lines_)
      data = lines_.load_next();
    else
      b_.with_memory(signed_ ? Opcode::load_s8 : Opcode::load, data, 0, slot.input);
    for (const ProductSlot::Words& w : slot.words) emit(w.row, {{data, w.turns}});
  }
}

void ConvProducts::sum_together() {
  std::vector<std::vector<Factor>> by_row(static_cast<size_t>(rows_));
  for (size_t i = 0; i < held_.size(); ++i) {
    const int data = rows_ + int(i);
    b_.load(data, held_[i].input);
    for (const ProductSlot::Words& w : held_[i].words)
      for (Factor& factor : split(data, w.turns)) by_row[size_t(w.row)].push_back(std::move(factor));
  }
  for (int row = 0; row < rows_; ++row) {
    std::vector<Factor>& left = by_row[size_t(row)];
    while (!left.empty()) {  // the first, and whichever others may be summed with it
      std::vector<Factor> together{std::move(left.front())};
      left.erase(left.begin());
      for (size_t i = 0; i < left.size() && together.size() < kMostWords;) {
        together.push_back(left[i]);
        if (safe_together(together)) {
          left.erase(left.begin() + ptrdiff_t(i));
        } else {
          together.pop_back();
          ++i;
        }
      }
      emit(row, std::move(together));
    }
  }
}

// In two where dot4 could saturate in any turn, even bytes and odd bytes; words that are zero in all turns of a split
// are dropped.
std::vector<ConvProducts::Factor> ConvProducts::split(int data, const std::vector<uint32_t>& turns) const {
  if (std::ranges::all_of(turns, [](uint32_t w) { return is_saturation_safe(w); })) return {{data, turns}};
  std::vector<Factor> parts;
  for (uint32_t mask : {0x00ff00ffu, 0xff00ff00u}) {
    Factor part{data, {}};
    for (uint32_t w : turns) part.turns.push_back(w & mask);
    if (std::ranges::any_of(part.turns, [](uint32_t w) { return w != 0; })) parts.push_back(std::move(part));
  }
  return parts;
}

bool ConvProducts::safe_together(const std::vector<Factor>& factors) {
  std::vector<uint32_t> words(factors.size());
  for (size_t turn = 0; turn < factors.front().turns.size(); ++turn) {
    for (size_t i = 0; i < factors.size(); ++i) words[i] = factors[i].turns[turn];
    if (!is_saturation_safe(words)) return false;
  }
  return true;
}

void ConvProducts::emit(int row, std::vector<Factor> factors) {
  std::vector<uint32_t> words;
  std::vector<int> data;
  for (const Factor& f : factors) {
    words.push_back(f.turns.front());
    data.push_back(f.data);
  }
  const Mem m = stream_.next(words);
  int sum = row;
  if (row == split_row_ && std::exchange(second_, !second_)) sum = second_accumulator();
  if (integer_ && !signed_)
    b_.dot(sum, data, m);
  else
    b_.with_memory(signed_ ? Opcode::dot4_s8 : Opcode::fma_word, sum, data.front(), m);
  const size_t turns = factors.front().turns.size();
  later_.resize(turns - 1);
  for (size_t turn = 1; turn < turns; ++turn)
    for (const Factor& f : factors) later_[turn - 1].push_back(f.turns[turn]);
  count_ += int64_t(factors.size() * turns);
}

std::vector<uint32_t> ConvProducts::take_later_turns() {
  std::vector<uint32_t> words;
  for (const std::vector<uint32_t>& turn : later_) words.insert(words.end(), turn.begin(), turn.end());
  later_.clear();
  return words;
}

}  // namespace sparsec::kernels
