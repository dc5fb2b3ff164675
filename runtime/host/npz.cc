// NumPy's .npz: a zip of .npy files.
//
// A zip is read from its end: the end record gives the central directory, whose entries give each member's place, sizes
// and checksum; the local headers are only skipped. Members are stored or deflated. Written archives are stored, with
// fixed time stamps: same arrays, same bytes.
#include <zlib.h>

#include <cstring>
#include <limits>

#include "sparsec/files.h"
#include "sparsec/npy.h"

namespace sparsec {
namespace {

constexpr uint32_t kLocalMagic = 0x04034b50, kCentralMagic = 0x02014b50, kEndMagic = 0x06054b50;
constexpr size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22;
constexpr uint16_t kStored = 0, kDeflated = 8, kEncrypted = 1, kDosDate = 0x21;  // 1 January 1980
constexpr uint64_t kMaxMember = uint64_t{1} << 31;

struct Member {
  std::string name;
  uint16_t flags, method;
  uint32_t crc, packed, size, offset;
};

class ZipReader {
 public:
  ZipReader(std::span<const uint8_t> bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::vector<Member> directory() const {
    if (bytes_.size() < kEndSize) fail("it is too short for a zip");
    size_t end = bytes_.size() - kEndSize;
    const size_t lowest = end > 0xFFFF ? end - 0xFFFF : 0;  // a comment of up to 64 KiB may follow
    while (u32(end) != kEndMagic) {
      if (end-- == lowest) fail("it does not end as a zip does");
    }
    const size_t count = u16(end + 10);
    uint64_t at = u32(end + 16);
    if (count == 0xFFFF || at == 0xFFFFFFFF) fail("zips beyond 4 GiB or 65534 members are not supported");
    std::vector<Member> members;
    for (size_t i = 0; i < count; ++i) {
      if (!has(at, kCentralSize) || u32(at) != kCentralMagic) fail("its directory is damaged");
      const size_t name = u16(at + 28), extra = u16(at + 30), comment = u16(at + 32);
      if (!has(at + kCentralSize, name + extra + comment)) fail("its directory is damaged");
      members.push_back({{reinterpret_cast<const char*>(bytes_.data()) + at + kCentralSize, name},
                         u16(at + 8),
                         u16(at + 10),
                         u32(at + 16),
                         u32(at + 20),
                         u32(at + 24),
                         u32(at + 42)});
      at += kCentralSize + name + extra + comment;
    }
    return members;
  }

  std::vector<uint8_t> content(const Member& m) const {
    if (m.flags & kEncrypted) fail(m.name + " is encrypted");
    if (m.size > kMaxMember) fail(m.name + " is larger than 2 GiB");
    if (!has(m.offset, kLocalSize) || u32(m.offset) != kLocalMagic) fail(m.name + " is not where the directory says");
    const uint64_t start = uint64_t{m.offset} + kLocalSize + u16(m.offset + 26) + u16(m.offset + 28);
    if (!has(start, m.packed)) fail(m.name + " ends early");
    const auto packed = bytes_.subspan(start, m.packed);
    std::vector<uint8_t> out;
    if (m.method == kStored) {
      if (m.packed != m.size) fail(m.name + " has two different sizes");
      out.assign(packed.begin(), packed.end());
    } else if (m.method == kDeflated) {
      out = inflate_all(packed, m);
    } else {
      fail(m.name + " is packed by method " + std::to_string(m.method) + "; supported: stored, deflated");
    }
    if (crc32(0, out.data(), uInt(out.size())) != m.crc) fail(m.name + " has a wrong checksum");
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw FileError(name_, "not a readable .npz archive: " + why);
  }
  bool has(uint64_t at, uint64_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }
  uint16_t u16(uint64_t at) const { return uint16_t(bytes_[at] | bytes_[at + 1] << 8); }
  uint32_t u32(uint64_t at) const { return uint32_t(u16(at)) | uint32_t(u16(at + 2)) << 16; }

  // Deflate shrinks at most 1032 times: a larger claim is false, and nothing is allocated for it.
  std::vector<uint8_t> inflate_all(std::span<const uint8_t> packed, const Member& m) const {
    if (uint64_t{m.size} > uint64_t{packed.size()} * 1032 + 64) fail(m.name + " claims an impossible size");
    std::vector<uint8_t> out(m.size);
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail("zlib does not start");
    stream.next_in = const_cast<Bytef*>(packed.data());
    stream.avail_in = uInt(packed.size());
    uint8_t none = 0;
    stream.next_out = out.empty() ? &none : out.data();
    stream.avail_out = uInt(out.size());
    const int status = inflate(&stream, Z_FINISH);
    const bool whole = status == Z_STREAM_END && stream.total_out == out.size();
    inflateEnd(&stream);
    if (!whole) fail(m.name + " is damaged");
    return out;
  }

  std::span<const uint8_t> bytes_;
  const std::string& name_;
};

class ZipWriter {
 public:
  void add(const std::string& name, std::span<const uint8_t> content) {
    if (name.size() > 0xFFFF) throw FileError(name, "this name is too long for a .npz archive");
    if (count_ == 0xFFFE ||
        out_.size() + content.size() + name.size() > std::numeric_limits<uint32_t>::max() - 0x1000000) {
      throw FileError(name, "the arrays are too large for one .npz archive (4 GiB)");
    }
    const auto crc = uint32_t(crc32_z(0, content.data(), content.size())), size = uint32_t(content.size()),
               offset = uint32_t(out_.size());
    u32(out_, kLocalMagic);
    common(out_, name, crc, size);
    text(out_, name);
    out_.insert(out_.end(), content.begin(), content.end());

    u32(directory_, kCentralMagic);
    u16(directory_, 20);  // made by: 2.0, the oldest that knows these headers
    common(directory_, name, crc, size);
    for (int i = 0; i < 5; ++i) u16(directory_, 0);  // comment, disk, attributes
    u32(directory_, offset);
    text(directory_, name);
    ++count_;
  }

