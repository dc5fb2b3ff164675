// The candidates are a heap while they are gathered and sorted by it afterwards (heapsort: no library, no memory, the
// same order everywhere). Suppression is greedy: each candidate, best first, is compared with the boxes kept so far, at
// most max_detections of them.
#include "runtime/core/nms.h"

namespace sparsec::rt {
namespace {

bool better(const Candidate& a, const Candidate& b) {
  return a.score > b.score || (a.score == b.score && a.order < b.order);
}

// Restores the heap (the worst at the root) below place i.
void sift_down(Candidate* heap, int32_t n, int32_t i) {
  const Candidate moved = heap[i];
  for (;;) {
    int32_t child = 2 * i + 1;
    if (child >= n) break;
    if (child + 1 < n && better(heap[child], heap[child + 1])) ++child;
    if (better(heap[child], moved)) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = moved;
}

void make_heap(Candidate* items, int32_t n) {
  for (int32_t i = n / 2 - 1; i >= 0; --i) sift_down(items, n, i);
}

float largest(float a, float b) { return a > b ? a : b; }
float least(float a, float b) { return a < b ? a : b; }

struct Box {
  float x1, y1, x2, y2;
};
Box moved(const Candidate& c, float by) { return {c.x1 + by, c.y1 + by, c.x2 + by, c.y2 + by}; }
float area(const Box& b) { return (b.x2 - b.x1) * (b.y2 - b.y1); }

bool overlaps(const Box& kept, const Box& box, float iou) {
  const float width = largest(0.0f, least(kept.x2, box.x2) - largest(kept.x1, box.x1));
  const float height = largest(0.0f, least(kept.y2, box.y2) - largest(kept.y1, box.y1));
  const float both = width * height;
  return both / (area(kept) + area(box) - both) > iou;
}

}  // namespace

void Candidates::add(float x1, float y1, float x2, float y2, float score, int32_t label) {
  const Candidate c{x1, y1, x2, y2, score, label, found_++};
  if (size_ < capacity_) {
    items_[size_++] = c;
    if (size_ == capacity_) make_heap(items_, size_);
  } else if (capacity_ > 0 && better(c, items_[0])) {
    items_[0] = c;
    sift_down(items_, size_, 0);
  }
}

void Candidates::sort() {
  make_heap(items_, size_);
  for (int32_t n = size_ - 1; n > 0; --n) {  // the worst of those left goes to the end
    const Candidate worst = items_[0];
    items_[0] = items_[n];
    items_[n] = worst;
    sift_down(items_, n, 0);
  }
}

int32_t suppress(Candidate* items, int32_t n, float iou, bool agnostic, int32_t most) {
  int32_t kept = 0;
  for (int32_t i = 0; i < n && kept < most; ++i) {
    const Candidate c = items[i];
    const float by = agnostic ? 0.0f : float(c.label) * kClassOffset;
    const Box box = moved(c, by);
    bool keep = true;
    for (int32_t k = 0; k < kept && keep; ++k) {
      if (agnostic || items[k].label == c.label) keep = !overlaps(moved(items[k], by), box, iou);
    }
    if (keep) items[kept++] = c;
  }
  return kept;
}

}  // namespace sparsec::rt
