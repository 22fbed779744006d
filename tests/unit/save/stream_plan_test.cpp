/// Conversions of random tensors between random layouts, carried out on element numbers.
#include "save/stream/stream_plan.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "save/stream/stream_band.hpp"
#include "unit/save/random_elements.hpp"

namespace distload {
namespace {

using testing::Element;
using testing::kBlock;
using testing::pick;

Shape random_shape(std::mt19937& random) {
  Shape shape;
  for (auto axes = pick(random, 0, 4); axes > 0; --axes) shape.push_back(pick(random, 1, 12));
  if (shape.size() == 1) shape[0] = pick(random, 1, 3000);
  if (shape.size() == 2 && pick(random, 0, 2) == 0) shape[1] = pick(random, 1000, 2000);  // rows above any band
  if (!shape.empty() && pick(random, 0, 9) == 0) shape[pick(random, 0, shape.size() - 1)] = 0;
  return shape;
}

/// Adds a tensor whose extents are a grid of random cells, cut along any number of axes.
void add_tensor(std::mt19937& random, Catalog& catalog, std::string name, DType dtype, Shape const& shape,
                bool has_checksums) {
  auto const number = static_cast<std::uint32_t>(catalog.tensors.size());
  TensorInfo info{std::move(name), dtype, shape, static_cast<std::uint32_t>(catalog.extents.size()), 0, "", -1};
  Dims cell = shape;
  for (std::size_t axis = 0; axis < cell.size(); ++axis)
    if (cell[axis] > 0 && pick(random, 0, 2) == 0) cell[axis] = pick(random, (cell[axis] + 4) / 5, cell[axis]);
  auto position = Dims::filled(cell.size(), 0);
  for (bool more = volume(shape) > 0; more;) {
    Extent extent;
    extent.tensor = number;
    extent.box = intersection({position, cell}, whole(shape)).value();
    extent.nbytes = volume(extent.box) * size_of(dtype);
    if (has_checksums) extent.first_block = 0;
    catalog.extents.push_back(extent);
    ++info.extent_count;
    auto axis = position.size();
    while (axis > 0 && (position[axis - 1] += cell[axis - 1]) >= shape[axis - 1]) position[--axis] = 0;
    more = axis > 0;
  }
  catalog.tensors.push_back(std::move(info));
}

/// Both sides of a conversion.
struct Conversion {
  Catalog source;
  Catalog destination;
  ModelLayout layout;

  Conversion() { source.block_bytes = destination.block_bytes = kBlock; }

  void add(std::mt19937& random, Shape const& shape, DType to = DType::f32) {
    auto const number = static_cast<std::uint32_t>(source.tensors.size());
    auto const name = "tensor" + std::to_string(1000 + number);
    add_tensor(random, source, name, DType::f32, shape, pick(random, 0, 1) == 0);
    add_tensor(random, destination, name, to, shape, true);
    layout.parameters.push_back({number, {}, {0}, "rule"});
  }

  StreamTensors tensors(bool verify = true) const { return {source, layout, destination, verify}; }
};

/// Elements of an extent, being the tensor's numbers of them.
std::vector<Element> numbers_of(Shape const& shape, Box const& box) {
  std::vector<Element> numbers;
  for (std::uint64_t i = 0; i < volume(shape); ++i)
    if (contains(box, boxes_of_range(shape, i, i + 1).front())) numbers.push_back(static_cast<Element>(i));
  return numbers;
}

/// Carries bands out on the numbers of elements, and checks in what order ranges come.
class Simulation {
 public:
  Simulation(StreamTensor const& tensor, Bytes grain_bytes) : tensor_(tensor), grain_bytes_(grain_bytes) {
    for (auto const& extent : tensor.sources) sources_[extent.extent] = numbers_of(tensor.shape, extent.box);
    for (auto const& extent : tensor.destinations) {
      expected_[extent.extent] = numbers_of(tensor.shape, extent.box);
      written_[extent.extent].resize(expected_[extent.extent].size(), ~Element{0});
    }
  }

  void convert(StreamPiece const& piece, std::uint64_t most) {
    for (auto begin = piece.begin; begin < piece.end;) {
      auto const end = std::min(end_of_stretch(tensor_.shape, begin, most), piece.end);
      ASSERT_GT(end, begin);
      ASSERT_LE(end - begin, most);
      run(plan_band(tensor_, begin, end), end - begin);
      begin = end;
    }
    // Another rank may convert what follows.
    read_to_.clear();
    written_to_.clear();
  }

  void expect_all_converted() const {
    EXPECT_EQ(written_, expected_);
    for (auto const& [extent, numbers] : sources_) EXPECT_EQ(read_bytes_of(extent), numbers.size() * sizeof(Element));
  }

