// Rank 0 writes a random number to a file; the other hosts read it.
#include "save/commit/shared_files.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "base/wire.hpp"
#include "io/files/input_file.hpp"
#include "io/files/output_file.hpp"
#include "io/files/stale_cache.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

/// The random number that rank 0 has written.
struct Token {
  std::array<std::byte, 16> bytes{};
};

/// The extent for the number; an extent may be too short for all of it.
Extent const* place_of_token(Catalog const& created) {
  auto const greatest = std::ranges::max_element(created.extents, {}, &Extent::nbytes);
  return greatest == created.extents.end() || greatest->nbytes == 0 ? nullptr : &*greatest;
}

std::span<std::byte> used(Token& token, Extent const& place) {
  return std::span(token.bytes).first(std::min<Bytes>(token.bytes.size(), place.nbytes));
}

Token write_token(Catalog const& created) {
  Token token;
  std::random_device random;
  for (auto& byte : token.bytes) byte = static_cast<std::byte>(random());
  if (auto const* const place = place_of_token(created)) {
    auto file = OutputFile::open(created.files[place->file].path);
    file.write_at(place->offset_bytes, used(token, *place));
    file.sync();
    file.close();
  }
  return token;
}

/// How this host's view of the files differs from rank 0's, as text that follows the path; nothing if it does not.
std::optional<std::string> problem(Catalog const& created, Token token, std::string& path) {
  try {
    for (auto const& file : created.files) {
      path = file.path;
      auto const size = InputFile(path).size_bytes();
      if (size != file.size_bytes)
        return "has " + std::to_string(size) + " bytes instead of " + std::to_string(file.size_bytes);
    }
    auto const* const place = place_of_token(created);
    if (place == nullptr) return std::nullopt;
    path = created.files[place->file].path;
    Token found;
    auto const bytes = used(found, *place);
    InputFile const file(path);
    file.read_at(place->offset_bytes, bytes);
    file.forget_cached();  // other hosts write to it
    if (std::ranges::equal(bytes, used(token, *place))) return std::nullopt;
    return "is another file";
  } catch (IoError const& error) {
    return "cannot be opened (" + std::string(error.what()) + ")";
  }
}

}  // namespace

void check_shared(Catalog const& created, Communicator& ranks) { check_shared(created, ranks, FileViews(ranks)); }

void check_shared(Catalog const& created, Communicator& ranks, FileViews const& views) {
  if (views.are_one()) return;
  auto const message = bytes_of_rank_0(ranks, "save_open", [&] {
    WireWriter out;
    out.put(write_token(created));
    out.put_text(host_name());
    return out.take();
  });
  all_or_throw(ranks, "save_open", [&] {
    if (ranks.rank() == 0 || !views.is_first(ranks.rank())) return;
    WireReader in(message);
    auto const token = in.get<Token>();
    std::string path;
    auto wrong = problem(created, token, path);
    for (int look = 0; wrong && look < kLooksAtStaleFiles; ++look) {
      std::this_thread::sleep_for(kBetweenLooksAtStaleFiles);
      forget_stale(path);
      wrong = problem(created, token, path);
    }
    if (!wrong) return;
    throw IoError(path + ", which rank 0 on " + in.get_text() + " has created, " + *wrong + " on " + host_name() +
                  ": ranks of several hosts can only save to a file system that all of them share");
  });
}

}  // namespace distload
