// Compares sums of whole files.
#include "verify/check_manifest.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "base/wire.hpp"
#include "parallel/all_or_throw.hpp"
#include "verify/failure_of.hpp"
#include "verify/from_first_rank.hpp"
#include "verify/hash_files.hpp"
#include "verify/published_sums.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kMaxManifestBytes = 64 * kMiB;

/// A listed file: what to read, or why it cannot be read.
struct Listed {
  std::string path;
  std::string sha256;
  Bytes size_bytes = 0;
  std::string problem;
};

std::string read_manifest(std::string const& path) {
  std::error_code error;
  auto const size = fs::file_size(path, error);
  if (error) throw IoError("cannot read " + path + ": " + error.message());
  if (size > kMaxManifestBytes) throw CorruptData(path + " is larger than " + format_bytes(kMaxManifestBytes));
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) throw IoError("cannot read " + path);
  return text;
}

Listed examine(fs::path const& directory, PublishedSum const& sum) {
  Listed listed{(directory / sum.name).string(), sum.sha256, 0, {}};
  if (!stays_inside(sum.name)) {
    listed.path = sum.name;
    listed.problem = "'" + printable(sum.name) + "' is listed, but leads out of " + directory.string();
    return listed;
  }
  std::error_code error;
  if (!fs::exists(listed.path, error)) {
    listed.problem = listed.path + " is listed, but is not there";
  } else if (!fs::is_regular_file(listed.path, error)) {
    listed.problem = listed.path + " is listed, but is no file";
  } else {
    listed.size_bytes = fs::file_size(listed.path, error);
  }
  return listed;
}

/// Rank 0 only: the names in the directory that hold tensors and are not listed.
std::vector<std::string> find_unlisted(fs::path const& directory, std::vector<PublishedSum> const& sums) {
  std::set<std::string> names;
  for (auto const& sum : sums) names.insert(sum.name);
  std::vector<std::string> unlisted;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    auto const extension = entry->path().extension();
    if (extension != ".safetensors" && extension != ".h5") continue;
    if (!names.contains(entry->path().filename().string())) unlisted.push_back(entry->path().string());
  }
  std::ranges::sort(unlisted);
  return unlisted;
}

/// Rank 0 only.
std::vector<Listed> find_listed(fs::path const& path, std::string const& manifest, Outcome& outcome) {
  std::error_code error;
  auto const status = fs::status(path, error);
  if (!fs::exists(status)) throw NoValidCheckpoint(path.string() + ": no such file or directory");
  auto sums = parse_manifest(read_manifest(manifest), manifest);
  auto directory = path;
  if (fs::is_directory(status)) {
    for (auto const& file : find_unlisted(directory, sums))
      outcome.warnings.push_back(file + " is not listed in " + manifest + ", and was not compared");
  } else {
    directory = path.parent_path();
    std::erase_if(sums, [&](PublishedSum const& sum) { return sum.name != path.filename().string(); });
  }
  if (sums.empty()) throw NothingToCompare(manifest + " lists no sum of " + path.string());
  std::vector<Listed> files;
  files.reserve(sums.size());
  for (auto const& sum : sums) files.push_back(examine(directory, sum));
  return files;
}

std::vector<std::byte> as_message(std::vector<Listed> const& files) {
  WireWriter out;
  out.put(files.size());
  for (auto const& file : files) {
    out.put_text(file.path);
    out.put_text(file.sha256);
    out.put(file.size_bytes);
    out.put_text(file.problem);
  }
  return out.take();
}

std::vector<Listed> listed_of(std::span<std::byte const> message) {
  WireReader in(message);
  std::vector<Listed> files(in.get<std::size_t>());
  for (auto& file : files) {
    file.path = in.get_text();
    file.sha256 = in.get_text();
    file.size_bytes = in.get<Bytes>();
    file.problem = in.get_text();
  }
  return files;
}

/// Records the difference of the file, if there is one.
void compare(Listed& file) {
  try {
    auto const found = sha256_of_file(file.path);
    if (found != file.sha256) file.problem = file.path + ": SHA-256 is " + found + ", published is " + file.sha256;
  } catch (IoError const& error) {
    file.problem = error.what();
  }
}

/// Collective: compares the files; rank 0 gets the results of all ranks.
void compare_files(Communicator& world, std::vector<Listed>& files, std::uint32_t threads) {
  std::vector<Bytes> sizes;
  sizes.reserve(files.size());
  for (auto const& file : files) sizes.push_back(file.size_bytes);
  auto const owners = deal_out(sizes, world.size());
  std::vector<std::size_t> mine;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (owners[i] == world.rank() && files[i].problem.empty()) mine.push_back(i);
  }
  all_or_throw(world, "verify",
               [&] { for_each_in_parallel(mine.size(), threads, [&](std::size_t i) { compare(files[mine[i]]); }); });
  WireWriter out;
  for (auto const i : mine) out.put_text(files[i].problem);
  auto const messages = gather_messages(world, out.take(), 0);
  if (messages.empty()) return;
  std::vector<WireReader> readers(messages.begin(), messages.end());
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (owners[i] != world.rank() && files[i].problem.empty()) files[i].problem = readers[owners[i]].get_text();
  }
}

}  // namespace

Outcome check_manifest(Communicator& world, std::string const& path, std::string const& manifest,
                       std::uint32_t threads) {
  Outcome outcome;
  outcome.path = path;
  auto const failure = failure_of([&] {
    auto files =
        listed_of(from_first_rank(world, "open", [&] { return as_message(find_listed(path, manifest, outcome)); }));
    compare_files(world, files, threads);
    for (auto& file : files) {
      if (file.problem.empty()) {
        outcome.verified_bytes += file.size_bytes;
      } else {
        outcome.damage.push_back({"", file.path, 0, file.size_bytes, std::move(file.problem)});
      }
    }
    outcome.state = State::compared;
    outcome.reason = std::to_string(files.size()) + " files compared with " + manifest + ", " +
                     std::to_string(outcome.damage.size()) + " are not as published";
    if (!outcome.damage.empty()) outcome.code = ExitCode::corrupt_data;
  });
  if (failure) {
    outcome.state = State::not_valid;
    outcome.code = failure->code;
    outcome.reason = failure->message;
  }
  return outcome;
}

}  // namespace distload
