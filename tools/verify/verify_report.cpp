// Prints outcomes as text and as JSON.
#include "verify/verify_report.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace distload {
namespace {

using Json = nlohmann::ordered_json;

std::string sum_up(Outcome const& outcome) {
  switch (outcome.state) {
    case State::not_valid: return outcome.reason;
    case State::skipped:
    case State::compared: return outcome.path + ": " + outcome.reason;
    case State::verified:
    case State::sealed: break;
  }
  auto text = outcome.path + ": " + std::to_string(outcome.tensors) + " tensors, " +
              format_bytes(outcome.verified_bytes) + (outcome.state == State::sealed ? " sealed, " : " verified, ") +
              format_bytes(outcome.unverified_bytes) + " without checksums, " + std::to_string(outcome.damage.size()) +
              " damaged blocks";
  return outcome.reason.empty() ? text : text + "; " + outcome.reason;
}

char const* state_of(Outcome const& outcome) {
  switch (outcome.state) {
    case State::verified:
      if (!outcome.damage.empty()) return "damaged";
      return outcome.code == ExitCode::nothing_to_compare ? "nothing_to_verify" : "verified";
    case State::not_valid: return "not_valid";
    case State::skipped: return "not_looked_at";
    case State::sealed: return "sealed";
    case State::compared: break;
  }
  return "compared";
}

Json json_of(Damage const& damage) {
  Json json;
  if (!damage.tensor.empty()) json["tensor"] = damage.tensor;
  json["file"] = damage.file;
  json["begin_bytes"] = damage.begin_bytes;
  json["end_bytes"] = damage.end_bytes;
  json["reason"] = damage.reason;
  return json;
}

Json json_of(Outcome const& outcome) {
  Json json;
  json["path"] = outcome.path;
  json["step"] = outcome.step ? Json(*outcome.step) : Json();
  json["format"] = outcome.format.empty() ? Json() : Json(outcome.format);
  json["state"] = state_of(outcome);
  json["exit_code"] = static_cast<int>(outcome.code);
  json["reason"] = outcome.reason;
  json["tensors"] = outcome.tensors;
  json["verified_bytes"] = outcome.verified_bytes;
  json["unverified_bytes"] = outcome.unverified_bytes;
  json["damaged_blocks"] = Json::array();
  for (auto const& damage : outcome.damage) json["damaged_blocks"].push_back(json_of(damage));
  json["warnings"] = outcome.warnings;
  return json;
}

}  // namespace

std::string as_text(Outcome const& outcome) {
  std::string text;
  for (auto const& damage : outcome.damage) text += damage.reason + "\n";
  for (auto const& warning : outcome.warnings) text += "warning: " + warning + "\n";
  return printable_lines(text + sum_up(outcome)) + "\n";
}

std::string as_json(std::span<Outcome const> outcomes, ExitCode code) {
  Json json;
  json["schema"] = "distload-verify/1";
  json["exit_code"] = static_cast<int>(code);
  json["checkpoints"] = Json::array();
  for (auto const& outcome : outcomes) json["checkpoints"].push_back(json_of(outcome));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace distload
