// A seal beside a file of two tensors.
#include "checkpoint/seal/seal.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cstring>

#include <distload/checkpoint/checkpoint.hpp>

#include "checkpoint/safetensors/directory.hpp"
#include "checkpoint/seal/apply_seal.hpp"
#include "checkpoint/validate_catalog.hpp"
#include "fuzz/checked_catalog.hpp"
#include "fuzz/input_folder.hpp"

namespace distload::fuzz {
namespace {

constexpr char const* kFile = "model.safetensors";
constexpr std::string_view kHeader =
    R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[0],"data_offsets":[8,8]}})";
/// When the file was last modified, so that a seal of it can be in the corpus.
constexpr timespec kTime{1'700'000'000, 123'456'789};

struct Sealed {
  InputFolder folder;
  Catalog catalog;

  Sealed() {
    std::uint64_t const length = kHeader.size();
    std::array<char, sizeof length> prefix{};
    std::memcpy(prefix.data(), &length, sizeof length);
    std::string const zeros(8, '\0');
    folder.write(kFile, std::string(prefix.data(), prefix.size()).append(kHeader).append(zeros));
    std::array<timespec, 2> const times{kTime, kTime};
    expect(utimensat(AT_FDCWD, folder.file(kFile).c_str(), times.data(), 0) == 0, "a file's time cannot be set");
    catalog = read_safetensors_catalog(folder.path());
  }
};

}  // namespace

void one_input(Input input) {
  static Sealed const sealed;
  auto const seal = parse_seal(text_of(input), "s.json");
  expect(parse_seal(format_seal(seal), "s.json").files == seal.files, "a seal reads back as another one");

  sealed.folder.write(kSealFile, text_of(input));
  auto catalog = sealed.catalog;
  apply_seal(catalog, SealUse::compare_content);
  validate(catalog);
  expect_usable(catalog);
  auto const* const a = catalog.find("a");
  bool const has_entry = seal.files.contains(kFile);
  expect(catalog.extents_of(*a).front().has_checksums() == has_entry, "a seal was not applied");
}

}  // namespace distload::fuzz
