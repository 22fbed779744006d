// Reads the tables, and divides what they describe by the definitions of the cuts.
#include "family_tables.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace distload::testing {
namespace {

constexpr std::uint32_t kExperts = 4;
constexpr std::uint32_t kKeyHeads = 4;

/// A line of a table: one tensor, or several that differ in the numbers of layers and experts.
struct Line {
  std::string name;
  std::string shape;
  std::string cut;
  std::string stage;
};

std::string replaced(std::string text, std::string const& from, std::string const& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

Shape shape_of(std::string const& text) {
  Shape shape;
  std::istringstream sizes(text == "-" ? "" : text);
  for (std::string size; std::getline(sizes, size, 'x');) shape.push_back(std::stoull(size));
  return shape;
}

/// Adds the tensors of a line.
void expand(Line const& line, TableModel& model) {
  static std::regex const kLayer(R"(\{layer(?:=(\d+)(?:-(\d+))?)?(?:\+(\d+))?\})");
  std::vector<std::pair<std::string, std::string>> named;  // with their places
  if (std::smatch found; std::regex_search(line.name, found, kLayer)) {
    auto const first = found[1].matched ? std::stoul(found[1]) : 0;
    auto const last = found[2].matched ? std::stoul(found[2]) : found[1].matched ? first : 2;
    auto const offset = found[3].matched ? std::stoul(found[3]) : 0;
    for (auto layer = first; layer <= last; ++layer) {
      named.emplace_back(replaced(line.name, found[0], std::to_string(layer)), std::to_string(layer + offset));
    }
  } else {
    named.emplace_back(line.name, "");
  }
  for (auto const& [name, layer] : named) {
    for (std::uint32_t expert = 0; expert < (name.find("{expert}") == std::string::npos ? 1 : kExperts); ++expert) {
      model.tensors.push_back({replaced(name, "{expert}", std::to_string(expert)), shape_of(line.shape), line.cut,
                               line.stage.empty() ? layer : line.stage});
    }
  }
}

/// One file.
class Reader {
 public:
  explicit Reader(std::string const& path) : path_(path) {
    std::ifstream file(path);
    for (std::string row; std::getline(file, row);) read(row);
    finish();
  }
  std::vector<TableModel> models;

 private:
  void read(std::string const& row) {
    std::istringstream words(row);
    std::string word;
    words >> word;
    std::string rest;
    std::getline(words >> std::ws, rest);
    std::istringstream two(rest);
    std::string first;
    std::string second;
    two >> first >> second;
    if (word.empty() || word == "#") return;
    if (word == "let") {
      texts_[first] = with_texts(rest.substr(first.size() + 1));
    } else if (word == "model") {
      finish();
      models.push_back({rest, "", {}, {}, 3, ""});
    } else if (word == "config") {
      models.back().config_json = with_texts(rest);
    } else if (word == "undescribed") {
      models.back().undescribed = rest;
    } else if (word == "layers") {
      models.back().layers = static_cast<std::uint32_t>(std::stoul(rest));
    } else if (word == "like") {
      for (auto const& line : lines_of_.at(rest)) add(line);
    } else if (word == "drop") {
      std::erase_if(lines_, [&](Line const& line) { return line.name.find(rest) != std::string::npos; });
    } else if (word == "rename") {
      for (auto& line : lines_) {
        line.name = replaced(line.name, first, second);
        if (line.shape == "=") line.cut = replaced(line.cut, first, second);
      }
    } else {
      Line line{word, first, second, ""};
      two >> line.stage;
      add(line);
    }
  }

  void add(Line const& line) {
    std::erase_if(lines_, [&](Line const& other) { return other.name == line.name; });
    lines_.push_back(line);
  }

  std::string with_texts(std::string text) const {
    for (auto const& [name, value] : texts_) text = replaced(text, "$" + name, value);
    return text;
  }

  void finish() {
    if (models.empty()) return;
    for (auto const& line : lines_) {
      if (line.shape == "=") {
        models.back().tied[line.name] = line.cut;
      } else {
        expand(line, models.back());
      }
    }
    lines_of_[models.back().name] = std::move(lines_);
    lines_.clear();
  }

  std::string path_;
  std::map<std::string, std::string> texts_;
  std::vector<Line> lines_;
  std::map<std::string, std::vector<Line>> lines_of_;
};

/// Adds what a rank holds of `size` elements from `begin` on, of which `units` must stay whole (0: every one for
/// itself).
void add_part(std::int64_t begin, std::int64_t size, std::int64_t units, std::int64_t rank, std::int64_t ranks,
              std::vector<std::int64_t>& positions) {
  auto const parts = units != 0 && units < ranks ? units : ranks;  // with fewer units than ranks, neighbours share one
  auto const part = rank * parts / ranks;
  if (size % parts != 0) throw std::runtime_error("the table's cut is not even");
  for (std::int64_t at = 0; at < size / parts; ++at) positions.push_back(begin + part * (size / parts) + at);
}

}  // namespace

void PrintTo(TableModel const& model, std::ostream* out) { *out << model.name; }

std::vector<TableModel> read_family_tables(std::string const& folder) {
  std::vector<TableModel> models;
  for (auto const& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    auto of_file = Reader(entry.path().string()).models;
    std::move(of_file.begin(), of_file.end(), std::back_inserter(models));
  }
  std::ranges::sort(models, {}, &TableModel::name);
  return models;
}

int cut_axis(TableTensor const& tensor) {
  if (tensor.cut == ".") return -1;
  return tensor.cut == "v" ? 0 : tensor.cut.front() - '0';
}

std::vector<std::int64_t> positions_of(TableTensor const& tensor, std::uint32_t rank, std::uint32_t ranks) {
  std::vector<std::int64_t> positions;
  auto const size = static_cast<std::int64_t>(tensor.shape[static_cast<std::size_t>(cut_axis(tensor))]);
  if (tensor.cut == "v") {
    auto const part = (size + ranks - 1) / ranks;
    for (auto at = rank * part; at < (rank + 1) * part; ++at) positions.push_back(at < size ? at : -1);
  } else if (auto const equals = tensor.cut.find('='); equals != std::string::npos) {
    std::istringstream sections(tensor.cut.substr(equals + 1));
    std::int64_t begin = 0;
    for (std::string section; std::getline(sections, section, ',');) {
      auto const length = std::stoll(section);
      if (section.back() == '.') {
        add_part(begin, length, 1, rank, ranks, positions);
      } else {
        add_part(begin, length, section.back() == 'k' ? kKeyHeads : 0, rank, ranks, positions);
      }
      begin += length;
    }
  } else {
    add_part(0, size, tensor.cut.back() == 'k' ? kKeyHeads : 0, rank, ranks, positions);
  }
  return positions;
}

std::vector<std::uint32_t> stages_of(std::string const& place, std::uint32_t layers, std::uint32_t stages) {
  if (place == "first") return {0};
  if (place == "last") return {stages - 1};
  std::vector<std::uint32_t> all;
  for (std::uint32_t stage = 0; stage < stages; ++stage) {
    if (place == "all") all.push_back(stage);
  }
  if (place == "all") return all;
  auto layer = std::min<std::uint32_t>(static_cast<std::uint32_t>(std::stoul(place)), layers - 1);
  for (std::uint32_t stage = 0;; ++stage) {
    auto const here = layers / stages + (stage < layers % stages ? 1 : 0);
    if (layer < here) return {stage};
    layer -= here;
  }
}

}  // namespace distload::testing
