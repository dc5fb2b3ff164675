// Writes kernel IR: a method per shape of instruction, and cursors over constant words.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "codegen/isa/isa.h"
#include "codegen/program.h"
#include "compiler/error.h"

namespace sparsec::kernels {

struct Mem {
  int pointer;
  int64_t offset;
};

class Builder {
 public:
  Builder(std::string name, std::string comment, int pointers)
      : f_{std::move(name), std::move(comment), pointers, {}, 0} {}

  void loop_tiles(int by = 1) { add({.op = kir::Opcode::loop_tiles, .imm = by}); }
  void if_tiles(int by) { add({.op = kir::Opcode::if_tiles, .imm = by}); }
  void loop(int64_t count) { add({.op = kir::Opcode::loop_count, .imm = int32_t(count)}); }
  void end() { add({kir::Opcode::loop_end}); }
  void advance(int pointer, int64_t bytes) {
    if (bytes != 0) add({.op = kir::Opcode::add_pointer, .p = uint8_t(pointer), .offset = int32_t(bytes)});
  }
  void one(kir::Opcode op, int d) { add({.op = op, .d = uint8_t(d)}); }
  void two(kir::Opcode op, int d, int a, int imm = 0) { add({.op = op, .d = uint8_t(d), .a = uint8_t(a), .imm = imm}); }
  void three(kir::Opcode op, int d, int a, int b) {
    add({.op = op, .d = uint8_t(d), .a = uint8_t(a), .b = uint8_t(b)});
  }
  void lanes_from(int lane, int d, int a, int b) {
    add({.op = kir::Opcode::lanes_from, .d = uint8_t(d), .a = uint8_t(a), .b = uint8_t(b), .imm = lane});
  }
  void pair_bytes(int d, int a, int b, int byte) {
    add({.op = kir::Opcode::pair_bytes, .d = uint8_t(d), .a = uint8_t(a), .b = uint8_t(b), .imm = byte});
  }
  void with_memory(kir::Opcode op, int d, int a, Mem m) {
    add({.op = op, .d = uint8_t(d), .a = uint8_t(a), .p = uint8_t(m.pointer), .offset = int32_t(m.offset)});
  }
  // dot4, dot8 or dot12: as many registers as words in a row at m.
  void dot(int d, std::span<const int> data, Mem m) {
    constexpr kir::Opcode kOps[] = {kir::Opcode::dot4, kir::Opcode::dot8, kir::Opcode::dot12};
    kir::Insn insn{.op = kOps[data.size() - 1], .d = uint8_t(d), .p = uint8_t(m.pointer), .offset = int32_t(m.offset)};
    uint8_t* const registers[] = {&insn.a, &insn.b, &insn.c};
    for (size_t i = 0; i < data.size(); ++i) *registers[i] = uint8_t(data[i]);
    add(insn);
  }
  void load(int d, Mem m) { with_memory(kir::Opcode::load, d, 0, m); }
  void store(Mem m, int a) { with_memory(kir::Opcode::store, 0, a, m); }
  void broadcast(int d, Mem m) { with_memory(kir::Opcode::broadcast, d, 0, m); }
  // Asks for the last line of a vector at m.
  void ask_for(Mem m, int64_t vector_bytes) {
    with_memory(kir::Opcode::prefetch, 0, 0, {m.pointer, m.offset + vector_bytes - 1});
  }
  void pack(kir::Opcode op, int d, int a, int b, int c, int e) {
    add({.op = op, .d = uint8_t(d), .a = uint8_t(a), .b = uint8_t(b), .c = uint8_t(c), .e = uint8_t(e)});
  }

  void scratch(int64_t bytes) { f_.scratch = int(bytes); }
  void tile_load(int d, Mem m, int64_t stride) {
    add({.op = kir::Opcode::tile_load,
         .d = uint8_t(d),
         .p = uint8_t(m.pointer),
         .offset = int32_t(m.offset),
         .imm = int32_t(stride)});
  }
  void tile_store(Mem m, int a, int64_t stride) {
    add({.op = kir::Opcode::tile_store,
         .a = uint8_t(a),
         .p = uint8_t(m.pointer),
         .offset = int32_t(m.offset),
         .imm = int32_t(stride)});
  }

  // Writes the sequences that emit(0) to emit(n - 1) write, an instruction of each in turn, so that none waits for
  // itself. They use registers of their own and leave the pointers where they are.
  template <typename F>
  void in_turn(int n, F emit) {
    const size_t begin = place();
    std::vector<std::vector<kir::Insn>> sequences;
    size_t longest = 0;
    for (int i = 0; i < n; ++i) {
      emit(i);
      sequences.emplace_back(f_.code.begin() + int64_t(begin), f_.code.end());
      longest = std::max(longest, sequences.back().size());
      f_.code.resize(begin);
    }
    for (size_t at = 0; at < longest; ++at)
      for (const auto& sequence : sequences)
        if (at < sequence.size()) add(sequence[at]);
  }

