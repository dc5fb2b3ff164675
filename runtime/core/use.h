// One call at a time per context: taken on entry, given back at the end of scope. A second caller is told so and
// touches nothing. Where threads are pinned, so is the caller's meanwhile.
#pragma once

#include "runtime/core/context.h"
#include "runtime/core/cpu_set.h"
#include "runtime/core/text.h"

namespace sparsec::rt {

class Use {
 public:
  explicit Use(sparsec_rt_context& context)
      : context_(context),
        taken_(context.busy.exchange(1, std::memory_order_acquire) == 0),
        pinned_(taken_ ? context.pool.first_cpu() : -1) {}
  ~Use() {
    if (taken_) context_.busy.store(0, std::memory_order_release);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  explicit operator bool() const { return taken_; }

  // Notes the message for last_error.
  int32_t fail(int32_t status, const char* message) const {
    format(context_.error, sizeof context_.error, "%s: %s", context_.model->name, message);
    return status;
  }

 private:
  sparsec_rt_context& context_;
  bool taken_;
  PinnedHere pinned_;
};

}  // namespace sparsec::rt
