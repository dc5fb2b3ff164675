// A few functions that write a Q/DQ ONNX graph, named as the usual exporters name things.
//
// Every convolution reads an unsigned 8-bit tensor (QuantizeLinear and DequantizeLinear in front of it) and signed
// 8-bit weights with one scale per output channel; everything else is float. Names of tensors are returned as strings.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace demo {

// Weights of a convolution [out, in, size, size] and its bias, all zero to begin with.
struct Filter {
  int out, in, size;
  std::vector<float> weights, bias;
  Filter(int out_, int in_, int size_)
      : out(out_), in(in_), size(size_), weights(size_t(out_ * in_ * size_ * size_)), bias(size_t(out_)) {}
  float& at(int o, int i, int y, int x) { return weights[size_t(((o * in + i) * size + y) * size + x)]; }
  float& at(int o, int i) { return at(o, i, 0, 0); }
};

struct ActivationScale {
  float scale;
  uint8_t zero_point;
};

// "model.3.m.0.cv1" -> "/model.3/m.0/cv1".
std::string path_of(const std::string& layer);

class OnnxWriter {
 public:
  OnnxWriter();
  ~OnnxWriter();

  void input(const std::string& name, const std::vector<int64_t>& shape);
  void output(const std::string& name, const std::vector<int64_t>& shape);
  void metadata(const std::string& key, const std::string& value);

  std::string constant(const std::string& name, const std::vector<int64_t>& shape, const std::vector<float>& values);
  std::string constant(const std::string& name, const std::vector<int64_t>& values);

  // A node with one output, NAME_output_0 unless given.
  std::string node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                   const std::map<std::string, std::vector<int64_t>>& lists = {},
                   const std::map<std::string, int64_t>& numbers = {}, const std::string& output = "");
  std::vector<std::string> split(const std::string& name, const std::string& x, const std::vector<int64_t>& parts,
                                 int axis);

  // `layer` is "model.1.conv"; the node is then /model.1/conv/Conv.
  std::string convolution(const std::string& layer, const std::string& x, ActivationScale x_scale, const Filter& filter,
                          int stride, int pad);
  // x * sigmoid(x), as /model.1/act/Sigmoid and /model.1/act/Mul.
  std::string silu(const std::string& block, const std::string& x);

  // x as the convolutions written so far read it: through its quantiser, where there is one.
  std::string rounded(const std::string& x) const;

  std::string bytes() const;  // the same for the same calls

 private:
  struct Proto;  // keeps protobuf out of this header
  std::string quantised(const std::string& x, ActivationScale scale);
  std::string dequantised_weights(const std::string& name, const Filter& filter, float x_scale, std::string* bias);

  std::unique_ptr<Proto> proto_;
  std::map<std::string, std::string> quantised_;  // tensor -> its dequantised form
};

}  // namespace demo
