// NumPy's .npy: "\x93NUMPY", two version bytes, the header's length, the header (a Python dict of three keys), then the
// elements.
//
// The header is parsed by a small reader of just that dict, not by searching for substrings: 'descr' a string,
// 'fortran_order' a bool, 'shape' a tuple of integers, in any order.
#include "sparsec/npy.h"

#include <array>
#include <bit>
#include <cctype>
#include <cstring>
#include <optional>
#include <string_view>

#include "sparsec/files.h"

namespace sparsec {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are stored as they lie in memory");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr int64_t kMaxElements = int64_t{1} << 40;

struct TypeRow {
  NpyType type;
  const char* name;
  const char* code;  // without the byte order
  size_t size;
};
constexpr std::array<TypeRow, 7> kTypes{{{NpyType::f32, "float32", "f4", 4},
                                         {NpyType::f64, "float64", "f8", 8},
                                         {NpyType::u8, "uint8", "u1", 1},
                                         {NpyType::i8, "int8", "i1", 1},
                                         {NpyType::i32, "int32", "i4", 4},
                                         {NpyType::i64, "int64", "i8", 8},
                                         {NpyType::boolean, "bool", "b1", 1}}};

struct Header {
  std::string descr;
  bool fortran = false;
  std::vector<int64_t> shape;
};

// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Header parse() {
    Header h;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        if (peek() != '\'' && peek() != '"') fail("arrays of structures are not supported");
        h.descr = quoted();
        descr = true;
      } else if (key == "fortran_order") {
        h.fortran = boolean();
        order = true;
      } else if (key == "shape") {
        h.shape = tuple();
        shape = true;
      } else {
        fail("unknown key in its header: " + key);
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    if (!descr || !order || !shape) fail("its header lacks descr, fortran_order or shape");
    return h;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const { throw FileError(name_, "not a readable .npy array: " + why); }
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail("damaged header");
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("damaged header");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == text_.npos) fail("damaged header");
    std::string out(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return out;
  }
  bool boolean() {
    peek();
    for (const auto& [word, value] :
         {std::pair{std::string_view("True"), true}, std::pair{std::string_view("False"), false}}) {
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    }
    fail("damaged header");
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> out;
    expect('(');
    while (!take(')')) {
      if (!std::isdigit(static_cast<unsigned char>(peek()))) fail("damaged shape");
      int64_t value = 0;
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) {
        value = value * 10 + (text_[at_++] - '0');
        if (value > kMaxElements) fail("impossible shape");
      }
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // as Python 2 wrote it
      out.push_back(value);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    if (out.size() > 32) fail("more than 32 dimensions");
    return out;
  }

  std::string_view text_;
  const std::string& name_;
  size_t at_ = 0;
};

const TypeRow& type_from(const std::string& descr, const std::string& name) {
  const std::string_view code = descr.size() > 1 ? std::string_view(descr).substr(1) : std::string_view();
  for (const TypeRow& row : kTypes) {
    if (code == row.code && (descr[0] == '<' || descr[0] == '=' || (row.size == 1 && descr[0] == '|'))) return row;
  }
  throw FileError(name,
                  "element type '" + descr +
                      "' is unsupported; supported: little-endian float32, float64, uint8, int8, int32, int64, bool");
}

// Column-major elements to row-major: walks the output in order with the input's strides.
std::vector<std::byte> to_row_major(std::span<const std::byte> in, const std::vector<int64_t>& shape, size_t size) {
  std::vector<int64_t> stride(shape.size()), index(shape.size());
  int64_t step = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    stride[d] = step;
    step *= shape[d];
  }
  std::vector<std::byte> out(in.size());
  int64_t source = 0;
  for (size_t i = 0; i < out.size(); i += size) {
    std::memcpy(&out[i], &in[size_t(source) * size], size);
    for (size_t d = shape.size(); d-- > 0;) {
      source += stride[d];
      if (++index[d] < shape[d]) break;
      source -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
  return out;
}

}  // namespace

size_t size_of(NpyType type) { return kTypes[size_t(type)].size; }
const char* name_of(NpyType type) { return kTypes[size_t(type)].name; }

int64_t NpyArray::elements() const {
  int64_t n = 1;
  for (const int64_t d : shape) n *= d;
  return n;
}

NpyArray decode_npy(std::span<const uint8_t> bytes, const std::string& name) {
  const auto fail = [&](const std::string& why) -> void { throw FileError(name, "not a readable .npy array: " + why); };
  if (bytes.size() < 10 || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    fail("it does not begin as one");
  const int version = bytes[6];
  if (version < 1 || version > 3) fail("version " + std::to_string(version) + " is unknown");
  const size_t prefix = version == 1 ? 10 : 12;
  if (bytes.size() < prefix) fail("it ends early");
  size_t length = size_t(bytes[8]) | size_t(bytes[9]) << 8;
  if (version > 1) length |= size_t(bytes[10]) << 16 | size_t(bytes[11]) << 24;
  if (length > bytes.size() - prefix) fail("it ends early");
  const Header header = HeaderParser({reinterpret_cast<const char*>(bytes.data()) + prefix, length}, name).parse();
  const TypeRow& type = type_from(header.descr, name);

  int64_t elements = 1;
  for (const int64_t d : header.shape) {
    if (d != 0 && elements > kMaxElements / d) fail("impossible shape");
    elements *= d;
  }
  const auto data = bytes.subspan(prefix + length);
  const uint64_t want = uint64_t(elements) * type.size;
  if (data.size() != want)
    fail("its shape wants " + std::to_string(want) + " bytes of elements, it has " + std::to_string(data.size()));

  NpyArray array{type.type, header.shape, {}};
  const auto elements_bytes = std::as_bytes(data);
  if (header.fortran && header.shape.size() > 1 && elements > 0) {
    array.bytes = to_row_major(elements_bytes, header.shape, type.size);
  } else {
    array.bytes.assign(elements_bytes.begin(), elements_bytes.end());
  }
  return array;
}

std::vector<uint8_t> encode_npy(const NpyArray& array) {
  const TypeRow& type = kTypes[size_t(array.type)];
  std::string header =
      std::string("{'descr': '") + (type.size == 1 ? "|" : "<") + type.code + "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < array.shape.size(); ++i)
    header += std::to_string(array.shape[i]) + (array.shape.size() == 1 || i + 1 < array.shape.size() ? "," : "") +
              (i + 1 < array.shape.size() ? " " : "");
  header += "), }";
  constexpr size_t kPrefix = 10, kAlignment = 64;
  header.append(kAlignment - (kPrefix + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  if (header.size() > 0xFFFF) throw FileError("array", "its shape has too many dimensions for a .npy file");

  std::string start(kMagic);
  start += {1, 0, char(header.size() & 0xFF), char(header.size() >> 8)};
  start += header;
  std::vector<uint8_t> out(start.begin(), start.end());
  const auto* data = reinterpret_cast<const uint8_t*>(array.bytes.data());
  out.insert(out.end(), data, data + array.bytes.size());
  return out;
}

NpyArray read_npy(const std::string& path) { return decode_npy(read_file(path), path); }
void write_npy(const std::string& path, const NpyArray& array) { write_file(path, encode_npy(array)); }

}  // namespace sparsec
