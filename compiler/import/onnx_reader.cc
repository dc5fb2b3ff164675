// ONNX's protobuf into plain data. The only file that knows the protobuf classes.
//
// Nothing in the file is believed: a tensor's dimensions are checked against the bytes that it has before memory is
// taken for it, and external data is read by our own loader.
#include "compiler/import/onnx_reader.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>

#include "compiler/import/external_data.h"
#include "compiler/import/sha256.h"

namespace sparsec::importer {
namespace {

namespace fs = std::filesystem;
using ::onnx::AttributeProto;
using ::onnx::TensorProto;

// What is being read: for messages, external data and the hash.
struct Source {
  std::string path;
  Sha256 hash;
};

std::vector<std::byte> read_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) throw CompileError(path + ": no such file");
  if (!fs::is_regular_file(status)) throw CompileError(path + ": not a plain file; expected an ONNX model");
  const uint64_t size = fs::file_size(path, error);
  if (error) throw CompileError(path + ": cannot be read: " + error.message());
  if (size == 0) throw CompileError(path + ": the file is empty; expected an ONNX model");
  if (size > uint64_t(std::numeric_limits<int32_t>::max())) {
    throw CompileError(path + ": the file has " + std::to_string(size) +
                       " bytes; supported: below 2 GiB, with larger weights as external data");
  }
  std::vector<std::byte> bytes(size);
  std::ifstream stream(path, std::ios::binary);
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), std::streamsize(size))) {
    throw CompileError(path + ": cannot be read");
  }
  return bytes;
}

::onnx::ModelProto parse(const std::vector<std::byte>& bytes, const std::string& path) {
  ::onnx::ModelProto model;
  const google::protobuf::LogSilencer silence;  // our error is the message
  if (!model.ParseFromArray(bytes.data(), int(bytes.size()))) {
    throw CompileError(path + ": not an ONNX model: the file is damaged, cut short or of another kind");
  }
  if (!model.has_ir_version() || !model.has_graph() || model.opset_import_size() == 0) {
    const std::string missing = !model.has_ir_version() ? "IR version" : !model.has_graph() ? "graph" : "opset";
    throw CompileError(path + ": not an ONNX model: it has no " + missing);
  }
  return model;
}

std::optional<DType> dtype_of_onnx(int32_t type) {
  switch (type) {
    case TensorProto::FLOAT:
      return DType::f32;
    case TensorProto::UINT8:
      return DType::u8;
    case TensorProto::INT8:
      return DType::s8;
    case TensorProto::INT32:
      return DType::s32;
    case TensorProto::INT64:
      return DType::i64;
    case TensorProto::BOOL:
      return DType::boolean;
    default:
      return std::nullopt;
  }
}

std::string onnx_type_name(int32_t type) {
  if (type == 0) return "no element type";
  const std::string& name = TensorProto::DataType_Name(TensorProto::DataType(type));
  return "element type " + (name.empty() ? std::to_string(type) : name);
}

DType supported_type(int32_t type, const std::string& where) {
  if (const auto found = dtype_of_onnx(type)) return *found;
  throw CompileError(where + " has " + onnx_type_name(type) + "; supported: FLOAT, UINT8, INT8, INT32, INT64, BOOL");
}

// Checks the dimensions; their product times the element size is at most what any tensor may have.
Shape tensor_shape(const TensorProto& t, DType type, const std::string& where) {
  constexpr int64_t kMostBytes = int64_t{1} << 40;
  Shape shape(t.dims().begin(), t.dims().end());
  int64_t bytes = int64_t(size_of(type));
  bool fits = shape.size() <= 16;
  for (int64_t d : shape) {  // a dimension of 0 counts as 1: the others must be possible too
    fits = fits && d >= 0 && !__builtin_mul_overflow(bytes, std::max<int64_t>(d, 1), &bytes) && bytes <= kMostBytes;
  }
  if (!fits) throw CompileError(where + " has impossible dimensions");
  return shape;
}

// The elements that a tensor keeps in the typed fields of the protobuf.
template <typename T, typename Field>
Tensor from_field(const Field& field, Shape shape, const std::string& where) {
  const int64_t count = elements(shape);
  if (field.size() != count) {
    throw CompileError(where + " has " + std::to_string(field.size()) + " elements; its shape " + to_string(shape) +
                       " needs " + std::to_string(count));
  }
  Tensor t(dtype_of<T>(), std::move(shape));
  const auto data = t.data<T>();
  for (size_t i = 0; i < data.size(); ++i) data[i] = T(field[int(i)]);
  return t;
}

