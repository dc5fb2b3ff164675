// Batches and streams through the commands: the results do not depend on which threads make a picture, and streams say
// what they did.
#include <nlohmann/json.hpp>
#include <random>

#include "compiler/compile.h"
#include "compiler/oracle/evaluate.h"
#include "compiler/verify/layers.h"
#include "runtime/core/cpu_count.h"
#include "tests/cli/program.h"
#include "tests/support/onnx_writer.h"

namespace sparsec::cli {
namespace {

constexpr int64_t kRows = 24, kColumns = 40, kChannels = 8;

// Two int8 convolutions of 3x3 with a max-pool between them, for any number of pictures, or for so many.
void write_network(const std::string& path, const testing::OnnxDims::value_type& batch = "batch") {
  std::mt19937 random(3);
  testing::OnnxWriter m(13);
  m.initialiser("s", Tensor::of<float>({}, {0.02f})).initialiser("z", Tensor::of<uint8_t>({}, {100}));
  m.initialiser("ws", Tensor::of<float>({}, {0.01f})).initialiser("wz", Tensor::of<int8_t>({}, {0}));
  m.input("x", DType::f32, {batch, int64_t{3}, kRows, kColumns});
  const auto quantised = [&m](const std::string& x) {
    m.node("QuantizeLinear", {x, "s", "z"}, {x + "_q"}).node("DequantizeLinear", {x + "_q", "s", "z"}, {x + "_d"});
    return x + "_d";
  };
  const auto convolution = [&](const std::string& x, const std::string& y, int64_t in) {
    std::vector<int8_t> w(size_t(kChannels * in * 9));
    for (int8_t& v : w) v = random() % 3 == 0 ? int8_t(random()) : int8_t(0);
    m.initialiser(y + "_w", Tensor::of<int8_t>({kChannels, in, 3, 3}, w));
    m.node("DequantizeLinear", {y + "_w", "ws", "wz"}, {y + "_v"});
    m.node("Conv", {x, y + "_v"}, {y}, {{"pads", testing::Ints{1, 1, 1, 1}}});
    return quantised(y);
  };
  const std::string pooled = "pool";
  m.node("MaxPool", {convolution(quantised("x"), "a", 3)}, {pooled},
         {{"kernel_shape", testing::Ints{3, 3}}, {"pads", testing::Ints{1, 1, 1, 1}}});
  m.node("Relu", {convolution(pooled, "b", kChannels)}, {"y"}).output("y");
  m.save(path);
}

NpyArray pictures(int64_t first, int64_t count) {
  NpyArray x{NpyType::f32, {count, 3, kRows, kColumns}, {}};
  x.bytes.resize(size_t(x.elements()) * 4);
  const auto each = size_t(x.elements() / count);
  for (int64_t p = 0; p < count; ++p) {
    std::mt19937 random{uint32_t(first + p)};
    for (size_t i = 0; i < each; ++i) {
      const float v = float(random() % 2000) / 1000 - 1;
      std::memcpy(&x.bytes[(size_t(p) * each + i) * 4], &v, 4);
    }
  }
  return x;
}

class Batches : public Program {
 protected:
  std::vector<std::byte> output(const NpyArray& x, const std::string& options) {
    write_npy(folder_ / "x.npy", x);
    const Outcome o = sparsec("run net.onnx --input x.npy --output y.npy " + options);
    EXPECT_EQ(o.code, 0) << o.err;
    return read_npy(folder_ / "y.npy").bytes;
  }
};

TEST_F(Batches, AreEqualBitForBitForAnyNumberOfThreads) {
  write_network(folder_ / "net.onnx");
  constexpr int64_t kBatch = 5;
  std::vector<std::byte> wanted;
  for (int64_t p = 0; p < kBatch; ++p) {
    const std::vector<std::byte> y = output(pictures(p, 1), "--threads 1");
    EXPECT_TRUE(std::any_of(y.begin(), y.end(), [&](std::byte b) { return b != y[0]; }));
    wanted.insert(wanted.end(), y.begin(), y.end());
  }
  // 1: one after the other; 2, 3: a picture a thread and a rest; 5: a picture a thread; 8: all threads on each
  for (const int threads : {1, 2, 3, 5, 8})
    EXPECT_EQ(output(pictures(0, kBatch), "--batch 5 --threads " + std::to_string(threads)), wanted) << threads;
}

// Whether a thread has a picture of its own, or a strip of one that is left over, or tiles of all strips.
TEST_F(Batches, AreEqualBitForBitInStrips) {
  write_network(folder_ / "net.onnx");
  const Outcome plan = sparsec("net.onnx --target avx2 --batch 5 --strips 3 --dump-plan");
  EXPECT_NE(plan.out.find("from other strips"), std::string::npos) << plan.out << plan.err;
  const std::vector<std::byte> wanted = output(pictures(0, 5), "--batch 5 --threads 1 --strips 1");
  for (const std::string strips : {"2", "3"})
    for (const std::string threads : {"1", "2", "3", "4", "8"})
      EXPECT_EQ(output(pictures(0, 5), "--batch 5 --strips " + strips + " --threads " + threads), wanted)
          << strips << " strips, " << threads << " threads";
}

// The same for a batch that the file fixes as for one that is asked for.
TEST_F(Batches, AreInStripsOnlyWhereThreadsShareAPicture) {
  write_network(folder_ / "any.onnx");
  write_network(folder_ / "four.onnx", int64_t{4});
  const auto strips = [&](const std::string& file, std::optional<int64_t> batch, int threads) {
    CompileOptions options;
    options.import.batch = batch;
    options.targets = {find_isa("avx2")};
    options.threads = threads;
    const Compiled c = compile(folder_ / file, options);
    EXPECT_TRUE(c.image.options.ends_with(" --strips " + std::to_string(c.plans[0].program.strips)));
    return c.plans[0].program.strips;
  };
  EXPECT_EQ(strips("any.onnx", {}, 2), 2);
  EXPECT_EQ(strips("any.onnx", 4, 4), 1);
  EXPECT_EQ(strips("any.onnx", 4, 6), 6);
  EXPECT_EQ(strips("four.onnx", {}, 2), 1);
  EXPECT_EQ(strips("four.onnx", {}, 4), 1);
  EXPECT_EQ(strips("four.onnx", {}, 6), 6);

  // what the threads of a run made, and what was asked for, are different libraries
  write_npy(folder_ / "x.npy", pictures(0, 4));
  const auto in_cache = [&](const std::string& options) {
    const Outcome o = sparsec("run four.onnx --input x.npy --output y.npy --threads 2" + options);
    EXPECT_EQ(o.code, 0) << o.err;
    return sparsec("cache").out;
  };
  const std::string one = in_cache("");
  EXPECT_NE(one.find("--strips 1"), std::string::npos) << one;
  const std::string both = in_cache(" --strips 2");
  EXPECT_NE(both.find("--strips 1"), std::string::npos) << both;
  EXPECT_NE(both.find("--strips 2"), std::string::npos) << both;
}

// Detectors are mostly exported for one picture, with reshapes to 1x3x85x80x80: such a model runs for each of a batch.
TEST_F(Batches, OfAModelForOnePictureAreItsPicturesOneByOne) {
  const std::string model = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx";
  constexpr int64_t kPictures = 3, kElements = 3 * 64 * 96;
  NpyArray all{NpyType::f32, {kPictures, 3, 64, 96}, {}};
  std::vector<std::byte> wanted;
  const Graph graph = compile(model, {}).graph;
  std::vector<Tensor> expected;
  for (int64_t p = 0; p < kPictures; ++p) {
    std::mt19937 random{uint32_t(p)};
    Tensor picture(DType::f32, {1, 3, 64, 96});
    for (float& x : picture.data<float>()) x = float(random() >> 8) / float(1 << 24);
    ASSERT_EQ(picture.bytes.size(), size_t(kElements) * 4);
    all.bytes.insert(all.bytes.end(), picture.bytes.begin(), picture.bytes.end());
    write_npy(folder_ / "x.npy", {NpyType::f32, {1, 3, 64, 96}, {picture.bytes.begin(), picture.bytes.end()}});
    ASSERT_EQ(sparsec("run " + model + " --input x.npy --output y.npy").code, 0);
    const NpyArray y = read_npy(folder_ / "y.npy");
    wanted.insert(wanted.end(), y.bytes.begin(), y.bytes.end());
    expected.push_back(*oracle::run(graph, {share(std::move(picture))}).at(graph.outputs[0]));
  }
  write_npy(folder_ / "x.npy", all);
  for (const char* threads : {"1", "2", "3"}) {
    const Outcome o = sparsec("run " + model + " --input x.npy --output y.npy -b 3 --threads " + threads);
    ASSERT_EQ(o.code, 0) << o.err;
    const NpyArray y = read_npy(folder_ / "y.npy");
    EXPECT_EQ(y.shape[0], kPictures);
    EXPECT_TRUE(y.bytes == wanted) << threads;
    for (size_t p = 0; p < expected.size(); ++p) {
      Tensor ours(DType::f32, expected[p].shape);
      std::memcpy(ours.bytes.data(), y.bytes.data() + p * ours.bytes.size(), ours.bytes.size());
      EXPECT_TRUE(compare("output", "end to end", ours, expected[p]).good()) << p;
    }
  }
  EXPECT_FALSE(expected[0].bytes == expected[1].bytes);
  const Outcome o = sparsec("benchmark " + model + " -b 4 -t 0.1 -w 0");
  EXPECT_NE(o.out.find("Batch Size: 4\n"), std::string::npos) << o.out << o.err;
}

// One thread may take all pictures of a run, before the other has begun: then that is what the layers took.
TEST_F(Batches, LayersTakeTimeInEveryRun) {
  write_network(folder_ / "net.onnx");
  const Outcome o = sparsec("benchmark net.onnx -b 2 --threads 2 --layers -t 0.3 -w 0 -x layers.json");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto data = nlohmann::json::parse(testing::read_file(folder_ / "layers.json"));
  EXPECT_GT(data["layers"].size(), 3u);
  for (const auto& layer : data["layers"]) {
    EXPECT_GT(layer["best_ms"], 0) << layer["name"];
    EXPECT_LE(layer["best_ms"], layer["ms"]) << layer["name"];
  }
}

TEST_F(Batches, GoThroughSeveralStreams) {
  write_network(folder_ / "net.onnx");
  const Outcome o = sparsec("benchmark net.onnx --batch 2 --threads 3 --streams 2 --iterations 7 -w 0 -x result.json");
  ASSERT_EQ(o.code, 0) << o.err;
  for (const char* line : {"Threads: 3\n", "Streams: 2\n", "Batch Size: 2\n", "Scenario: async\n", "Iterations: 7\n"})
    EXPECT_NE(o.out.find(line), std::string::npos) << line << o.out;
  const auto data = nlohmann::json::parse(testing::read_file(folder_ / "result.json"));
  EXPECT_EQ(data["num_streams"], 2);
  EXPECT_EQ(data["num_cores"], 3);
  EXPECT_EQ(data["scenario"], "multistream");
  const auto& result = data["benchmark_result"];
  EXPECT_EQ(result["scenario"], "multistream");
  EXPECT_EQ(result["iterations"], 7);
  EXPECT_DOUBLE_EQ(result["items_per_sec"].get<double>(), 2 * 7 / result["seconds_ran"].get<double>());

  // two threads a stream, unless told; one stream may be asked for as DeepSparse has it
  EXPECT_NE(sparsec("benchmark net.onnx -s async --threads 5 --iterations 2 -w 0").out.find("Streams: 2\n"),
            std::string::npos);
  EXPECT_NE(sparsec("benchmark net.onnx -s sync --num_streams 1 --iterations 1 -w 0").out.find("Scenario: sync\n"),
            std::string::npos);
  expect_usage("benchmark net.onnx --threads 2 --streams 3", "--threads 3");
  expect_usage("benchmark net.onnx -s sync --streams 2 --threads 2", "--scenario async");
  expect_usage("benchmark net.onnx --layers --streams 2 --threads 2", "--layers");
  EXPECT_EQ(sparsec("benchmark net.onnx -s elastic").code, 2);
}

TEST_F(Batches, RunPinnedWithACoreForEachThread) {
  write_network(folder_ / "net.onnx");
  const int cores = rt::usable_cores();
  const std::string all = std::to_string(cores);
  EXPECT_EQ(output(pictures(0, 5), "--batch 5 --pin --threads " + all), output(pictures(0, 5), "--batch 5"));
  const Outcome o = sparsec("benchmark net.onnx --pin --iterations 4 -w 0 --threads " + all + " --streams " + all);
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_NE(o.out.find("Threads: " + all + ", pinned\n"), std::string::npos) << o.out;
  EXPECT_NE(o.out.find("Iterations: 4\n"), std::string::npos) << o.out;
  if (cores < 256) {
    rt::CpuSet allowed;
    ASSERT_TRUE(allowed.read_affinity());
    const std::string more = std::to_string(rt::physical_cores(allowed, "", nullptr, 0) + 1);
    const std::string line = "run net.onnx --input x.npy --output z.npy --pin --threads " + more;
    sparsec(line);  // fills the cache: a strip for each thread makes another library
    expect_refused(line, "physical core");
  }
}

}  // namespace
}  // namespace sparsec::cli
