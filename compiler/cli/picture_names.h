// What each picture is called in results: its base name, unless others of the same command share it.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace sparsec::cli {

struct PictureName {
  std::string key;   // in JSON: the base name, or the path as given where several pictures share the base name; UTF-8,
                     // with other bytes as \xHH
  std::string file;  // to save under: the base name, or the path with _ for / ("a/x.jpg" is a_x.jpg); what ends in
                     // neither .jpg nor .png becomes PNG: x.bmp x.png, x.gif x.gif.png
};

// By path; no two keys and no two files are equal. Where even the paths collide, the later file gets a number: x-2.jpg.
std::map<std::string, PictureName> name_pictures(const std::vector<std::string>& paths);

}  // namespace sparsec::cli