 private:
  void run(Band const& band, std::uint64_t elements) {
    ASSERT_EQ(band.source_bytes, elements * sizeof(Element));
    ASSERT_LE(band.destination_bytes, elements * sizeof(Element));
    std::vector<std::byte> source(band.source_bytes);
    std::vector<std::byte> destination(band.destination_bytes);
    for (auto const& read : band.reads) {
      follow(read_to_, read.extent, read.begin_bytes, read.nbytes);
      read_bytes_[read.extent] += read.nbytes;
      auto const bytes = std::as_bytes(std::span(sources_.at(read.extent)));
      std::memcpy(source.data() + read.offset_bytes, bytes.data() + read.begin_bytes, read.nbytes);
    }
    for (auto const& copy : band.copies) copy_on_host(copy, source.data(), destination.data());
    for (auto const& write : band.writes) {
      follow(written_to_, write.extent, write.begin_bytes, write.nbytes);
      auto const& area = write.straight ? source : destination;
      ASSERT_LE(write.offset_bytes + write.nbytes, area.size());
      auto const bytes = std::as_writable_bytes(std::span(written_.at(write.extent)));
      std::memcpy(bytes.data() + write.begin_bytes, area.data() + write.offset_bytes, write.nbytes);
    }
  }

  /// A range begins where the last one of the piece ended, or at a block.
  void follow(std::map<std::uint32_t, Bytes>& ends, std::uint32_t extent, Bytes begin, Bytes nbytes) const {
    auto const last = ends.find(extent);
    if (last == ends.end()) {
      EXPECT_EQ(begin % grain_bytes_, 0U);
    } else {
      EXPECT_EQ(begin, last->second);
    }
    ends[extent] = begin + nbytes;
  }

  Bytes read_bytes_of(std::uint32_t extent) const {
    auto const found = read_bytes_.find(extent);
    return found == read_bytes_.end() ? 0 : found->second;
  }

