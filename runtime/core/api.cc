// The small functions of api.h: raw runs, and what a model and a context tell about themselves.
#include "runtime/core/api.h"

#include "runtime/core/run.h"
#include "runtime/core/text.h"
#include "runtime/core/use.h"

using namespace sparsec::rt;

namespace {

int32_t check_tensors(const Use& use, const sparsec_model& model, const void* const* inputs, void* const* outputs) {
  if ((inputs == nullptr && model.n_inputs > 0) || (outputs == nullptr && model.n_outputs > 0)) {
    return use.fail(SPARSEC_BAD_ARGUMENT, "run: inputs or outputs is null");
  }
  for (uint32_t i = 0; i < model.n_inputs; ++i) {
    if (inputs[i] == nullptr) return use.fail(SPARSEC_BAD_ARGUMENT, "run: an input is null");
  }
  for (uint32_t i = 0; i < model.n_outputs; ++i) {
    if (outputs[i] == nullptr) return use.fail(SPARSEC_BAD_ARGUMENT, "run: an output is null");
  }
  return SPARSEC_OK;
}

Walk whole_walk(sparsec_rt_context& context, const void* const* inputs, void* const* outputs) {
  const sparsec_program& program = *context.program;
  return {
      &context,      inputs, outputs, 0, context.model->batch, program.schedule, program.schedule + program.n_schedule,
      context.caches};
}

}  // namespace

extern "C" {

int32_t sparsec_rt_run(sparsec_rt_context* context, const void* const* inputs, void* const* outputs) {
  if (context == nullptr) return SPARSEC_BAD_ARGUMENT;
  const Use use(*context);
  if (!use) return SPARSEC_BUSY;
  const int32_t status = check_tensors(use, *context->model, inputs, outputs);
  if (status == SPARSEC_OK) {
    Walk walk = whole_walk(*context, inputs, outputs);
    run_walk(walk);
  }
  return status;
}

int32_t sparsec_rt_run_timed(sparsec_rt_context* context, const void* const* inputs, void* const* outputs,
                             sparsec_rt_entry_time* times) {
  if (context == nullptr) return SPARSEC_BAD_ARGUMENT;
  const Use use(*context);
  if (!use) return SPARSEC_BUSY;
  if (times == nullptr) return use.fail(SPARSEC_BAD_ARGUMENT, "run_timed: the place for the times is null");
  const int32_t status = check_tensors(use, *context->model, inputs, outputs);
  if (status == SPARSEC_OK) {
    Walk walk = whole_walk(*context, inputs, outputs);
    walk.times = times;
    run_walk(walk);
  }
  return status;
}

int32_t sparsec_rt_run_entries(sparsec_rt_context* context, const void* const* inputs, void* const* outputs,
                               uint32_t picture, uint32_t first, uint32_t last) {
  if (context == nullptr) return SPARSEC_BAD_ARGUMENT;
  const Use use(*context);
  if (!use) return SPARSEC_BUSY;
  if (first > last || last > context->program->n_schedule || picture >= context->model->batch) {
    return use.fail(SPARSEC_BAD_ARGUMENT, "run_entries: out of range");
  }
  const sparsec_work* schedule = context->program->schedule;
  Walk walk{context, inputs, outputs, picture, 1, schedule + first, schedule + last};
  run_walk(walk);
  return SPARSEC_OK;
}

void* sparsec_rt_arena(sparsec_rt_context* context) { return context->arena; }
const sparsec_program* sparsec_rt_program(const sparsec_rt_context* context) { return context->program; }

const char* sparsec_rt_last_error(const sparsec_rt_context* context) {
  return context ? context->error : "the context is null";
}

const char* sparsec_rt_status_text(int32_t status) {
  switch (status) {
    case SPARSEC_OK:
      return "ok";
    case SPARSEC_BAD_ARGUMENT:
      return "an argument is null or out of range";
    case SPARSEC_BAD_CPU:
      return "this CPU cannot run the library's code";
    case SPARSEC_NO_MEMORY:
      return "not enough memory";
    case SPARSEC_NO_THREADS:
      return "the system refuses to start threads";
    case SPARSEC_NOT_A_DETECTOR:
      return "the model is not a detector";
    case SPARSEC_BUSY:
      return "another thread uses the context";
    case SPARSEC_BAD_VERSION:
      return "header and library do not belong together";
  }
  return status > 0 ? "ok" : "an unknown status";
}

const char* sparsec_rt_isa(const sparsec_rt_context* context) { return context ? context->program->isa : nullptr; }
int32_t sparsec_rt_threads(const sparsec_rt_context* context) { return context ? context->pool.threads() : 0; }

int32_t sparsec_rt_input_count(const sparsec_model* model) { return int32_t(model->n_inputs); }
int32_t sparsec_rt_output_count(const sparsec_model* model) { return int32_t(model->n_outputs); }
const sparsec_tensor* sparsec_rt_input(const sparsec_model* model, int32_t index) {
  return index >= 0 && uint32_t(index) < model->n_inputs ? model->inputs + index : nullptr;
}
const sparsec_tensor* sparsec_rt_output(const sparsec_model* model, int32_t index) {
  return index >= 0 && uint32_t(index) < model->n_outputs ? model->outputs + index : nullptr;
}

// Every program of a model has the same head but for addresses.
int32_t sparsec_rt_class_count(const sparsec_model* model) {
  const sparsec_head& head = model->programs[0]->head;
  return head.levels > 0 ? int32_t(head.classes) : 0;
}
const char* sparsec_rt_class_name(const sparsec_model* model, int32_t label) {
  const sparsec_head& head = model->programs[0]->head;
  if (label < 0 || label >= sparsec_rt_class_count(model) || head.class_names == nullptr) return nullptr;
  return head.class_names[label];
}

const char* sparsec_rt_about(const sparsec_model* model, int32_t what) {
  switch (what) {
    case SPARSEC_ABOUT_NAME:
      return model->name;
    case SPARSEC_ABOUT_COMPILER:
      return model->compiler;
    case SPARSEC_ABOUT_SHA256:
      return model->sha256;
  }
  return nullptr;
}

}  // extern "C"
