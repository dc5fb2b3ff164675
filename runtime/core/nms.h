// Non-maximum suppression with YOLOv5's semantics: the best candidates first, each suppresses those of its class that
// overlap it too much.
#pragma once

#include <cstdint>

namespace sparsec::rt {

struct Candidate {
  float x1, y1, x2, y2;  // pixels of the network's input
  float score;
  int32_t label;
  uint32_t order;  // when it was found: of equal scores the earlier is the better
};

inline constexpr int32_t kMostCandidates = 30000;
inline constexpr float kClassOffset =
    7680.0f;  // boxes of class c are moved by c times this, in float32, as YOLOv5 does

// The best `capacity` candidates of all that are added, in memory that the caller gives. While there is room they are
// appended; then they form a heap with the worst at the root, which a better one replaces.
class Candidates {
 public:
  Candidates(Candidate* items, int32_t capacity) : items_(items), capacity_(capacity) {}
  void add(float x1, float y1, float x2, float y2, float score, int32_t label);
  void sort();  // best first
  Candidate* items() { return items_; }
  int32_t size() const { return size_; }

 private:
  Candidate* items_;
  int32_t capacity_, size_ = 0;
  uint32_t found_ = 0;
};

// Of `n` sorted candidates keeps at most `most`, moved to the front. Returns how many.
int32_t suppress(Candidate* items, int32_t n, float iou, bool agnostic, int32_t most);

}  // namespace sparsec::rt