  // The next instruction's place, and instructions put in at a place.
  size_t place() const { return f_.code.size(); }
  void insert(size_t at, std::span<const kir::Insn> code) {
    f_.code.insert(f_.code.begin() + int64_t(at), code.begin(), code.end());
  }

  kir::Function finish() { return std::move(f_); }

 private:
  void add(kir::Insn insn) { f_.code.push_back(insn); }
  kir::Function f_;
};

// A stream of 32-bit constants that a kernel reads in order. The pointer walks along so that offsets stay short:
// AVX-512 scales a one-byte displacement by the word's four bytes, which makes every product three bytes shorter.
class WordStream {
 public:
  WordStream(Builder& builder, int pointer, const Isa& isa)
      : b_(builder), pointer_(pointer), reach_(isa.lanes == 16 ? 508 : 124) {}

  // Appends a word, or several for one instruction; the operand that reads the first.
  Mem next(uint32_t word) { return next(std::span(&word, 1)); }
  Mem next(std::span<const uint32_t> words) {
    const int64_t at = bytes();
    write(words);
    if (at - position_ > reach_) move_to(at + reach_ + 4);
    return {pointer_, at - position_};
  }
  Mem next(float value) { return next(std::bit_cast<uint32_t>(value)); }
  Mem next(int32_t value) { return next(uint32_t(value)); }

  // Moves the pointer so that the next `words` words are within reach of it.
  void reach(int64_t words) {
    if (bytes() + 4 * words - position_ > reach_) move_to(bytes() + reach_ + 4);
  }

  // Moves the pointer to a place in the stream (bytes from its start): at loop borders, where the code after must find
  // it where it was.
  void move_to(int64_t at) {
    b_.advance(pointer_, at - position_);
    position_ = at;
  }
  // Words of the later iterations of a loop whose first was just written, and where the pointer stands after them.
  void append(const std::vector<uint32_t>& words, int64_t position) {
    write(words);
    position_ = position;
  }
  // Goes back to the word at so many bytes, for code that reads the same words again, in the same order.
  void rewind_to(int64_t at) {
    move_to(at);
    written_ = size_t(at / 4);
  }
  int64_t position() const { return position_; }
  int64_t bytes() const { return int64_t(written_) * 4; }
  const std::vector<uint32_t>& words() const { return words_; }

 private:
  void write(std::span<const uint32_t> words) {
    if (written_ == words_.size()) words_.insert(words_.end(), words.begin(), words.end());
    SPARSEC_CHECK(written_ + words.size() <= words_.size() &&
                      std::ranges::equal(words, std::span(words_).subspan(written_, words.size())),
                  "other words than before");
    written_ += words.size();
  }

  Builder& b_;
  int pointer_;
  int64_t reach_;
  int64_t position_ = 0;  // where the pointer stands
  size_t written_ = 0;    // words, or read again
  std::vector<uint32_t> words_;
};

// Constant words that a kernel reads at any time through one pointer; equal words are shared.
class WordPool {
 public:
  explicit WordPool(int pointer) : pointer_(pointer) {}
  Mem word(uint32_t bits) {
    for (const Single& s : singles_)
      if (s.bits == bits) return {pointer_, s.at};
    singles_.push_back({bits, int64_t(words_.size()) * 4});
    words_.push_back(bits);
    return {pointer_, singles_.back().at};
  }
  Mem word(float value) { return word(std::bit_cast<uint32_t>(value)); }
  Mem word(int32_t value) { return word(uint32_t(value)); }
  // A table for lookup8, lookup16 or lookup256; asked for again with the same `key` it is shared.
  Mem table(const void* key, const std::vector<uint32_t>& words) {
    for (const Table& t : tables_)
      if (t.key == key) return {pointer_, t.at};
    // on a cache line of its own, if it is as large: a vector load of it is one line's
    const size_t alignment = std::min<size_t>(16, std::bit_ceil(words.size()));
    words_.resize((words_.size() + alignment - 1) / alignment * alignment);
    tables_.push_back({key, int64_t(words_.size()) * 4});
    words_.insert(words_.end(), words.begin(), words.end());
    return {pointer_, tables_.back().at};
  }
  const std::vector<uint32_t>& words() const { return words_; }

 private:
  struct Single {
    uint32_t bits;
    int64_t at;
  };
  struct Table {
    const void* key;
    int64_t at;
  };
  int pointer_;
  std::vector<uint32_t> words_;
  std::vector<Single> singles_;
  std::vector<Table> tables_;
};

}  // namespace sparsec::kernels
