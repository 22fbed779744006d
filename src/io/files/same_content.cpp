// Compares rank 0's samples with those of other hosts.
#include "io/files/same_content.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "base/wire.hpp"
#include "io/files/content_sample.hpp"
#include "io/files/stale_cache.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

std::vector<std::byte> encode(std::vector<ContentSample> const& samples) {
  WireWriter out;
  out.put_text(host_name());
  for (auto const& sample : samples) {
    if (!sample.is_readable) throw IoError(sample.problem);
    out.put(sample.size_bytes);
    out.put(sample.header);
    out.put_all(sample.blocks);
  }
  return out.take();
}

/// How `own` differs from `wanted`, as text that follows "on this host"; nothing if they are equal.
std::optional<std::string> difference(Catalog const& catalog, std::uint32_t file, ContentSample const& own,
                                      ContentSample const& wanted) {
  if (!own.is_readable) return "cannot be read (" + own.problem + ")";
  if (own.size_bytes != wanted.size_bytes)
    return "has " + std::to_string(own.size_bytes) + " bytes instead of " + std::to_string(wanted.size_bytes);
  if (own.header != wanted.header) return "has another header or index";
  auto const [mine, other] = std::ranges::mismatch(own.blocks, wanted.blocks);
  if (mine == own.blocks.end()) return std::nullopt;
  auto const block = sampled_blocks(catalog, file)[static_cast<std::size_t>(mine - own.blocks.begin())];
  return "has other numbers in tensor '" + catalog.tensors[block.tensor].name + "', bytes [" +
         std::to_string(block.offset_bytes) + ", " + std::to_string(block.offset_bytes + block.nbytes) +
         ") of the file";
}

/// Compares this host's files with rank 0's. @throws CorruptData  they differ.
void compare(Catalog const& catalog, std::vector<ContentSample> own, std::span<std::byte const> message) {
  WireReader in(message);
  auto const host = in.get_text();
  for (std::uint32_t file = 0; file < catalog.files.size(); ++file) {
    ContentSample wanted;
    wanted.size_bytes = in.get<Bytes>();
    wanted.header = in.get<std::uint64_t>();
    wanted.blocks = in.get_all<std::uint64_t>();
    auto const& path = catalog.files[file].path;
    auto differs = difference(catalog, file, own[file], wanted);
    for (int look = 0; differs && look < kLooksAtStaleFiles; ++look) {
      std::this_thread::sleep_for(kBetweenLooksAtStaleFiles);
      forget_stale(path);
      differs = difference(catalog, file, sample_content(catalog, file), wanted);
    }
    if (!differs) continue;
    throw CorruptData(path + " is not the same file on all hosts: on " + host_name() + " it " + *differs +
                      ", compared with rank 0 on " + host);
  }
}

}  // namespace

void check_same_content(Catalog const& catalog, Communicator& ranks) {
  check_same_content(catalog, ranks, FileViews(ranks));
}

void check_same_content(Catalog const& catalog, Communicator& ranks, FileViews const& views) {
  if (views.are_one() || catalog.described) return;
  auto const rank = ranks.rank();
  std::vector<ContentSample> own;
  auto message = all_or_throw(ranks, "compare", [&] {
    if (views.is_first(rank)) own = sample_content(catalog);
    return rank == 0 ? encode(own) : std::vector<std::byte>{};
  });
  message = broadcast_message(ranks, std::move(message), 0);
  all_or_throw(ranks, "compare", [&] {
    if (rank != 0 && views.is_first(rank)) compare(catalog, std::move(own), message);
  });
}

}  // namespace distload
