// Writes ONNX models for tests: nodes, initialisers and inputs are added one by one, in the words of the format.
//
//   OnnxWriter m(13);
//   m.input("x", DType::f32, {1, 3, 8, 8}).initialiser("w", weights).output("y");
//   m.node("Conv", {"x", "w"}, {"y"}, {{"pads", Ints{1, 1, 1, 1}}});
//   m.save(path);
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/tensor.h"

namespace sparsec::testing {

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;
using OnnxAttribute = std::variant<int64_t, float, std::string, Ints, Floats, Tensor>;
using OnnxAttributes = std::map<std::string, OnnxAttribute>;
using OnnxDims = std::vector<std::variant<int64_t, std::string>>;  // a name is a dynamic dimension

class OnnxWriter {
 public:
  explicit OnnxWriter(int64_t opset);
  OnnxWriter(OnnxWriter&&) noexcept;
  ~OnnxWriter();

  OnnxWriter& domain(const std::string& name, int64_t version);
  OnnxWriter& input(const std::string& name, DType type, const OnnxDims& dims);
  OnnxWriter& output(const std::string& name);
  OnnxWriter& output(const std::string& name, DType type, const OnnxDims& dims);  // what the file says it is
  OnnxWriter& initialiser(const std::string& name, const Tensor& value);
  // A node is named after its first output.
  OnnxWriter& node(const std::string& op_type, const std::vector<std::string>& inputs,
                   const std::vector<std::string>& outputs, const OnnxAttributes& attributes = {},
                   const std::string& domain = "");
  OnnxWriter& name_last_node(const std::string& name);  // else it is called after its first output
  OnnxWriter& metadata(const std::string& key, const std::string& value);

  // Things that are wrong or unsupported: bytes that do not fit the dimensions, data in another file, a type by ONNX's
  // number, a subgraph, a sparse initialiser, a function.
  OnnxWriter& raw_initialiser(const std::string& name, int32_t type, const Ints& dims, const std::string& bytes);
  OnnxWriter& external_initialiser(const std::string& name, DType type, const Ints& dims,
                                   const std::map<std::string, std::string>& entries);
  OnnxWriter& subgraph_of_last_node(const std::string& attribute);
  OnnxWriter& sparse_initialiser(const std::string& name);
  OnnxWriter& function(const std::string& name);

  std::string bytes() const;
  void save(const std::string& path) const;

 private:
  struct Model;
  std::unique_ptr<Model> model_;
};

}  // namespace sparsec::testing
