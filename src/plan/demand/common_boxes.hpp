/// common_boxes: divides a parameter where a holder's piece begins or ends.
#pragma once

#include <vector>

#include <distload/tensor/box.hpp>

#include "plan/demand/holders.hpp"

namespace distload {

/// The boxes of a parameter of that shape that no boundary of its holders' pieces crosses: in order along the divided
/// axis, disjoint. They cover what the holders hold.
std::vector<Box> common_boxes(Holders const& holders, Shape const& shape);

}  // namespace distload
