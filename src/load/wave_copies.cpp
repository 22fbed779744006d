// Replaces the areas of a plan by addresses.
#include "load/wave_copies.hpp"

#include "load/area_addresses.hpp"

namespace distload {

WaveCopies::WaveCopies(LoadPlan const& plan, Arena const& arena, Staging const& staging, FileMapping const* files,
                       DevicePeers const* peers, Device& device, Stream& stream)
    : plan_(plan), arena_(arena), staging_(staging), files_(files), peers_(peers) {
  if (!device.is_host()) upload(device, stream);
}

std::byte* WaveCopies::address(std::uint32_t wave, Area area) const {
  AreaAddresses const addresses{
      .arena = arena_.data(),
      .staging = staging_.slots() == 0 ? nullptr : staging_.shard_side(wave % staging_.slots()),
      .mapped = files_ == nullptr ? nullptr : files_->data()};
  return addresses.at(area, 0);
}

std::shared_ptr<StepBuilder const> WaveCopies::make_packs(std::uint32_t wave) const {
  auto step = std::make_shared<StepBuilder>();
  for (auto const copy : plan_.work->waves[wave].packs) {
    step->add({copy.copy, address(wave, copy.source), address(wave, copy.destination)}, copy.cast);
  }
  return step;
}

std::shared_ptr<StepBuilder const> WaveCopies::make_places(std::uint32_t wave) const {
  auto step = std::make_shared<StepBuilder>();
  auto const& work = plan_.work->waves[wave];
  for (auto const copy : work.places) {
    step->add({copy.copy, address(wave, copy.source), address(wave, copy.destination)}, copy.cast);
  }
  std::size_t number = 0;
  for (auto const copy : work.peer_places) {
    step->add({copy.copy, address(wave, copy.source), peers_->of(work.peer_place_ranks[number++])}, copy.cast);
  }
  return step;
}

void WaveCopies::upload(Device& device, Stream& stream) {
  auto const waves = static_cast<std::uint32_t>(plan_.work->waves.size());
  std::vector<std::shared_ptr<StepBuilder const>> steps;
  std::vector<ListedCopy> all;
  for (std::uint32_t wave = 0; wave < waves; ++wave) {
    for (auto const& step : {make_packs(wave), make_places(wave)}) {
      step->append_to(all);
      steps.push_back(step);
    }
  }
  uploaded_ = device.allocate(all.size() * sizeof(ListedCopy));
  if (!all.empty()) stream.copy(uploaded_.data(), std::as_bytes(std::span(all)).data(), uploaded_.nbytes());
  stream.synchronize();
  auto const* at = reinterpret_cast<ListedCopy const*>(uploaded_.data());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    (i % 2 == 0 ? packs_ : places_).push_back(steps[i]->lists_at(at));
    at += steps[i]->size();
  }
}

WaveStep WaveCopies::packs(std::uint32_t wave) const {
  if (!packs_.empty()) return {packs_[wave], nullptr};
  auto owner = make_packs(wave);
  return {owner->lists(), owner};
}

WaveStep WaveCopies::places(std::uint32_t wave) const {
  if (!places_.empty()) return {places_[wave], nullptr};
  auto owner = make_places(wave);
  return {owner->lists(), owner};
}

}  // namespace distload
