// .npy and .npz: round trips, files as NumPy writes them, and damaged ones.
#include "sparsec/npy.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

#include "sparsec/files.h"
#include "temporary_folder.h"

namespace sparsec {
namespace {

template <typename T>
NpyArray array_of(NpyType type, std::vector<int64_t> shape, const std::vector<T>& values) {
  NpyArray a{type, std::move(shape), std::vector<std::byte>(values.size() * sizeof(T))};
  if (!values.empty()) std::memcpy(a.bytes.data(), values.data(), a.bytes.size());
  return a;
}

void expect_equal(const NpyArray& a, const NpyArray& b) {
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.shape, b.shape);
  EXPECT_EQ(a.bytes, b.bytes);
}

// A .npy file with a header of our choice, version 1 (or 2), unpadded.
std::vector<uint8_t> raw_npy(const std::string& header, const std::vector<uint8_t>& elements, uint8_t version = 1) {
  std::vector<uint8_t> out{
      0x93, 'N', 'U', 'M', 'P', 'Y', version, 0, uint8_t(header.size()), uint8_t(header.size() >> 8)};
  if (version > 1) out.insert(out.end(), {0, 0});
  out.insert(out.end(), header.begin(), header.end());
  out.insert(out.end(), elements.begin(), elements.end());
  return out;
}

std::string error_of(const std::vector<uint8_t>& bytes, bool npz = false) {
  try {
    if (npz) {
      decode_npz(bytes, "x.npz");
    } else {
      decode_npy(bytes, "x.npy");
    }
  } catch (const FileError& e) {
    return e.what();
  }
  return "";
}

TEST(Npy, EveryTypeSurvivesAFile) {
  const testing::TemporaryFolder folder;
  const std::vector<NpyArray> arrays{array_of<float>(NpyType::f32, {2, 3}, {1, -2.5f, 3, 4, 5, 1e30f}),
                                     array_of<double>(NpyType::f64, {1}, {3.25}),
                                     array_of<uint8_t>(NpyType::u8, {4}, {0, 1, 128, 255}),
                                     array_of<int8_t>(NpyType::i8, {2, 1, 1}, {-128, 127}),
                                     array_of<int32_t>(NpyType::i32, {}, {-7}),
                                     array_of<int64_t>(NpyType::i64, {0, 5}, {}),
                                     array_of<uint8_t>(NpyType::boolean, {2}, {1, 0})};
  for (const NpyArray& a : arrays) {
    write_npy(folder / "a.npy", a);
    expect_equal(read_npy(folder / "a.npy"), a);
  }
}

TEST(Npy, HeaderIsAlignedAndPythonic) {
  const auto bytes = encode_npy(array_of<float>(NpyType::f32, {2}, {1, 2}));
  const std::string text(bytes.begin(), bytes.end());
  EXPECT_EQ(text.substr(10, 58), "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } ");
  EXPECT_EQ((bytes.size() - 8) % 64, 0U);
}

TEST(Npy, FortranOrderIsTurned) {
  // [[1, 2, 3], [4, 5, 6]] by columns
  const auto a =
      decode_npy(raw_npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n", {1, 4, 2, 5, 3, 6}), "x");
  expect_equal(a, array_of<uint8_t>(NpyType::u8, {2, 3}, {1, 2, 3, 4, 5, 6}));
}

TEST(Npy, Version2AndKeysInAnyOrder) {
  const auto a = decode_npy(raw_npy("{\"shape\":(2L,),'fortran_order':False , 'descr':'<i1'}", {1, 255}, 2), "x");
  expect_equal(a, array_of<int8_t>(NpyType::i8, {2}, {1, -1}));
}

TEST(Npy, DamageIsNamed) {
  const std::string good = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }\n";
  EXPECT_EQ(error_of({}), "x.npy: not a readable .npy array: it does not begin as one");
  EXPECT_NE(error_of(raw_npy(good, {1, 2})).find("wants 3 bytes of elements, it has 2"), std::string::npos);
  EXPECT_NE(error_of(raw_npy(good, {1, 2, 3, 4})).find("it has 4"), std::string::npos);
  EXPECT_NE(error_of(raw_npy("{'descr': '>f4', 'fortran_order': False, 'shape': (0,), }", {}))
                .find("'>f4' is unsupported; supported: "),
            std::string::npos);
  EXPECT_NE(
      error_of(raw_npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (0,), }", {})).find("structures"),
      std::string::npos);
  EXPECT_NE(error_of(raw_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,), }", {}))
                .find("impossible shape"),
            std::string::npos);
  EXPECT_NE(error_of(raw_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000, 1000000000), }", {}))
                .find("impossible shape"),
            std::string::npos);
  EXPECT_NE(error_of(raw_npy("{'descr': '|u1', 'shape': (-1,), }", {})).find("damaged shape"), std::string::npos);
  EXPECT_NE(error_of(raw_npy("{'descr': '|u1', 'shape': (1,), }", {1})).find("lacks"), std::string::npos);
  EXPECT_NE(error_of(raw_npy(good, {1, 2, 3}, 9)).find("version 9"), std::string::npos);
  std::vector<uint8_t> bytes = raw_npy(good, {1, 2, 3});
  for (size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_NE(error_of({bytes.begin(), bytes.begin() + std::ptrdiff_t(cut)}), "") << cut;
}