  StreamTensor const& tensor_;
  Bytes grain_bytes_;
  std::map<std::uint32_t, std::vector<Element>> sources_;
  std::map<std::uint32_t, std::vector<Element>> expected_;
  std::map<std::uint32_t, std::vector<Element>> written_;
  std::map<std::uint32_t, Bytes> read_to_;
  std::map<std::uint32_t, Bytes> written_to_;
  std::map<std::uint32_t, Bytes> read_bytes_;
};

TEST(ShareOut, ConvertsEveryElementOnceAndInOrder) {
  std::mt19937 random(11);
  for (int i = 0; i < 150; ++i) {
    Conversion conversion;
    for (auto tensors = pick(random, 1, 5); tensors > 0; --tensors) conversion.add(random, random_shape(random));
    // Where the source has no checksums the order of reads is the same, but they may begin anywhere.
    for (auto& extent : conversion.source.extents) extent.first_block = 0;
    auto const tensors = conversion.tensors();
    auto const ranks = static_cast<std::uint32_t>(pick(random, 1, 5));
    auto const shares = share_out(tensors, ranks);
    ASSERT_EQ(shares.size(), ranks);
    for (std::uint32_t number = 0; number < tensors.size(); ++number) {
      auto const tensor = tensors[number];
      Simulation simulation(tensor, kBlock);
      auto const most = pick(random, 1, 400);
      for (auto const& share : shares) {
        for (auto const& piece : share)
          if (piece.tensor == number) simulation.convert(piece, most);
      }
      simulation.expect_all_converted();
    }
  }
}

TEST(ShareOut, GivesEveryRankAboutAsMuch) {
  std::mt19937 random(5);
  Conversion conversion;
  for (auto const& rows : {3000U, 40U, 500U, 1U}) {
    add_tensor(random, conversion.source, "t" + std::to_string(rows), DType::f32, {0}, true);
    auto& tensor = conversion.source.tensors.back();
    tensor.shape = {rows, 16};  // of one block each
    tensor.extent_count = 1;
    conversion.source.extents.push_back({tensor.first_extent, 0, 0, rows * kBlock, whole(tensor.shape), 0});
    conversion.layout.parameters.push_back({tensor.first_extent, {}, {0}, "rule"});
  }
  conversion.destination = conversion.source;
  std::ranges::sort(conversion.destination.tensors, {}, &TensorInfo::name);
  for (auto const ranks : {1U, 2U, 3U, 7U}) {
    Bytes least = ~Bytes{0};
    Bytes most = 0;
    for (auto const& share : share_out(conversion.tensors(), ranks)) {
      auto const cost = std::accumulate(share.begin(), share.end(), Bytes{0},
                                        [](Bytes sum, StreamPiece const& piece) { return sum + piece.cost_bytes; });
      least = std::min(least, cost);
      most = std::max(most, cost);
    }
    EXPECT_LE(most - least, most / 6) << ranks;
  }
}

TEST(ShareOut, LeavesWholeWhatNoBlockBoundaryCuts) {
  // Two columns of extents whose rows are no part of a block: no row begins a block in both.
  Conversion conversion;
  Shape const shape{50, 6};
  conversion.source.tensors = {{"t", DType::f32, shape, 0, 1, "", -1}};
  conversion.source.extents = {{0, 0, 0, 1200, whole(shape), kNoBlocks}};
  conversion.destination.tensors = {{"t", DType::f32, shape, 0, 2, "", -1}};
  conversion.destination.extents = {{0, 0, 0, 200, {{0, 0}, {50, 1}}, 0}, {0, 0, 200, 1000, {{0, 1}, {50, 5}}, 0}};
  conversion.layout.parameters.push_back({0, {}, {0}, "rule"});
  // Rows 16, 32 and 48 begin a block in both columns.
  auto const shares = share_out(conversion.tensors(), 2);
  for (auto const& share : shares)
    for (auto const& piece : share) EXPECT_EQ(piece.begin % (16 * 6), 0U);
  EXPECT_FALSE(shares[1].empty());
  // With 7 rows to the first block of the source, none does in all three.
  conversion.source.extents.front().first_block = 0;
  conversion.source.block_bytes = 7 * 24;
  EXPECT_EQ(share_out(conversion.tensors(), 2)[1].size(), 0U);
  EXPECT_EQ(share_out(conversion.tensors(false), 2)[1].size(), shares[1].size());
}

TEST(EndOfStretch, CutsBetweenTheOutermostSlicesThatFit) {
  struct Case {
    Shape shape;
    std::uint64_t begin;
    std::uint64_t most;
    std::uint64_t end;
  };
  std::vector<Case> const cases{
      {{}, 0, 1, 1},           {{100}, 0, 7, 7},
      {{10, 10}, 0, 35, 30},                                 // rows
      {{10, 10}, 5, 30, 30},                                 // up to where a row begins
      {{10, 10}, 95, 10, 100},                               // no further than the tensor
      {{10, 10}, 12, 4, 16},                                 // rows are too long
      {{2, 3, 4}, 0, 9, 8},    {{1000, 10}, 0, 1999, 1920},  // 192 rows rather than 199
      {{4, 4}, 0, 100, 16},
  };
  for (auto const& [shape, begin, most, end] : cases)
    EXPECT_EQ(end_of_stretch(shape, begin, most), end) << to_string(shape) << " " << begin << " " << most;
}

TEST(PlanBand, WritesStraightWhatLiesRight) {
  Conversion conversion;
  Shape const shape{8, 4};
  conversion.source.tensors = {{"t", DType::f32, shape, 0, 1, "", -1}};
  conversion.source.extents = {{0, 0, 0, 128, whole(shape), kNoBlocks}};
  conversion.destination.tensors = {{"t", DType::f32, shape, 0, 2, "", -1}};
  conversion.destination.extents = {{0, 0, 0, 64, {{0, 0}, {4, 4}}, 0}, {0, 0, 64, 64, {{4, 0}, {4, 4}}, 0}};
  conversion.layout.parameters.push_back({0, {}, {0}, "rule"});
  auto const band = plan_band(conversion.tensors()[0], 8, 24);
  EXPECT_TRUE(band.copies.empty());
  EXPECT_EQ(band.destination_bytes, 0U);
  ASSERT_EQ(band.writes.size(), 2U);
  EXPECT_TRUE(band.writes[1].straight);
  EXPECT_EQ(band.writes[1].offset_bytes, 32U);
  // A cast has nothing lie right.
  conversion.destination.tensors.front().dtype = DType::bf16;
  auto const cast = plan_band(conversion.tensors()[0], 8, 24);
  EXPECT_EQ(cast.copies.size(), 2U);
  EXPECT_EQ(cast.destination_bytes, 32U);
}

TEST(StreamTensors, PutTheSectionsOfASplitParameterOneAfterTheOther) {
  Conversion conversion;
  Shape const shape{4, 6};
  conversion.source.tensors = {{"qkv", DType::f32, shape, 0, 1, "", -1}};
  conversion.source.extents = {{0, 0, 0, 96, whole(shape), kNoBlocks}};
  conversion.destination.tensors = {{"k", DType::f32, {4, 2}, 0, 1, "", -1}, {"q", DType::f32, {4, 4}, 1, 1, "", -1}};
  conversion.destination.extents = {{0, 0, 0, 32, whole({4, 2}), 0}, {1, 0, 32, 64, whole({4, 4}), 0}};
  auto& parameter = conversion.layout.parameters.emplace_back();
  parameter.partition.kind = PartitionKind::column_parallel;
  parameter.partition.axis = 1;
  parameter.partition.sections = {{4, 1}, {2, 1}};
  parameter.split_names = {"q", "k"};
  auto const tensor = conversion.tensors()[0];
  ASSERT_EQ(tensor.destinations.size(), 2U);
  EXPECT_EQ(tensor.destinations[0].extent, 1U);
  EXPECT_EQ(tensor.destinations[1].box, (Box{{0, 4}, {4, 2}}));
  Simulation simulation(tensor, 1);
  simulation.convert({0, 0, 24, 0}, 5);
  simulation.expect_all_converted();
}

TEST(StreamTensors, RefuseADestinationThatIsNotTheirs) {
  std::mt19937 random(1);
  Conversion conversion;
  conversion.add(random, {4, 4}, DType::i32);
  EXPECT_THROW(conversion.tensors()[0], InternalError);
  conversion.destination.tensors.front().dtype = DType::f32;
  EXPECT_NO_THROW(conversion.tensors()[0]);
  conversion.destination.tensors.front().shape = {4, 5};
  EXPECT_THROW(conversion.tensors()[0], InternalError);
}

}  // namespace
}  // namespace distload
