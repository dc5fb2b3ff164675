// The ONNX schema's side of the demo model: nodes, initialisers, quantised weights.
#include "samples/demo_model/onnx_writer.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace demo {

struct OnnxWriter::Proto {
  onnx::ModelProto model;
  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  onnx::TensorProto& initializer(const std::string& name, int32_t type, const std::vector<int64_t>& shape) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (int64_t d : shape) tensor.add_dims(d);
    return tensor;
  }

  template <typename T>
  std::string constant(const std::string& name, int32_t type, const std::vector<int64_t>& shape,
                       const std::vector<T>& values) {
    // Raw data is little-endian, as this machine is (the project's targets are).
    initializer(name, type, shape).set_raw_data(values.data(), values.size() * sizeof(T));
    return name;
  }

  static void describe(onnx::ValueInfoProto& value, const std::string& name, const std::vector<int64_t>& shape) {
    value.set_name(name);
    onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    for (int64_t d : shape) type.mutable_shape()->add_dim()->set_dim_value(d);
  }
};

namespace {

onnx::AttributeProto& attribute(onnx::NodeProto& node, const std::string& name,
                                onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(type);
  return a;
}

}  // namespace

std::string path_of(const std::string& layer) {
  std::string path = "/" + layer;
  for (size_t i = path.find('.'); i != std::string::npos; i = path.find('.', i + 1)) {
    const bool index = i + 1 < path.size() && std::isdigit(static_cast<unsigned char>(path[i + 1]));
    if (!index) path[i] = '/';
  }
  return path;
}

OnnxWriter::OnnxWriter() : proto_(std::make_unique<Proto>()) {
  proto_->model.set_ir_version(7);
  proto_->model.set_producer_name("sparsec make_demo_model");
  proto_->model.add_opset_import()->set_version(13);
  proto_->graph().set_name("demo");
}
OnnxWriter::~OnnxWriter() = default;

void OnnxWriter::input(const std::string& name, const std::vector<int64_t>& shape) {
  Proto::describe(*proto_->graph().add_input(), name, shape);
}
void OnnxWriter::output(const std::string& name, const std::vector<int64_t>& shape) {
  Proto::describe(*proto_->graph().add_output(), name, shape);
}

void OnnxWriter::metadata(const std::string& key, const std::string& value) {
  onnx::StringStringEntryProto& entry = *proto_->model.add_metadata_props();
  entry.set_key(key);
  entry.set_value(value);
}

std::string OnnxWriter::constant(const std::string& name, const std::vector<int64_t>& shape,
                                 const std::vector<float>& values) {
  return proto_->constant(name, onnx::TensorProto::FLOAT, shape, values);
}
std::string OnnxWriter::constant(const std::string& name, const std::vector<int64_t>& values) {
  return proto_->constant(name, onnx::TensorProto::INT64, {int64_t(values.size())}, values);
}

std::string OnnxWriter::node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                             const std::map<std::string, std::vector<int64_t>>& lists,
                             const std::map<std::string, int64_t>& numbers, const std::string& output) {
  onnx::NodeProto& node = *proto_->graph().add_node();
  node.set_op_type(op);
  node.set_name(name);
  for (const std::string& input : inputs) node.add_input(input);
  for (const auto& [key, values] : lists) {
    onnx::AttributeProto& a = attribute(node, key, onnx::AttributeProto::INTS);
    for (int64_t v : values) a.add_ints(v);
  }
  for (const auto& [key, value] : numbers) attribute(node, key, onnx::AttributeProto::INT).set_i(value);
  return *node.add_output() = output.empty() ? name + "_output_0" : output;
}

std::vector<std::string> OnnxWriter::split(const std::string& name, const std::string& x,
                                           const std::vector<int64_t>& parts, int axis) {
  node("Split", name, {x, constant(name + "_parts", parts)}, {}, {{"axis", axis}});
  onnx::NodeProto& split = *proto_->graph().mutable_node(proto_->graph().node_size() - 1);
  for (size_t i = 1; i < parts.size(); ++i) split.add_output(name + "_output_" + std::to_string(i));
  return {split.output().begin(), split.output().end()};
}

