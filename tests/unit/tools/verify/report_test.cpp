// What is printed of outcomes.
#include "verify/verify_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace distload {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Report, CallsVerifiedOnlyWhatWas) {
  std::vector<Outcome> outcomes(3);
  outcomes[1].code = ExitCode::nothing_to_compare;
  outcomes[2].code = ExitCode::corrupt_data;
  outcomes[2].damage.push_back({"w", "f.h5", 4096, 8192, "damaged data"});
  auto const json = nlohmann::json::parse(as_json(outcomes, ExitCode::corrupt_data));
  EXPECT_EQ(json["exit_code"], 5);
  EXPECT_EQ(json["checkpoints"][0]["state"], "verified");
  EXPECT_EQ(json["checkpoints"][1]["state"], "nothing_to_verify");
  EXPECT_EQ(json["checkpoints"][2]["state"], "damaged");
  EXPECT_EQ(json["checkpoints"][2]["damaged_blocks"][0]["begin_bytes"], 4096);
}

TEST(Report, IsValidWhateverTheNames) {
  std::vector<Outcome> outcomes(1);
  outcomes[0].path = "\xff\n";
  EXPECT_TRUE(nlohmann::json::accept(as_json(outcomes, ExitCode::done)));
}

TEST(Report, NamesDamageBeforeItSumsUp) {
  Outcome outcome;
  outcome.path = "f.h5";
  outcome.damage.push_back({"w", "f.h5", 0, 1, "damaged data: w"});
  EXPECT_THAT(as_text(outcome), StartsWith("damaged data: w\nf.h5: "));
  EXPECT_THAT(as_text(outcome), HasSubstr(" 1 damaged blocks"));
}

}  // namespace
}  // namespace distload