Tensor from_bytes(DType type, Shape shape, std::string_view raw, const std::string& where) {
  const uint64_t need = uint64_t(elements(shape)) * size_of(type);
  if (raw.size() != need) {
    throw CompileError(where + " has " + std::to_string(raw.size()) + " bytes; its shape " + to_string(shape) + " of " +
                       name_of(type) + " needs " + std::to_string(need));
  }
  Tensor t(type, std::move(shape));
  if (!raw.empty()) std::memcpy(t.bytes.data(), raw.data(), raw.size());
  return t;
}

uint64_t to_number(const std::string& text, const std::string& key, const std::string& where) {
  uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw CompileError(where + ": external data has " + key + " '" + text.substr(0, 40) +
                       "'; expected a number of bytes");
  }
  return n;
}

Tensor from_external(const TensorProto& t, DType type, Shape shape, Source& source, const std::string& where) {
  ExternalRange range;
  for (const auto& entry : t.external_data()) {
    if (entry.key() == "location") range.location = entry.value();
    if (entry.key() == "offset") range.offset = to_number(entry.value(), "offset", where);
    if (entry.key() == "length") range.length = to_number(entry.value(), "length", where);
  }
  const uint64_t bytes = uint64_t(elements(shape)) * size_of(type);
  std::vector<std::byte> data = read_external(source.path, range, bytes, where);
  source.hash.update(data);
  Tensor out;
  out.type = type;
  out.shape = std::move(shape);
  out.bytes = std::move(data);
  return out;
}

// `where` is "model.onnx: initialiser w".
Tensor convert_tensor(const TensorProto& t, Source& source, const std::string& where) {
  const DType type = supported_type(t.data_type(), where);
  Shape shape = tensor_shape(t, type, where);
  Tensor out;
  if (t.has_segment())
    throw CompileError(where + " is stored in segments, which is unsupported; supported: whole tensors");
  if (t.data_location() == TensorProto::EXTERNAL) {
    out = from_external(t, type, std::move(shape), source, where);
  } else if (t.has_raw_data()) {
    out = from_bytes(type, std::move(shape), t.raw_data(), where);
  } else {
    switch (type) {
      case DType::f32:
        out = from_field<float>(t.float_data(), std::move(shape), where);
        break;
      case DType::u8:
        out = from_field<uint8_t>(t.int32_data(), std::move(shape), where);
        break;
      case DType::s8:
        out = from_field<int8_t>(t.int32_data(), std::move(shape), where);
        break;
      case DType::s32:
        out = from_field<int32_t>(t.int32_data(), std::move(shape), where);
        break;
      case DType::i64:
        out = from_field<int64_t>(t.int64_data(), std::move(shape), where);
        break;
      case DType::boolean:
        out = from_field<bool>(t.int32_data(), std::move(shape), where);
        break;
    }
  }
  if (type == DType::boolean) {  // any other byte would be no bool
    for (std::byte& b : out.bytes) b = std::byte(b != std::byte{0});
  }
  return out;
}

Attribute convert_attribute(const AttributeProto& a, Source& source, const std::string& where) {
  switch (a.type()) {
    case AttributeProto::FLOAT:
      return a.f();
    case AttributeProto::INT:
      return int64_t{a.i()};
    case AttributeProto::STRING:
      return a.s();
    case AttributeProto::TENSOR:
      return share(convert_tensor(a.t(), source, where + " attribute '" + a.name() + "'"));
    case AttributeProto::FLOATS:
      return std::vector<float>(a.floats().begin(), a.floats().end());
    case AttributeProto::INTS:
      return std::vector<int64_t>(a.ints().begin(), a.ints().end());
    case AttributeProto::STRINGS:
      return std::vector<std::string>(a.strings().begin(), a.strings().end());
    case AttributeProto::GRAPH:
    case AttributeProto::GRAPHS:
      return UnsupportedAttribute{"subgraph"};
    case AttributeProto::SPARSE_TENSOR:
    case AttributeProto::SPARSE_TENSORS:
      return UnsupportedAttribute{"sparse tensor"};
    default:
      return UnsupportedAttribute{"value of an unknown kind"};
  }
}

std::string plain_domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

// A node's name serves people alone, in tables and comments of one line each.
std::string printable(std::string name) {
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = '?';
  }
  return name;
}