TEST(Npz, SeveralArraysByName) {
  const testing::TemporaryFolder folder;
  const std::vector<NamedArray> arrays{{"/model.0/conv/Conv_output_0", array_of<float>(NpyType::f32, {2}, {1, 2})},
                                       {"b", array_of<uint8_t>(NpyType::u8, {0}, {})}};
  write_npz(folder / "a.npz", arrays);
  const auto back = read_npz(folder / "a.npz");
  ASSERT_EQ(back.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(back[i].name, arrays[i].name);
    expect_equal(back[i].array, arrays[i].array);
  }
  EXPECT_EQ(encode_npz(arrays), encode_npz(arrays));
}

// Turns the one stored member of an archive into a deflated one.
std::vector<uint8_t> deflated(const NamedArray& named) {
  const auto stored = encode_npz(std::span(&named, 1));
  const std::string member = named.name + ".npy";
  const auto content = encode_npy(named.array);
  std::vector<uint8_t> packed(compressBound(uLong(content.size())));
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  z.next_in = const_cast<Bytef*>(content.data());
  z.avail_in = uInt(content.size());
  z.next_out = packed.data();
  z.avail_out = uInt(packed.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  packed.resize(z.total_out);
  deflateEnd(&z);
  const size_t local = 30 + member.size();
  std::vector<uint8_t> out(stored.begin(), stored.begin() + std::ptrdiff_t(local));
  out.insert(out.end(), packed.begin(), packed.end());
  const auto directory = uint32_t(out.size());
  out.insert(out.end(), stored.begin() + std::ptrdiff_t(local + content.size()), stored.end());
  const auto patch = [&](size_t at, uint32_t v, int bytes) {
    for (int i = 0; i < bytes; ++i) out[at + size_t(i)] = uint8_t(v >> 8 * i);
  };
  patch(directory + 10, 8, 2);
  patch(directory + 20, uint32_t(packed.size()), 4);
  patch(out.size() - 6, directory, 4);
  return out;
}

TEST(Npz, Deflated) {
  const NamedArray named{"zeros", array_of<int32_t>(NpyType::i32, {1000}, std::vector<int32_t>(1000, 7))};
  const auto bytes = deflated(named);
  EXPECT_LT(bytes.size(), 500U);
  const auto back = decode_npz(bytes, "x.npz");
  ASSERT_EQ(back.size(), 1U);
  expect_equal(back[0].array, named.array);
}

TEST(Npz, EveryCutAndEveryFlippedByteIsAnErrorOrHarmless) {
  const NamedArray named{"a", array_of<int32_t>(NpyType::i32, {100}, std::vector<int32_t>(100, 7))};
  for (const auto& good : {encode_npz(std::span(&named, 1)), deflated(named)}) {
    for (size_t cut = 0; cut < good.size(); ++cut)
      EXPECT_NE(error_of({good.begin(), good.begin() + std::ptrdiff_t(cut)}, true), "") << cut;
    for (size_t i = 0; i < good.size(); ++i) {
      auto bad = good;
      bad[i] ^= 0xFF;
      try {
        for (const auto& array : decode_npz(bad, "x.npz"))
          expect_equal(array.array, named.array);  // names and time stamps may differ, elements may not
      } catch (const FileError&) {                 // NOLINT(bugprone-empty-catch): as good as the array
      }
    }
  }
}

TEST(Npz, ForeignMembersAreNamed) {
  const NamedArray named{"a", array_of<uint8_t>(NpyType::u8, {1}, {1})};
  auto bytes = encode_npz(std::span(&named, 1));
  for (size_t i = 0; i + 5 <= bytes.size(); ++i) {
    if (std::memcmp(&bytes[i], "a.npy", 5) == 0) bytes[i + 4] = 'x';
  }
  EXPECT_EQ(error_of(bytes, true), "x.npz: holds a.npx, which is no .npy array");
}

}  // namespace
}  // namespace sparsec
