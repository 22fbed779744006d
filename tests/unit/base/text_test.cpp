// Small helpers of messages between ranks and to people: wire form, suggestions, dtype names, error types.
#include <gtest/gtest.h>

#include <distload/base/dtype.hpp>
#include <distload/base/error.hpp>

#include "base/suggest.hpp"
#include "base/wire.hpp"

namespace distload {
namespace {

TEST(Wire, GivesBackWhatWasPut) {
  WireWriter writer;
  writer.put(std::uint32_t{7});
  writer.put_text("name");
  writer.put_all(std::vector<double>{1.5, 2.5});
  writer.put_text("");
  auto const bytes = writer.take();
  WireReader reader(bytes);
  EXPECT_EQ(reader.get<std::uint32_t>(), 7U);
  EXPECT_EQ(reader.get_text(), "name");
  EXPECT_EQ(reader.get_all<double>(), (std::vector<double>{1.5, 2.5}));
  EXPECT_EQ(reader.get_text(), "");
  EXPECT_TRUE(reader.at_end());
}

TEST(Wire, RefusesToReadBehindTheEnd) {
  WireWriter writer;
  writer.put(~std::size_t{0});  // as a length it would overflow a product
  auto const bytes = writer.take();
  EXPECT_THROW(WireReader(bytes).get_text(), InternalError);
  EXPECT_THROW(WireReader(bytes).get_all<double>(), InternalError);
}

TEST(Nearest, SuggestsTyposButNothingFarAway) {
  std::vector<std::string> const keys{"load.engine", "load.verify", "save.directory"};
  EXPECT_EQ(nearest("load.engin", keys), "load.engine");
  EXPECT_EQ(nearest("laod.verify", keys), "load.verify");
  EXPECT_EQ(nearest("topology", keys), std::nullopt);
  EXPECT_EQ(nearest("", std::vector<std::string>{"t5"}), std::nullopt);
  EXPECT_EQ(nearest(std::string(10'000'000, 'x'), keys), std::nullopt) << "and at once";
}

TEST(DType, NamesAreSafetensorsNames) {
  for (auto const* const name :
       {"F64", "F32", "F16", "BF16", "F8_E4M3",     "F8_E5M2",     "F8_E8M0", "I64",  "I32", "I16",     "I8",     "U64",
        "U32", "U16", "U8",  "BOOL", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "C64",     "C128", "F4",  "F6_E2M3", "F6_E3M2"}) {
    auto const dtype = parse_dtype(name);
    ASSERT_TRUE(dtype) << name;
    EXPECT_EQ(name_of(*dtype), name);
  }
  EXPECT_EQ(parse_dtype("F5"), std::nullopt);
  EXPECT_EQ(size_of(DType::bf16), 2U);
  EXPECT_EQ(size_of(DType::c128), 16U);
}

TEST(DType, SmallerThanAByteComesInUnitsOfWholeBytes) {
  EXPECT_EQ(elements_per_unit(DType::f32), 1U);
  EXPECT_EQ(elements_per_unit(DType::f4), 2U);
  EXPECT_EQ(size_of(DType::f4), 1U);
  EXPECT_EQ(elements_per_unit(DType::f6_e3m2), 4U);
  EXPECT_EQ(size_of(DType::f6_e3m2), 3U);
}

TEST(ThrowError, GivesEveryCodeItsType) {
  EXPECT_THROW(throw_error(ExitCode::usage, ""), UsageError);
  EXPECT_THROW(throw_error(ExitCode::config, ""), ConfigError);
  EXPECT_THROW(throw_error(ExitCode::no_valid_checkpoint, ""), NoValidCheckpoint);
  EXPECT_THROW(throw_error(ExitCode::corrupt_data, ""), CorruptData);
  EXPECT_THROW(throw_error(ExitCode::io, ""), IoError);
  EXPECT_THROW(throw_error(ExitCode::communication, ""), CommunicationError);
  EXPECT_THROW(throw_error(ExitCode::out_of_budget, ""), OutOfBudget);
  EXPECT_THROW(throw_error(ExitCode::nothing_to_compare, ""), NothingToCompare);
  EXPECT_THROW(throw_error(ExitCode::outputs_differ, ""), OutputsDiffer);
  EXPECT_THROW(throw_error(ExitCode::internal, ""), InternalError);
}

}  // namespace
}  // namespace distload