OnnxNode convert_node(const ::onnx::NodeProto& n, size_t index, Source& source) {
  OnnxNode node;
  node.op_type = n.op_type();
  node.name = n.name().empty() ? node.op_type + "_" + std::to_string(index) : printable(n.name());
  node.domain = plain_domain(n.domain());
  node.inputs.assign(n.input().begin(), n.input().end());
  node.outputs.assign(n.output().begin(), n.output().end());
  const std::string where = source.path + ": node " + node.name + " (" + node.op_type + ")";
  for (const AttributeProto& a : n.attribute()) {
    Attribute value = convert_attribute(a, source, where);
    if (const auto* unsupported = std::get_if<UnsupportedAttribute>(&value)) {
      throw CompileError(
          where + ": attribute '" + a.name() + "' is a " + unsupported->kind +
          ", which is unsupported; supported: numbers, strings, dense tensors and lists of numbers or strings");
    }
    node.attributes.insert_or_assign(a.name(), std::move(value));
  }
  return node;
}

// Name and shape; the type is looked at for inputs only, as outputs get theirs from inference.
OnnxValueInfo convert_value_info(const ::onnx::ValueInfoProto& v, bool input, const std::string& path) {
  OnnxValueInfo info;
  info.name = v.name();
  const std::string where = path + ": input '" + info.name + "'";
  if (!input) {  // is not needed, only compared
    info.has_shape = v.type().has_tensor_type() && v.type().tensor_type().has_shape();
    for (const auto& d : v.type().tensor_type().shape().dim())
      info.shape.push_back({d.has_dim_value() ? d.dim_value() : -1, ""});
    return info;
  }
  if (!v.type().has_tensor_type()) throw CompileError(where + " is no tensor; supported: tensors");
  info.type = supported_type(v.type().tensor_type().elem_type(), where);
  info.has_shape = v.type().tensor_type().has_shape();
  for (const auto& d : v.type().tensor_type().shape().dim()) {
    OnnxDim dim;
    if (d.has_dim_value()) dim.value = d.dim_value();
    if (d.has_dim_param()) dim.symbol = d.dim_param();
    if (d.has_dim_value() && dim.value < 0) {
      if (dim.value != -1) throw CompileError(where + " has dimension " + std::to_string(dim.value));
      dim.symbol = "-1";  // some exporters write a dynamic dimension so
    }
    info.shape.push_back(std::move(dim));
  }
  return info;
}

void convert_graph(const ::onnx::GraphProto& graph, Source& source, OnnxModel& model) {
  if (graph.sparse_initializer_size() > 0) {
    throw CompileError(source.path + ": sparse initialiser '" + graph.sparse_initializer(0).values().name() +
                       "' is unsupported; supported: dense initialisers");
  }
  for (const TensorProto& t : graph.initializer()) {
    const std::string where = source.path + ": initialiser '" + t.name() + "'";
    if (t.name().empty()) throw CompileError(source.path + ": an initialiser has no name");
    if (!model.initialisers.emplace(t.name(), share(convert_tensor(t, source, where))).second) {
      throw CompileError(where + " is given twice");
    }
  }
  for (const auto& v : graph.input()) {
    if (!model.initialisers.contains(v.name())) model.inputs.push_back(convert_value_info(v, true, source.path));
  }
  for (const auto& v : graph.output()) model.outputs.push_back(convert_value_info(v, false, source.path));
  for (int i = 0; i < graph.node_size(); ++i) model.nodes.push_back(convert_node(graph.node(i), size_t(i), source));
}

void add_external(const TensorProto& t, const fs::path& folder, std::set<std::string>& files) {
  if (t.data_location() != TensorProto::EXTERNAL) return;
  for (const auto& entry : t.external_data())
    if (entry.key() == "location") files.insert((folder / entry.value()).string());
}

}  // namespace

std::vector<std::string> external_files(const std::string& path) {
  const ::onnx::ModelProto model = parse(read_file(path), path);
  const fs::path folder = fs::path(path).parent_path();
  std::set<std::string> files;
  for (const TensorProto& t : model.graph().initializer()) add_external(t, folder, files);
  for (const auto& node : model.graph().node())
    for (const AttributeProto& a : node.attribute())
      if (a.has_t()) add_external(a.t(), folder, files);
  return {files.begin(), files.end()};
}

OnnxModel read_onnx(const std::string& path) {
  Source source{path, {}};
  ::onnx::ModelProto proto;
  {
    const std::vector<std::byte> bytes = read_file(path);
    source.hash.update(bytes);
    proto = parse(bytes, path);
  }
  OnnxModel model;
  model.path = path;
  for (const auto& o : proto.opset_import()) model.opset[plain_domain(o.domain())] = o.version();
  for (const auto& p : proto.metadata_props()) model.metadata[p.key()] = p.value();
  if (proto.functions_size() > 0) {
    throw CompileError(path + ": the model has its own functions ('" + proto.functions(0).name() +
                       "'), which are unsupported; supported: a graph of ONNX operators");
  }
  convert_graph(proto.graph(), source, model);
  model.sha256 = source.hash.hex();
  return model;
}

}  // namespace sparsec::importer
