// Formats a forecast as tables.
#include <distload/redistribute/forecast.hpp>

#include <algorithm>

#include "base/table.hpp"
#include "redistribute/described_model.hpp"

namespace distload {
namespace {

Bytes sum_of(RedistributeForecast const& forecast, Bytes RankMoves::*bytes) {
  Bytes sum = 0;
  for (auto const& rank : forecast.ranks) sum += rank.*bytes;
  return sum;
}

Bytes most_of(RedistributeForecast const& forecast, Bytes RankMoves::*bytes) {
  return std::ranges::max(forecast.ranks, {}, bytes).*bytes;
}

std::string ranks_table(RedistributeForecast const& forecast) {
  Table table;
  table.add({"rank", "old shards", "new shards", "kept in place", "copied", "sent", "received", "staging", "peak"});
  for (std::size_t number = 0; number < forecast.ranks.size(); ++number) {
    auto const& rank = forecast.ranks[number];
    table.add({std::to_string(number), format_bytes(rank.source_bytes), format_bytes(rank.target_bytes),
               format_bytes(rank.shared_bytes), format_bytes(rank.local_bytes), format_bytes(rank.sent_bytes),
               format_bytes(rank.received_bytes), format_bytes(rank.staging_bytes), format_bytes(rank.peak_bytes)});
  }
  return table.text();
}

std::string totals_table(RedistributeForecast const& forecast) {
  Table table;
  table.add({"sent", format_bytes(sum_of(forecast, &RankMoves::sent_bytes))});
  table.add({"copied within ranks", format_bytes(sum_of(forecast, &RankMoves::local_bytes))});
  table.add({"kept in place", format_bytes(sum_of(forecast, &RankMoves::shared_bytes))});
  table.add({"waves", std::to_string(forecast.waves)});
  table.add({"staging of a rank", format_bytes(most_of(forecast, &RankMoves::staging_bytes))});
  table.add({"peak of a rank", format_bytes(most_of(forecast, &RankMoves::peak_bytes))});
  return table.text();
}

}  // namespace

std::string describe(RedistributeForecast const& forecast) {
  return "redistributed from " + text_of(forecast.from) + "\n             to   " + text_of(forecast.to) +
         (forecast.in_place ? ", in place" : "") + "\n\n" + ranks_table(forecast) + "\n" + totals_table(forecast);
}

}  // namespace distload
