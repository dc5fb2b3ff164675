// sparsec detect MODEL IMAGE...: what is in the pictures, as a table, as JSON, or drawn on them.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "compiler/cli/commands.h"
#include "compiler/cli/exit_codes.h"
#include "compiler/cli/numbers.h"
#include "compiler/cli/outputs.h"
#include "compiler/cli/picture_names.h"
#include "compiler/cli/pictures.h"
#include "compiler/cli/session.h"
#include "compiler/cli/tell.h"
#include "compiler/error.h"
#include "sparsec/draw.h"
#include "sparsec/files.h"
#include "sparsec/logging.h"

namespace sparsec::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Arguments {
  std::string model;
  std::vector<std::string> images;
  bool json = false;
  std::string save_dir;
  DetectOptions detect;
  ModelOptions model_options;
  LoadOptions load_options;
};

// The double that prints as the float does: 0.9 and not 0.8999999761581421.
double shortest(float value) { return std::stod(fmt::format("{}", value)); }

Json to_json(const std::vector<Detection>& detections, const LoadedModel& model) {
  Json boxes = Json::array(), scores = Json::array(), labels = Json::array(), names = Json::array();
  for (const Detection& d : detections) {
    boxes.push_back({shortest(d.x1), shortest(d.y1), shortest(d.x2), shortest(d.y2)});
    scores.push_back(shortest(d.score));
    labels.push_back(d.label);
    names.push_back(model.class_name(d.label));
  }
  return {{"boxes", boxes}, {"scores", scores}, {"labels", labels}, {"names", names}};
}

void print_table(const std::string& path, const std::vector<Detection>& detections, const LoadedModel& model) {
  fmt::print("{}: {}\n", path, detections.empty() ? "nothing found" : fmt::format("{} found", detections.size()));
  for (const Detection& d : detections) {
    fmt::print("  {:<16} {:.3f}   x {:7.1f} to {:7.1f}   y {:7.1f} to {:7.1f}\n", model.class_name(d.label), d.score,
               d.x1, d.x2, d.y1, d.y2);
  }
}

void save_annotated(const fs::path& file, Image image, const std::vector<Detection>& detections,
                    const LoadedModel& model) {
  std::vector<Detection> weakest_first(detections.rbegin(), detections.rend());  // so that the surest are on top
  for (const Detection& d : weakest_first) {
    draw_detection(image, d.x1, d.y1, d.x2, d.y2, d.label,
                   fmt::format("{} {:.2f}", model.class_name(d.label), d.score));
  }
  codecs::write_image(file.string(), image);
}

// Whether there is anything to look at, asked before a model is compiled for it: tells of all when there is not.
bool any_picture(const std::vector<std::string>& paths) {
  std::vector<FileError> problems;
  for (const std::string& path : paths) {
    try {
      codecs::read_image(path);
      return true;
    } catch (const FileError& e) {
      problems.push_back(e);
    }
  }
  for (const FileError& e : problems) tell(e.what());
  return false;
}

// No picture is replaced by a copy with boxes, be it its own or another's.
void check_save_dir(const fs::path& folder, const std::vector<std::string>& paths,
                    const std::map<std::string, PictureName>& names) {
  std::set<std::string> inputs;
  for (const std::string& path : paths) inputs.insert(real_path(path));
  for (const std::string& path : paths)
    if (const std::string copy = folder / names.at(path).file; inputs.count(real_path(copy)))
      throw CompileError("--save-dir: " + copy + " is one of the pictures and would be replaced; name another folder");
}

Result detect(const Arguments& a) {
  const std::vector<std::string> paths = expand_pictures(a.images);
  const std::map<std::string, PictureName> names = name_pictures(paths);
  if (!a.save_dir.empty()) check_save_dir(a.save_dir, paths, names);
  if (fs::exists(a.model) && !any_picture(paths)) return kFailed;
  const LoadedModel model = open_model(a.model, a.model_options, a.load_options);
  if (model.classes() == 0)
    throw CompileError(
        a.model +
        ": is not a detector: it has no YOLOv5 head that sparsec recognises (raw heads whose anchors "
        "neither the file nor YOLOv5 tells need --anchors); `sparsec run` runs any model on raw tensors");
  if (!a.save_dir.empty()) {
    std::error_code error;
    fs::create_directories(a.save_dir, error);
    if (error) throw CompileError(a.save_dir + ": cannot make this folder: " + error.message());
  }
  Json all = Json::object();
  Result result = kOk;
  Progress progress("pictures", int64_t(paths.size()));
  const bool tells = a.json || !progress.is_among_output();  // else the table itself says how far it is
  for (const std::string& path : paths) {
    try {
      Image image = codecs::read_image(path);
      const std::vector<Detection> detections = model.detect(image, a.detect);
      if (a.json) {
        all[names.at(path).key] = to_json(detections, model);
      } else {
        print_table(path, detections, model);
      }
      if (!a.save_dir.empty())
        save_annotated(fs::path(a.save_dir) / names.at(path).file, std::move(image), detections, model);
    } catch (const FileError& e) {  // one bad picture does not spoil the others
      progress.clear();
      tell(e.what());
      result = kFailed;
    }
    if (tells) progress.step(path);
  }
  if (a.json) fmt::print("{}\n", all.dump(1, ' ', false, Json::error_handler_t::replace));
  return result;
}

}  // namespace

void add_detect(CLI::App& app, Result& result) {
  CLI::App* command = app.add_subcommand("detect", "Find objects in pictures");
  const auto a = std::make_shared<Arguments>();
  command->add_option("MODEL", a->model, "An .onnx file, or a shared library that sparsec made")
      ->required()
      ->type_name("");
  command->add_option("IMAGE", a->images, "JPEG, PNG or BMP pictures, or folders of them")->required()->type_name("");
  command->add_flag("--json", a->json, "Print JSON instead of a table; its keys are the pictures' names");
  command
      ->add_option("--save-dir", a->save_dir, "Write the pictures with boxes and labels drawn on them into this folder")
      ->type_name("DIR");
  command->add_option("--conf", a->detect.confidence, "Least score")
      ->check(number(0, 1))
      ->capture_default_str()
      ->type_name("P");
  command->add_option("--iou", a->detect.iou, "Overlap from which the weaker of two boxes of a class goes")
      ->check(number(0, 1))
      ->capture_default_str()
      ->type_name("P");
  command->add_option("--max-det", a->detect.max_detections, "Most objects per picture")
      ->check(whole_number(1, 30000))
      ->capture_default_str()
      ->type_name("N");
  command->add_flag("--multi-label", a->detect.multi_label, "Give a box every class above --conf, not only its best");
  add_model_options(*command, a->model_options);
  add_load_options(*command, a->load_options);
  command->footer(
      "An .onnx model is compiled on first use and kept in the cache (`sparsec cache`). Boxes are in pixels of the "
      "picture as it is seen: a camera's\n"
      "EXIF orientation is applied. Pictures that share their file name go by their whole path: with a/x.jpg and "
      "b/x.jpg the keys of --json are\n"
      "these, and --save-dir writes a_x.jpg and b_x.jpg. Bytes of a name that are not UTF-8 are \\xHH in the keys.\n\n"
      "  sparsec detect yolov5n.onnx bus.jpg                     a table\n"
      "  sparsec detect yolov5n.onnx photos/ --json > found.json\n"
      "  sparsec detect libyolo.so bus.jpg --save-dir out        writes out/bus.jpg with boxes on it\n");
  command->callback([a, &result] { result = detect(*a); });
}

}  // namespace sparsec::cli