  std::vector<uint8_t> finish() {
    const auto offset = uint32_t(out_.size()), size = uint32_t(directory_.size());
    out_.insert(out_.end(), directory_.begin(), directory_.end());
    u32(out_, kEndMagic);
    u16(out_, 0);
    u16(out_, 0);
    u16(out_, count_);
    u16(out_, count_);
    u32(out_, size);
    u32(out_, offset);
    u16(out_, 0);
    return std::move(out_);
  }

 private:
  static void u16(std::vector<uint8_t>& out, uint32_t v) { out.insert(out.end(), {uint8_t(v), uint8_t(v >> 8)}); }
  static void u32(std::vector<uint8_t>& out, uint32_t v) {
    out.insert(out.end(), {uint8_t(v), uint8_t(v >> 8), uint8_t(v >> 16), uint8_t(v >> 24)});
  }
  static void text(std::vector<uint8_t>& out, const std::string& s) { out.insert(out.end(), s.begin(), s.end()); }
  // What local and central headers share: version to lengths of name and extra field.
  static void common(std::vector<uint8_t>& out, const std::string& name, uint32_t crc, uint32_t size) {
    constexpr uint32_t kUtf8 = 1u << 11;
    u16(out, 20);
    u16(out, kUtf8);
    u16(out, kStored);
    u16(out, 0);
    u16(out, kDosDate);
    u32(out, crc);
    u32(out, size);
    u32(out, size);
    u16(out, uint32_t(name.size()));
    u16(out, 0);
  }

  std::vector<uint8_t> out_, directory_;
  uint32_t count_ = 0;
};

}  // namespace

std::vector<NamedArray> decode_npz(std::span<const uint8_t> bytes, const std::string& name) {
  const ZipReader zip(bytes, name);
  constexpr std::string_view kEnding = ".npy";
  std::vector<NamedArray> arrays;
  for (const Member& member : zip.directory()) {
    if (!member.name.ends_with(kEnding)) throw FileError(name, "holds " + member.name + ", which is no .npy array");
    const std::string array = member.name.substr(0, member.name.size() - kEnding.size());
    arrays.push_back({array, decode_npy(zip.content(member), std::string(name).append(": ").append(array))});
  }
  return arrays;
}

std::vector<uint8_t> encode_npz(std::span<const NamedArray> arrays) {
  ZipWriter zip;
  for (const NamedArray& a : arrays) zip.add(a.name + ".npy", encode_npy(a.array));
  return zip.finish();
}

std::vector<NamedArray> read_npz(const std::string& path) {
  return decode_npz(read_file(path, int64_t{1} << 32), path);
}
void write_npz(const std::string& path, std::span<const NamedArray> arrays) { write_file(path, encode_npz(arrays)); }

}  // namespace sparsec
