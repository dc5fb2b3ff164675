// NumPy's array files: .npy holds one array, .npz (a zip) several by name.
//
// Read: versions 1 to 3 of the format, little-endian float32, float64, uint8, int8, int32, int64 and bool, in C or
// Fortran order (turned into C order); .npz stored or deflated. Written: version 1, C order, stored. Every size that a
// file claims is checked against the bytes that are there. Throws FileError (sparsec/files.h). In library
// sparsec_host_codecs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sparsec {

enum class NpyType : uint8_t { f32, f64, u8, i8, i32, i64, boolean };
size_t size_of(NpyType type);
const char* name_of(NpyType type);  // "float32", as NumPy says it

struct NpyArray {
  NpyType type = NpyType::f32;
  std::vector<int64_t> shape;    // empty: a scalar
  std::vector<std::byte> bytes;  // row-major

  int64_t elements() const;
};

struct NamedArray {
  std::string name;
  NpyArray array;
};

NpyArray read_npy(const std::string& path);
NpyArray decode_npy(std::span<const uint8_t> bytes, const std::string& name);  // `name` is for messages
void write_npy(const std::string& path, const NpyArray& array);
std::vector<uint8_t> encode_npy(const NpyArray& array);

std::vector<NamedArray> read_npz(const std::string& path);  // in the file's order
std::vector<NamedArray> decode_npz(std::span<const uint8_t> bytes, const std::string& name);
void write_npz(const std::string& path, std::span<const NamedArray> arrays);
std::vector<uint8_t> encode_npz(std::span<const NamedArray> arrays);

}  // namespace sparsec
