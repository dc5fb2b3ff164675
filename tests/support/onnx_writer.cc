// The writer fills ONNX's protobuf classes; nothing is checked, as tests write broken models too.
#include "tests/support/onnx_writer.h"

#include <onnx/onnx_pb.h>

#include <fstream>

namespace sparsec::testing {
namespace {

int32_t onnx_type(DType type) {
  switch (type) {
    case DType::f32:
      return ::onnx::TensorProto::FLOAT;
    case DType::u8:
      return ::onnx::TensorProto::UINT8;
    case DType::s8:
      return ::onnx::TensorProto::INT8;
    case DType::s32:
      return ::onnx::TensorProto::INT32;
    case DType::i64:
      return ::onnx::TensorProto::INT64;
    case DType::boolean:
      return ::onnx::TensorProto::BOOL;
  }
  SPARSEC_CHECK(false, "unknown element type");
}

void fill(::onnx::TensorProto& to, const Tensor& from) {
  to.set_data_type(onnx_type(from.type));
  for (int64_t d : from.shape) to.add_dims(d);
  to.set_raw_data(from.bytes.data(), from.bytes.size());
}

struct SetAttribute {
  ::onnx::AttributeProto& to;
  void operator()(int64_t v) const {
    to.set_type(::onnx::AttributeProto::INT);
    to.set_i(v);
  }
  void operator()(float v) const {
    to.set_type(::onnx::AttributeProto::FLOAT);
    to.set_f(v);
  }
  void operator()(const std::string& v) const {
    to.set_type(::onnx::AttributeProto::STRING);
    to.set_s(v);
  }
  void operator()(const Ints& v) const {
    to.set_type(::onnx::AttributeProto::INTS);
    for (int64_t i : v) to.add_ints(i);
  }
  void operator()(const Floats& v) const {
    to.set_type(::onnx::AttributeProto::FLOATS);
    for (float f : v) to.add_floats(f);
  }
  void operator()(const Tensor& v) const {
    to.set_type(::onnx::AttributeProto::TENSOR);
    fill(*to.mutable_t(), v);
  }
};

void declare(::onnx::ValueInfoProto& value, const std::string& name, DType type, const OnnxDims& dims) {
  value.set_name(name);
  auto* tensor = value.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(onnx_type(type));
  tensor->mutable_shape();
  for (const auto& d : dims) {
    auto* dim = tensor->mutable_shape()->add_dim();
    if (const auto* n = std::get_if<int64_t>(&d)) {
      dim->set_dim_value(*n);
    } else {
      dim->set_dim_param(std::get<std::string>(d));
    }
  }
}

}  // namespace

struct OnnxWriter::Model {
  ::onnx::ModelProto proto;
  ::onnx::GraphProto& graph() { return *proto.mutable_graph(); }
};

OnnxWriter::OnnxWriter(int64_t opset) : model_(std::make_unique<Model>()) {
  model_->proto.set_ir_version(8);
  model_->graph().set_name("test");
  domain("", opset);
}
OnnxWriter::OnnxWriter(OnnxWriter&&) noexcept = default;
OnnxWriter::~OnnxWriter() = default;

OnnxWriter& OnnxWriter::domain(const std::string& name, int64_t version) {
  auto* import = model_->proto.add_opset_import();
  import->set_domain(name);
  import->set_version(version);
  return *this;
}

OnnxWriter& OnnxWriter::input(const std::string& name, DType type, const OnnxDims& dims) {
  declare(*model_->graph().add_input(), name, type, dims);
  return *this;
}

OnnxWriter& OnnxWriter::output(const std::string& name, DType type, const OnnxDims& dims) {
  declare(*model_->graph().add_output(), name, type, dims);
  return *this;
}

OnnxWriter& OnnxWriter::output(const std::string& name) {
  model_->graph().add_output()->set_name(name);
  return *this;
}

OnnxWriter& OnnxWriter::initialiser(const std::string& name, const Tensor& value) {
  auto* t = model_->graph().add_initializer();
  t->set_name(name);
  fill(*t, value);
  return *this;
}

OnnxWriter& OnnxWriter::node(const std::string& op_type, const std::vector<std::string>& inputs,
                             const std::vector<std::string>& outputs, const OnnxAttributes& attributes,
                             const std::string& domain) {
  auto* n = model_->graph().add_node();
  n->set_op_type(op_type);
  n->set_domain(domain);
  if (!outputs.empty()) n->set_name("make_" + outputs[0]);
  for (const auto& name : inputs) n->add_input(name);
  for (const auto& name : outputs) n->add_output(name);
  for (const auto& [name, value] : attributes) {
    auto* a = n->add_attribute();
    a->set_name(name);
    std::visit(SetAttribute{*a}, value);
  }
  return *this;
}

OnnxWriter& OnnxWriter::metadata(const std::string& key, const std::string& value) {
  auto* entry = model_->proto.add_metadata_props();
  entry->set_key(key);
  entry->set_value(value);
  return *this;
}

OnnxWriter& OnnxWriter::raw_initialiser(const std::string& name, int32_t type, const Ints& dims,
                                        const std::string& bytes) {
  auto* t = model_->graph().add_initializer();
  t->set_name(name);
  t->set_data_type(type);
  for (int64_t d : dims) t->add_dims(d);
  t->set_raw_data(bytes);
  return *this;
}

OnnxWriter& OnnxWriter::external_initialiser(const std::string& name, DType type, const Ints& dims,
                                             const std::map<std::string, std::string>& entries) {
  auto* t = model_->graph().add_initializer();
  t->set_name(name);
  t->set_data_type(onnx_type(type));
  for (int64_t d : dims) t->add_dims(d);
  t->set_data_location(::onnx::TensorProto::EXTERNAL);
  for (const auto& [key, value] : entries) {
    auto* entry = t->add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  }
  return *this;
}

OnnxWriter& OnnxWriter::name_last_node(const std::string& name) {
  model_->graph().mutable_node(model_->graph().node_size() - 1)->set_name(name);
  return *this;
}

OnnxWriter& OnnxWriter::subgraph_of_last_node(const std::string& attribute) {
  auto& graph = model_->graph();
  auto* a = graph.mutable_node(graph.node_size() - 1)->add_attribute();
  a->set_name(attribute);
  a->set_type(::onnx::AttributeProto::GRAPH);
  a->mutable_g()->set_name("branch");
  return *this;
}

OnnxWriter& OnnxWriter::sparse_initialiser(const std::string& name) {
  model_->graph().add_sparse_initializer()->mutable_values()->set_name(name);
  return *this;
}

OnnxWriter& OnnxWriter::function(const std::string& name) {
  model_->proto.add_functions()->set_name(name);
  return *this;
}

std::string OnnxWriter::bytes() const { return model_->proto.SerializeAsString(); }

void OnnxWriter::save(const std::string& path) const {
  std::ofstream stream(path, std::ios::binary);
  const std::string data = bytes();
  stream.write(data.data(), std::streamsize(data.size()));
  SPARSEC_CHECK(stream.good(), "cannot write " + path);
}

}  // namespace sparsec::testing
