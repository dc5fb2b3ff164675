// `sparsec detect` from end to end, on models whose random weights find hundreds of overlapping boxes.
#include "tests/cli/detections.h"
#include "tests/support/onnx_writer.h"

namespace sparsec::cli {
namespace {

class DetectForm : public Detect, public ::testing::WithParamInterface<const char*> {};

TEST_P(DetectForm, FindsWhatDecodingTheOutputFinds) {
  const std::string name = GetParam(), model = SPARSEC_SOURCE_DIR "/tests/data/tiny/" + name + ".onnx";
  const NpyArray planes = read_npz(SPARSEC_SOURCE_DIR "/tests/data/tiny/" + name + ".npz")[0].array;
  codecs::write_image(folder_ / "picture.png", picture_of(planes));
  const std::vector<float> all = rows(model, planes, name == "tiny-uint8-input");
  size_t most = 0, least = SIZE_MAX;
  for (const double confidence : {score_at(all, 0.4), score_at(all, 0.9)}) {
    for (const double iou : {0.05, 0.45}) {
      SCOPED_TRACE(::testing::Message() << "conf " << confidence << ", iou " << iou);
      const json found = detect("'" + model + "' picture.png --conf " + std::to_string(confidence) + " --iou " +
                                std::to_string(iou) + " --max-det 1000");
      const std::vector<Box> wanted = suppress(all, 3, confidence, iou, 96, 64);
      expect_same(found.at("picture.png"), wanted);
      most = std::max(most, wanted.size());
      least = std::min(least, wanted.size());
    }
  }
  EXPECT_GT(least, 0U);  // else nothing was compared, or the thresholds made no difference
  EXPECT_GT(most, least);
}

INSTANTIATE_TEST_SUITE_P(Models, DetectForm,
                         ::testing::Values("tiny-block4_70_quant-in", "tiny-v5.0-focus", "tiny-uint8-input",
                                           "tiny-rawheads"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace_if(name, [](unsigned char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

// A detector of three raw heads and random weights, for any number of pictures of 64 x 96.
void write_detector(const std::string& path, int64_t classes = 3) {
  std::mt19937 random(5);
  const auto weights = [&](const Shape& shape, float size) {
    Tensor t(DType::f32, shape);
    for (float& w : t.data<float>()) w = std::uniform_real_distribution<float>(-size, size)(random);
    return t;
  };
  testing::OnnxWriter m(13);
  m.input("images", DType::f32, {"batch", int64_t{3}, int64_t{64}, int64_t{96}});
  std::string x = "images";
  for (int64_t level = 0; level < 3; ++level) {
    const std::string n = std::to_string(level);
    const int64_t in = level == 0 ? 3 : 8, step = level == 0 ? 8 : 2, rows = 8 >> level, cols = 12 >> level;
    m.initialiser("w" + n, weights({8, in, step, step}, level == 0 ? 0.6f : 1.5f));
    m.node("Conv", {x, "w" + n}, {"x" + n}, {{"strides", testing::Ints{step, step}}});
    x = "x" + n;
    m.initialiser("h" + n, weights({3 * (5 + classes), 8, 1, 1}, 0.2f));  // small, or scores would be all 1
    m.initialiser("s" + n, Tensor::of<int64_t>({5}, {0, 3, 5 + classes, rows, cols}));
    m.node("Conv", {x, "h" + n}, {"c" + n}).node("Reshape", {"c" + n, "s" + n}, {"r" + n});
    m.node("Transpose", {"r" + n}, {"p" + n}, {{"perm", testing::Ints{0, 1, 3, 4, 2}}}).output("p" + n);
  }
  m.save(path);
}

// A batch of three is padded for one picture, whatever the batch held before.
TEST_F(Detect, BatchesArePaddedForTheLastPictures) {
  write_detector(folder_ / "batch.onnx");
  std::string pictures;
  for (uint32_t i = 0; i < 4; ++i) {
    const std::string name = "p" + std::to_string(i) + ".png";
    codecs::write_image(folder_ / name, picture_of(noise(i)));
    pictures += " " + name;
  }
  const json found = detect("batch.onnx --batch 3" + pictures);
  EXPECT_EQ(found.size(), 4U);
  for (uint32_t i = 0; i < 4; ++i) {
    SCOPED_TRACE(i);
    const std::vector<Box> wanted = suppress(rows("batch.onnx", noise(i), false), 3, 0.25, 0.45, 96, 64);
    EXPECT_GT(wanted.size(), 3U);
    expect_same(found.at("p" + std::to_string(i) + ".png"), wanted);
  }
  EXPECT_NE(found["p0.png"], found["p1.png"]);
  EXPECT_EQ(found, detect("batch.onnx" + pictures));
}

TEST_F(Detect, AnchorsOfRawHeadsAreTheUsers) {
  const std::string model = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-rawheads.onnx";
  const NpyArray planes = read_npz(SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-rawheads.npz")[0].array;
  codecs::write_image(folder_ / "picture.png", picture_of(planes));
  const Anchors mine_anchors{
      {{{7, 9}, {12.5, 8}, {20, 31}}}, {{{11, 40}, {33, 17}, {25, 25}}}, {{{64, 30}, {50, 50}, {21, 88}}}};
  const std::vector<float> all = rows(model, planes, false, mine_anchors);
  const std::string common = "'" + model + "' picture.png --iou 0.45 --max-det 1000 --conf ";
  const double confidence = score_at(all, 0.6);
  const std::string conf = std::to_string(confidence);
  const json mine = detect(common + conf + " --anchors 7,9,12.5,8,20,31 11,40,33,17,25,25 64,30,50,50,21,88");
  const std::vector<Box> wanted = suppress(all, 3, confidence, 0.45, 96, 64);
  EXPECT_GT(wanted.size(), 10U);
  expect_same(mine.at("picture.png"), wanted);
  EXPECT_NE(mine, detect(common + conf));
  expect_refused("detect " + common + conf + " --anchors 7,9,12.5", "--anchors");
}

TEST_F(Detect, SeveralLabelsOfABox) {
  const std::string model = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx";
  const NpyArray planes = read_npz(SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.npz")[0].array;
  codecs::write_image(folder_ / "picture.png", picture_of(planes));
  const std::vector<float> all = rows(model, planes, false);
  const double confidence = score_at(all, 0.4);
  const std::string common = "'" + model + "' picture.png --max-det 2000 --conf " + std::to_string(confidence);
  const std::vector<Box> one = suppress(all, 3, confidence, 0.45, 96, 64);
  const std::vector<Box> several = suppress(all, 3, confidence, 0.45, 96, 64, true);
  EXPECT_GT(several.size(), one.size());
  expect_same(detect(common).at("picture.png"), one);
  expect_same(detect(common + " --multi-label").at("picture.png"), several);
}

// The names in what is found, by label.
std::map<int, std::string> names_in(const json& found) {
  std::map<int, std::string> names;
  for (size_t i = 0; i < found.at("labels").size(); ++i) names[found["labels"][i].get<int>()] = found["names"][i];
  return names;
}

TEST_F(Detect, ClassNamesAreTheUsersElseTheModelsElseCocosElseNumbers) {
  codecs::write_image(folder_ / "p.png", picture_of(noise(0)));
  using Names = std::map<int, std::string>;
  const auto names = [&](const std::string& arguments) {
    return names_in(detect(arguments + " p.png --conf 0.01 --iou 1 --max-det 5000 --multi-label").at("p.png"));
  };
  write_detector(folder_ / "three.onnx");
  EXPECT_EQ(names("three.onnx"), (Names{{0, "0"}, {1, "1"}, {2, "2"}}));
  folder_.write("names.txt", "cat\nbig dog\nyak\n");
  folder_.write("data.yaml", "nc: 3\nnames: ['a', 'b', 'c']\n");
  const Names animals{{0, "cat"}, {1, "big dog"}, {2, "yak"}};
  EXPECT_EQ(names("three.onnx --class-names names.txt"), animals);
  EXPECT_EQ(names("three.onnx --class-names data.yaml"), (Names{{0, "a"}, {1, "b"}, {2, "c"}}));
  ASSERT_EQ(sparsec("three.onnx -o libthree.so --class-names names.txt").code, 0);
  EXPECT_EQ(names("libthree.so"), animals);  // they are in the library

  const std::string named = SPARSEC_SOURCE_DIR "/tests/data/tiny/tiny-block4_70_quant-in.onnx";
  EXPECT_EQ(names(named), (Names{{0, "circle"}, {1, "square"}, {2, "triangle"}}));
  EXPECT_EQ(names(named + " --class-names names.txt"), animals);

  write_detector(folder_ / "eighty.onnx", 80);
  const Names coco = names("eighty.onnx");
  EXPECT_EQ(coco.size(), 80U);
  EXPECT_EQ(coco.at(0), "person");
  EXPECT_EQ(coco.at(5), "bus");
  EXPECT_EQ(coco.at(79), "toothbrush");
}

// Pictures of one name from several folders.
TEST_F(Detect, PicturesOfEqualNamesAreKeptApart) {
  write_detector(folder_ / "m.onnx");
  fs::create_directories(folder_ / "a");
  fs::create_directories(folder_ / "b");
  uint32_t seed = 0;
  for (const char* name : {"a/x.png", "b/x.png", "b/y.png", "a_x.png"})
    codecs::write_image(folder_ / name, picture_of(noise(seed++)));
  const json found = detect("m.onnx a/x.png b/x.png b/y.png a_x.png a/x.png --save-dir out");
  std::vector<std::string> keys;
  for (const auto& [key, value] : found.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"a/x.png", "a_x.png", "b/x.png", "y.png"}));
  for (const auto& [key, path] : {std::pair{"a/x.png", "a/x.png"}, {"b/x.png", "b/x.png"}, {"y.png", "b/y.png"}})
    EXPECT_EQ(found[key], detect(std::string("m.onnx ") + path).begin().value()) << key;

  std::vector<std::string> written;
  for (const auto& entry : fs::directory_iterator(folder_ / "out")) written.push_back(entry.path().filename().string());
  std::ranges::sort(written);
  EXPECT_EQ(written, (std::vector<std::string>{"a_x-2.png", "a_x.png", "b_x.png", "y.png"}));
  // each is what its picture alone gives
  for (const auto& [file, path] : {std::pair{"a_x-2.png", "a/x.png"}, {"b_x.png", "b/x.png"}, {"a_x.png", "a_x.png"}}) {
    ASSERT_EQ(sparsec(std::string("detect m.onnx ") + path + " --save-dir alone").code, 0);
    EXPECT_EQ(testing::read_file(folder_ / "out" / file),
              testing::read_file(folder_ / "alone" / fs::path(path).filename()))
        << file;
  }
  EXPECT_NE(sparsec("detect --help").out.find("a_x.jpg"), std::string::npos);
}

}  // namespace
}  // namespace sparsec::cli
