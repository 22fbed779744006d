// Converts FamilyRules to bytes and back.
#include "partition/rules/rules_message.hpp"
#include "partition/partition_model.hpp"

namespace distload {

void put_rules(WireWriter& out, FamilyRules const& rules) {
  out.put_text(rules.family);
  out.put_text(rules.file);
  out.put_text(rules.text);
  out.put(rules.bases.size());
  for (auto const& base : rules.bases) {
    out.put_text(base.file);
    out.put_text(base.text);
  }
}

FamilyRules get_rules(WireReader& in) {
  FamilyRules rules;
  rules.family = in.get_text();
  rules.file = in.get_text();
  rules.text = in.get_text();
  rules.bases.resize(in.get_count(2 * WireReader::kTextBytes));
  for (auto& base : rules.bases) {
    base.file = in.get_text();
    base.text = in.get_text();
  }
  return rules;
}

}  // namespace distload