// Quantised once, however many convolutions read it.
std::string OnnxWriter::quantised(const std::string& x, ActivationScale q) {
  const auto found = quantised_.find(x);
  if (found != quantised_.end()) return found->second;
  const std::string scale = constant(x + "_scale", {}, {q.scale});
  const std::string zero =
      proto_->constant(x + "_zp", onnx::TensorProto::UINT8, {}, std::vector<uint8_t>{q.zero_point});
  const std::string bytes = node("QuantizeLinear", x + "_Q", {x, scale, zero}, {}, {}, x + "_q");
  return quantised_[x] = node("DequantizeLinear", x + "_DQ", {bytes, scale, zero}, {}, {}, x + "_dq");
}

// Symmetric, one scale per output channel; the bias in units of the accumulator.
std::string OnnxWriter::dequantised_weights(const std::string& name, const Filter& filter, float x_scale,
                                            std::string* bias) {
  const size_t row = filter.weights.size() / size_t(filter.out);
  std::vector<int8_t> weights(filter.weights.size());
  std::vector<int32_t> biases(size_t(filter.out));
  std::vector<float> scales(size_t(filter.out)), bias_scales(size_t(filter.out));
  for (size_t o = 0; o < size_t(filter.out); ++o) {
    float largest = 0;
    for (size_t i = 0; i < row; ++i) largest = std::max(largest, std::fabs(filter.weights[o * row + i]));
    scales[o] = largest > 0 ? largest / 127 : 1;
    bias_scales[o] = scales[o] * x_scale;
    for (size_t i = 0; i < row; ++i)
      weights[o * row + i] = int8_t(std::lround(filter.weights[o * row + i] / scales[o]));
    biases[o] = int32_t(std::lround(filter.bias[o] / bias_scales[o]));
  }
  const int64_t out = filter.out, in = filter.in, size = filter.size;
  const auto zeros = [&](const std::string& suffix, int32_t type, size_t bytes) {
    return proto_->constant(name + suffix, type, {out}, std::vector<uint8_t>(size_t(out) * bytes));
  };
  *bias = node("DequantizeLinear", name + ".bias_DQ",
               {proto_->constant(name + ".bias_q", onnx::TensorProto::INT32, {out}, biases),
                constant(name + ".bias_s", {out}, bias_scales), zeros(".bias_z", onnx::TensorProto::INT32, 4)},
               {}, {{"axis", 0}}, name + ".bias_dq");
  return node("DequantizeLinear", name + ".weight_DQ",
              {proto_->constant(name + ".weight_q", onnx::TensorProto::INT8, {out, in, size, size}, weights),
               constant(name + ".weight_s", {out}, scales), zeros(".weight_z", onnx::TensorProto::INT8, 1)},
              {}, {{"axis", 0}}, name + ".weight_dq");
}

std::string OnnxWriter::convolution(const std::string& layer, const std::string& x, ActivationScale x_scale,
                                    const Filter& filter, int stride, int pad) {
  const std::string input = quantised(x, x_scale);
  std::string bias;
  const std::string weights = dequantised_weights(layer, filter, x_scale.scale, &bias);
  return node("Conv", path_of(layer) + "/Conv", {input, weights, bias},
              {{"dilations", {1, 1}},
               {"kernel_shape", {filter.size, filter.size}},
               {"pads", {pad, pad, pad, pad}},
               {"strides", {stride, stride}}},
              {{"group", 1}});
}

std::string OnnxWriter::silu(const std::string& block, const std::string& x) {
  const std::string path = path_of(block) + "/act";
  return node("Mul", path + "/Mul", {x, node("Sigmoid", path + "/Sigmoid", {x})});
}

std::string OnnxWriter::rounded(const std::string& x) const {
  const auto found = quantised_.find(x);
  return found == quantised_.end() ? x : found->second;
}

std::string OnnxWriter::bytes() const {
  std::string text;
  google::protobuf::io::StringOutputStream stream(&text);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  proto_->model.SerializeToCodedStream(&coded);
  coded.Trim();
  return text;
}

}  // namespace demo
