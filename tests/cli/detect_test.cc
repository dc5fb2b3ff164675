// `sparsec detect` from end to end, on models whose random weights find hundreds of overlapping boxes.
#include <iomanip>
#include <sstream>

#include "tests/cli/detections.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/quantised_head.h"

namespace sparsec::cli {
namespace {

class Compared : public Detect {
 protected:
  // What detect finds in the picture, for several thresholds, against the plain textbook. `bytes`: the input is u8.
  void compare(const std::string& model, const NpyArray& planes, bool bytes) const {
    codecs::write_image(folder_ / "picture.png", picture_of(planes));
    const std::vector<float> all = rows(model, planes, bytes);
    size_t most = 0, least = SIZE_MAX;
    for (const double confidence : {score_at(all, 0.4), score_at(all, 0.9)}) {
      for (const double iou : {0.05, 0.45}) {
        SCOPED_TRACE(::testing::Message() << "conf " << confidence << ", iou " << iou);
        std::ostringstream options;  // in all their digits: scores are close to each other
        options << std::setprecision(17) << " --conf " << confidence << " --iou " << iou << " --max-det 1000";
        const json found = detect("'" + model + "' picture.png" + options.str());
        const std::vector<Box> wanted = suppress(all, 3, confidence, iou, 96, 64);
        expect_same(found.at("picture.png"), wanted);
        most = std::max(most, wanted.size());
        least = std::min(least, wanted.size());
      }
    }
    EXPECT_GT(least, 0U);  // else nothing was compared, or the thresholds made no difference
    EXPECT_GT(most, least);
  }
};

class DetectForm : public Compared, public ::testing::WithParamInterface<const char*> {};

TEST_P(DetectForm, FindsWhatDecodingTheOutputFinds) {
  const std::string name = GetParam(), model = SPARSEC_SOURCE_DIR "/tests/data/tiny/" + name + ".onnx";
  compare(model, read_npz(SPARSEC_SOURCE_DIR "/tests/data/tiny/" + name + ".npz")[0].array, name == "tiny-uint8-input");
}

INSTANTIATE_TEST_SUITE_P(Models, DetectForm,
                         ::testing::Values("tiny-block4_70_quant-in", "tiny-v5.0-focus", "tiny-uint8-input",
                                           "tiny-rawheads"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace_if(name, [](unsigned char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

// With quantisers between the steps of the decoding: as a model, in a batch, as a library.
TEST_F(Detect, ReadsTheRowsOfAQuantisedHead) {
  for (const DType input : {DType::f32, DType::u8}) {
    SCOPED_TRACE(name_of(input));
    const std::string model = std::string(name_of(input)) + ".onnx";
    testing::write_quantised_head(folder_ / model, {.input = input});
    const NpyArray planes = noise(3);
    codecs::write_image(folder_ / "picture.png", picture_of(planes));
    const std::vector<float> all = rows(model, planes, input == DType::u8);
    ASSERT_EQ(all.size(), 378U * 8);
    const double confidence = score_near(all, 0.8);
    const std::string arguments = " picture.png --max-det 1000 --iou 0.2 --conf " + std::to_string(confidence);
    const std::vector<Box> wanted = suppress(all, 3, confidence, 0.2, 96, 64);
    EXPECT_GT(wanted.size(), 20U);
    EXPECT_LT(wanted.size(), suppress(all, 3, confidence, 1, 96, 64).size());
    const json found = detect(model + arguments);
    expect_same(found.at("picture.png"), wanted);
    EXPECT_EQ(found, detect(model + arguments + " --batch 3"));
    ASSERT_EQ(sparsec(model + " -o libboxes.so").code, 0);
    EXPECT_EQ(found, detect("./libboxes.so" + arguments));
    EXPECT_NE(testing::read_file(folder_ / "boxes.h").find("an object detector of 3 classes"), std::string::npos);
  }
  const Outcome o = sparsec("benchmark f32.onnx --images picture.png -t 0.1 -w 0");
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_NE(o.out.find("post_process"), std::string::npos) << o.out;
}

// Raw heads whose reshapes and transposes are quantised too.
TEST_F(Detect, DecodesQuantisedRawHeads) {
  testing::write_quantised_head(folder_ / "m.onnx", {.decoded = false});
  const NpyArray planes = noise(3);
  codecs::write_image(folder_ / "picture.png", picture_of(planes));
  const std::vector<float> all = rows("m.onnx", planes, false);
  const double confidence = score_near(all, 0.8);
  const std::vector<Box> wanted = suppress(all, 3, confidence, 0.45, 96, 64);
  EXPECT_GT(wanted.size(), 20U);
  expect_same(detect("m.onnx picture.png --max-det 1000 --conf " + std::to_string(confidence)).at("picture.png"),
              wanted);
}

TEST_F(Detect, RefusesWhatOnlyLooksLikeRows) {
  codecs::write_image(folder_ / "picture.png", picture_of(noise(3)));
  testing::OnnxWriter list(13);  // the rows of a detector, from no picture
  list.input("x", DType::f32, {int64_t{1}, int64_t{378}, int64_t{8}}).node("Relu", {"x"}, {"y"}).output("y");
  list.save(folder_ / "list.onnx");
  testing::OnnxWriter tokens(13);  // a picture's patches of 16 x 16
  tokens.input("x", DType::f32, {int64_t{1}, int64_t{3}, int64_t{64}, int64_t{96}});
  tokens.initialiser("s", Tensor::of<int64_t>({3}, {1, 24, 768}));
  tokens.node("Relu", {"x"}, {"r"}).node("Reshape", {"r", "s"}, {"y"}).output("y");
  tokens.save(folder_ / "tokens.onnx");
  for (const std::string model : {"list.onnx", "tokens.onnx"}) {
    const Outcome o = sparsec("detect " + model + " picture.png");
    EXPECT_EQ(o.code, 1);
    EXPECT_EQ(o.err, "sparsec: " + model +
                         ": is not a detector: it has no YOLOv5 head that sparsec recognises (raw heads whose anchors "
                         "neither the file nor YOLOv5 tells need --anchors); `sparsec run` runs any model on raw "
                         "tensors\n");
  }
}

// A detector as ONNX Runtime's quantiser leaves it: quantisers behind the raw heads' convolutions, and weights beyond
// s8, so that layers read their input twice over.
TEST_F(Compared, AsymmetricWeights) {
  compare(SPARSEC_SOURCE_DIR "/tests/data/asymmetric/detector.onnx", noise(4), false);
}

// A detector of three raw heads and random weights, for any number of pictures of 64 x 96; `names` is metadata.
void write_detector(const std::string& path, int64_t classes = 3, const std::string& names = "") {
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
  if (!names.empty()) m.metadata("names", names);
  m.save(path);
}

// Names in the model that do not fit its classes are told; those that do are not.
TEST_F(Detect, NamesThatDoNotFitAreTold) {
  write_detector(folder_ / "fits.onnx", 3, "{0: 'a', 1: 'b', 2: 'c'}");
  const Outcome fits = sparsec("fits.onnx -o liba.a");
  EXPECT_EQ(fits.code, 0);
  EXPECT_EQ(fits.err, "");
  for (const auto& [names, part] :
       {std::pair{"['a', 'b']", "warning: few.onnx: its metadata names 2 classes, and it tells 3"},
        {"oops", "warning: few.onnx: the class names in its metadata cannot be read"}}) {
    write_detector(folder_ / "few.onnx", 3, names);
    const Outcome o = sparsec("few.onnx -o liba.a");
    EXPECT_EQ(o.code, 0);
    EXPECT_NE(o.err.find(part), std::string::npos) << o.err;
    EXPECT_EQ(std::ranges::count(o.err, '\n'), 1) << o.err;
  }
}

// Raw heads of two anchors a level, which neither the model nor YOLOv5 tells, run; detect asks for --anchors. What the
// file tells is as good as what is given.
TEST_F(Detect, AnchorsOfRawHeadsComeFromTheUserOrTheFile) {
  const auto write = [&](const std::string& path, const std::string& property, bool as_tensor) {
    std::mt19937 random(5);
    testing::OnnxWriter m(13);
    m.input("images", DType::f32, {int64_t{1}, int64_t{3}, int64_t{64}, int64_t{96}});
    for (int64_t level = 0; level < 3; ++level) {
      const std::string n = std::to_string(level);
      const int64_t step = 8 << level;
      Tensor w(DType::f32, {16, 3, step, step});
      for (float& v : w.data<float>()) v = std::uniform_real_distribution<float>(-1, 1)(random) / float(step);
      m.initialiser("w" + n, w).initialiser("s" + n, Tensor::of<int64_t>({5}, {1, 2, 8, 64 / step, 96 / step}));
      m.node("Conv", {"images", "w" + n}, {"c" + n}, {{"strides", testing::Ints{step, step}}});
      m.node("Reshape", {"c" + n, "s" + n}, {"r" + n});
      m.node("Transpose", {"r" + n}, {"p" + n}, {{"perm", testing::Ints{0, 1, 3, 4, 2}}}).output("p" + n);
    }
    if (!property.empty()) m.metadata("anchors", property);
    if (as_tensor)  // in strides, as YOLOv5's buffer holds them
      m.initialiser("model.24.anchors",
                    Tensor::of<float>({3, 2, 2}, {1, 1.5F, 2, 1, 2, 2, 1.5F, 3, 1.25F, 2, 2, 1.5F}));
    m.save(folder_ / path);
  };
  write("none.onnx", "", false);
  write("property.onnx", "[[8,12, 16,8], [32,32, 24,48], [40,64, 64,48]]", false);
  write("tensor.onnx", "", true);
  Image picture(64, 96);
  std::mt19937 random(3);
  for (uint8_t& v : picture.rgb) v = uint8_t(random());
  codecs::write_image(folder_ / "picture.png", picture);
  write_npy(folder_ / "x.npy", {NpyType::f32, {1, 3, 64, 96}, std::vector<std::byte>(size_t{3} * 64 * 96 * 4)});

  EXPECT_EQ(sparsec("run none.onnx --input x.npy --output y.npz").code, 0);
  const Outcome refused = sparsec("detect none.onnx picture.png");
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("is not a detector"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--anchors"), std::string::npos) << refused.err;

  const std::string options = " picture.png --conf 0.3";
  const json given = detect("none.onnx" + options + " --anchors 8,12,16,8 32,32,24,48 40,64,64,48");
  EXPECT_GT(given.at("picture.png").at("boxes").size(), 0U);
  EXPECT_EQ(detect("property.onnx" + options), given);
  EXPECT_EQ(detect("tensor.onnx" + options), given);
  EXPECT_NE(detect("property.onnx" + options + " --anchors 9,12,16,8 32,32,24,48 40,64,64,48"), given);
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
  expect_usage("detect " + common + conf + " --anchors 7,9,12.5", "--anchors");
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
