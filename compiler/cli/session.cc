// A compiled model ready to run: the shared library's tables and kernels, run by the library's own runtime.
#include "compiler/cli/session.h"

#include <array>

#include "compiler/error.h"

namespace sparsec::cli {
namespace {

NpyType npy_type(uint32_t type) {
  constexpr std::array kTypes{NpyType::f32, NpyType::u8, NpyType::i8, NpyType::i32,
                              NpyType::i64};  // in the order of sparsec_type
  SPARSEC_CHECK(type < kTypes.size(), "a tensor of unknown type");
  return kTypes[type];
}

TensorSpec spec_of(const sparsec_tensor& tensor) {
  return {tensor.name, npy_type(tensor.type), {tensor.shape, tensor.shape + tensor.rank}};
}

size_t bytes_of(const TensorSpec& spec) {
  size_t bytes = size_of(spec.type);
  for (const int64_t d : spec.shape) bytes *= size_t(d);
  return bytes;
}

}  // namespace

std::string describe(const std::vector<int64_t>& shape) {
  if (shape.empty()) return "scalar";
  std::string out;
  for (const int64_t d : shape) out += (out.empty() ? "" : "x") + std::to_string(d);
  return out;
}

std::string describe(const TensorSpec& spec) {
  return spec.name + ": " + name_of(spec.type) + " " + describe(spec.shape);
}

LoadedModel::LoadedModel(engine::Library library, const std::string& source, const LoadOptions& options)
    : source_(source),
      library_(std::move(library)),
      rt_(&library_.runtime()),
      model_(&library_.model()),
      context_(nullptr, rt_->destroy) {
  std::array<char, 256> error{};
  sparsec_rt_options rt{};
  rt.struct_bytes = sizeof rt;
  rt.threads = options.threads;
  rt.pin = options.pin ? 1 + options.first_core : 0;
  rt.isa = options.isa.empty() ? nullptr : options.isa.c_str();
  rt.error = error.data();
  rt.error_bytes = error.size();
  sparsec_rt_context* context = nullptr;
  const int32_t status = rt_->create(model_, &rt, &context);
  if (status != SPARSEC_OK) throw CompileError(source + ": " + (error[0] ? error.data() : rt_->status_text(status)));
  context_.reset(context);
  for (uint32_t i = 0; i < model_->n_inputs; ++i) inputs_.push_back(spec_of(model_->inputs[i]));
  for (uint32_t i = 0; i < model_->n_outputs; ++i) outputs_.push_back(spec_of(model_->outputs[i]));
}

void LoadedModel::check(int32_t status) const {
  if (status >= 0) return;
  const char* detail = rt_->last_error(context_.get());
  throw CompileError(source_ + ": " + (detail && *detail ? detail : rt_->status_text(status)));
}

int64_t LoadedModel::batch() const { return model_->batch; }
int LoadedModel::classes() const {
  return int(rt_->program(context_.get())->head.levels ? rt_->program(context_.get())->head.classes : 0);
}
std::string LoadedModel::isa() const { return rt_->program(context_.get())->isa; }
int LoadedModel::threads() const { return rt_->threads(context_.get()); }

std::string LoadedModel::class_name(int label) const {
  const sparsec_head& head = rt_->program(context_.get())->head;
  return head.class_names && label >= 0 && label < int(head.classes) ? head.class_names[label] : std::to_string(label);
}

void LoadedModel::run(const std::vector<const void*>& in, const std::vector<void*>& out) const {
  check(rt_->run(context_.get(), in.data(), out.data()));
}

std::vector<NpyArray> LoadedModel::run(const std::vector<NpyArray>& arrays) const {
  SPARSEC_CHECK(arrays.size() == inputs_.size(), "as many arrays as inputs");
  std::vector<const void*> in;
  for (size_t i = 0; i < arrays.size(); ++i) {
    const NpyArray& a = arrays[i];
    const TensorSpec& want = inputs_[i];
    if (a.type != want.type || a.shape != want.shape) {
      throw CompileError("input " + want.name + " is given " + name_of(a.type) + " " + describe(a.shape) +
                         "; the model expects " + name_of(want.type) + " " + describe(want.shape));
    }
    in.push_back(a.bytes.data());
  }
  std::vector<NpyArray> results;
  std::vector<void*> out;
  results.reserve(outputs_.size());
  for (const TensorSpec& spec : outputs_) {
    results.push_back({spec.type, spec.shape, std::vector<std::byte>(bytes_of(spec))});
    out.push_back(results.back().bytes.data());
  }
  run(in, out);
  return results;
}

std::vector<Detection> LoadedModel::detect(const Image& image, const DetectOptions& options,
                                           sparsec_rt_detect_times* times) const {
  sparsec_rt_detect_options rt{};
  rt.struct_bytes = sizeof rt;
  rt.confidence = options.confidence;
  rt.iou = options.iou;
  rt.max_detections = options.max_detections;
  rt.multi_label = options.multi_label ? 1 : 0;
  std::vector<sparsec_rt_detection> found(static_cast<size_t>(options.max_detections));
  const int32_t count = rt_->detect_timed(context_.get(), image.rgb.data(), image.rows, image.cols,
                                          ptrdiff_t(image.cols) * 3, &rt, found.data(), int32_t(found.size()), times);
  check(count);
  std::vector<Detection> out;
  for (int32_t i = 0; i < count && size_t(i) < found.size(); ++i) {
    const sparsec_rt_detection& d = found[size_t(i)];
    out.push_back({d.x1, d.y1, d.x2, d.y2, d.score, d.label});
  }
  return out;
}

}  // namespace sparsec::cli
