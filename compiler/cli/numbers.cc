// std::from_chars reads "nan" and "inf" too, and stops silently at what it cannot read: hence the two checks behind it.
#include "compiler/cli/numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace sparsec::cli {
namespace {

template <typename T>
std::optional<T> read(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(double(value))) return std::nullopt;
  return value;
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

template <typename T>
CLI::Validator in_range(T least, T most, const char* type, const char* what) {
  const auto check = [=](std::string& text) {
    const std::optional<T> value = read<T>(text);
    if (value && *value >= least && *value <= most) return std::string();
    return fmt::format("'{}' is no {} from {} to {}", text, what, least, most);
  };
  return {check, fmt::format("{} in [{} - {}]", type, least, most)};
}

}  // namespace

CLI::Validator number(double least, double most) { return in_range(least, most, "FLOAT", "number"); }

CLI::Validator whole_number(int64_t least, int64_t most) { return in_range(least, most, "INT", "whole number"); }

CLI::Validator whole_numbers(size_t most_count, int64_t least, int64_t most) {
  const auto check = [=](std::string& text) {
    const std::vector<std::string_view> parts = parts_of(text);
    bool good = parts.size() <= most_count;
    for (const std::string_view part : parts) {
      const std::optional<int64_t> value = read<int64_t>(part);
      good &= value && *value >= least && *value <= most;
    }
    if (good) return std::string();
    return fmt::format("'{}' is no list of 1 to {} whole numbers from {} to {} with commas between them", text,
                       most_count, least, most);
  };
  return {check, fmt::format("INT in [{} - {}]", least, most)};
}

std::optional<std::vector<double>> numbers_in(std::string_view text) {
  std::vector<double> numbers;
  for (const std::string_view part : parts_of(text)) {
    const std::optional<double> value = read<double>(part);
    if (!value) return std::nullopt;
    numbers.push_back(*value);
  }
  return numbers;
}

}  // namespace sparsec::cli
